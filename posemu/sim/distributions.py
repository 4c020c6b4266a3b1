"""Distributions as inverse quantile functions: a draw u in [0, 1) goes in, a value comes out.

Every distribution is a frozen value with `quantile(u) -> float` in its own unit; `quantile_us`
rounds to whole µs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from posemu.sim.portable import exp, log, normal_quantile, power

_SMALLEST = 2.0**-54  # u = 0 is a possible draw; a normal or lognormal has no value there


class _Quantile(ABC):
    __slots__ = ()

    @abstractmethod
    def quantile(self, u: float) -> float:
        """The value at u, in the distribution's own unit."""

    def quantile_us(self, u: float) -> int:
        """The value at u as whole µs, never negative."""
        return max(0, int(self.quantile(u) + 0.5))


@dataclass(frozen=True, slots=True)
class Constant(_Quantile):
    value: float

    def quantile(self, u: float) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform(_Quantile):
    low: float
    high: float

    def quantile(self, u: float) -> float:
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Exponential(_Quantile):
    mean: float

    def quantile(self, u: float) -> float:
        return -self.mean * log(1.0 - u)


@dataclass(frozen=True, slots=True)
class Lognormal(_Quantile):
    """`median` in the value's unit; `sigma` is the standard deviation of the logarithm."""

    median: float
    sigma: float

    def quantile(self, u: float) -> float:
        return self.median * exp(self.sigma * normal_quantile(max(u, _SMALLEST)))


@dataclass(frozen=True, slots=True)
class Weibull(_Quantile):
    """`scale` (eta) in the value's unit, `shape` (k): above 1 the hazard rises, as wear does."""

    scale: float
    shape: float

    def quantile(self, u: float) -> float:
        return self.scale * power(-log(1.0 - u), 1.0 / self.shape)


Distribution = Constant | Uniform | Exponential | Lognormal | Weibull
