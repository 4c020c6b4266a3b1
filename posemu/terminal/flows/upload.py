"""Upload of offline approvals: the queue of advices, first in first out, on a timer and before the
end of day.

Each is sent (0220) until the host has booked it; every further attempt is a repeat (0221) under its
own key. A host that answers anything else, or nothing, has not booked it as far as the terminal
knows, and is asked again later. The next one waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.line import VALID, answer, connect, send
from posemu.terminal.requests import ADVICE, ADVICE_REPEAT
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

BOOKED = "00"


def upload(t: Terminal) -> Story:
    """Sends what waits, one after another, until one is not booked. True if none waits any more."""
    while t.queue.head is not None:
        if not (yield from _upload_head(t)):
            return False
    return True


def _upload_head(t: Terminal) -> Story:
    advice = t.queue.head
    assert advice is not None
    if not t.journal.durable:
        yield from t.journal.flush()
    connection = yield from connect(t, State.ADVICE_CONNECTING)
    if connection is None:
        return (yield from _try_later(t))
    mti = ADVICE_REPEAT if advice.attempts else ADVICE
    yield from t.queue.attempt()
    yield State.ADVICE_SENDING
    sealed = t.module.seal_stored(mti, advice.number, advice.sealed)
    send(t, connection, sealed)
    yield State.ADVICE_WAITING
    got = yield from answer(t, connection, sealed, "0230", advice.stan)
    connection.close()
    if got.how != VALID or got.code != BOOKED:
        return (yield from _try_later(t))
    yield from t.queue.answered()
    yield State.ADVICE_DONE
    return True


def _try_later(t: Terminal) -> Story:
    t.next_advice_us = t.now_us() + t.profile.advice_retry_us
    yield State.ADVICE_FAILED
    return False
