"""Start-up: read the journal before anything else, and finish what a power cut interrupted.

prepared    nothing was sent: cancel; but if its advice waits in the queue, the chip had approved it
            offline, and that was the commit
sending     it may have been sent: reverse (reason 96, the terminal could not finish); a code
            payment has no reversal: its order is open
approved    committed: tell it and print it, if that had not happened
reversing   stays pending; it goes out before the next sale
order_open  stays open; it is asked for, and closed at its deadline, before the next sale
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.flows.receipt import print_receipt
from posemu.terminal.flows.sale_end import CANNOT_FINISH
from posemu.terminal.journal import CODE
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal


def start_up(t: Terminal) -> Story:
    yield State.STARTING
    t.display.show("starting")
    yield t.profile.self_test_us
    t.journal.recover()
    t.queue.recover()
    yield State.RECOVERING
    sale = t.journal.current
    if sale is not None and t.queue.holds(sale.stan, sale.date):
        t.journal.approved("", "")
        yield from t.journal.flush()
        sale = None
    if sale is not None and sale.status == "prepared":
        t.display.show("cancelled")
        t.journal.cancelled()
        yield State.SALE_CANCELLED
    elif sale is not None and sale.method == CODE:
        t.journal.open_order()
        yield from t.journal.flush()
    elif sale is not None:
        t.journal.reversing(CANNOT_FINISH)
    if t.journal.reversal is not None:
        if not t.journal.durable:
            yield from t.journal.flush()
        _tell_unknown(t, t.journal.reversal, "being-reversed")
        if t.journal.reversal is sale:
            yield State.SALE_UNKNOWN
        yield State.REVERSAL_PENDING
    if t.journal.order is not None:
        _tell_unknown(t, t.journal.order, "being-asked-for")
        yield State.ORDER_OPEN
    for approved in list(t.journal.unprinted):
        if not approved.told:
            yield State.SALE_APPROVED
            yield from print_receipt(t, approved, reprint=True)  # it may have come out before


def _tell_unknown(t: Terminal, sale: SaleRecord, why: str) -> None:
    t.display.show("unknown", stan=sale.stan, reason=t.words[why])
