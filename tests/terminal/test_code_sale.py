"""The code sale, in a shop where all pay by code: what goes out, what people are told, and how an
order ends."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from posemu.faults import FaultSpec
from posemu.host import Host, Orders
from posemu.profiles import load_dialect, load_profile
from posemu.scenario import Build
from posemu.sim import Event
from posemu.testing import fault, small_shop, try_schedule
from posemu.wire import Codec, Value

CODEC = Codec(load_dialect("posemu-87-aes"))
HEAD = 7  # bytes in front of a message
PROFILE = load_profile(small_shop().profile)
SHOP = replace(small_shop(), cardholders=replace(small_shop().cardholders, p_code=1.0))
SECOND = 1_000_000
LOST_ANSWER = fault("transmission-loss", on={"message": "0210"})
LOST_REQUEST = fault("transmission-loss", direction="request", on={"message": "0200"})


class Day:
    """What one world's trace shows."""

    def __init__(self, *schedule: FaultSpec, build: Build | None = None, lang: str = "en") -> None:
        self.events: list[Event] = []
        shop = replace(SHOP, lang=lang)
        outcome = try_schedule(shop, schedule, build=build, observers=[self.events.append])
        assert not outcome.violations

    def sent(self, *mtis: str) -> list[tuple[int, dict[int, Value]]]:
        """The messages of these types that left the terminal, with their moments."""
        found = []
        for e in self.events:
            if e.kind == "frame-sent" and e.data["end"] == "terminal":
                mti, fields = CODEC.decode(e.data["bytes"][HEAD:])
                if mti in mtis:
                    found.append((e.t_us, fields))
        return found

    def of(self, kind: str, key: str) -> list[Any]:
        return [e.data[key] for e in self.events if e.kind == kind]

    @property
    def screens(self) -> list[str]:
        return self.of("screen", "prompt")

    @property
    def results(self) -> list[str]:
        return self.of("sale-ended", "result")


class Typing(Orders):
    """Everybody types a password on the phone."""

    password_from_minor = 0


class Idling(Typing):
    password_queries = 1_000_000


class TypingHost(Host):
    desk = Typing


class IdlingHost(Host):
    desk = Idling


def test_a_good_day() -> None:
    """Four sales by code, approved; each pay is a message of its own order, with the code
    enciphered, and neither query nor close is needed."""
    day = Day()
    pays = [fields for _, fields in day.sent("0200")]
    assert day.results == ["approved"] * 4
    assert day.of("sale-started", "method") == day.of("sale-ended", "method") == ["code"] * 4
    assert [f[3] for f in pays] == ["190000"] * 4
    assert [f[59] for f in pays] == [f"{f[41]}{f[13]}{f[11]}" for f in pays]
    assert all(52 not in f for f in pays)
    assert day.sent("0600", "0601", "0400") == []


def test_a_query_finds_the_order_paid() -> None:
    """No answer to the pay: the result is unknown, is asked for under the order's number and the
    sale's amount, and then approved. Nothing is reversed, and the pay is not sent again."""
    day = Day(LOST_ANSWER)
    [(_, query)] = day.sent("0600")
    pay = day.sent("0200")[0][1]
    assert (query[3], query[59], query[4]) == ("390000", pay[59], pay[4])
    assert query[11] != pay[11]
    assert 63 not in query
    assert len(day.sent("0200")) == 4
    assert day.sent("0400") == []
    assert day.results == ["approved"] * 4
    first = day.screens[: day.screens.index("approved")]
    assert first[-1] == "unknown"


def test_queries_until_the_deadline_and_then_the_close() -> None:
    """The host does not know the order: it is asked for every 10 s, until 60 s after the record
    was written; then it is closed, and the customer is told that nothing is charged."""
    day = Day(LOST_REQUEST)
    asked = day.sent("0600")
    assert [f[3] for _, f in asked] == ["390000"] * 3 + ["990000"]
    *gaps, last = [b - a for (a, _), (b, _) in pairwise(asked)]
    every_us = PROFILE.query_every_us
    assert all(every_us <= gap < every_us + SECOND for gap in gaps)
    assert last < every_us + SECOND
    prepared_us = next(
        e.t_us for e in day.events if e.kind == "journal-write" and e.data["record"] == "prepared"
    )
    last_us, deadline_us = asked[-1][0] - prepared_us, PROFILE.order_deadline_us
    assert deadline_us - SECOND <= last_us < deadline_us + SECOND
    assert day.results == ["closed", "approved", "approved", "approved"]
    slip = next(e.data["lines"] for e in day.events if e.data.get("slip") == "order-closed")
    assert slip[-1] == "ORDER CLOSED, NOT CHARGED"


