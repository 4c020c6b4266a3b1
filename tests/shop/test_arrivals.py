"""When customers come: a Poisson process whose rate follows the clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from scipy import stats

from posemu.shop import Spell, arrivals
from posemu.sim import Keyed

H = 3_600_000_000
DAY = (Spell(0, 2 * H, 20 / H), Spell(2 * H, 3 * H, 120 / H), Spell(3 * H, 5 * H, 0.0),
       Spell(6 * H, 10 * H, 40 / H))  # fmt: skip


def moments(spells: tuple[Spell, ...], seed: int) -> list[int]:
    return list(arrivals(spells, Keyed(seed).sequence("customer/comes", "shop")))


def test_the_counts_of_each_spell_are_poisson() -> None:
    """Over 400 days the number of each spell has the Poisson's mean and variance (99.9 %)."""
    days = [moments(DAY, seed) for seed in range(400)]
    for spell in DAY:
        mean = (spell.to_us - spell.from_us) * spell.per_us
        counts = [sum(spell.from_us <= t < spell.to_us for t in day) for day in days]
        assert stats.poisson(mean * 400).ppf(0.0005) <= sum(counts) if mean else not sum(counts)
        assert sum(counts) <= stats.poisson(mean * 400).ppf(0.9995)
        if mean:
            spread = sum((n - mean) ** 2 for n in counts) / mean
            assert stats.chi2(400).ppf(0.0005) < spread < stats.chi2(400).ppf(0.9995)


def test_gaps_of_a_constant_rate_are_exponential() -> None:
    """At a constant rate the gaps pass a Kolmogorov-Smirnov test against the exponential."""
    times = moments((Spell(0, 1_000 * H, 50 / H),), 3)
    gaps = [b - a for a, b in pairwise([0, *times])]
    assert len(gaps) > 49_000
    assert stats.kstest(gaps, stats.expon(scale=H / 50).cdf).pvalue > 0.001


def test_they_come_in_order_and_within_their_spells() -> None:
    """Moments never go back, and where the rate is nought nobody comes."""
    for seed in range(50):
        times = moments(DAY, seed)
        assert times == sorted(times)
        assert all(any(s.from_us <= t < s.to_us and s.per_us for s in DAY) for t in times)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_another_rate_moves_the_same_customers(factor: float) -> None:
    """The n-th customer of a busier day comes sooner: the n-th draw is his or hers in both."""
    slow = moments((Spell(0, 100 * H, 10 / H),), 7)
    other = moments((Spell(0, 100 * H, 10 * factor / H),), 7)
    assert len(slow) > 900
    for a, b in zip(slow, other, strict=False):
        assert abs(b - a / factor) <= 1


def test_no_spell_no_customer() -> None:
    """A shop without opening hours has no customers."""
    assert moments((), 1) == []
