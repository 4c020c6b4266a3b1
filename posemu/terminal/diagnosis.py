"""Who is to blame for a card that cannot be read, the reader or the card: the rule of a service
manual, kept by the terminal for each of its readers.

    different cards fail one after another            -> the reader is worn
    one card fails again, and others before it passed -> the card is worn

In the real world both look the same at the till: "swipe again". A worn reader spares no card, not
even the newest; a worn card fails at every reader. What may break: a card that cannot be read
cannot be told from another one. So a sale is one card, however often it is tried; a card that was
read at last, by whichever reader, is known by a token of the secure module (no card data); and two
sales of one amount, of which one has a card that was never read, are taken for one purchase that is
tried again.

The history is in memory alone and begins anew with the power: an alarm is a word to whoever
services the terminal, and nothing about a sale depends on it.

How often it errs, in alarms per 100 sales by up to three tries (counted by its test; a worn card
fails at 80 % of tries):

    reader fails at    worn cards    reader blamed    worn card blamed    good card blamed
          0 %            1 in 10          0.01               5.6                0
         50 %            1 in 10          8.5                0.04               0.1
         50 %            none             7.0                0                  0.2
         10 %            none             0.1                0                  0.6

The last row is where it is not to be trusted: a reader that wears fails rarely at first, and a
single card that fails twice looks worn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

CARDS_IN_A_ROW: Final = 3
"""Different cards that fail at the first try, one after another, before the reader is blamed.

Assumed, by this count: where one card in ten is worn and fails at 80 % of tries, a good reader sees
two in a row once in 160 sales (0.08 squared), three at most once in 2,000; a reader that fails at
every second try has three in a row every 14 sales, four only every 30."""
OTHERS_PASS: Final = 8
"""Other cards that passed at the first try, the last ones that came, before a card is blamed.

Assumed: a reader that fails at every second try passes eight in a row once in 256 times; among
cards of which one in ten is worn, every second row of eight has passed."""
TRIES_FAIL: Final = 2
"""Tries of one card that fail before it is blamed. Assumed: a single one is a careless hand."""
_KEPT = 24  # sales a reader remembers; a card that comes back later than that is a new one

Cause = Literal["reader", "card"]
STRIPE, CHIP = "stripe", "chip"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is to be looked at: the reader for `reader`, or what the last card has for it."""

    reader: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class _Visit:
    """One card at one reader, in one sale. `token` is b"" if nobody knows or asked who it is;
    `failed` are the tries that failed, `passed` says whether the first one was good."""

    token: bytes
    amount_minor: int
    failed: int
    passed: bool

    def is_like(self, other: _Visit) -> bool:
        if self.token and other.token:
            return self.token == other.token
        return self.amount_minor == other.amount_minor


class Diagnosis:
    """`begin` a sale, tell each `read`, and the card once it is `seen`; `end` gives the alarms."""

    __slots__ = ("_amount_minor", "_token", "_tries", "_visits")

    def __init__(self) -> None:
        self._visits: dict[str, deque[_Visit]] = {
            reader: deque(maxlen=_KEPT) for reader in (STRIPE, CHIP)
        }
        self.begin(0)

    def begin(self, amount_minor: int) -> None:
        """A sale begins. One that was not ended leaves nothing."""
        self._amount_minor = amount_minor
        self._token = b""
        self._tries: dict[str, list[bool]] = {}

    def read(self, reader: str, good: bool) -> None:
        """One try to read the card of this sale with this reader."""
        self._tries.setdefault(reader, []).append(good)

    def seen(self, token: Callable[[], bytes]) -> None:
        """The card of this sale is known. `token` is asked only if a card has failed lately."""
        visits = (visit for reader in self._visits.values() for visit in reader)
        trouble = any(not all(tries) for tries in self._tries.values())
        if trouble or any(visit.failed for visit in visits):
            self._token = token()

    def end(self) -> tuple[Alarm, ...]:
        """The sale is over: what it adds up to with those before it."""
        return tuple(self._conclude())

    def _conclude(self) -> Iterator[Alarm]:
        for reader, tries in self._tries.items():
            visits = self._visits[reader]
            visit = _Visit(self._token, self._amount_minor, tries.count(False), tries[0])
            visits.append(visit)
            if _in_a_row(visits) >= CARDS_IN_A_ROW:
                visits.clear()
                yield Alarm(reader, "reader")
            elif not visit.passed and _fails_alone(visit, visits):
                kept = [other for other in visits if not other.is_like(visit)]
                self._visits[reader] = deque(kept, maxlen=_KEPT)
                yield Alarm(reader, "card")
        self.begin(0)


def _in_a_row(visits: deque[_Visit]) -> int:
    """How many different cards have failed at the end of the row."""
    cards: list[_Visit] = []
    for visit in reversed(visits):
        if visit.passed:
            break
        if not any(visit.is_like(card) for card in cards):
            cards.append(visit)
    return len(cards)


def _fails_alone(visit: _Visit, visits: deque[_Visit]) -> bool:
    """Whether this card has failed again while others passed."""
    failed, others = 0, 0
    well = True  # this card has not passed since, going back
    for earlier in reversed(visits):
        if earlier.is_like(visit):
            well = well and not earlier.passed
            failed += earlier.failed if well else 0
        elif others < OTHERS_PASS:
            if not earlier.passed:
                return False
            others += 1
    return failed >= TRIES_FAIL and others == OTHERS_PASS
