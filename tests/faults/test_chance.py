"""Random processes of faults: compiled to moments, with the lengths that they say."""

from __future__ import annotations

import pytest
from scipy import stats

from posemu.faults import AtRate, AtTimes, FaultSpec, InSpells, compile_chance
from posemu.sim import Keyed

MIN = 60_000_000


def moments(trigger: InSpells | AtRate, seed: int, hours: int = 14) -> list[tuple[int, int | None]]:
    spec = FaultSpec("wifi-weak", None, {"rssi": -90.0}, trigger)
    [compiled] = compile_chance([spec], hours * 60 * MIN, Keyed(seed))
    assert isinstance(compiled.trigger, AtTimes)
    return list(compiled.trigger.strikes)


def test_spells_have_their_means() -> None:
    """Good and bad spells are exponential with their means (Kolmogorov-Smirnov over 40 days)."""
    good, bad = [], []
    for seed in range(40):
        at_us = 0
        for begins_us, lasts_us in moments(InSpells(10 * MIN, 2 * MIN), seed, hours=48):
            assert lasts_us is not None
            good.append(begins_us - at_us)
            bad.append(lasts_us)
            at_us = begins_us + lasts_us
    assert len(bad) > 9_000
    assert stats.kstest(good, stats.expon(scale=10 * MIN).cdf).pvalue > 0.001
    assert stats.kstest(bad, stats.expon(scale=2 * MIN).cdf).pvalue > 0.001


@pytest.mark.parametrize("seed", range(20))
def test_spells_do_not_overlap_and_begin_within_the_day(seed: int) -> None:
    """Bad spells follow one another with a good one between them, and none begins after closing."""
    end_us = 0
    for begins_us, lasts_us in moments(InSpells(10 * MIN, 2 * MIN), seed):
        assert begins_us > end_us
        assert begins_us < 14 * 60 * MIN
        assert lasts_us is not None
        end_us = begins_us + lasts_us


def test_two_faults_of_one_kind_have_spells_of_their_own() -> None:
    """The second entry of a failure mode draws its own spells; the first one's stay."""
    trigger = InSpells(10 * MIN, 2 * MIN)
    one = FaultSpec("wifi-weak", "till-1", {"rssi": -90.0}, trigger)
    two = FaultSpec("wifi-weak", "till-2", {"rssi": -90.0}, trigger)
    alone, both = (compile_chance(specs, 600 * MIN, Keyed(1)) for specs in ([one], [one, two]))
    assert both[0] == alone[0]
    assert both[1].trigger != both[0].trigger
