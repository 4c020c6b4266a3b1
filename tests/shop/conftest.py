"""A fake terminal that a person can stand in front of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.card import BankCard, StripeCard
from posemu.card.chip import ChipCard, Holder, load_card_profile, personalise
from posemu.crypto import Pin
from posemu.shop import Cashier, Customer, Lane, Pace
from posemu.sim import Clock

PIN = "836194027715"
_IMAGE = personalise(
    load_card_profile("basic-sda"), Holder("9999074985333805", "2910", "LI NA"), Pin(PIN)
)
CHIP_CARD = BankCard(
    StripeCard("9999074985333805", "2910", "201", "LI NA", lambda n: 0.5),
    ChipCard(_IMAGE, bytes, lambda n: 0.5),
)
PACE = Pace(key_us=250_000, swipe_us=900_000, look_us=700_000, patience_us=60_000_000)
S = 1_000_000


class FakeTerminal:
    """Shows screens by a script: `on[(prompt, what was done)]` is called with the terminal."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.prompt, self.text = "", ""
        self.paper_low = self.holds_card = False
        self.done: list[tuple[int, str, str]] = []  # when, at which screen, what
        self.typed = ""
        self.rolls = 0
        self.see: Callable[[str], None] = lambda prompt: None
        self.on: dict[tuple[str, str], Callable[[], None]] = {}
        self.shown_amount: Callable[[int], int] = lambda amount: amount

    def show(self, prompt: str, text: str = "") -> None:
        self.prompt, self.text = prompt, text
        self.see(prompt)

    def later(self, delay_us: int, prompt: str, text: str = "") -> None:
        self.clock.call_in(delay_us, self.show, prompt, text)

    def press(self, key: str) -> None:
        self.done.append((self.clock.now_us, self.prompt, key))
        reaction = self.on.get((self.prompt, key))
        if reaction is not None:
            self.typed = ""
            reaction()
        elif key.isdigit():
            self.typed += key
        elif key == "ENTER" and self.prompt == "enter-amount":
            minor = self.shown_amount(int(self.typed))
            self.typed = ""
            self.show("confirm-amount", f"PAY {minor // 100}.{minor % 100:02d} CNY ?")
        elif key == "CLEAR" and self.prompt == "confirm-amount":
            self.show("enter-amount")

    def swipe(self, bits: bytes) -> None:
        self._react("swipe")

    def insert(self, chip: ChipCard) -> None:
        assert not self.holds_card
        self.holds_card = True
        self._react("insert")

    def remove(self) -> None:
        assert self.holds_card
        self.holds_card = False
        self._react("remove")

    def _react(self, what: str) -> None:
        self.done.append((self.clock.now_us, self.prompt, what))
        self.on.get((self.prompt, what), lambda: None)()

    def change_roll(self) -> None:
        self.rolls += 1
        self.paper_low = False

    def keys_at(self, prompt: str) -> list[str]:
        return [key for _, at, key in self.done if at == prompt]


class Shop:
    """A cashier, a fake terminal that approves everything, and what the cashier told."""

    def __init__(self, notices: Callable[[int], float] = lambda n: 0.0) -> None:
        self.clock = Clock()
        self.terminal = t = FakeTerminal(self.clock)
        self.events: list[tuple[int, str, dict[str, Any]]] = []
        self.lane = Lane(
            self.clock, lambda kind, data: self.events.append((self.clock.now_us, kind, data))
        )
        self.cashier = Cashier(self.clock, t, self.lane, PACE, notices)
        t.see = self.cashier.see
        self.card = BankCard(StripeCard("9999075123741247", "2912", "101", "LI NA", lambda n: 0.5))
        t.on = {
            ("idle", "SALE"): lambda: t.show("enter-amount"),
            ("confirm-amount", "ENTER"): lambda: t.show("present-card"),
            ("present-card", "swipe"): lambda: t.show("enter-pin"),
            ("enter-pin", "ENTER"): self.approve,
            ("idle", "SETTLE"): lambda: t.show("settling"),
        }

    def approve(self) -> None:
        self.terminal.show("please-wait")
        self.terminal.later(S, "approved")
        self.terminal.later(3 * S, "idle")

    def serve(self, *amounts_minor: int) -> None:
        """From the ready screen on, a customer for each amount, until all is quiet."""
        self.terminal.show("idle")
        self.open(*amounts_minor)
        self.clock.run()

    def open(self, *amounts_minor: int, settle_us: int | None = None) -> None:
        """A customer for each amount, five seconds after the last one has left."""
        self.cashier.open(settle_us)
        self.lane.expect_in_turn((5 * S, self.customer(n, a)) for n, a in enumerate(amounts_minor))

    def close(self) -> None:
        self.lane.close()
        self.cashier.close()

    def customer(self, ordinal: int, amount_minor: int) -> Customer:
        return Customer(ordinal, amount_minor, card=self.card, pin=PIN)

    def left(self) -> list[tuple[int, str]]:
        """(ordinal, what was seen) of each customer who left."""
        return [
            (data["ordinal"], data["seen"]) for _, kind, data in self.events
            if kind == "customer-leaves"
        ]  # fmt: skip


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def make_shop() -> type[Shop]:
    return Shop
