"""Metrics on traces written by hand, against numbers counted by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.oracle import Violation
from posemu.sim import US_PER_S, Clock, Trace
from posemu.study import METRICS
from posemu.study.figures import quantile
from posemu.study.metrics import MetricsCollector

SERVICE_S = 60
HOUR_S = 3_600
SALE = bytes(7) + b"\x02\x00" + bytes(8)  # a frame: length, TPDU, MTI and more
REVERSAL = bytes(7) + b"\x04\x00" + bytes(8)


class Day:
    """One till's events at seconds since the opening at 09:00."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.trace = Trace(self.clock)
        self.metrics = MetricsCollector(
            self.trace, SERVICE_S * US_PER_S, lambda t_us: f"{9 + t_us // (HOUR_S * US_PER_S):02d}"
        )

    def at(self, second: float, kind: str, till: str = "till-1", **data: Any) -> Day:
        self.clock.run_until(int(second * US_PER_S))
        self.trace.emit(till, kind, data)
        return self

    def sale(self, start: float, end: float, result: str, till: str = "till-1") -> Day:
        """A sale as the flows tell it."""
        self.at(start, "sale-started", till)
        if result == "approved":
            self.at(end, "state", till, state="sale-approved")
        self.at(end, "sale-ended", till, result=result)
        return self

    def close(self, second: float = HOUR_S) -> Day:
        return self.at(second, "closed", "world")

    def total(self, tills: int = 1) -> dict[str, Any]:
        return self.metrics.values(None, [f"till-{n}" for n in range(1, tills + 1)])["total"]


@pytest.mark.parametrize(
    ("result", "took", "timeout"),
    [
        ("approved", 10, 0), ("approved", 60, 0), ("approved", 60.000001, 100),
        ("declined", 10, 0), ("declined", 61, 100),
        ("cancelled", 5, 100), ("reversed", 40, 100), ("unknown", 40, 100),
    ],
)  # fmt: skip
def test_a_service_timeout(result: str, took: float, timeout: float) -> None:
    """A started sale is a service timeout unless an approval or a decline came within T_svc; a
    cancelled one counts as one."""
    assert Day().sale(100, 100 + took, result).close().total()["timeout_rate"] == timeout


def test_a_sale_that_a_power_cut_ended_is_a_timeout() -> None:
    """A sale cut by the power and never told is a timeout; cut before anything was sent, also
    cancelled."""
    day = Day().at(10, "sale-started").at(15, "power", on=False).close()
    assert (day.total()["timeout_rate"], day.total()["cancel_rate"]) == (100.0, 100.0)
    for sent, cancelled in ((SALE, 0.0), (REVERSAL, 100.0)):  # another sale's reversal goes first
        day = Day().at(10, "sale-started").at(12, "frame-sent", end="terminal", bytes=sent)
        day.at(15, "power", on=False).close()
        assert (day.total()["timeout_rate"], day.total()["cancel_rate"]) == (100.0, cancelled)


def test_an_approval_told_after_a_restart_within_the_time_is_no_timeout() -> None:
    """A committed sale is shown and its receipt printed after a restart: that counts as told, and
    within T_svc it is no service timeout."""
    day = Day().at(10, "sale-started").at(20, "frame-sent", end="terminal", bytes=b"")
    day.at(21, "state", state="sale-committing").at(22, "power", on=False)
    day.at(25, "power", on=True).at(37, "state", state="starting")
    day.at(38, "state", state="recovering").at(39, "state", state="sale-approved")
    day.at(39, "screen", prompt="approved", text="APPROVED 1.00 CNY TRACE 000001")
    day.at(40, "state", state="sale-printing")
    day.at(41, "receipt", slip="merchant-copy", stan="000001", lines=("APPROVED",))
    day.at(42, "receipt", slip="customer-copy", stan="000001", lines=("APPROVED",))
    day.at(43, "state", state="sign-on-connecting").close()
    assert day.total()["timeout_rate"] == 0.0
    assert day.total()["success_rate"] == 100.0


def test_rates_of_a_day_counted_by_hand() -> None:
    """Five sales: two approved, one of them late, one declined, one cancelled, one reversed."""
    day = Day()
    day.sale(0, 10, "approved").sale(100, 170, "approved").sale(200, 212, "declined")
    day.sale(300, 305, "cancelled").sale(400, 440, "reversed").close(1_800)
    total = day.total()
    assert total["timeout_rate"] == pytest.approx(60.0)
    assert total["success_rate"] == pytest.approx(40.0)
    assert total["cancel_rate"] == pytest.approx(20.0)
    assert total["txn_time"] == pytest.approx((10 + 70 + 12 + 5 + 40) / 5)
    assert total["txn_time_p50"] == 12.0
    assert total["txn_time_p95"] == total["txn_time_p99"] == 70.0
    assert total["throughput"] == pytest.approx(2 / 0.5)


def test_answers_and_swipes() -> None:
    """Response time-outs are counted per request sent, reads per swipe."""
    day = Day()
    for n in range(8):
        day.at(n, "frame-sent", end="terminal", connection=1, bytes=b"")
        day.at(n, "frame-sent", "gateway", end="host", terminal="till-1", bytes=b"")
    day.at(20, "no-answer", why="timeout").at(21, "bad-mac").at(22, "garbled-answer")
    for good in (True, True, False, True, False):
        day.at(30, "read", good=good)
    total = day.close().total()
    assert total["response_timeout"] == pytest.approx(100 * 3 / 8)
    assert total["read_success"] == pytest.approx(60.0)


