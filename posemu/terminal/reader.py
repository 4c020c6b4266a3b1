"""The stripe reader: bits under a head that wears.

A swipe gives the bits of track 2. A worn head, like a bad stripe, turns some of them over; parity
and LRC are checked by whoever reads the bits, so a bad swipe is a failed read and never another
card. Wear: the chance of a bad swipe after n swipes is p0 + (p_max - p0) (1 - exp(-(n/eta)^k)), a
Weibull curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posemu.sim.portable import exp, power
from posemu.wire import turn_over


@dataclass(frozen=True, slots=True)
class Wear:
    """`eta` [swipes], `k` shape, `p0` and `p_max` [probability per swipe]."""

    eta: float
    k: float
    p0: float
    p_max: float

    def p_bad(self, swipes: int) -> float:
        aged = 1.0 - exp(-min(power(swipes / self.eta, self.k), 700.0))
        return self.p0 + (self.p_max - self.p0) * aged


class StripeReader:
    """`swipe(bits)` passes a stripe; `read` is where the bits go. Verbs: `wear(...)`,
    `replace_head()`."""

    __slots__ = ("_draw", "_wear", "read", "swipes")

    def __init__(self, draw: Callable[[int], float]) -> None:
        self._draw = draw
        self._wear: Wear | None = None
        self.swipes = 0
        self.read: Callable[[bytes], None] = lambda bits: None

    def wear(self, wear: Wear, swipes: int | None = None) -> None:
        """The head wears by `wear`; `swipes` says how many it has already seen."""
        self._wear = wear
        if swipes is not None:
            self.swipes = swipes

    def replace_head(self) -> None:
        self._wear = None
        self.swipes = 0

    def swipe(self, bits: bytes) -> None:
        self.swipes += 1
        if self._wear is not None:
            u = self._draw(self.swipes)
            p = self._wear.p_bad(self.swipes)
            if u < p:
                bits = turn_over(bits, u / p)
        self.read(bits)
