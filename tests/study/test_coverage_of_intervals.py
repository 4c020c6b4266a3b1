"""Reported intervals hold the truth as often as they say, where failures come in bursts."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev

import pytest

from posemu.study import Estimate

from . import test_expectations as expectations
from . import toy
from .toy import AFTER, BEFORE, OTHER_DAYS, STEADY, Toy, covered, half_width, studies

CHANGE = AFTER.truth - BEFORE.truth
SHORT = replace(BEFORE, day_min=21.0, sales=6)  # its beginning matters most


def mean_width(found: list[Estimate]) -> float:
    return fmean(map(half_width, found))


@pytest.mark.parametrize(
    ("variant", "first_seed"), [(BEFORE, 0), (AFTER, OTHER_DAYS), (STEADY, 0), (SHORT, 0)]
)
def test_the_toy_does_what_its_formulas_say(variant: Toy, first_seed: int) -> None:
    """Mean and standard deviation of 4,000 days are those of the closed form (99.9 % limits)."""
    rates = [rate for study in studies(variant, first_seed) for rate in study]
    n, mean, spread = len(rates), fmean(rates), stdev(rates)
    tails = fmean(((rate - mean) / spread) ** 4 for rate in rates)
    assert mean == pytest.approx(variant.truth, abs=3.29 * variant.spread / sqrt(n))
    assert spread == pytest.approx(variant.spread, abs=3.29 * spread * sqrt((tails - 1) / (4 * n)))


def test_intervals_over_days_hold_the_truth() -> None:
    """With one value per day, 90 to 98 % of 400 studies have the true rate in their interval."""
    assert 90 <= covered(toy.of_a_rate()["one value per day"], BEFORE.truth) <= 98


def test_intervals_over_sales_do_not() -> None:
    """With every sale as a case by itself less than 75 % have it. It is the bursts: without them
    the same interval holds."""
    found = toy.of_a_rate()
    assert covered(found["every sale a case by itself"], BEFORE.truth) < 75
    assert 90 <= covered(found["the same, in a world without bursts"], STEADY.truth) <= 98


def test_intervals_of_paired_differences_hold_the_true_one() -> None:
    """90 to 98 % of 400 studies have the true change in the interval of the paired differences, and
    as many in that of other days; the paired one is less than half as wide."""
    found = toy.of_a_change()
    paired, elsewhere = found["the same days, paired"], found["other days for each variant"]
    assert 90 <= covered(paired, CHANGE) <= 98
    assert 90 <= covered(elsewhere, CHANGE) <= 98
    assert mean_width(paired) < mean_width(elsewhere) / 2


def test_pairing_uses_what_two_variants_share() -> None:
    """Of the very same days, the paired interval is the narrower one in every study."""
    for before, after in zip(studies(BEFORE), studies(AFTER), strict=True):
        change = toy.of_days(before, after)
        assert half_width(change) < half_width(toy.unpaired(before, after))


def test_an_expectation_at_the_truth_holds_by_luck_only() -> None:
    """What a remedy just does not exceed is expected: of 400 studies at most 5 % say that it holds
    (the interval is of two sides, 2.5 % each)."""
    fall = replace(expectations.CHANGE, falls_by=-CHANGE / BEFORE.truth)
    both = zip(studies(BEFORE), studies(AFTER), strict=True)
    held = sum(expectations.judged(fall, a=[*before], b=[*after])[0] for before, after in both)
    assert 0 < 100 * held / toy.STUDIES <= 5
