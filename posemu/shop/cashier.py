"""The person at the till: reads the screen, presses keys, swipes the card, tears off the receipt.
Knows the terminal only by its ports.

One person stands for cashier and cardholder together: what is typed, shown, swiped and read is the
same whoever does it. Who is next, the lane says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from posemu.card.chip import ChipCard
from posemu.shop.customer import CASH, CODE, Customer
from posemu.shop.lane import Lane
from posemu.sim import Clock, Story, Task, Wait

SCREEN, CALLED = "screen", "called"
_SCREENS = frozenset({SCREEN})
_CALLS = frozenset({CALLED})
READY = "idle"
FORGOTTEN_PIN = "0" * 12  # what somebody types who has forgotten the PIN; nobody's PIN
PAID = frozenset({"approved", "approved-receipt-later"})
OUTCOMES = frozenset({
    "approved", "approved-receipt-later", "declined", "cancelled", "no-connection",
    "card-unreadable", "card-error", "card-removed", "not-accepted", "reversal-pending", "reversed",
    "unknown", "code-unreadable", "closed", "order-pending",
})  # fmt: skip


class TerminalPorts(Protocol):
    """A terminal as a person meets it."""

    @property
    def press(self) -> Callable[[str], None]: ...

    @property
    def swipe(self) -> Callable[[bytes], None]: ...

    @property
    def insert(self) -> Callable[[ChipCard], None]: ...

    @property
    def remove(self) -> Callable[[], None]: ...

    @property
    def scan(self) -> Callable[[str], None]: ...

    def change_roll(self) -> None: ...

    @property
    def paper_low(self) -> bool: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the person is, in µs: from key to key, for a swipe, for a card to be put into the
    slot or for a code to be held to the scanner, from seeing a screen to acting, to change a roll
    of paper; and the patience with one payment."""

    key_us: int
    swipe_us: int
    look_us: int
    patience_us: int
    roll_us: int = 20_000_000  # assumed
    scan_us: int = 1_500_000  # assumed: the phone is at hand
    insert_us: int = 2_000_000  # assumed, as a swipe


