"""INTERNAL AUTHENTICATE and EXTERNAL AUTHENTICATE: the card proves itself to the terminal (DDA,
EMV Book 2 6.5; Book 3 6.5.9), the issuer proves itself to the card (Book 2 8.2; Book 3 6.5.4).
"""

from __future__ import annotations

from typing import NamedTuple

from posemu.card.chip.status import AUTHENTICATION_FAILED, NOT_NOW, WRONG_LENGTH, WRONG_P1_P2
from posemu.card.chip.turn import Refused, Turn, done
from posemu.crypto import issuer_arpc, same, sign_dynamic
from posemu.wire import Response, Tlv, dol_length, encode_tlv, template

NUMBER = 8  # bytes of the card's dynamic number (EMV Book 2 6.5.1: 2 to 8)
_LONGEST_PROPRIETARY = 8


def internal_authenticate(turn: Turn) -> Response:
    """Sign the terminal's data. A card without a DDOL takes what the terminal's default one says
    (EMV Book 2 6.5.1)."""
    application, command = turn.application, turn.command
    if command.p1 or command.p2:
        raise Refused(WRONG_P1_P2)
    if application.icc_key is None:
        raise Refused(NOT_NOW)
    wanted = dol_length(application.ddol)
    if not command.data or (wanted and len(command.data) != wanted):
        raise Refused(WRONG_LENGTH)
    number = turn.random_bytes(NUMBER)
    key = turn.rsa(application.icc_key)
    signature = sign_dynamic(key, bytes([NUMBER]) + number, command.data).signature
    turn.remember(number=number, dda=True)
    if application.ac_format == 1:
        return done(encode_tlv([Tlv("80", signature)]))
    return done(encode_tlv([template("77", [Tlv("9F4B", signature)])]))


class _IssuerAnswer(NamedTuple):
    arpc: bytes
    answer: bytes  # the response code, or the card status update
    proprietary: bytes


def external_authenticate(turn: Turn) -> Response:
    """Check the issuer's ARPC, once a transaction."""
    command, session = turn.command, turn.session
    if command.p1 or command.p2:
        raise Refused(WRONG_P1_P2)
    if not has_external_authenticate(turn) or session.issuer is not None:
        raise Refused(NOT_NOW)
    if not check_issuer(turn, command.data):
        return Response(b"", AUTHENTICATION_FAILED)
    return done()


def has_external_authenticate(turn: Turn) -> bool:
    """Whether the issuer's answer comes by EXTERNAL AUTHENTICATE; else it comes in CDOL2 (tag 91),
    or the application wants none."""
    application = turn.application
    in_cdol2 = any(tag == "91" for tag, _ in application.cdol2)
    return application.issuer_authentication != "none" and not in_cdol2


def check_issuer(turn: Turn, data: bytes) -> bool:
    """Whether `data` (tag 91) holds the right ARPC; remembers that, and what the issuer said.

    `Refused` if its length is none of this cryptogram version.
    """
    application, session = turn.application, turn.session
    parts = _parts(application.version.arpc_method, data)
    expected = issuer_arpc(
        application.version,
        application.keys,
        arqc=session.cryptogram,
        answer=parts.answer,
        proprietary=parts.proprietary,
        atc=turn.stored.atc.to_bytes(2),
        un=session.values["9F37"],
    )
    right = same(parts.arpc, expected)
    csu = parts.answer if right and application.version.arpc_method == 2 else b""
    turn.remember(issuer=right, csu=csu)
    return right


def _parts(method: int, data: bytes) -> _IssuerAnswer:
    """Method 1: ARPC (8), response code (2). Method 2: ARPC (4), card status update (4), up to 8
    bytes of proprietary data (EMV Book 2 8.2)."""
    if method == 1 and len(data) == 10:
        return _IssuerAnswer(data[:8], data[8:], b"")
    if method == 2 and 8 <= len(data) <= 8 + _LONGEST_PROPRIETARY:
        return _IssuerAnswer(data[:4], data[4:8], data[8:])
    raise Refused(WRONG_LENGTH)
