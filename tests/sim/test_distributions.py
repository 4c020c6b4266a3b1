"""Distributions as inverse quantile functions, against SciPy's."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from posemu.sim import Constant, Exponential, Keyed, Lognormal, Uniform, Weibull

PAIRS: list[tuple[Any, Any]] = [
    (Uniform(3.0, 11.0), stats.uniform(3.0, 8.0)),
    (Exponential(30_000_000.0), stats.expon(scale=30_000_000.0)),
    (Exponential(0.5), stats.expon(scale=0.5)),
    (Lognormal(90.0, 0.8), stats.lognorm(0.8, scale=90.0)),
    (Lognormal(180_000.0, 0.5), stats.lognorm(0.5, scale=180_000.0)),
    (Weibull(1_000.0, 2.0), stats.weibull_min(2.0, scale=1_000.0)),
    (Weibull(5.0, 0.7), stats.weibull_min(0.7, scale=5.0)),
]
IDS = [str(ours) for ours, _ in PAIRS]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=IDS)
def test_quantiles_are_those_of_scipy(ours: Any, theirs: Any) -> None:
    """From 1e-12 to 1 - 1e-12 the quantile is SciPy's, as far as 1 - u has figures left."""
    us = [10.0**-k for k in range(1, 13)] + [n / 997 for n in range(1, 997)]
    us += [1.0 - 10.0**-k for k in range(1, 13)]
    for u in us:
        left = max(1e-10, 2.0**-52 / u, 2.0**-52 / (1.0 - u))
        assert ours.quantile(u) == pytest.approx(theirs.ppf(u), rel=left)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=IDS)
def test_moments_are_those_of_scipy(ours: Any, theirs: Any) -> None:
    """Mean and variance of 40,000 draws lie within 99.9 % limits of SciPy's (fixed seed)."""
    draw = Keyed(4).sequence("moments", str(ours))
    values = [ours.quantile(draw(n)) for n in range(40_000)]
    mean = math.fsum(values) / len(values)
    limit = 3.29 * theirs.std() / math.sqrt(len(values))
    assert abs(mean - theirs.mean()) < limit
    assert stats.kstest(values, theirs.cdf).pvalue > 0.001


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=IDS)
@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_quantiles_rise(ours: Any, theirs: Any, u: float, v: float) -> None:
    """A larger draw never gives a smaller value, and every draw in [0, 1) has one."""
    low, high = sorted((u, v))
    assert ours.quantile(low) <= ours.quantile(high)
    assert ours.quantile_us(low) >= 0
    assert type(ours.quantile_us(high)) is int


@pytest.mark.parametrize("value", [0.0, 0.4, 0.5, 1.5, 7.0])
def test_a_constant_is_itself_rounded_to_whole_microseconds(value: float) -> None:
    """A constant is the same at every draw; halves are rounded up."""
    constant = Constant(value)
    assert {constant.quantile(n / 10) for n in range(10)} == {value}
    assert constant.quantile_us(0.3) == math.floor(value + 0.5)


def test_no_time_is_negative() -> None:
    """A distribution that reaches below zero gives a time of zero there."""
    assert Uniform(-10.0, 10.0).quantile_us(0.1) == 0
    assert Constant(-3.0).quantile_us(0.5) == 0
