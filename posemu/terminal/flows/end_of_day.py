"""End of day: no open order, no pending reversal, no advice that waits, then totals (0500). If the
host agrees the batch closes; if not, it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.flows.order import resolve
from posemu.terminal.flows.receipt import print_end_of_day
from posemu.terminal.flows.reversal import reverse
from posemu.terminal.flows.upload import upload
from posemu.terminal.line import VALID, answer, connect, send
from posemu.terminal.requests import (
    RECONCILIATION,
    RECONCILIATION_REPEAT,
    reconciliation_request,
)
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

BALANCED, OUT_OF_BALANCE = "1", "2"  # settlement flag, last digit of DE48 in the answer


def end_of_day(t: Terminal) -> Story:
    t.display.show("settling")
    t.next_settle_us = t.now_us() + t.profile.settle_retry_us
    yield State.SETTLING
    if t.journal.order is not None and not (yield from resolve(t)):
        return (yield from _not_yet(t))
    if t.journal.reversal is not None and not (yield from reverse(t)):
        return (yield from _not_yet(t))
    if not (yield from upload(t)):
        return (yield from _not_yet(t))
    if not t.journal.durable:
        yield from t.journal.flush()
    connection = yield from connect(t, State.SETTLE_CONNECTING)
    if connection is None:
        return (yield from _not_yet(t))
    stan = t.journal.next_stan()
    mti = RECONCILIATION_REPEAT if t.settle_sent else RECONCILIATION
    sealed = t.seal(mti, reconciliation_request(t, stan))
    t.settle_sent = True
    send(t, connection, sealed)
    yield State.SETTLE_WAITING
    got = yield from answer(t, connection, sealed, "0510", stan)
    connection.close()
    flag = str(got.fields.get(48, ""))[-1:] if got.how == VALID else ""
    if flag == OUT_OF_BALANCE:
        t.display.show("settlement-mismatch", batch=t.journal.batch)
        t.journal.keep_batch()
        yield State.SETTLE_FAILED
        return None
    if flag != BALANCED:
        return (yield from _not_yet(t))
    yield from print_end_of_day(t, stan)
    t.display.show("settled", batch=t.journal.batch)
    t.journal.close_batch()
    yield from t.journal.flush()
    t.settlements += 1
    t.signed_on = False
    t.settle_sent = False
    t.next_sign_on_us = t.now_us()
    yield State.SETTLED
    return None


def _not_yet(t: Terminal) -> Story:
    t.display.show("settlement-waits")
    yield State.SETTLE_FAILED
