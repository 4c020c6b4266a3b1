"""One command to the card and its answer (EMV 4.4 Book 1, 9; Book 3, 6.3).

What may break: the card is pulled, says nothing, cannot be read, or says something that is no
answer. Promised: each of them ends the transaction with its own reason, and a step of the kernel
sees answers only.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    Mute,
    Removed,
    Request,
    Transmit,
    TransportFailed,
)
from posemu.wire.emv.apdu import Command, Response, encode_command, parse_response
from posemu.wire.emv.tlv import Tlv, decode_tlv
from posemu.wire.errors import DecodeError

OK: Final = 0x9000

_LOST: dict[type, str] = {Removed: "removed", Mute: "mute", TransportFailed: "transport"}


def ask_card(command: Command) -> Generator[Request, Answer, Response]:
    """Send one command and return its answer. Ends the transaction where none comes."""
    return response_of((yield Transmit(encode_command(command))))


def response_of(answer: Answer) -> Response:
    """The card's response, data and status.

    Ends the transaction for a card that is gone, mute or cannot be read, and for bytes that are no
    response (shorter than a status, or with one that ISO/IEC 7816-4, 5.1.3 has not).
    """
    if not isinstance(answer, Answered):
        raise terminate(_LOST[type(answer)])
    try:
        return parse_response(answer.apdu)
    except DecodeError as error:
        raise terminate("bad-format") from error


def answer_template(data: bytes) -> Tlv:
    """The one object that an answer is in: 80 (values alone, format 1) or 77 (objects, format 2;
    Book 3, 6.5.5.4 and 6.5.9.4). Ends the transaction for anything else."""
    try:
        objects = decode_tlv(data)
    except DecodeError as error:
        raise terminate("bad-format") from error
    if len(objects) != 1 or objects[0].tag not in ("80", "77"):
        raise terminate("bad-format")
    return objects[0]
