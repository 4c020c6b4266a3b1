"""Timeout reversal: take back a sale whose outcome nobody knows.

Its record was flushed before the first byte of the sale left. It goes out before any next card
sale, and by itself on a timer; every further attempt is a repeat (0401) under its own key; it never
expires; it ends when the host says 00, 12 or 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.flows.receipt import print_reversal
from posemu.terminal.line import VALID, answer, connect, send
from posemu.terminal.ports import Connection
from posemu.terminal.requests import REVERSAL, REVERSAL_REPEAT, reversal_request
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

BOOKED = "00"  # the host had booked the sale, and has taken it back


def reverse(t: Terminal, connection: Connection | None = None) -> Story:
    """Sends the pending reversal once, on `connection` if that still stands. True if the host has
    ended it."""
    sale = t.journal.reversal
    assert sale is not None
    if not t.journal.durable:
        yield from t.journal.flush()
    yield State.REVERSAL_PENDING
    if connection is None or not connection.usable:
        connection = yield from connect(t, State.REVERSAL_CONNECTING)
    if connection is None:
        return (yield from _try_later(t))
    mti = REVERSAL_REPEAT if sale.attempts else REVERSAL
    t.journal.attempt()
    yield from t.journal.flush()
    yield State.REVERSAL_SENDING
    sealed = t.seal(mti, reversal_request(t, sale))
    send(t, connection, sealed)
    yield State.REVERSAL_WAITING
    got = yield from answer(t, connection, sealed, "0410", sale.stan)
    connection.close()
    if got.how != VALID or got.code not in t.profile.reversal_ended_by:
        return (yield from _try_later(t))
    t.display.show("reversed", stan=sale.stan)
    t.journal.reversed(booked=got.code == BOOKED)
    yield from t.journal.flush()
    yield State.REVERSAL_DONE
    yield from print_reversal(t, sale)
    return True


def _try_later(t: Terminal) -> Story:
    t.next_reversal_us = t.now_us() + t.profile.reversal_retry_us
    yield State.REVERSAL_FAILED
    return False
