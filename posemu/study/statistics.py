"""From replications to intervals. The unit is the replication: sales of one day share their faults
and are not independent."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL = 0.95


class Estimate(NamedTuple):
    """Mean over the replications in which the metric is defined, with the 95 % t-interval; None
    where there is none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def estimate(values: list[float]) -> Estimate:
    """The t-interval of the mean; with fewer than two values there is a mean at most."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, 0)
    mean = sum(values) / n
    if n == 1:
        return Estimate(mean, None, None, 1)
    variance = sum((v - mean) ** 2 for v in values) / (n - 1)
    half = float(stdtrit(n - 1, 0.5 + LEVEL / 2)) * sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, n)
