"""Expectations of reads by card."""

from __future__ import annotations

import pytest

from posemu.scenario import ScenarioError, load_text

HEAD = "posemu: 1\ntills: {a: {}}\ncardholders: {each: 1}\nexpect:\n  - "


@pytest.mark.parametrize(
    ("entry", "breakdown", "words", "words_zh"),
    [
        (
            "{metric: read_success, card: worn, at_most: 40}",
            "card:worn",
            "of worn cards",
            "磨损的卡",
        ),
        (
            "{metric: read_success, card: new, terminal: a, at_least: 99}",
            "terminal_card:a/new",
            "of new cards",
            "完好的卡",
        ),
    ],
)
def test_reads_of_worn_or_new_cards(entry: str, breakdown: str, words: str, words_zh: str) -> None:
    """In total or at one till, said in both languages."""
    [expected] = load_text(f"{HEAD}{entry}\n", "x.yaml").expectations
    assert expected.breakdowns == (breakdown,)
    assert words in expected.text
    assert words_zh in expected.text_zh


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{metric: success_rate, card: worn, at_most: 40}", "only read_success"),
        ('{metric: read_success, card: worn, hours: ["09"], at_most: 40}', "keep one"),
        ("{metric: read_success, card: worn, method: card, at_most: 40}", "keep one"),
        ("{metric: read_success, card: old, at_most: 40}", "worn"),
    ],
)
def test_what_is_not_measured_by_card(entry: str, words: str) -> None:
    """It is refused in words, and not judged on nothing."""
    with pytest.raises(ScenarioError, match=words):
        load_text(f"{HEAD}{entry}\n", "x.yaml")