class Cashier:
    """Serves a lane at one till. `attention` is the chance that a wrong amount on the screen is
    noticed."""

    def __init__(
        self, clock: Clock, terminal: TerminalPorts, lane: Lane, pace: Pace,
        notices: Callable[[int], float],
    ) -> None:  # fmt: skip
        self._terminal = terminal
        self._lane = lane
        self._pace = pace
        self._notices = notices
        self._clock = clock
        self._task: Task | None = None
        self._looks = 0
        self._changes = 0  # of the screen, since the beginning
        self._noted = 0  # how many of them this person has taken note of
        self._prompt = ""  # what the screen shows
        self._inserted = False  # this customer's card is in the slot
        self._settle_us: int | None = None
        self._cash_us: int | None = None  # what taking cash costs, if the plan says to offer it
        self._forgets = 0  # how many wrong PINs a cardholder types first
        self._wrong_pins = 0  # how many this one has typed
        self._bypasses = False
        self.attention = 1.0
        self.closing = False

    # --- verbs ------------------------------------------------------------------------------------

    def set_attention(self, p: float) -> None:
        self.attention = p

    def offer_cash(self, takes_us: int) -> None:
        """The emergency plan: a customer whose payment failed is asked for cash, here and now."""
        self._cash_us = takes_us

    def forget_pin(self, times: int) -> None:
        """Cardholders type a wrong PIN this often, in one payment, before the right one."""
        self._forgets = times

    def remember_pin(self) -> None:
        self._forgets = 0

    def bypass_pin(self) -> None:
        """Cardholders press ENTER without digits; who is still asked then types the PIN."""
        self._bypasses = True

    def give_pin(self) -> None:
        self._bypasses = False

    def see(self, prompt: str) -> None:
        """The terminal's screen changed."""
        self._prompt = prompt
        self._changes += 1
        if self._task is not None:
            self._task.post(SCREEN, prompt, keep=False)

    def called(self) -> bool:
        """Somebody waits in the lane; True if that was heard."""
        return self._task is not None and self._task.post(CALLED, "", keep=False)

    def open(self, settle_us: int | None = None) -> None:
        """Serves who comes; does an end of day between two customers when it is `settle_us`."""
        self._settle_us = settle_us
        self._lane.attend(self)
        self._task = Task(self._clock, self._day()).start()

    def close(self) -> None:
        """No further customer; when the terminal is ready, the end of day."""
        self.closing = True
        if self._task is None or not self._task.alive:
            self._task = Task(self._clock, self._settle()).start()
        else:
            self._task.post(CALLED, "", keep=False)

    # --- the day ----------------------------------------------------------------------------------

    def _day(self) -> Story:
        while (customer := (yield from self._next_customer())) is not None:
            if customer.order_us:
                yield customer.order_us
            yield from self._holder_comes(customer)
            seen = yield from self._pay(customer)
            self._leave(customer)
            paid = customer.method if seen in PAID else ""
            if not paid and customer.cash and self._cash_us is not None:
                yield self._cash_us
                paid = CASH
            self._lane.left(customer, seen, paid)
            if self._terminal.paper_low:
                yield self._pace.roll_us
                self._terminal.change_roll()
        yield from self._settle()

    def _holder_comes(self, customer: Customer) -> Story:
        """The holder of a chip may still be at another till: there is one such card."""
        card = customer.card
        if card is not None and card.chip is not None:
            while card.in_use:
                yield self._pace.look_us
            card.in_use = True

    def _leave(self, customer: Customer) -> None:
        self._take_out()
        if customer.card is not None:
            customer.card.in_use = False

    def _next_customer(self) -> Story:
        """The next customer, or None when the shop has closed."""
        while True:
            left_us = None
            if self._settle_us is not None:
                left_us = self._settle_us - self._clock.now_us
                if left_us <= 0:
                    self._settle_us = None
                    yield from self._settle()
                    continue
            customer = self._lane.take()
            if customer is not None or self.closing:
                return customer
            yield Wait(_CALLS, left_us)

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

    def _pay(self, customer: Customer) -> Story:
        """From the ready screen to the next one; returns the last screen that told an outcome."""
        terminal, pace = self._terminal, self._pace
        key = "CODE" if customer.method == CODE else "SALE"
        deadline_us = self._clock.now_us + pace.patience_us
        self._wrong_pins = 0
        if not (yield from self._until_ready(deadline_us)):
            return "not-served"
        yield pace.look_us
        while self._prompt == READY:
            if self._clock.now_us > deadline_us:
                return "not-served"
            self._noted = self._changes
            terminal.press(key)
            yield from self._next_screen(pace.look_us)
        told = ""
        while True:
            prompt = self._prompt
            if prompt == READY:
                return told
            self._noted = self._changes
            acting = _ACTS.get(prompt)
            if acting is not None:
                yield from acting(self, customer)
                if self._prompt != prompt:
                    continue
            elif prompt in OUTCOMES:
                told = prompt
                self._take_out()
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

    def _enter_amount(self, customer: Customer) -> Story:
        yield from self._type(str(customer.amount_minor))

    def _confirm_amount(self, customer: Customer) -> Story:
        yield self._pace.look_us
        if self._prompt != "confirm-amount":
            return
        whole, part = divmod(customer.amount_minor, 100)
        right = f" {whole}.{part:02d} " in self._terminal.text
        if not right:
            self._looks += 1
            right = self._notices(self._looks) >= self.attention
        self._terminal.press("ENTER" if right else "CLEAR")

    def _present(self, customer: Customer) -> Story:
        """A card with a chip goes into the slot, another one through the head."""
        assert customer.card is not None, "this customer has no card"
        yield from (self._swipe if customer.card.chip is None else self._insert)(customer)

    def _swipe(self, customer: Customer) -> Story:
        prompt = self._prompt
        yield self._pace.swipe_us
        self._take_out()
        if self._prompt == prompt:
            assert customer.card is not None, "this customer has no card"
            self._terminal.swipe(customer.card.stripe.swipe())

    def _insert(self, customer: Customer) -> Story:
        """A card without a chip cannot do what is asked: nothing happens."""
        prompt = self._prompt
        yield self._pace.insert_us
        self._take_out()
        if self._prompt == prompt and customer.card is not None and customer.card.chip is not None:
            self._terminal.insert(customer.card.chip)
            self._inserted = True

    def _take_out(self) -> None:
        if self._inserted:
            self._terminal.remove()
            self._inserted = False

    def _remove(self, customer: Customer) -> Story:
        yield self._pace.look_us
        self._take_out()

    def _show_code(self, customer: Customer) -> Story:
        yield self._pace.scan_us
        if self._prompt in ("scan-code", "scan-again"):
            self._terminal.scan(customer.code)

    def _enter_pin(self, customer: Customer) -> Story:
        if self._bypasses:
            screen = self._changes
            yield from self._type("")
            if self._changes != screen:
                return
        wrong = self._wrong_pins < self._forgets
        self._wrong_pins += wrong
        yield from self._type(FORGOTTEN_PIN if wrong else customer.pin)

    def _choose(self, customer: Customer) -> Story:
        """The first application of the list: the card's own preference."""
        yield self._pace.look_us
        self._terminal.press("1")

    def _confirm(self, customer: Customer) -> Story:
        yield self._pace.look_us
        self._terminal.press("ENTER")


_ACTS: dict[str, Callable[[Cashier, Customer], Story]] = {
    "enter-amount": Cashier._enter_amount,
    "confirm-amount": Cashier._confirm_amount,
    "present-card": Cashier._present,
    "insert-chip": Cashier._insert,
    "insert-again": Cashier._insert,
    "remove-card": Cashier._remove,
    "swipe-again": Cashier._swipe,
    "swipe-instead": Cashier._swipe,
    "choose-application": Cashier._choose,
    "confirm-application": Cashier._confirm,
    "enter-pin": Cashier._enter_pin,
    "wrong-pin": Cashier._enter_pin,
    "last-pin-try": Cashier._enter_pin,
    "scan-code": Cashier._show_code,
    "scan-again": Cashier._show_code,
}
