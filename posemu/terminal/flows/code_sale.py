"""Sale by a code on the customer's phone, from the CODE key to the receipt.

    amount ─ confirm ─ scan ─ prepared ─ connect ─ sending ─ wait ─┬─ commit ─ approved
       └────────┴────────┴────────────────┘                        ├─ declined
                cancelled, nothing was sent                        └─ open order ─ query, close

A code payment has no reversal. Where nobody knows what the host did, or the customer has not
finished on the phone, the order is open: `order` asks for it until its deadline, and then closes
it. A pending reversal of a card sale does not hold up a code payment. An open order does, and a
card sale too: its bill may still be the one on the counter, and must not be paid twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story, Wait
from posemu.terminal.flows.amount import confirmed_amount
from posemu.terminal.flows.order import CANNOT_CHECK, IN_PROGRESS, is_paid, resolve, tell_paid
from posemu.terminal.flows.sale_end import cancelled, declined
from posemu.terminal.journal import CODE as BY_CODE
from posemu.terminal.line import VALID, answer, connect, send
from posemu.terminal.ports import CODE, KEY
from posemu.terminal.requests import SALE, pay_request
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

_CODE_OR_KEY = frozenset({CODE, KEY})


def code_sale(t: Terminal) -> Story:
    t.emit("sale-started", {"method": "code"})
    if t.journal.order is not None:
        t.display.show("asking-first")
        if not (yield from resolve(t)):
            return (yield from cancelled(t, "order-pending", "order-pending", BY_CODE))
    amount_minor = yield from confirmed_amount(t, State.CODE_AMOUNT, State.CODE_CONFIRM)
    if amount_minor is None:
        return (yield from cancelled(t, "cancelled", "amount", BY_CODE))
    failed = yield from _scan(t)
    if failed is not None:
        return (yield from cancelled(t, failed, failed, BY_CODE))
    return (yield from _pay(t, amount_minor))


def _scan(t: Terminal) -> Story:
    """None when the secure module has a code, or the screen that says why there is none."""
    yield State.CODE_SCAN
    t.display.show("scan-code")
    for _ in range(t.profile.scans_max):
        got = yield Wait(_CODE_OR_KEY, t.profile.entry_us)
        if got is None or got == (KEY, "CANCEL"):
            return "cancelled"
        if got[0] != CODE:
            continue
        good = t.module.accept_code(got[1])
        t.emit("scan", {"good": good})
        if good:
            return None
        t.display.show("scan-again")
    return "code-unreadable"


def _pay(t: Terminal, amount_minor: int) -> Story:
    time, date = t.calendar()
    record = t.journal.prepare_order(date, time, amount_minor)
    t.display.show("please-wait")
    yield State.CODE_PREPARED
    connection = yield from connect(t, State.CODE_CONNECTING)
    if connection is None:
        t.journal.cancelled()
        return (yield from cancelled(t, "no-connection", "no-connection", BY_CODE))
    t.journal.sending()
    yield from t.journal.flush()
    yield State.CODE_SENDING
    sealed = t.seal(SALE, pay_request(t, record), with_card=True)
    send(t, connection, sealed)
    yield State.CODE_WAITING
    got = yield from answer(t, connection, sealed, "0210", record.stan)
    connection.close()
    if is_paid(t, record, got):
        t.journal.approved(str(got.fields.get(37, "")), str(got.fields.get(38, "")))
        yield from tell_paid(t, record)
        return _end(t, "approved", record)
    if got.how == VALID and got.code == IN_PROGRESS:
        return (yield from _wait_for_customer(t, record))
    if got.how != VALID or got.code in ("00", CANNOT_CHECK):
        return (yield from _find_out(t, record))
    return (yield from declined(t, record, got.code))


def _wait_for_customer(t: Terminal, record: SaleRecord) -> Story:
    """The customer still types a password on the phone."""
    t.journal.open_order()
    yield from t.journal.flush()
    t.display.show("customer-pays")
    yield State.ORDER_OPEN
    yield t.profile.query_every_us
    return (yield from _resolve(t, record))


def _find_out(t: Terminal, record: SaleRecord) -> Story:
    """Nobody knows what the host did: the outcome is unknown, until the order has been asked for or
    closed."""
    t.journal.open_order()
    yield from t.journal.flush()
    t.display.show("unknown", stan=record.stan, reason=t.words["being-asked-for"])
    return (yield from _resolve(t, record))


def _resolve(t: Terminal, record: SaleRecord) -> Story:
    done = yield from resolve(t)
    result = "unknown" if not done else "approved" if record.status == "approved" else "closed"
    return _end(t, result, record)


def _end(t: Terminal, result: str, record: SaleRecord) -> None:
    t.emit("sale-ended", {"method": "code", "result": result, "stan": record.stan})
