"""Issuer authentication: the card learns that it was its issuer who answered (EMV 4.4 Book 3, 10.9
and 6.5.4).

A card that has the bit of its AIP set wants the issuer's data (91) in EXTERNAL AUTHENTICATE; any
other gets it in CDOL2, if at all, and then tells by its cryptogram what it thinks of it. The
command is sent at most once in a transaction: this step runs once.
"""

from __future__ import annotations

from collections.abc import Generator

from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.online import ISSUER_AUTHENTICATION
from posemu.terminal.kernel.requests import Answer, Request
from posemu.wire.emv.apdu import Command, parse_issuer_authentication
from posemu.wire.errors import DecodeError


def authenticate_issuer(data: Data) -> Generator[Request, Answer, None]:
    """Sets issuer-authentication-performed in the TSI if the card was asked, and in the TVR
    issuer-authentication-failed if it refused, or if the data cannot be right (8 to 16 bytes) and
    so was not sent. Book 3, 10.9."""
    issuer = data.terminal.get(ISSUER_AUTHENTICATION, b"")
    if not issuer or not data.aip("issuer-authentication"):
        return
    try:
        parse_issuer_authentication(issuer)
    except DecodeError:
        data.tvr.set("issuer-authentication-failed")
        return
    response = yield from ask_card(Command(0x00, 0x82, 0x00, 0x00, issuer))
    data.tsi.set("issuer-authentication-performed")
    if response.sw != OK:
        data.tvr.set("issuer-authentication-failed")
