"""The person at the till: reads the screen, presses keys, swipes the card, tears off the receipt.
Knows the terminal only by its ports.

In this spine one person stands for cashier and cardholder together; customers come one after
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from posemu.card import StripeCard
from posemu.sim import Clock, Data, Story, Task, Wait

SCREEN = "screen"
_SCREENS = frozenset({SCREEN})
READY = "idle"
OUTCOMES = frozenset({
    "approved", "approved-receipt-later", "declined", "cancelled", "no-connection", "insert-chip",
    "card-unreadable", "reversal-pending", "reversed", "unknown",
})  # fmt: skip


class TerminalPorts(Protocol):
    """A terminal as a person meets it."""

    @property
    def press(self) -> Callable[[str], None]: ...

    @property
    def swipe(self) -> Callable[[bytes], None]: ...

    def change_roll(self) -> None: ...

    @property
    def paper_low(self) -> bool: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the person is, in µs: from key to key, for a swipe, from seeing a screen to acting,
    to change a roll of paper; and the patience."""

    key_us: int
    swipe_us: int
    look_us: int
    patience_us: int
    roll_us: int = 20_000_000  # assumed


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer: when the last one has left, this long until the next; what is to pay, and with
    which card and PIN."""

    ordinal: int
    gap_us: int
    amount_minor: int
    card: StripeCard
    pin: str = field(repr=False)


class Cashier:
    """Serves the visits of one till in order. `attention` is the chance that a wrong amount on the
    screen is noticed."""

    def __init__(
        self, clock: Clock, terminal: TerminalPorts, pace: Pace, emit: Callable[[str, Data], None],
        notices: Callable[[int], float],
    ) -> None:  # fmt: skip
        self._terminal = terminal
        self._pace = pace
        self._emit = emit
        self._notices = notices
        self._clock = clock
        self._task: Task | None = None
        self._looks = 0
        self._changes = 0  # of the screen, since the beginning
        self._noted = 0  # how many of them this person has taken note of
        self._prompt = ""  # what the screen shows
        self._settle_us: int | None = None
        self.attention = 1.0
        self.closing = False

    # --- verbs ------------------------------------------------------------------------------------

    def set_attention(self, p: float) -> None:
        self.attention = p

    def see(self, prompt: str) -> None:
        """The terminal's screen changed."""
        self._prompt = prompt
        self._changes += 1
        if self._task is not None:
            self._task.post(SCREEN, prompt, keep=False)

    def open(self, visits: Iterable[Visit], settle_us: int | None = None) -> None:
        """Serves the visits; does an end of day between two of them, or after the last one, when it
        is `settle_us`."""
        self._settle_us = settle_us
        self._task = Task(self._clock, self._day(visits)).start()

    def close(self) -> None:
        """No further customer; when the terminal is ready, the end of day."""
        self.closing = True
        if self._task is None or not self._task.alive:
            self._task = Task(self._clock, self._settle()).start()

    # --- the day ----------------------------------------------------------------------------------

    def _day(self, visits: Iterable[Visit]) -> Story:
        for visit in visits:
            yield from self._until(self._clock.now_us + visit.gap_us)
            if self.closing:
                break
            data = {"ordinal": visit.ordinal, "amount_minor": visit.amount_minor}
            self._emit("customer-arrives", data)
            seen = yield from self._pay(visit)
            self._emit("customer-leaves", {"ordinal": visit.ordinal, "seen": seen})
            if self._terminal.paper_low:
                yield self._pace.roll_us
                self._terminal.change_roll()
        if self._settle_us is not None:
            yield from self._until(self._settle_us)
        if self.closing:
            yield from self._settle()

    def _until(self, t_us: int) -> Story:
        """Sleeps until then; does the end of day if its time comes meanwhile."""
        if self._settle_us is not None and self._settle_us <= t_us:
            yield max(0, self._settle_us - self._clock.now_us)
            self._settle_us = None
            yield from self._settle()
        yield max(0, t_us - self._clock.now_us)

    def _settle(self) -> Story:
        """Presses SETTLE when the terminal is ready, until it takes it."""
        while True:
            while self._prompt != READY:
                yield from self._next_screen(self._pace.patience_us)
            yield self._pace.look_us
            self._noted = self._changes
            self._terminal.press("SETTLE")
            yield from self._next_screen(self._pace.look_us)
            if self._prompt == "settling":
                return

    def _pay(self, visit: Visit) -> Story:
        """From the ready screen to the next one; returns the last screen that told an outcome."""
        terminal, pace = self._terminal, self._pace
        deadline_us = self._clock.now_us + pace.patience_us
        if not (yield from self._until_ready(deadline_us)):
            return "not-served"
        yield pace.look_us
        while self._prompt == READY:
            if self._clock.now_us > deadline_us:
                return "not-served"
            self._noted = self._changes
            terminal.press("SALE")
            yield from self._next_screen(pace.look_us)
        told = ""
        while True:
            prompt = self._prompt
            if prompt == READY:
                return told
            self._noted = self._changes
            acting = _ACTS.get(prompt)
            if acting is not None:
                yield from acting(self, visit)
                if self._prompt != prompt:
                    continue
            elif prompt in OUTCOMES:
                told = prompt
            if not (yield from self._next_screen(deadline_us - self._clock.now_us)):
                terminal.press("CANCEL")
                return told or "gave-up"

    def _until_ready(self, deadline_us: int) -> Story:
        while self._prompt != READY:
            if not (yield from self._next_screen(deadline_us - self._clock.now_us)):
                return False
        return True

    def _next_screen(self, timeout_us: int) -> Story:
        """Waits for a screen that this person has not taken note of; False when the time is up."""
        unseen = self._noted != self._changes
        if not unseen and (timeout_us <= 0 or (yield Wait(_SCREENS, timeout_us)) is None):
            return False
        self._noted = self._changes
        return True

    # --- what a person does at a screen -----------------------------------------------------------

    def _type(self, keys: str) -> Story:
        """One key after another, as long as the screen stays the same."""
        press, key_us, screen = self._terminal.press, self._pace.key_us, self._changes
        yield self._pace.look_us
        for key in (*keys, "ENTER"):
            if self._changes != screen:
                return
            press(key)
            yield key_us

    def _enter_amount(self, visit: Visit) -> Story:
        yield from self._type(str(visit.amount_minor))

    def _confirm_amount(self, visit: Visit) -> Story:
        yield self._pace.look_us
        if self._prompt != "confirm-amount":
            return
        whole, part = divmod(visit.amount_minor, 100)
        right = f" {whole}.{part:02d} " in self._terminal.text
        if not right:
            self._looks += 1
            right = self._notices(self._looks) >= self.attention
        self._terminal.press("ENTER" if right else "CLEAR")

    def _swipe(self, visit: Visit) -> Story:
        yield self._pace.swipe_us
        if self._prompt in ("swipe-card", "swipe-again"):
            self._terminal.swipe(visit.card.swipe())

    def _enter_pin(self, visit: Visit) -> Story:
        yield from self._type(visit.pin)


_ACTS: dict[str, Callable[[Cashier, Visit], Story]] = {
    "enter-amount": Cashier._enter_amount,
    "confirm-amount": Cashier._confirm_amount,
    "swipe-card": Cashier._swipe,
    "swipe-again": Cashier._swipe,
    "enter-pin": Cashier._enter_pin,
}
