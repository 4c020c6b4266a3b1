"""The card's half of T=0: how a chip says over the line what it has to answer (ISO/IEC 7816-3 10.3;
EMV Book 1 9.2.2 and annex A).

Cards here answer APDUs, as a reader's driver shows them. What goes over the contacts is longer: a
procedure byte before data, 6Cxx for a wrong length, 61xx and GET RESPONSE. This says which bytes
those are, so that a reader's time is that of its characters; the reader's half is
`posemu.wire.t0_exchange`.

    it answers      it says: to case 1, 3   to case 2         to case 4
    a status        the status              the status        the status
    data, warning   the status              6Cxx, INS data    the status; to GET RESPONSE as case 2
    data            the status              6Cxx, INS data    61xx;       to GET RESPONSE as case 2

Promised: what the reader's half makes of it is what the card answered, where T=0 can carry that.
"""

from __future__ import annotations

from posemu.wire import Command

_MORE, _AGAIN = b"\x61", b"\x6c"
_WARNINGS = (b"\x62", b"\x63")
_P3_MAX = 256
_STATUS = 2


class T0Card:
    """What a card has to answer to one command, `answer` being data and status. It has heard the
    command and its data."""

    __slots__ = ("_command", "_data", "_status")

    def __init__(self, command: Command, answer: bytes) -> None:
        self._command = command
        self._data = answer[:-_STATUS] if command.le is not None else b""
        self._status = answer[-_STATUS:]

    def first(self, header: bytes) -> bytes:
        """What it says to the command, whose header as it went over the line is given."""
        if not self._data or not self._command.data:
            return self.to(header)
        if self._status[:1] in _WARNINGS:
            return self._status
        return _MORE + _p3(len(self._data))

    def to(self, header: bytes) -> bytes:
        """What it says to a header that asks for data: that of a command, or GET RESPONSE."""
        held, wanted = len(self._data), header[-1] or _P3_MAX
        if not held:
            return self._status
        if wanted != min(held, _P3_MAX):
            return _AGAIN + _p3(held)
        given, self._data = self._data[:wanted], self._data[wanted:]
        status = _MORE + _p3(len(self._data)) if self._data else self._status
        return header[1:2] + given + status


def _p3(count: int) -> bytes:
    """A length as one byte; 00 for 256 and more."""
    return bytes((count if count < _P3_MAX else 0,))