def test_what_happens_after_closing_does_not_count() -> None:
    """Sales still under way at closing, and everything later, are left out; reversals are counted
    at rest."""
    day = Day().sale(0, 10, "approved").at(3_590, "sale-started")
    day.at(3_591, "journal-write", record="reversing", bytes=b"").close()
    day.at(3_610, "sale-ended", result="cancelled").at(3_611, "read", good=False)
    day.at(3_612, "frame-sent", end="terminal", bytes=b"").at(3_613, "no-answer", why="timeout")
    assert day.total()["reversal_complete"] == 0.0
    day.at(3_700, "journal-write", record="reversed", bytes=b"")
    total = day.total()
    assert total["timeout_rate"] == 0.0
    assert total["txn_time"] == 10.0
    assert total["read_success"] is total["response_timeout"] is None
    assert total["reversal_complete"] == 100.0


def test_a_day_without_sales_has_no_rates() -> None:
    """0/0 is undefined, not zero; what is counted in time or money is zero."""
    total = Day().close().total()
    defined = {name: value for name, value in total.items() if value is not None}
    nought = ("throughput", "queue_length", "queue_length_max", "lost_sales", "alarms")
    assert defined == dict.fromkeys(nought, 0.0)


def test_a_day_that_never_closed_has_no_throughput() -> None:
    """Without a time there is no rate per time."""
    assert Day().sale(0, 10, "approved").total()["throughput"] is None


def judged(**found: Any) -> Any:
    """What the metrics read of a judge: sales as (till, told, net) over 500, and violations."""
    sales = [
        SimpleNamespace(till=till, told=told, net=net, amount_minor=500)
        for till, told, net in found.get("sales", ())
    ]
    ledger = SimpleNamespace(
        transactions=dict(enumerate(sales)), net_minor=lambda transaction: transaction.net
    )
    return SimpleNamespace(ledger=ledger, violations=found.get("violations", ()))


@pytest.mark.parametrize(
    ("told", "net", "wrong"),
    [
        ("charged", 500, 0), ("charged", 0, 1), ("charged", 1_000, 1), ("charged", 501, 1),
        ("not-charged", 0, 0), ("not-charged", 500, 1), ("not-charged", 1, 1),
        (None, 0, 0), (None, 500, 1),
    ],
)  # fmt: skip
def test_a_wrong_charge(told: str | None, net: int, wrong: int) -> None:
    """A sale is charged wrongly if it is booked twice, booked and not told as charged, or told as
    charged and not booked."""
    values = Day().close().metrics.values(judged(sales=[("till-1", told, net)]), ["till-1"])
    assert values["total"]["duplicate_charge"] == wrong
    assert values["terminal:till-1"]["duplicate_charge"] == wrong


def test_wrong_charges_and_leaks_are_counted_by_till() -> None:
    """Each till has its own wrong charges and finds of card data, the total has all; what else is
    violated is no find."""
    judge = judged(
        sales=[("till-1", "charged", 0), ("till-1", "charged", 0), ("till-2", "charged", 500)],
        violations=[
            Violation("no-card-data", 1, "till-2", "a PAN"),
            Violation("no-card-data", 2, "till-2", "a PIN"),
            Violation("no-card-data", 2, "till-1", "a PAN"),
            Violation("no-crash", 3, "till-2", "it crashed"),
        ],
    )
    values = Day().close().metrics.values(judge, ["till-1", "till-2"])
    found = {
        name: (values[name]["duplicate_charge"], values[name]["clear_exposure"])
        for name in ("total", "terminal:till-1", "terminal:till-2")
    }
    assert found == {"total": (2, 3), "terminal:till-1": (2, 1), "terminal:till-2": (0, 2)}


def test_hours_and_terminals_add_up() -> None:
    """A sale belongs to its till and the hour in which it began; cells add up to the total."""
    day = Day()
    day.sale(3_500, 3_620, "approved").sale(3_700, 3_710, "approved", "till-2")
    day.sale(3_800, 3_805, "cancelled").close(2 * HOUR_S)
    values = day.metrics.values(None, ["till-1", "till-2", "till-3"])
    assert values["hour:09"]["timeout_rate"] == 100.0
    assert values["hour:10"]["timeout_rate"] == 50.0
    assert values["terminal:till-1"]["timeout_rate"] == 100.0
    assert values["terminal:till-2"]["timeout_rate"] == 0.0
    assert values["terminal:till-3"]["timeout_rate"] is None
    assert values["terminal_hour:till-1/10"]["cancel_rate"] == 100.0
    assert values["total"]["timeout_rate"] == pytest.approx(200 / 3)
    assert values["terminal:till-1"]["throughput"] == pytest.approx(0.5)
    assert values["total"]["throughput"] == pytest.approx(2 / 6)


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99])
)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_quantile_is_the_smallest_value_that_covers_its_share(times: list[int], q: float) -> None:
    """Against the definition: the smallest observed time that at least a share q did not exceed."""
    ordered = sorted(times)
    share = {0.5: (1, 2), 0.95: (19, 20), 0.99: (99, 100)}[q]
    naive = next(
        t for t in ordered if sum(s <= t for s in ordered) * share[1] >= share[0] * len(ordered)
    )
    assert quantile(ordered, q) == naive / US_PER_S
    assert math.isclose(quantile(ordered, q) or 0.0, naive / 1e6)


def test_no_quantile_of_nothing() -> None:
    """Without a sale there is no quantile."""
    assert quantile([], 0.5) is None


def test_every_metric_has_a_unit_and_names() -> None:
    """Each metric that is measured is described, and each that is described is measured."""
    assert all(m.unit and m.en and m.zh for m in METRICS.values())
    day = Day().at(0, "usable", card=True, code=True)
    measured = day.sale(0, 1, "approved").close().total()
    assert measured.keys() <= METRICS.keys()
    assert METRICS.keys() - measured.keys() == {"duplicate_charge", "clear_exposure"}
