"""The open order: what became of a code payment is asked for until its deadline; then it is closed.

Query and close are safe to repeat, each under its own key; a close that goes out again is a repeat
(0601). Between queries the terminal pauses; an order whose close was not answered stays in the
journal, and is closed on a timer, also after a restart. It ends when the host says paid (00), which
approves the sale, or closed (17). To a close, "no such order" (25) is an end too: the host will
refuse a pay that comes after it. To a query it is none: the pay may still be on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.flows.receipt import print_closed, print_receipt
from posemu.terminal.line import NONE, VALID, Answer, answer, connect, send
from posemu.terminal.ports import Connection
from posemu.terminal.requests import (
    CLOSE_CODE,
    ORDER,
    ORDER_REPEAT,
    QUERY_CODE,
    order_number,
    order_request,
)
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

PAID, IN_PROGRESS, CLOSED, NO_ORDER, CANNOT_CHECK = "00", "09", "17", "25", "A0"  # DE39


def resolve(t: Terminal) -> Story:
    """Follows the open order to its deadline, and then closes it, once. True if it has come to an
    end: paid, told and printed, or closed."""
    order = t.journal.order
    assert order is not None
    if not t.journal.durable:
        yield from t.journal.flush()
    yield State.ORDER_OPEN
    while not order.attempts and _left_us(t, order) > 0:
        got = yield from _query(t, order)
        if is_paid(t, order, got):
            return (yield from _paid(t, order, got))
        if got.how == VALID and got.code == CLOSED:
            return (yield from _closed(t, order))
        yield State.ORDER_OPEN
        pause_us = min(t.profile.query_every_us, _left_us(t, order))
        if pause_us > 0:
            yield pause_us
    got = yield from _close(t, order)
    if is_paid(t, order, got):
        return (yield from _paid(t, order, got))
    if got.how == VALID and got.code in (CLOSED, NO_ORDER):
        return (yield from _closed(t, order))
    return (yield from _try_later(t, order))


def is_paid(t: Terminal, order: SaleRecord, got: Answer) -> bool:
    """True if the host says that this order is paid, with this amount."""
    return (
        got.how == VALID
        and got.code == PAID
        and got.fields.get(4) == f"{order.amount_minor:012d}"
        and got.fields.get(59) == order_number(t, order)
    )


def tell_paid(t: Terminal, order: SaleRecord) -> Story:
    """Its approval is in the journal: make it durable, show it, print it."""
    yield State.CODE_COMMITTING
    yield from t.journal.flush()
    yield State.SALE_APPROVED
    yield from print_receipt(t, order)


def _query(t: Terminal, order: SaleRecord) -> Story:
    connection = yield from connect(t, State.ORDER_CONNECTING)
    if connection is None:
        return Answer(NONE)
    return (yield from _ask(t, order, connection, ORDER, QUERY_CODE, State.ORDER_QUERYING))


def _close(t: Terminal, order: SaleRecord) -> Story:
    connection = yield from connect(t, State.ORDER_CONNECTING)
    if connection is None:
        return Answer(NONE)
    mti = ORDER_REPEAT if order.attempts else ORDER
    t.journal.closing_order()
    yield from t.journal.flush()
    return (yield from _ask(t, order, connection, mti, CLOSE_CODE, State.ORDER_CLOSING))


def _ask(
    t: Terminal, order: SaleRecord, connection: Connection, mti: str, code: str, state: State
) -> Story:
    """Sends it, and gives the `Answer`. The message has a trace number of its own, so that a late
    answer to an earlier one is not taken for its answer."""
    stan = t.journal.next_stan()
    sealed = t.seal(mti, order_request(t, order, stan, code))
    send(t, connection, sealed)
    yield state
    got = yield from answer(t, connection, sealed, "0610", stan)
    connection.close()
    return got


def _paid(t: Terminal, order: SaleRecord, got: Answer) -> Story:
    t.journal.order_paid(str(got.fields.get(37, "")), str(got.fields.get(38, "")))
    yield from tell_paid(t, order)
    return True


def _closed(t: Terminal, order: SaleRecord) -> Story:
    t.display.show("closed", stan=order.stan)
    t.journal.order_closed()
    yield from t.journal.flush()
    yield State.ORDER_CLOSED
    yield from print_closed(t, order)
    return True


def _try_later(t: Terminal, order: SaleRecord) -> Story:
    t.next_order_us = t.now_us() + t.profile.close_retry_us
    if t.display.prompt != "unknown":
        t.display.show("unknown", stan=order.stan, reason=t.words["being-asked-for"])
    yield State.ORDER_PENDING
    return False


def _left_us(t: Terminal, order: SaleRecord) -> int:
    """Time until the order's deadline, by the terminal's calendar clock, which a power cut does not
    stop. Another date counts as past it."""
    time, date = t.calendar()
    if date != order.date:
        return 0
    return t.profile.order_deadline_us - (_seconds(time) - _seconds(order.time)) * 1_000_000


def _seconds(time: str) -> int:
    """Since midnight, of HHMMSS."""
    return int(time[:2]) * 3_600 + int(time[2:4]) * 60 + int(time[4:])
