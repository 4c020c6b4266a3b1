"""Logarithm, exponential and normal quantile without the platform's mathematics library."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import pairwise
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from posemu.sim.portable import exp, log, normal_quantile, power

SMALLEST, LARGEST = math.ulp(0.0), math.nextafter(math.inf, 0.0)
RELATIVE = 1e-14


def close(a: float, b: float, relative: float = RELATIVE) -> bool:
    return a == b or abs(a - b) <= relative * abs(b)


@given(st.floats(SMALLEST, LARGEST))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_log_agrees_with_the_platform(x: float) -> None:
    """For every positive float the logarithm is within 1e-14 of the platform's, relatively."""
    assert close(log(x), math.log(x))


@given(st.floats(0.4, 2.5) | st.floats(-60, 0).map(lambda e: 1.0 + 2.0**e))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_log_keeps_its_figures_near_one(x: float) -> None:
    """Near 1, where the logarithm vanishes, no figures are lost."""
    assert close(log(x), math.log(x))


@given(st.floats(-700, 700))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_exp_agrees_with_the_platform(x: float) -> None:
    """From -700 to 700 the exponential is within 1e-14 of the platform's, relatively."""
    assert close(exp(x), math.exp(x))


@given(st.floats(1e-6, 1e6), st.floats(-20, 20))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_power_agrees_with_the_platform(x: float, y: float) -> None:
    """x to the y is what the platform says, to the figures that a logarithm of that size leaves."""
    assert close(power(x, y), x**y, 1e-12)
    assert power(0.0, y) == 0.0


@given(st.floats(SMALLEST, 1.0, exclude_max=True))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_normal_quantile_agrees_with_statistics(u: float) -> None:
    """The normal quantile is within 1e-14 of Python's own, over the whole of (0, 1)."""
    assert close(normal_quantile(u), NormalDist().inv_cdf(u))


def test_normal_quantile_undoes_the_distribution_function() -> None:
    """The share of mass below the quantile is u again, by another library's error function."""
    u = 1e-300
    while u < 0.5:
        assert special.ndtr(normal_quantile(u)) == pytest.approx(u, rel=1e-11)
        u *= 7.3
    for n in range(1, 1_000):
        z = normal_quantile(n / 1_000)
        assert special.ndtr(z) == pytest.approx(n / 1_000, rel=1e-13)
        assert normal_quantile(1 - n / 1_000) == pytest.approx(-z, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("function", "low", "high"), [(log, 1e-9, 50.0), (exp, -30.0, 30.0), (normal_quantile, 0, 1)]
)
def test_they_are_monotone(function, low: float, high: float) -> None:  # type: ignore[no-untyped-def]
    """A larger argument never gives a smaller value: a larger draw never means a shorter time."""
    rng = random.Random(5)
    points = sorted({low + (high - low) * rng.random() for _ in range(20_000)} - {0.0})
    values = [function(x) for x in points]
    assert values == sorted(values)


@pytest.mark.parametrize("edge", [0.425, 1e-9, math.exp(-25), 0.5])
def test_the_normal_quantile_has_no_jump_where_its_pieces_meet(edge: float) -> None:
    """Where one rational function hands over to the next, the curve goes on rising, smoothly."""
    for centre in {edge, 0.5 - edge, 0.5 + edge / 2}:
        if 0.0 < centre < 1.0:
            values = [normal_quantile(centre * (1 + n * 1e-15)) for n in range(-50, 51)]
            steps = [b - a for a, b in pairwise(values)]
            assert min(steps) >= -1e-15 * max(1.0, abs(values[0]))
            assert max(steps) < 1e-12


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, math.nan, -math.inf])
def test_log_refuses_what_has_no_logarithm(x: float) -> None:
    """Zero, negative numbers, infinities and NaN have no logarithm."""
    with pytest.raises(ValueError, match="positive finite"):
        log(x)


@pytest.mark.parametrize("x", [700.1, -700.1, math.inf, math.nan])
def test_exp_refuses_what_it_cannot_hold(x: float) -> None:
    """Beyond 700 the exponential is refused rather than wrong."""
    with pytest.raises(ValueError, match="-700 to 700"):
        exp(x)


@pytest.mark.parametrize("u", [0.0, 1.0, -0.1, 1.1, math.nan])
def test_normal_quantile_refuses_the_ends(u: float) -> None:
    """Only what lies between 0 and 1 has a quantile."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(u)


@pytest.mark.parametrize(
    ("function", "x", "golden"),
    [
        (log, 2.0, "0x1.62e42fefa39efp-1"),
        (log, 0.1, "-0x1.26bb1bbb55515p+1"),
        (log, 1e300, "0x1.5963447f87fb5p+9"),
        (log, SMALLEST, "-0x1.74385446d71c3p+9"),
        (exp, 1.0, "0x1.5bf0a8b14576ap+1"),
        (exp, -0.3, "0x1.7b4c869c37c05p-1"),
        (exp, 700.0, "0x1.d945df4f8ec8ep+1009"),
        (normal_quantile, 0.975, "0x1.f5c0331eeff82p+0"),
        (normal_quantile, 2.0**-54, "-0x1.095b059d67c4cp+3"),
        (normal_quantile, 1e-300, "-0x1.286074064c26ep+5"),
    ],
)
def test_golden_bits(function, x: float, golden: str) -> None:  # type: ignore[no-untyped-def]
    """The last bit is the same on every machine: one bit more would reorder two events."""
    assert function(x).hex() == golden


def test_exp_of_small_numbers_against_exact_arithmetic() -> None:
    """Against the series in fractions, the exponential is right to two units in the last place."""
    for n in range(-40, 41):
        x = n / 57.0
        exact = sum((Fraction(x) ** k / math.factorial(k) for k in range(30)), Fraction(0))
        assert abs(Fraction(exp(x)) - exact) <= 2 * Fraction(math.ulp(exp(x)))
