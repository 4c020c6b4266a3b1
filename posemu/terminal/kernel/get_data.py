"""GET DATA: a number that the card keeps, as its counters (EMV 4.4 Book 3, 6.5.7)."""

from __future__ import annotations

from collections.abc import Generator

from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.wire.emv.apdu import LE_MAX, Command
from posemu.wire.emv.tlv import decode_tlv
from posemu.wire.errors import DecodeError


def get_number(tag: str, width: int) -> Generator[Request, Answer, int | None]:
    """The number of `width` bytes under a tag of two bytes, None if the card does not give it: it
    need not (Book 3, 6.3.5). Ends the transaction if it gives something else."""
    p1, p2 = bytes.fromhex(tag)
    response = yield from ask_card(Command(0x80, 0xCA, p1, p2, le=LE_MAX))
    if response.sw != OK:
        return None
    try:
        objects = decode_tlv(response.data)
    except DecodeError as error:
        raise terminate("bad-format") from error
    if len(objects) != 1 or objects[0].tag != tag or len(objects[0].value) != width:
        raise terminate("bad-format")
    return int.from_bytes(objects[0].value, "big")