def test_the_customer_types_a_password() -> None:
    """In progress is neither approved nor declined: it is queried until the customer has
    finished."""
    day = Day(build=Build(host=TypingHost))
    assert day.results == ["approved"] * 4
    assert len(day.sent("0600")) == 8
    assert day.screens.count("customer-pays") == 4
    assert "unknown" not in day.screens


def test_a_customer_who_does_not_finish_is_not_charged() -> None:
    """At the deadline the order in progress is closed."""
    day = Day(build=Build(host=IdlingHost))
    assert set(day.results) == {"closed"}
    assert sum(day.of("posting", "amount_minor")) == 0


def test_a_close_without_an_answer_is_repeated_until_it_has_one() -> None:
    """The close goes out again on its timer, as a repeat under another key; until then the result
    is unknown, and whoever wants to pay next is refused, and not charged."""
    day = Day(LOST_REQUEST, fault("transmission-loss", count=2, on={"state": "order-closing"}))
    closes = [f for _, f in day.sent("0600", "0601") if f[3] == "990000"]
    assert len(day.sent("0601")) == 2
    assert len({f[62] for f in closes}) == len(closes) == 3
    assert {f[59] for f in closes} == {day.sent("0200")[0][1][59]}
    assert day.results[:2] == ["unknown", "cancelled"]
    assert "order-pending" in day.screens
    assert "closed" in day.screens


def test_a_close_that_finds_the_order_paid_approves_the_sale() -> None:
    """Pay and query lose their answers; the close is answered "paid": approved, and printed."""
    day = Day(LOST_ANSWER, fault("transmission-loss", on={"message": "0610"}))
    assert [f[3] for _, f in day.sent("0600")] == ["390000", "990000"]
    assert day.results == ["approved"] * 4
    assert "closed" not in day.screens


@pytest.mark.parametrize("state", ["code-waiting", "order-open", "order-querying"])
def test_a_power_cut_does_not_lose_the_order(state: str) -> None:
    """Wherever power fails after the pay has left, the order is followed after the restart, and
    paid orders are told."""
    day = Day(LOST_ANSWER, fault("power-unstable", on={"state": state}, for_="3s"))
    assert day.screens.count("approved") == 4
    assert len(day.sent("0200")) == 4


def test_after_a_long_power_cut_the_order_is_closed_at_once() -> None:
    """The deadline is one of the clock: if it has passed meanwhile, nobody is asked any more."""
    day = Day(LOST_REQUEST, fault("power-unstable", on={"state": "code-waiting"}, for_="2 min"))
    assert [f[3] for _, f in day.sent("0600")] == ["990000"]


def test_a_power_cut_before_the_pay_has_left_cancels() -> None:
    """With only `prepared` in the journal there is no order: no query, no close."""
    day = Day(fault("power-unstable", on={"state": "code-prepared"}, for_="3s"))
    assert day.sent("0600", "0601") == []
    assert len(day.sent("0200")) == 3


def test_no_connection_no_order() -> None:
    """The host is not reached: cancelled, and nothing to ask for."""
    day = Day(fault("comms-outage", on={"state": "code-connecting"}, for_="15s"))
    assert day.results[0] == "cancelled"
    assert "no-connection" in day.screens
    assert len(day.sent("0200")) == 3
    assert day.sent("0600", "0601") == []


def test_the_end_of_day_waits_for_the_order() -> None:
    """No totals go out while an order is open; then they balance."""
    lost = fault("transmission-loss", on={"message": "0210", "nth": 4})
    day = Day(lost, fault("transmission-loss", count=4, on={"message": "0610"}))
    totals_us = day.sent("0500")[0][0]
    assert all(t_us < totals_us for t_us, _ in day.sent("0600", "0601"))


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", "ORDER CLOSED, NOT CHARGED TRACE"), ("zh", "订单已关闭,未扣款 流水号")],
)
def test_both_languages_tell_a_closed_order(lang: str, told: str) -> None:
    """The screen names the sale by its trace number in either language."""
    texts = Day(LOST_REQUEST, lang=lang).of("screen", "text")
    assert any(re.fullmatch(told + r" \d{6}", text) for text in texts)


def test_weak_crypto_shows_codes_and_the_judge_sees_it() -> None:
    """The leak scanner knows payment codes: sent in clear, each one is found."""
    outcome = try_schedule(SHOP, (fault("weak-crypto"),))
    assert [v.text for v in outcome.violations] == ["a payment code is readable in frame-sent"] * 4
