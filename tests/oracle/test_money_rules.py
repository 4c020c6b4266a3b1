"""Rules about money and words: each on a minimal trace that keeps it and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.oracle import INVARIANTS

Story = Callable[[Any], None]
MONEY_RULES = 6  # the rest of the judge's rules is in test_other_rules.py
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


@tells("told-matches-booked")
def _an_approved_sale(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip()


@tells("told-matches-booked")
def _a_declined_sale(c: Any) -> None:
    c.request()
    c.answer(code="51")
    c.declined()


@tells("told-matches-booked")
def _unknown_then_reversed(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(arrives=False)
    c.unknown()
    c.reversal()
    c.posting(amount=-3_800)
    c.answer(mti="0410")
    c.reversed()


@tells("told-matches-booked")
def _unknown_while_booked(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()


@tells("told-matches-booked", True)
def _declined_but_booked(c: Any) -> None:
    c.request()
    c.posting()
    c.declined()


@tells("told-matches-booked", True)
def _told_first_booked_after(c: Any) -> None:
    c.request()
    c.declined()
    c.posting()


@tells("told-matches-booked", True)
def _approved_over_another_amount(c: Any) -> None:
    sale(c)
    c.approved(amount="83.00")


@tells("told-matches-booked", True)
def _reversed_by_the_host_after_it_was_told(c: Any) -> None:
    sale(c)
    c.approved()
    c.posting(amount=-3_800)


@tells("told-matches-booked", True)
def _without_postings_the_wire_is_believed(c: Any) -> None:
    c.request()
    c.answer()
    c.declined()


@tells("told-matches-booked", True, "approval-from-host")
def _approved_after_a_decline(c: Any) -> None:
    c.request()
    c.answer(code="51")
    c.approved()


@tells("single-capture")
def _booked_and_taken_back(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)


@tells("single-capture", True)
def _booked_twice(c: Any) -> None:
    c.request()
    c.posting()
    c.posting()


@tells("single-capture", True)
def _booked_again_after_its_reversal(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)
    c.posting()


@tells("single-capture", True)
def _taken_back_twice(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)
    c.posting(amount=-3_800)


@tells("single-capture", True)
def _booked_with_another_amount(c: Any) -> None:
    c.request()
    c.posting(amount=3_801)


@tells("single-capture", True)
def _booked_without_a_sale(c: Any) -> None:
    c.posting()


@tells("approval-from-host", True)
def _approved_without_any_answer(c: Any) -> None:
    c.request()
    c.posting()
    c.approved()


@tells("approval-from-host", True)
def _approved_without_a_request(c: Any) -> None:
    c.approved()


@tells("approval-from-host", True)
def _the_approval_was_lost_on_the_way(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(arrives=False)
    c.approved()


@tells("approval-authentic", True)
def _the_approval_was_damaged(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(mac=b"\1" * 8)
    c.approved()


@tells("approval-authentic")
def _damaged_and_not_believed(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(mac=b"\1" * 8)
    c.unknown()


@tells("approval-authentic", True, "told-matches-booked")
def _the_approval_was_forged(c: Any) -> None:
    c.request()
    c.answer(sent=False)
    c.approved()


@tells("late-answer-ignored")
def _the_late_answer_is_ignored(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()
    c.reversal()
    c.answer()
    c.posting(amount=-3_800)
    c.reversed()


@tells("late-answer-ignored", True)
def _the_late_answer_is_shown(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()
    c.reversal()
    c.answer()
    c.approved()


@tells("slip-tells-truth", True, "late-answer-ignored")
def _a_slip_says_approved_after_the_reversal(c: Any) -> None:
    c.request()
    c.posting()
    c.answer()
    c.unknown()
    c.reversal()
    c.slip()


@tells("slip-tells-truth")
def _the_slip_of_the_reversal(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.slip(said="REVERSED, NOT CHARGED")


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
    """No rule about money and words is without a minimal trace that breaks it."""
    breaking = {rule for rule, _, _, broken in CASES if rule in broken}
    assert breaking == STORIES.keys() <= INVARIANTS.keys()
    assert len(STORIES) == MONEY_RULES
