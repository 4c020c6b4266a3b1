"""A card with a magnetic stripe: bits that a swipe gives out, and that wear, dirt or a magnet
spoil.

A spoiled stripe stays so: the card fails at every reader, other cards do not.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.wire import encode_track1, encode_track2, turn_over

_CLOCKING = bytes(22)  # zeros before and after the characters (ISO/IEC 7811-2)


class StripeCard:
    """`swipe()` gives the bits of track 2. Verbs: `degrade(p)`, `restore()`."""

    __slots__ = ("_draw", "_p_spoiled", "_swipes", "_track1", "_track2")

    def __init__(
        self, pan: str, expiry: str, service_code: str, name: str, draw: Callable[[int], float]
    ) -> None:
        """`expiry` is YYMM; `draw(ordinal)` decides which swipe of a degraded stripe is bad, and
        how."""
        discretionary = "0000000000"
        self._track1 = f"%B{pan}^{name[:26].upper()}^{expiry}{service_code}{discretionary}?"
        track2 = f";{pan}={expiry}{service_code}{discretionary}?"
        self._track2 = _CLOCKING + encode_track2(track2) + _CLOCKING
        self._draw = draw
        self._p_spoiled = 0.0
        self._swipes = 0

    def degrade(self, p: float) -> None:
        """From now on a swipe of this card is bad with probability `p`."""
        self._p_spoiled = p

    def restore(self) -> None:
        self._p_spoiled = 0.0

    @property
    def worn(self) -> bool:
        """Whether a swipe of it may be bad: what a look at the stripe shows."""
        return self._p_spoiled > 0

    def swipe(self) -> bytes:
        """The bits of track 2 as the stripe gives them this time."""
        self._swipes += 1
        if self._p_spoiled:
            u = self._draw(self._swipes)
            if u < self._p_spoiled:
                return turn_over(self._track2, u / self._p_spoiled)
        return self._track2

    def track1(self) -> bytes:
        """The bits of track 1 (this terminal reads track 2)."""
        return _CLOCKING + encode_track1(self._track1) + _CLOCKING
