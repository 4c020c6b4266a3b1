"""The judge can fail: each planted bug of the zoo is caught by the rule that names it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from posemu.faults import FaultSpec
from posemu.oracle import INVARIANTS
from posemu.scenario import Build, Outcome
from posemu.sim import Event
from posemu.testing import broken_rules, fault, small_shop, story, try_schedule
from posemu.testing.zoo import BUILDS, ZOO, Planted
from posemu.testing.zoo.parts import Twisted

SHOP = small_shop()
PLANTED = list(ZOO.values())
NEED_FAULTS = [planted for planted in PLANTED if planted.schedule]
LEAKS = {"pan-in-journal", "pin-in-log"}
SAID = {  # what the named rule says of each bug
    "no-reversal": r"sale \d{6} is told as not charged, but \d+ is booked",
    "forgets-timeout": r"sale \d{6} is still unknown",
    "record-after-send": r"sale \d{6} left before its record was durable",
    "late-approval": r"sale \d{6} is called approved after its reversal went out",
    "stan-again": r"trace number \d{6} was used for a second sale",
    "ksn-back": r"0800 \d{6} went out under an old KSN",
    "mac-unchecked": r"sale \d{6} is called approved after an answer the host did not send",
    "booked-twice": r"sale \d{6} is booked with \d+ for \d+",
    "mac-unchecked-by-host": r"sale \d{6} was approved upon a request that nobody sent",
    "other-amount": r"no sale \d{6} of that time and amount was made",
    "pan-in-journal": r"a PAN is readable in journal-write",
    "slip-approved": r"a slip says approved for sale \d{6}, which is reversed",
    "shown-before-commit": r"sale \d{6} is called approved before that is durable",
    "sent-again": r"the request of sale \d{6} went out again",
    "sells-on": r"sale \d{6} went out while sale \d{6} is unknown",
    "settles-early": r"end of day while sale \d{6} is unknown",
    "approved-by-itself": r"sale \d{6} is called approved without the host's approval",
    "declined-but-booked": r"sale \d{6} is told as not charged, but \d+ is booked",
    "hangs": r"it is still \w+",
    "pin-in-log": r"a PIN is readable in log",
    "wrong-step": r"reversal-waiting -> sale-approved: the table has no such step",
    "miscounts": r"the end of day did not balance",
    "settles-anyway": r"the end of day is called done, but the host did not say so",
    "forgets-reversal": r"sale \d{6} is still unknown",
    "forgets-receipt": r"sale \d{6} is charged, but the customer has no whole slip of it",
    "prints-unshown": r"sale \d{6} is charged, but no screen ever said approved",
    "reverses-unsent": r"sale \d{6} was reversed, but never sent",
    "reverses-prepared": r"sale \d{6} was reversed, but never sent",
    "reverses-declined": r"sale \d{6} was reversed after it was told as not charged",
    "reverses-approved": r"sale \d{6} was reversed for A0, which is not so",
    "repeats-as-new": r"the reversal of sale \d{6} was sent again as a new one",
    "card-in-reversal": r"the reversal of sale \d{6} carries card data in field 63",
    "reversed-too-soon": r"sale \d{6} is called not charged, but the host never said so",
    "hides-unknown": r"sale \d{6} was sent, and nobody was told what it came to",
    "service-charge": r"sale \d{6} went out over \d+, not over \d+",
    "eight-digits": r"8 \+ 4 digits of a PAN are shown",
    "reprint-looks-new": r"a second merchant's slip of sale \d{6} does not say reprint",
    "second-order": r"sale \d{6} went out while the order of sale \d{6} is open",
    "asks-for-another": r"no order T0000001\d{10} of that amount was made",
    "reverses-order": r"sale \d{6} was paid by code, and reversed",
    "card-not-asked": r"sale \d{6} is called approved, but its card said nothing",
    "card-refused": r"sale \d{6} is called approved, but its card said AAC",
    "card-declined": r"sale \d{6} is called approved, but was never sent, and no chip approved it",
    "offline-too-soon": r"sale \d{6} is called approved before its advice is written",
    "loses-advices": r"sale \d{6} was approved by the chip, and its advice still waits",
    "last-in-first-out": r"the advice of sale \d{6} went out while that of \d{6} waited",
    "advice-amount": r"the advice of sale \d{6} has another time or amount: \d+",
    "advice-as-new": r"the advice of sale \d{6} was sent again as a new one",
    "advice-booked-twice": r"sale \d{6} is booked with \d+ for \d+",
    "advice-left-behind": r"end of day while the advice of sale \d{6} waits",
}


@cache
def tried(name: str) -> Outcome:
    planted = ZOO[name]
    return try_schedule(planted.shop, planted.schedule, build=planted.build)


def named(values: list[Planted]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("planted", values, ids=[planted.name for planted in values])


@named(PLANTED)
def test_named(planted: Planted) -> None:
    """Under its schedule a planted bug is caught by the rule that names it, in words that fit."""
    said = [v for v in tried(planted.name).violations if v.invariant == planted.invariant]
    assert any(re.search(SAID[planted.name], v.text) for v in said), story(said)
    assert {v.till for v in said} == {"till-1"}


@named(NEED_FAULTS)
def test_correct_build(planted: Planted) -> None:
    """Under the same schedule the correct build breaks no rule: not the fault is caught."""
    outcome = try_schedule(planted.shop, planted.schedule)
    assert not outcome.violations, story(outcome.violations)


@named(NEED_FAULTS)
def test_good_day(planted: Planted) -> None:
    """On a good day a bug that needs faults is not there: the world is the correct one."""
    outcome = try_schedule(planted.shop, (), build=planted.build)
    assert not outcome.violations, story(outcome.violations)
    assert outcome.digest == good_day(planted.p_code, planted.chip).digest


@cache
def good_day(p_code: float, chip: str) -> Outcome:
    return try_schedule(next(p for p in PLANTED if (p.p_code, p.chip) == (p_code, chip)).shop, ())


def test_chip_shop() -> None:
    """Where bugs of chip sales are brought out, a chip approves alone, and a chip asks the host."""
    sent: list[bytes] = []

    def look(event: Event) -> None:
        if event.kind == "frame-sent" and event.data["end"] == "terminal":
            sent.append(event.data["bytes"][7:9])

    assert not try_schedule(ZOO["card-not-asked"].shop, (), observers=[look]).violations
    assert sent.count(b"\x02\x20") >= 2
    assert sent.count(b"\x02\x00") >= 1


@named([planted for planted in NEED_FAULTS if len(planted.schedule) > 1])
def test_no_fault_too_many(planted: Planted) -> None:
    """Without any one of the faults of its schedule a bug does not show."""
    for i in range(len(planted.schedule)):
        fewer = planted.schedule[:i] + planted.schedule[i + 1 :]
        assert not broken_rules(try_schedule(planted.shop, fewer, build=planted.build))


def test_every_rule_can_be_broken() -> None:
    """Each rule is named by a planted bug: a rule that nothing can break is no rule."""
    assert {planted.invariant for planted in PLANTED} == set(INVARIANTS)


def test_two_languages() -> None:
    """Each bug is described in English and in Chinese, and its build is found by its name."""
    for name, planted in ZOO.items():
        assert name == planted.name
        assert BUILDS[name] is planted.build
        assert planted.wrong.en.isascii()
        assert re.search("[\u4e00-\u9fff]", planted.wrong.zh)


def test_twisted_is_the_correct_terminal() -> None:
    """What faulty terminals are made of changes nothing by itself, with and without a power cut."""
    for schedule in ((), ZOO["stan-again"].schedule, ZOO["forgets-reversal"].schedule):
        twisted = try_schedule(SHOP, schedule, build=Build(terminal=Twisted))
        assert twisted.digest == try_schedule(SHOP, schedule).digest


@named([planted for planted in PLANTED if planted.name not in LEAKS])
def test_no_false_leak(planted: Planted) -> None:
    """The leak scanner finds nothing where nothing leaks, however faulty the build is otherwise."""
    assert "no-card-data" not in broken_rules(tried(planted.name))


def weak(*others: FaultSpec) -> tuple[FaultSpec, ...]:
    return (fault("weak-crypto"), *others)


def sale_requests(schedule: tuple[FaultSpec, ...]) -> tuple[Outcome, int]:
    """The outcome, and how many sale requests left the terminal."""
    count = 0

    def look(event: Event) -> None:
        nonlocal count
        if event.kind == "frame-sent" and event.data["bytes"][7:9] == b"\x02\x00":
            count += 1

    return try_schedule(SHOP, schedule, observers=[look]), count


@pytest.mark.parametrize("others", [(), ZOO["forgets-reversal"].schedule], ids=["alone", "faults"])
def test_weak_crypto(others: tuple[FaultSpec, ...]) -> None:
    """Under weak-crypto every sale request shows its PAN, and that is all that is wrong."""
    outcome, requests = sale_requests(weak(*others))
    assert requests >= 3
    assert [v.text for v in outcome.violations] == ["a PAN is readable in frame-sent"] * requests
    assert broken_rules(outcome) == ["no-card-data"]


@pytest.mark.parametrize("others", [(), ZOO["forgets-reversal"].schedule], ids=["alone", "faults"])
def test_strong_crypto(others: tuple[FaultSpec, ...]) -> None:
    """Without weak-crypto the same world takes the same course and shows no card data."""
    (strong, requests), (_, weak_requests) = sale_requests(others), sale_requests(weak(*others))
    assert requests == weak_requests
    assert not strong.violations, story(strong.violations)


def test_other_language() -> None:
    """A terminal that speaks Chinese is judged the same."""
    chinese = replace(SHOP, lang="zh")
    for name in ("no-reversal", "late-approval", "approved-by-itself", "forgets-reversal"):
        planted = ZOO[name]
        outcome = try_schedule(chinese, planted.schedule, build=planted.build)
        assert planted.invariant in broken_rules(outcome)
