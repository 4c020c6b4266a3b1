"""Which KSN may be used for what: every message has a key of its own, and no key serves two
messages.

    used, same bytes     the message came twice: the first result again
    used, other bytes    refused
    unused, higher       the normal case
    unused, lower        only the late original of a reversal that is known: its MAC is checked, it
                         is declined, never booked
"""

from __future__ import annotations

from enum import Enum
from hashlib import blake2b


class Use(Enum):
    FRESH = "fresh"
    LATE = "late"
    REPEATED = "repeated"
    REFUSED = "refused"


class KeyLog:
    """One terminal's KSN counters: the highest used, and what each used one served for."""

    __slots__ = ("_answers", "highest")

    def __init__(self) -> None:
        self.highest = 0
        self._answers: dict[int, tuple[bytes, bytes]] = {}

    def use(self, counter: int, message: bytes) -> Use:
        known = self._answers.get(counter)
        if known is not None:
            return Use.REPEATED if known[0] == _print(message) else Use.REFUSED
        return Use.FRESH if counter > self.highest else Use.LATE

    def first_answer(self, counter: int) -> bytes:
        return self._answers[counter][1]

    def done(self, counter: int, message: bytes, answer: bytes) -> None:
        """The key of `counter` has served; its message got this answer."""
        self._answers[counter] = (_print(message), answer)
        self.highest = max(self.highest, counter)


def _print(message: bytes) -> bytes:
    return blake2b(message, digest_size=8).digest()
