"""From replications to intervals, against SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from posemu.sim import Keyed, Lognormal
from posemu.sim.portable import normal_quantile
from posemu.study import Estimate, estimate

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(VALUES)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_interval_is_the_t_interval(values: list[float]) -> None:
    """Mean and 95 % limits are those of SciPy's t distribution."""
    found = estimate(values)
    mean, error = float(stats.tmean(values)), float(stats.sem(values))
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    assert found.n == len(values)
    assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-6)
    assert found.low == pytest.approx(mean - half, rel=1e-9, abs=1e-6)
    assert found.high == pytest.approx(mean + half, rel=1e-9, abs=1e-6)


def test_few_values_have_no_interval() -> None:
    """Of no value nothing is known, of one value no spread."""
    assert estimate([]) == Estimate(None, None, None, 0)
    assert estimate([4.5]) == Estimate(4.5, None, None, 1)
    assert estimate([4.0, 4.0]) == Estimate(4.0, 4.0, 4.0, 2)


@pytest.mark.parametrize(("n", "skew"), [(2, 0.0), (5, 0.0), (30, 0.0), (30, 0.4)])
def test_the_interval_covers_as_often_as_it_says(n: int, skew: float) -> None:
    """Of 2,000 studies 95 % have the true mean in their interval (99.9 % limits)."""
    draw = Keyed(9).sequence("coverage", f"{n}/{skew}")
    true_mean = 0.0 if not skew else float(stats.lognorm(skew, scale=1.0).mean())
    covered = 0
    for study in range(2_000):
        us = [max(draw(study * n + k), 2.0**-54) for k in range(n)]
        values = [Lognormal(1.0, skew).quantile(u) if skew else normal_quantile(u) for u in us]
        found = estimate(values)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= true_mean <= found.high
    limits = stats.binom(2_000, 0.95).interval(0.999)
    slack = 60 if skew else 0  # a skewed mean is covered a little less often
    assert limits[0] - slack <= covered <= limits[1]
