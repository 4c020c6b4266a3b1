"""The code scanner: a camera or laser that reads a code off a phone's screen.

A good read gives the code's digits; a bad one gives nothing, and the customer holds the phone up
again.
"""

from __future__ import annotations

from collections.abc import Callable


class Scanner:
    """`scan(text)` is a phone held in front of it; `read` is where the digits go."""

    __slots__ = ("read",)

    def __init__(self) -> None:
        self.read: Callable[[str], None] = lambda text: None

    def scan(self, text: str) -> None:
        self.read(text)
