"""The application is told what it wants to know, and tells what it can do and where its records are
(EMV 4.4 Book 3, 10.1 and 6.5.8).

    GET PROCESSING OPTIONS 83 [ values of the PDOL ]   ->   80 [ AIP | AFL ]
                                                       or   77 [ 82 AIP, 94 AFL ]

What may break: the PDOL is malformed or asks for more than a command holds, the application refuses
(6985: another one may be tried), the answer has another form. Promised: AIP and AFL are the card's,
or the transaction has ended.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import AIP
from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.selection import Selected
from posemu.wire.emv.apdu import LE_MAX, Command, parse_gpo_response
from posemu.wire.emv.dol import build_dol, parse_dol
from posemu.wire.emv.tlv import Tlv, encode_tlv
from posemu.wire.errors import DecodeError

AFL: Final = "94"
_PDOL, _COMMAND_TEMPLATE = "9F38", "83"
_SENT_MAX = 255
_CONDITIONS_NOT_SATISFIED = 0x6985


def initiate(data: Data, selected: Selected) -> Generator[Request, Answer, bool]:
    """Start the selected application; whether it runs.

    `data` is new, and gets the objects of the selection, the values sent for the PDOL, the AIP (82)
    and the AFL (94). False if the card will not run this application now (6985): go back to the
    candidates with new data.
    """
    for tag, value in selected.objects.items():
        data.take(tag, value)
    try:
        data.pdol = build_dol(parse_dol(data.card.get(_PDOL, b"")), data.now())
    except DecodeError as error:
        raise terminate("bad-format") from error
    sent = encode_tlv([Tlv(_COMMAND_TEMPLATE, data.pdol)])
    if len(sent) > _SENT_MAX:
        raise terminate("bad-format")
    answer = yield from ask_card(Command(0x80, 0xA8, 0x00, 0x00, sent, LE_MAX))
    if answer.sw == _CONDITIONS_NOT_SATISFIED:
        return False
    if answer.sw != OK:
        raise terminate("bad-status")
    try:
        options = parse_gpo_response(answer.data)
    except DecodeError as error:
        raise terminate("bad-format") from error
    data.take(AIP, options.aip)
    data.take(AFL, options.afl)
    return True
