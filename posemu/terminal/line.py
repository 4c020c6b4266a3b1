"""Reaching the host: connect within T_conn, then wait for the answer within T_resp. Shared by all
flows.

Connect failure and missing answer are different things: after the first nothing was sent, after the
second nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from posemu.sim import Story, Wait
from posemu.terminal.ports import LINK, Connection
from posemu.terminal.secure_module import Sealed
from posemu.terminal.states import State
from posemu.wire import DecodeError, Deframer, Value, frame

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

_LINKS = frozenset({LINK})

VALID = "valid"
NONE = "none"  # no answer in time, or the connection was lost
BAD_MAC = "bad-mac"
GARBLED = "garbled"  # an answer that cannot be decoded


class Answer(NamedTuple):
    """`how` is VALID, NONE, BAD_MAC or GARBLED; the fields are there if VALID."""

    how: str
    fields: dict[int, Value] = {}  # noqa: RUF012 (never written to)

    @property
    def code(self) -> str:
        """DE39 of a valid answer."""
        return str(self.fields.get(39, ""))


def connect(t: Terminal, state: State) -> Story:
    """Enters `state`, dials, and returns the connection, or None if there is none within T_conn."""
    yield state
    connection = t.network.dial()
    t.deframer = Deframer()
    deadline_us = t.now_us() + t.profile.connect_us
    while True:
        got = yield Wait(_LINKS, deadline_us - t.now_us())
        if got is None:
            connection.close()
            t.emit("no-connection", {"why": "timeout"})
            return None
        what, which, _ = got[1]
        if which is not connection:
            continue
        if what == "up":
            return connection
        t.emit("no-connection", {"why": what})
        return None


def send(t: Terminal, connection: Connection, sealed: Sealed) -> None:
    connection.send(frame(sealed.data, t.profile.tpdu))


def answer(t: Terminal, connection: Connection, sealed: Sealed, mti: str, stan: str) -> Story:
    """The `Answer` with this MTI and trace number, within T_resp from now. Everything else that
    arrives is logged and ignored."""
    deadline_us = t.now_us() + t.profile.response_us
    while True:
        got = yield Wait(_LINKS, deadline_us - t.now_us())
        if got is None:
            t.emit("no-answer", {"mti": mti, "stan": stan, "why": "timeout"})
            return Answer(NONE)
        what, which, data = got[1]
        if which is not connection:
            continue
        if what != "data":
            t.emit("no-answer", {"mti": mti, "stan": stan, "why": what})
            return Answer(NONE)
        try:
            payloads = [f.payload for f in t.deframer.feed(data)]
        except DecodeError:
            payloads = []
        for payload in payloads:
            found = _examine(t, sealed, payload, mti, stan)
            if found is not None:
                return found
        if t.deframer.error is not None:
            return _garbled(t, t.deframer.error)


def _examine(t: Terminal, sealed: Sealed, payload: bytes, mti: str, stan: str) -> Answer | None:
    try:
        got_mti, fields = t.codec.decode(payload)
    except DecodeError as error:
        return _garbled(t, error)
    if got_mti != mti or fields.get(11) != stan or fields.get(41) != t.terminal_id:
        t.emit("ignored-answer", {"mti": got_mti, "stan": fields.get(11, "")})
        return None
    if not t.authentic(sealed, payload):
        t.emit("bad-mac", {"mti": mti, "stan": stan})
        return Answer(BAD_MAC)
    return Answer(VALID, fields)


def _garbled(t: Terminal, error: DecodeError) -> Answer:
    t.emit("garbled-answer", {"field": error.field, "reason": error.reason})
    return Answer(GARBLED)
