"""Queues, lost sales, uptime and causes: on traces written by hand, against numbers counted by
hand."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.sim import US_PER_S, Clock, Trace
from posemu.study.metrics import MetricsCollector

H = 3_600
TILLS = ["near", "far"]


class Day:
    """Two tills, from 08:30; moments are seconds since then."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.trace = Trace(self.clock)
        begins_us = 17 * H * US_PER_S // 2
        self.metrics = MetricsCollector(
            self.trace, 60 * US_PER_S,
            lambda t_us: f"{(begins_us + t_us) // (H * US_PER_S):02d}", begins_us,
        )  # fmt: skip

    def at(self, second: float, source: str, kind: str, **data: Any) -> Day:
        self.clock.run_until(int(second * US_PER_S))
        self.trace.emit(source, kind, data)
        return self

    def customer(self, ordinal: int, till: str, came: float, called: float, left: float,
                 paid: str = "card", minor: int = 1_000, method: str = "card") -> Day:  # fmt: skip
        lane = f"{till}/lane"
        self.at(came, lane, "customer-arrives", ordinal=ordinal, amount_minor=minor, method=method)
        self.at(called, lane, "customer-called", ordinal=ordinal)
        return self.at(left, lane, "customer-leaves", ordinal=ordinal, seen="x", paid=paid)

    def fault(self, second: float, number: int, mode: str, till: str | None = None) -> Day:
        where = {} if till is None else {"terminal": till}
        return self.at(second, "injector", "fault", fault=mode, what="begins", number=number,
                       **where)  # fmt: skip

    def mended(self, second: float, number: int) -> Day:
        return self.at(second, "injector", "fault", what="ends", number=number)

    def sale(self, start: float, end: float, result: str, *states: str, till: str = "far",
             method: str = "card", why: str = "") -> Day:  # fmt: skip
        """A sale with its states, one a second from its start on."""
        self.at(start, till, "sale-started", method=method)
        for n, state in enumerate(states):
            self.at(start + n, till, "state", state=state)
        data = {"why": why} if why else {}
        return self.at(end, till, "sale-ended", result=result, **data)

    def values(self, close: float = 2 * H) -> dict[str, Any]:
        self.at(close, "world", "closed")
        return self.metrics.values(None, TILLS)


# --- queues --------------------------------------------------------------------------------------


def test_waiting_and_queues_counted_by_hand() -> None:
    """Three customers at one till: the mean queue is customer-seconds over open seconds."""
    day = Day()
    day.customer(0, "far", 0, 10, 40)
    day.at(50, "far/lane", "customer-arrives", ordinal=1, amount_minor=1, method="card")
    day.at(60, "far/lane", "customer-arrives", ordinal=2, amount_minor=1, method="code")
    day.at(80, "far/lane", "customer-called", ordinal=1)
    day.at(100, "far/lane", "customer-called", ordinal=2)
    found = day.values()
    far = found["terminal:far"]
    assert far["queue_length"] == pytest.approx((10 + 30 + 40) / (2 * H))
    assert far["queue_length_max"] == 2
    assert far["wait_time"] == pytest.approx((10 + 30 + 40) / 3)
    assert far["wait_time_p95"] == 40
    assert found["terminal:near"]["queue_length"] == 0
    assert found["terminal:near"]["wait_time"] is None
    assert found["total"]["queue_length"] == far["queue_length"]
    assert found["method:code"]["wait_time"] == 40
    assert "queue_length" not in found["method:code"]


def test_a_queue_belongs_to_the_hours_in_which_it_stands() -> None:
    """Somebody waits from 08:50 to 09:10: ten minutes in each hour; the wait is that of 08."""
    found = Day().customer(0, "far", 1_200, 2_400, 2_500).values()
    assert found["terminal_hour:far/08"]["queue_length"] == pytest.approx(600 / 1_800)
    assert found["terminal_hour:far/09"]["queue_length"] == pytest.approx(600 / 3_600)
    assert found["hour:08"]["wait_time"] == 1_200
    assert found["hour:09"]["wait_time"] is None


def test_lost_sales_are_the_baskets_of_those_who_left_unpaid() -> None:
    """Whoever leaves without paying is lost, from the queue or from the till; cash is paid."""
    day = Day()
    day.customer(0, "far", 0, 10, 20, paid="", minor=3_850)
    day.customer(1, "far", 30, 40, 50, paid="cash", minor=9_999)
    day.customer(2, "near", 60, 70, 80, minor=500)
    lane = "near/lane"
    day.at(90, lane, "customer-arrives", ordinal=3, amount_minor=1_200, method="code")
    day.at(200, lane, "customer-leaves", ordinal=3, seen="queue", paid="")
    found = day.values()
    assert found["total"]["lost_sales"] == pytest.approx(38.50 + 12.00)
    assert found["total"]["renege_rate"] == pytest.approx(50.0)
    assert found["terminal:near"]["renege_rate"] == pytest.approx(50.0)
    assert found["method:code"]["lost_sales"] == pytest.approx(12.00)
    assert found["terminal:near"]["queue_length"] == pytest.approx((10 + 110) / (2 * H))


def test_who_is_sent_home_at_closing_is_not_lost() -> None:
    """Customers who are there when the shop closes count neither as lost nor as served."""
    day = Day().at(10, "far/lane", "customer-arrives", ordinal=0, amount_minor=99, method="card")
    day.at(2 * H, "world", "closed")
    day.at(2 * H, "far/lane", "customer-leaves", ordinal=0, seen="closed", paid="")
    found = day.metrics.values(None, TILLS)
    assert found["total"]["renege_rate"] is None
    assert found["total"]["lost_sales"] == 0
    assert found["terminal:far"]["queue_length"] == pytest.approx((2 * H - 10) / (2 * H))


