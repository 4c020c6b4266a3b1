"""Sign-on: a network message (0800) that opens the batch. Without it the terminal sells nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story
from posemu.terminal.line import VALID, answer, connect, send
from posemu.terminal.requests import SIGN_ON, sign_on_request
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal


def sign_on(t: Terminal) -> Story:
    t.display.show("signing-on")
    t.next_sign_on_us = t.now_us() + t.profile.sign_on_retry_us
    connection = yield from connect(t, State.SIGN_ON_CONNECTING)
    if connection is None:
        return
    stan = t.journal.next_stan()
    sealed = t.seal(SIGN_ON, sign_on_request(t, stan))
    send(t, connection, sealed)
    yield State.SIGN_ON_WAITING
    got = yield from answer(t, connection, sealed, "0810", stan)
    connection.close()
    if got.how != VALID or got.code != "00":
        return
    batch = str(got.fields[60])[2:8]
    if t.journal.batch == "":
        yield from t.journal.open_batch(batch)
    elif t.journal.batch != batch and not t.journal.settling:
        # The host has closed a batch that we hold open: settle it before anything is sold.
        t.journal.settle()
    t.signed_on = True
