"""The keypad: what a finger presses and what the terminal hears.

It may bounce: one press is heard twice, or as the key beside it. While the secure module collects a
PIN, digits go to the module and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable

_NEIGHBOUR = {"1": "2", "2": "3", "3": "2", "4": "5", "5": "6", "6": "5", "7": "8", "8": "9",
              "9": "8", "0": "8"}  # fmt: skip


class Keypad:
    """`press(key)` is a finger; `hear` is where heard keys go. Verbs: `misread(p)`, `mend()`."""

    __slots__ = ("_draw", "_p_misread", "_presses", "hear")

    def __init__(self, draw: Callable[[int], float]) -> None:
        self._draw = draw
        self._p_misread = 0.0
        self._presses = 0
        self.hear: Callable[[str], None] = lambda key: None

    def misread(self, p: float) -> None:
        """From now on a digit is misheard with probability `p` per press: half of these doubled,
        half the key beside it."""
        self._p_misread = p

    def mend(self) -> None:
        self._p_misread = 0.0

    def press(self, key: str) -> None:
        self._presses += 1
        if self._p_misread and key in _NEIGHBOUR:
            u = self._draw(self._presses)
            if u < self._p_misread:
                if u < self._p_misread / 2:
                    self.hear(key)
                else:
                    key = _NEIGHBOUR[key]
        self.hear(key)
