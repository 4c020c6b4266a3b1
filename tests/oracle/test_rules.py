"""Every rule of the judge on traces written by hand: minimal ones that keep it, and minimal ones
that break it."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.oracle import INVARIANTS

from . import (
    advice_stories,
    chip_stories,
    code_stories,
    money_stories,
    offline_stories,
    order_stories,
    rest_stories,
    reversal_stories,
)
from .stories import TOLD, Told

CHAPTERS = (
    advice_stories, chip_stories, code_stories, money_stories, offline_stories, order_stories,
    reversal_stories, rest_stories,
)  # fmt: skip
STORIES = sorted(TOLD, key=lambda told: told.name)


@pytest.mark.parametrize("told", STORIES, ids=[told.name for told in STORIES])
def test_a_trace_breaks_the_rules_it_breaks_and_no_other(make_case: Any, told: Told) -> None:
    """A hand-written trace breaks exactly the rules that its story breaks."""
    case = make_case(pans=("9999075123741247",))
    told.story(case)
    assert sorted(case.verdict()) == told.broken


def test_every_rule_has_a_story_that_keeps_it_and_one_that_breaks_it() -> None:
    """No rule is without a minimal trace that breaks it, and without one in which it could have
    been broken and was not."""
    assert {told.rule for told in STORIES if not told.broken} == set(INVARIANTS)
    assert {told.rule for told in STORIES if told.broken} == set(INVARIANTS)


def test_every_story_is_told() -> None:
    """No story of a chapter was left without its rule, and no two stories have one name."""
    written = {
        value
        for chapter in CHAPTERS
        for name, value in vars(chapter).items()
        if name.startswith("_") and getattr(value, "__module__", "") == chapter.__name__
    }
    assert written == {told.story for told in STORIES}
    assert len({told.name for told in STORIES}) == len(STORIES)


def test_every_rule_says_what_it_is_in_both_languages() -> None:
    """A report can name the rule in English and in Chinese."""
    assert all(en and zh and en != zh for en, zh in INVARIANTS.values())
