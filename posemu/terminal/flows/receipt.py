"""Telling an approval and printing it. The sale stands whatever the printer does; a receipt that
failed is kept for later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.printer import OK
from posemu.terminal.slips import closed_slip, end_of_day_slip, reversal_slip, sale_slip
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal


def print_receipt(t: Terminal, sale: SaleRecord, reprint: bool = False) -> Story:
    """Shows the approval (from then on it is told) and prints both copies, if the printer can."""
    t.display.show("approved", amount=t.money(sale.amount_minor), stan=sale.stan)
    t.journal.told(sale)
    yield State.SALE_PRINTING
    done = yield from _print_copies(t, sale, reprint)
    if not done:
        reason = t.words[t.printer.condition(1)]
        amount = t.money(sale.amount_minor)
        t.display.show("approved-receipt-later", amount=amount, stan=sale.stan, reason=reason)


def print_late(t: Terminal) -> Story:
    """The printer works again: the receipts that wait, oldest first, marked as reprints."""
    for sale in list(t.journal.unprinted):
        yield State.PRINTING_LATE
        if not (yield from _print_copies(t, sale, reprint=True)):
            return


def print_reversal(t: Terminal, sale: SaleRecord) -> Story:
    yield from _print(t, "reversal", sale.stan, reversal_slip(t, sale))


def print_closed(t: Terminal, order: SaleRecord) -> Story:
    yield from _print(t, "order-closed", order.stan, closed_slip(t, order))


def print_end_of_day(t: Terminal, stan: str) -> Story:
    yield from _print(t, "end-of-day", stan, end_of_day_slip(t))


def _print_copies(t: Terminal, sale: SaleRecord, reprint: bool) -> Story:
    for copy in ("merchant-copy", "customer-copy"):
        if not (yield from _print(t, copy, sale.stan, sale_slip(t, sale, copy, reprint))):
            return False
    t.journal.printed(sale)
    return True


def _print(t: Terminal, slip: str, stan: str, lines: tuple[str, ...]) -> Story:
    """True if the slip came out."""
    if t.printer.condition(len(lines)) == OK:
        yield t.printer.line_us * len(lines)
        if t.printer.condition(len(lines)) == OK:
            t.printer.feed(slip, stan, lines)
            return True
    t.emit("no-slip", {"slip": slip, "stan": stan, "why": t.printer.condition(len(lines))})
    return False
