"""Rules about records, order, rest and secrets: kept by one minimal trace, broken by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.oracle import INVARIANTS

Story = Callable[[Any], None]
MONEY_RULES = 6  # those are in test_money_rules.py
STORIES: dict[str, list[tuple[str, Story, list[str]]]] = {}


def tells(rule: str, breaks: bool = False, *others: str) -> Callable[[Story], Story]:
    """A story of a rule: it holds, or it is broken (with other rules, in order of time)."""

    def add(story: Story) -> Story:
        broken = sorted({rule, *others}) if breaks else []
        STORIES.setdefault(rule, []).append((story.__name__.strip("_"), story, broken))
        return story

    return add


def sale(c: Any, stan: int = 1, amount: int = 3_800, probe: bool = True) -> None:
    """A sale up to its approval at the terminal."""
    if probe:
        c.prepared(stan, amount)
        c.journal("sending", f"{stan:06d}")
        c.flush()
    c.request(stan, amount)
    c.posting(stan, amount)
    c.answer(stan)
    if probe:
        c.journal("approved", f"{stan:06d}", "1", "2")
        c.flush()


@tells("record-before-send", True)
def _sent_before_the_flush(c: Any) -> None:
    c.prepared()
    c.journal("sending", "000001")
    c.request()
    c.flush()


@tells("record-before-send", True)
def _sent_with_only_prepared_flushed(c: Any) -> None:
    c.prepared()
    c.flush()
    c.request()


@tells("record-before-send")
def _no_probe_no_verdict(c: Any) -> None:
    c.request()


@tells("commit-before-told")
def _flushed_then_told(c: Any) -> None:
    sale(c)
    c.approved()


@tells("commit-before-told", True)
def _told_before_the_flush(c: Any) -> None:
    c.prepared()
    c.journal("sending", "000001")
    c.flush()
    c.request()
    c.posting()
    c.answer()
    c.journal("approved", "000001", "1", "2")
    c.approved()
    c.flush()


@tells("stan-unique")
def _the_same_number_another_day(c: Any) -> None:
    c.request()
    c.declined()
    c.request(date="0303")


@tells("stan-unique", True)
def _one_number_two_sales(c: Any) -> None:
    c.request()
    c.declined()
    c.request(amount=100, time="100000")


@tells("no-resend", True)
def _the_request_goes_out_again(c: Any) -> None:
    c.request()
    c.request()


@tells("ksn-advances")
def _skipped_ksns(c: Any) -> None:
    c.request(counter=5)
    c.declined()
    c.request(2, counter=9)


@tells("ksn-advances", True)
def _one_ksn_twice(c: Any) -> None:
    c.request(counter=5)
    c.declined()
    c.request(2, counter=5)


@tells("ksn-advances", True)
def _a_ksn_going_back(c: Any) -> None:
    c.request(counter=5)
    c.declined()
    c.request(2, counter=4)


@tells("reversal-matches-original")
def _the_reversal_names_its_sale(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.reversal(mti="0401")


@tells("reversal-matches-original", True)
def _a_reversal_of_another_amount(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(amount=3_801)


@tells("reversal-matches-original", True)
def _a_reversal_of_another_time(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(time="090001")


@tells("reversal-matches-original", True)
def _a_reversal_of_no_sale(c: Any) -> None:
    c.prepared(1)
    c.journal("sending", "000001")
    c.flush()
    c.request()
    c.unknown()
    c.reversal(2)


@tells("reversal-matches-original")
def _a_reversal_of_a_sale_cut_before_it_left(c: Any) -> None:
    c.prepared(1)
    c.journal("sending", "000001")
    c.flush()
    c.reversal(1)


@tells("reversal-first")
def _the_next_sale_waits(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.reversal(1)
    c.answer(1, "25", "0410")
    c.reversed(1)
    c.request(2)


@tells("reversal-first", True)
def _the_next_sale_does_not_wait(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.request(2)


@tells("end-of-day-clean")
def _the_end_of_day_after_the_reversal(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.reversal(1)
    c.reversed(1)
    c.reconciliation()


@tells("end-of-day-clean", True)
def _the_end_of_day_while_unknown(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.reconciliation()


@tells("no-crash", True)
def _the_program_crashed(c: Any) -> None:
    c.emit("till-1", "crash", text="KeyError in _authorise")


def rest(c: Any, state: str = "idle", flag: str = "1") -> None:
    c.drain()
    c.reconciliation()
    c.answer(90, "00", "0510", totals="0" * 36 + flag)
    c.state(state)


@tells("comes-to-rest")
@tells("totals-agree")
@tells("nothing-unknown")
def _a_good_end(c: Any) -> None:
    sale(c)
    c.approved()
    rest(c)


@tells("comes-to-rest", True)
def _still_busy(c: Any) -> None:
    rest(c, "reversal-waiting")


@tells("comes-to-rest")
def _a_part_without_a_state_probe(c: Any) -> None:
    c.drain()
    c.answer(90, "00", "0510", totals="0" * 36 + "1")


@tells("nothing-unknown", True)
def _unknown_to_the_end(c: Any) -> None:
    c.drain()
    c.answer(90, "00", "0510", totals="0" * 36 + "1")
    c.request()
    c.unknown()
    c.state("idle")


@tells("nothing-unknown", True)
def _never_told_at_all(c: Any) -> None:
    c.request()
    c.drain()
    c.answer(90, "00", "0510", totals="0" * 36 + "1")


@tells("totals-agree", True)
def _the_totals_differ(c: Any) -> None:
    rest(c, flag="2")


@tells("totals-agree", True)
def _no_end_of_day(c: Any) -> None:
    c.drain()
    c.state("idle")


@tells("no-card-data")
def _a_masked_pan(c: Any) -> None:
    c.screen("CARD 999907******1247 AND ************1247")


@tells("no-card-data", True)
def _a_whole_pan(c: Any) -> None:
    c.screen("CARD 9999075123741247")


CASES = [(rule, *story) for rule, stories in sorted(STORIES.items()) for story in stories]


@pytest.mark.parametrize(
    ("rule", "name", "story", "broken"), CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES]
)
def test_a_trace_breaks_the_rules_it_breaks_and_no_other(
    make_case: Any, rule: str, name: str, story: Story, broken: list[str]
) -> None:
    """A hand-written trace breaks exactly the rules that its story breaks."""
    case = make_case(pans=("9999075123741247",))
    story(case)
    assert sorted(case.verdict()) == broken


def test_every_rule_has_a_story_that_breaks_it_and_one_that_does_not() -> None:
    """No rule about records, order, rest and secrets is without a minimal trace that breaks it."""
    breaking = {rule for rule, _, _, broken in CASES if rule in broken}
    assert len(breaking) == len(STORIES) == len(INVARIANTS) - MONEY_RULES
    assert all(en and zh and en != zh for en, zh in INVARIANTS.values())
