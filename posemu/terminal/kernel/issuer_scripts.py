"""Issuer scripts: commands for the card that came with the issuer's answer (EMV 4.4 Book 3, 10.10
and annex E; Book 4, annex A5).

    71 [ 9F18 identifier | 86 command | 86 command ... ]    before the second GENERATE AC
    72 [ ... ]                                              after it

The commands are the issuer's own, authenticated by their own MACs; the terminal carries them. A
command that the card refuses ends its script, and not the next one.

What may break: a template that is none, a command that is none, the card refuses or is pulled.
Promised: each script leaves 5 bytes in the issuer script results (9F5B): what became of it, the
number of the command where it ended, and its identifier.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from posemu.terminal.kernel.card_dialogue import ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.outcome import EndedError
from posemu.terminal.kernel.requests import Answer, Request
from posemu.wire.emv.apdu import Command, parse_command
from posemu.wire.emv.tlv import decode_tlv
from posemu.wire.errors import DecodeError

SCRIPT_RESULTS = "9F5B"
BEFORE, AFTER = "71", "72"
SCRIPTS_MAX = 128
"""Bytes of all scripts of an answer together, tags and lengths included: more than that no terminal
need be able to take (Book 3, 10.10). From the one that passes it, scripts are not performed."""

_IDENTIFIER, _COMMAND = "9F18", "86"
_NO_IDENTIFIER = bytes(4)
_FAILED: Final = {BEFORE: "script-failed-before", AFTER: "script-failed-after"}
_CONTINUE: Final = (0x90, 0x62, 0x63)  # the first byte of a status that lets a script go on
_NOT_PERFORMED, _ERROR, _DONE = 0x00, 0x10, 0x20
_NUMBER_MAX = 0x0F  # "15 or above"


class Script(NamedTuple):
    """A template taken apart."""

    identifier: bytes
    commands: tuple[bytes, ...]


def run_scripts(
    data: Data, scripts: tuple[bytes, ...], template: str
) -> Generator[Request, Answer, None]:
    """Carry the commands of every script of one `template` (BEFORE or AFTER) to the card.

    Sets script-performed in the TSI if there is a script, and in the TVR script-failed-before or
    script-failed-after if one did not come to its end. A card that is gone ends the transaction;
    the script's result is kept all the same. Book 3, 10.10.
    """
    for raw, fits in _of_template(scripts, template):
        data.tsi.set("script-performed")
        script = _parsed(raw) if fits else None
        if script is None:
            _keep(data, _NOT_PERFORMED, _NO_IDENTIFIER)
            data.tvr.set(_FAILED[template])
            continue
        for number, command in enumerate(script.commands, 1):
            try:
                carried = yield from _carry(command)
            except EndedError:
                _fail(data, template, script, number)
                raise
            if not carried:
                _fail(data, template, script, number)
                break
        else:
            _keep(data, _DONE, script.identifier)


def _of_template(scripts: tuple[bytes, ...], template: str) -> Iterator[tuple[bytes, bool]]:
    """The scripts of a template, and whether they lie within the length that is taken. Objects
    that are no script are passed over."""
    length = 0
    for raw in scripts:
        length += len(raw)
        if raw[:1] == bytes.fromhex(template):
            yield raw, length <= SCRIPTS_MAX


def _parsed(raw: bytes) -> Script | None:
    """None for a template that cannot be taken apart, or an identifier that has not 4 bytes."""
    try:
        objects = decode_tlv(raw)
    except DecodeError:
        return None
    children = objects[0].children if len(objects) == 1 else None
    if children is None:
        return None
    identifiers = [item.value for item in children if item.tag == _IDENTIFIER] or [_NO_IDENTIFIER]
    if len(identifiers) != 1 or len(identifiers[0]) != len(_NO_IDENTIFIER):
        return None
    return Script(identifiers[0], tuple(item.value for item in children if item.tag == _COMMAND))


def _carry(raw: bytes) -> Generator[Request, Answer, bool]:
    """Whether the card did not refuse; a command that is none, or an extended one, is not sent."""
    try:
        command: Command = parse_command(raw)
    except DecodeError:
        return False
    if command.extended or command.ins >> 4 in (0x6, 0x9):  # T=0 carries neither
        return False
    response = yield from ask_card(command)
    return response.sw >> 8 in _CONTINUE


def _fail(data: Data, template: str, script: Script, number: int) -> None:
    _keep(data, _ERROR | min(number, _NUMBER_MAX), script.identifier)
    data.tvr.set(_FAILED[template])


def _keep(data: Data, result: int, identifier: bytes) -> None:
    before = data.terminal.get(SCRIPT_RESULTS, b"")
    data.terminal[SCRIPT_RESULTS] = before + bytes((result,)) + identifier
