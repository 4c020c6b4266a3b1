"""Typing an amount and having it confirmed: how every payment begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story, Wait
from posemu.terminal.ports import KEY
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

_KEYS = frozenset({KEY})
AMOUNT_DIGITS = 8


def confirmed_amount(t: Terminal, entering: State, confirming: State) -> Story:
    """The amount in minor units that was shown and confirmed, or None; the states are those of the
    kind of payment."""
    while True:
        yield entering
        t.display.show("enter-amount")
        digits = yield from _enter_digits(t)
        if digits is None:
            return None
        amount_minor = int(digits)
        yield confirming
        t.display.show("confirm-amount", amount=t.money(amount_minor))
        got = yield Wait(_KEYS, t.profile.entry_us)
        if got is None or got[1] == "CANCEL":
            return None
        if got[1] == "ENTER":
            return amount_minor


def _enter_digits(t: Terminal) -> Story:
    digits, count = "", 0
    wait = Wait(_KEYS, t.profile.entry_us)
    while True:
        got = yield wait
        if got is None or got[1] == "CANCEL":
            return None
        key = got[1]
        count += 1
        if key == "CLEAR":
            digits = ""
        elif key == "ENTER" and int(digits or "0") > 0:
            t.emit("keys", {"what": "amount", "count": count})
            return digits
        elif key.isdigit() and len(digits) < AMOUNT_DIGITS:
            digits += key
