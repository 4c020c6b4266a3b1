"""How a sale ends: declined or cancelled, by card or by code; approved or unknown, by card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.flows.receipt import print_receipt
from posemu.terminal.flows.reversal import reverse
from posemu.terminal.journal import CARD
from posemu.terminal.line import BAD_MAC, GARBLED, NONE
from posemu.terminal.ports import Connection
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

REASON = {NONE: "98", BAD_MAC: "A0", GARBLED: "06"}  # DE39 of the reversal
WRONG_ANSWER, CANNOT_FINISH = "06", "96"


def approved(t: Terminal, record: SaleRecord, rrn: str, authorisation: str) -> Story:
    """Commits it, shows it and prints it."""
    t.journal.approved(rrn, authorisation)
    yield State.SALE_COMMITTING
    yield from t.journal.flush()
    yield State.SALE_APPROVED
    yield from print_receipt(t, record)
    t.emit("sale-ended", {"method": "card", "result": "approved", "stan": record.stan})


def declined(t: Terminal, record: SaleRecord, code: str) -> Story:
    """A card or code sale: by the host, or by the chip (Z1, Z3)."""
    meaning = t.codes.get(code, t.codes["other"])
    t.display.show("declined", code=code, meaning=meaning, stan=record.stan)
    t.journal.declined(code)
    yield State.SALE_DECLINED
    t.emit("sale-ended", {
        "method": record.method, "result": "declined", "stan": record.stan, "code": code,
    })  # fmt: skip


def unknown(t: Terminal, record: SaleRecord, reason: str, connection: Connection | None) -> Story:
    """Nobody knows what the host did, or it did what cannot stand: the outcome is unknown, until
    the sale has been reversed."""
    t.journal.reversing(reason)
    yield from t.journal.flush()
    t.display.show("unknown", stan=record.stan, reason=t.words["being-reversed"])
    yield State.SALE_UNKNOWN
    done = yield from reverse(t, connection)
    t.emit("sale-ended", {
        "method": "card", "result": "reversed" if done else "unknown", "stan": record.stan,
        "reason": reason,
    })  # fmt: skip


def cancelled(t: Terminal, prompt: str, why: str, method: str = CARD) -> Story:
    """Nothing was sent: nothing to reverse, no order, nothing to keep."""
    t.module.forget()
    t.display.show(prompt)
    yield State.SALE_CANCELLED
    t.emit("sale-ended", {"method": method, "result": "cancelled", "why": why})
