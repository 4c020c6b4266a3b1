"""SELECT: by name, by the beginning of a name, and the next one that begins so (EMV Book 1 11.3,
12.3; ISO/IEC 7816-4 7.1.1).

A blocked card answers every SELECT alike; a blocked application still shows its FCI, with a
warning. Selecting starts anew: whatever was said before is forgotten.
"""

from __future__ import annotations

from posemu.card.chip.application import Phase, Session
from posemu.card.chip.status import (
    APPLICATION_BLOCKED,
    NO_SUCH_FILE,
    NOT_SUPPORTED,
    WRONG_LENGTH,
    WRONG_P1_P2,
)
from posemu.card.chip.turn import Refused, Turn, done
from posemu.wire import Response, Tlv, encode_tlv, template

PSE = b"1PAY.SYS.DDF01"
PSE_SFI = 1
_BY_NAME = 0x04
_FIRST, _NEXT = 0x00, 0x02
_NAME_LENGTHS = range(5, 17)


def select(turn: Turn) -> Response:
    """Select the directory or an application."""
    command, name = turn.command, turn.command.data
    if command.p1 != _BY_NAME or command.p2 not in (_FIRST, _NEXT):
        raise Refused(WRONG_P1_P2)
    if len(name) not in _NAME_LENGTHS:
        raise Refused(WRONG_LENGTH)
    if turn.memory.blocked:
        raise Refused(NOT_SUPPORTED)
    if name == PSE and command.p2 == _FIRST and turn.image.directory:
        turn.session = Session(directory=True)
        return done(_PSE_FCI)
    place = _find(turn, name, command.p2 == _NEXT)
    turn.session = Session(phase=Phase.SELECTED, place=place, prefix=name)
    fci = turn.application.fci
    return Response(fci, APPLICATION_BLOCKED) if turn.stored.blocked else done(fci)


def _find(turn: Turn, name: bytes, following: bool) -> int:
    """The place of the application; the next one goes on behind the last of the same name."""
    start = 0
    if following:
        last = turn.session
        if last.place is None or last.prefix != name:
            raise Refused(NO_SUCH_FILE)
        start = last.place + 1
    for place, application in enumerate(turn.image.applications):
        if place >= start and application.aid.startswith(name):
            return place
    raise Refused(NO_SUCH_FILE)


_PSE_FCI = encode_tlv(
    [template("6F", [Tlv("84", PSE), template("A5", [Tlv("88", bytes([PSE_SFI]))])])]
)