# --- throughput and uptime -----------------------------------------------------------------------


def test_throughput_by_hour_is_per_open_hour() -> None:
    """08 was open for half an hour: one success in it is two an hour."""
    day = Day().sale(60, 70, "approved", "sale-approved")
    day.sale(2_000, 2_010, "approved", "sale-approved")
    found = day.values()
    assert found["terminal_hour:far/08"]["throughput"] == pytest.approx(2.0)
    assert found["terminal_hour:far/09"]["throughput"] == pytest.approx(1.0)
    assert found["hour:08"]["throughput"] == pytest.approx(1.0)  # per terminal
    assert found["terminal:far"]["throughput"] == pytest.approx(1.0)
    assert found["total"]["throughput"] == pytest.approx(0.5)


def test_availability_is_the_share_of_the_open_time() -> None:
    """Down for a quarter of an hour across 09:00, and for code sales for longer."""
    day = Day().at(0, "near", "usable", card=True, code=True)
    day.at(0, "far", "usable", card=True, code=True)
    day.at(1_500, "far", "usable", card=False, code=False)
    day.at(2_400, "far", "usable", card=True, code=False)
    day.at(3_000, "far", "usable", card=True, code=True)
    found = day.values()
    far = found["terminal:far"]
    assert far["availability"] == pytest.approx(100 * (1 - 900 / 7_200))
    assert far["availability_code"] == pytest.approx(100 * (1 - 1_500 / 7_200))
    assert found["terminal_hour:far/08"]["availability"] == pytest.approx(100 * 1_500 / 1_800)
    assert found["terminal_hour:far/09"]["availability"] == pytest.approx(100 * 3_000 / 3_600)
    assert found["total"]["availability"] == pytest.approx(100 * (1 - 450 / 7_200))
    assert found["terminal:near"]["availability"] == pytest.approx(100.0)


# --- causes --------------------------------------------------------------------------------------

CONNECT = ("sale-amount", "sale-card", "sale-pin", "sale-prepared", "sale-connecting")


def causes(day: Day) -> list[tuple[str, str, str]]:
    day.values()
    return [(f.symptom, f.step, f.cause) for f in day.metrics.failures]


def test_the_cause_holds_the_part_that_the_step_needs() -> None:
    """No connection while the radio is weak and the printer jams: the radio was it."""
    day = Day().fault(0, 1, "printer-jam", "far").fault(0, 2, "wifi-weak", "far")
    day.sale(10, 30, "cancelled", *CONNECT, "sale-cancelled", why="no-connection")
    assert causes(day) == [("no-connection", "sale-connecting", "wifi-weak")]


def test_a_fault_elsewhere_or_over_is_no_cause() -> None:
    """A fault of the other till, or one that ended before the sale began, is not blamed."""
    day = Day().fault(0, 1, "wifi-weak", "near").fault(0, 2, "comms-outage").mended(5, 2)
    day.sale(10, 30, "cancelled", *CONNECT, "sale-cancelled", why="no-connection")
    assert causes(day) == [("no-connection", "sale-connecting", "none")]


def test_what_strikes_this_till_alone_is_blamed_first() -> None:
    """With the line down and the own radio weak, the radio is the cause."""
    day = Day().fault(0, 1, "comms-outage").fault(1, 2, "wifi-weak", "far").fault(2, 3, "dns-fail")
    day.sale(10, 30, "cancelled", *CONNECT, "sale-cancelled", why="no-connection")
    assert causes(day)[0][2] == "wifi-weak"


def test_a_sale_refused_for_an_earlier_one_has_its_cause() -> None:
    """The first sale stays unknown for the outage; the next is refused, long after the outage."""
    day = Day().fault(0, 1, "comms-outage")
    day.sale(10, 60, "unknown", *CONNECT, "sale-waiting", "sale-unknown", "reversal-connecting")
    day.mended(70, 1)
    day.sale(80, 81, "cancelled", "sale-cancelled", why="reversal-pending")
    assert [cause for _, _, cause in causes(day)] == ["comms-outage", "comms-outage"]


def test_a_slow_sale_is_told_by_its_longest_step() -> None:
    """Approved, but later than T_svc: the step that held it longest, and its part's fault."""
    day = Day().fault(0, 1, "mag-head-wear", "far").at(10, "far", "sale-started")
    for second, state in ((10, "sale-amount"), (14, "sale-card"), (70, "sale-pin"),
                          (75, "sale-waiting"), (76, "sale-approved")):  # fmt: skip
        day.at(second, "far", "state", state=state)
    day.at(80, "far", "sale-ended", result="approved")
    assert causes(day) == [("too-slow", "sale-card", "mag-head-wear")]


def test_the_shares_of_the_causes_are_of_all_sales() -> None:
    """Two of four sales failed for the radio, one for no fault: 50 % and 25 %."""
    day = Day().fault(0, 1, "wifi-weak", "far")
    for n in range(2):
        day.sale(100 * n + 1, 100 * n + 20, "cancelled", *CONNECT, "sale-cancelled", why="x")
    day.mended(250, 1)
    day.sale(300, 320, "cancelled", *CONNECT, "sale-cancelled", why="x")
    day.sale(400, 410, "approved", "sale-approved")
    found = day.values()
    assert found["cause:wifi-weak"] == {"timeout_rate": 50.0}
    assert found["cause:none"] == {"timeout_rate": 25.0}
    assert found["method:card"]["timeout_rate"] == 75.0
