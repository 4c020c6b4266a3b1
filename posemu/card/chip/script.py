"""Issuer scripts: commands from the issuer, under a MAC that only it and the card can make (EMV
Book 2 9; Book 3 6.5.1 to 6.5.3, 6.5.10, 10.10).

A command whose MAC is wrong changes nothing but the note that a script failed, which the issuer
reads in the next CVR. All commands of a transaction are bound to its ATC and first cryptogram.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.card.chip.limits import put_limit
from posemu.card.chip.pin import change_pin
from posemu.card.chip.status import NO_MAC, WRONG_LENGTH, WRONG_MAC, WRONG_P1_P2
from posemu.card.chip.turn import Refused, Turn, done
from posemu.crypto import command_mac, same
from posemu.wire import Response

_MAC = 8
_SCRIPTS_MAX = 15  # the CVR counts them in four bits

Action = Callable[[Turn, bytes], None]


def script_command(action: Action) -> Callable[[Turn], Response]:
    """The command that checks the MAC and then does `action` with the data before it."""

    def run(turn: Turn) -> Response:
        body = _checked(turn)
        if body is None:
            turn.store(script_failed=True)
            return Response(b"", WRONG_MAC)
        try:
            action(turn, body)
        except Refused as refused:
            turn.store(script_failed=True)
            return Response(b"", refused.sw)
        turn.store(script_count=min(turn.stored.script_count + 1, _SCRIPTS_MAX))
        return done()

    return run


def _checked(turn: Turn) -> bytes | None:
    """The data under the MAC, None if that is wrong."""
    command, application = turn.command, turn.application
    if len(command.data) < _MAC:
        raise Refused(NO_MAC)
    body, mac = command.data[:-_MAC], command.data[-_MAC:]
    header = bytes([command.cla, command.ins, command.p1, command.p2, len(command.data)])
    expected = command_mac(
        application.version,
        application.keys,
        header=header,
        data=body,
        atc=turn.stored.atc.to_bytes(2),
        arqc=turn.session.cryptogram,
    )
    return body if same(mac, expected) else None


def _bare(turn: Turn, body: bytes) -> None:
    """`Refused` unless the command has no parameters and no data."""
    if turn.command.p1 or turn.command.p2:
        raise Refused(WRONG_P1_P2)
    if body:
        raise Refused(WRONG_LENGTH)


def _block_card(turn: Turn, body: bytes) -> None:
    _bare(turn, body)
    turn.block_card()


def _block_application(turn: Turn, body: bytes) -> None:
    _bare(turn, body)
    turn.store(blocked=True)


def _unblock_application(turn: Turn, body: bytes) -> None:
    _bare(turn, body)
    turn.store(blocked=False)


def _put_data(turn: Turn, body: bytes) -> None:
    put_limit(turn, f"{turn.command.p1:02X}{turn.command.p2:02X}", body)


def _change_pin(turn: Turn, body: bytes) -> None:
    if turn.command.p1:
        raise Refused(WRONG_P1_P2)
    change_pin(turn, body)


card_block = script_command(_block_card)
application_block = script_command(_block_application)
application_unblock = script_command(_unblock_application)
pin_change = script_command(_change_pin)
put_data = script_command(_put_data)
