"""GENERATE AC, first and second, alone or signed (CDA): what the card decides, and what it keeps of
it (EMV Book 3 6.5.5, 9.3, 10.8, 10.11; Book 2 6.6.1, 8.1).

The answer and all that follows from it for the next transaction are one commit: a card pulled
before it knows of no cryptogram, one pulled after it has counted the transaction.
"""

from __future__ import annotations

from posemu.card.chip.aftermath import after_first, after_second
from posemu.card.chip.application import Phase
from posemu.card.chip.authentication import NUMBER, check_issuer, has_external_authenticate
from posemu.card.chip.cvr import card_verification_results, issuer_application_data
from posemu.card.chip.key_records import STATIC_CODE
from posemu.card.chip.risk import (
    UNABLE,
    Situation,
    first_cryptogram,
    results_of,
    second_cryptogram,
)
from posemu.card.chip.status import NOT_NOW, WRONG_LENGTH, WRONG_P1_P2
from posemu.card.chip.turn import Refused, Turn, done
from posemu.crypto import card_cryptogram, combined_data, sign_dynamic
from posemu.wire import DecodeError, Response, Tlv, encode_tlv, split_dol, template

_ASKED = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
CID = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80}
"""Cryptogram information data (9F27), no advice and no reason in it."""
_CDA = 0x10

_SPOILED = 0xFF


def generate_ac(turn: Turn) -> Response:
    """A cryptogram, and the card's decision with it."""
    p1, second = turn.command.p1, turn.session.phase is Phase.ASKED
    asked = _ASKED.get(p1 & ~_CDA)
    if asked is None or turn.command.p2 or (p1 & _CDA and not turn.application.cda):
        raise Refused(WRONG_P1_P2)
    if second and asked == "ARQC":
        raise Refused(NOT_NOW)
    _take(turn, second)
    situation = Situation(turn.application, turn.stored, turn.session, second)
    results = results_of(situation)
    decide = second_cryptogram if second else first_cryptogram
    given = decide(asked, situation, results)
    signed = bool(p1 & _CDA) and given != "AAC"
    if signed:
        turn.remember(number=turn.random_bytes(NUMBER))
        results = (*results, "second-cda" if second else "first-cda")
    first = turn.session.first or given
    iad = _issuer_data(turn, results, first, given if second else "")
    cryptogram = _cryptogram(turn, iad)
    response = _answer(turn, given, cryptogram, iad, signed)
    if second:
        after_second(turn, situation, given)
        turn.remember(phase=Phase.DECIDED)
    else:
        after_first(turn, situation, given)
        phase = Phase.ASKED if given == "ARQC" else Phase.DECIDED
        turn.remember(phase=phase, first=given, cryptogram=cryptogram)
    return response


def _take(turn: Turn, second: bool) -> None:
    """Keep the terminal's values; in CDOL2 the issuer's answer may be one of them."""
    application, session, data = turn.application, turn.session, turn.command.data
    try:
        cut = split_dol(application.cdol2 if second else application.cdol1, data)
    except DecodeError:
        raise Refused(WRONG_LENGTH) from None
    values = {**session.values, **dict(cut)}
    turn.remember(values=values, said=session.said + data)
    issuer = values.get("91", b"")
    comes_here = second and not has_external_authenticate(turn) and any(issuer)
    if comes_here and values.get("8A") not in UNABLE:
        check_issuer(turn, issuer)


def _issuer_data(turn: Turn, results: tuple[str, ...], first: str, second: str) -> bytes:
    application, stored = turn.application, turn.stored
    cvr = card_verification_results(
        application.layout,
        results,
        first=first,
        second=second,
        scripts=stored.script_count,
        tries_left=stored.tries_left,
    )
    # M/Chip 4: amount (12 digits), count, FF; as they were before this transaction.
    counters = bytes.fromhex(f"{min(stored.offline_amount, 10**12 - 1):012d}")
    counters += bytes([min(stored.offline_count, 0xFF), 0xFF])
    code = turn.session.number[:2] or STATIC_CODE
    return issuer_application_data(
        application.scheme, application.derivation_index, application.cvn, cvr, code, counters
    )


def _cryptogram(turn: Turn, iad: bytes) -> bytes:
    application = turn.application
    own = {"82": application.aip, "9F36": turn.stored.atc.to_bytes(2), "9F10": iad}
    right = card_cryptogram(application.version, application.keys, {**turn.session.values, **own})
    if turn.cryptogram_spoiled:
        return bytes([right[0] ^ _SPOILED]) + right[1:]
    return right


def _answer(turn: Turn, given: str, cryptogram: bytes, iad: bytes, signed: bool) -> Response:
    """Format 1 or 2, or signed (EMV Book 3 6.5.5.4; Book 2 6.6.1 tables 17 and 18)."""
    application = turn.application
    cid, atc = bytes([CID[given]]), turn.stored.atc.to_bytes(2)
    if signed and application.icc_key is not None:
        shown = [Tlv("9F27", cid), Tlv("9F36", atc), Tlv("9F10", iad)]
        covered = turn.session.said + encode_tlv(shown)
        dynamic = combined_data(turn.session.number, cid[0], cryptogram, covered)
        key = turn.rsa(application.icc_key)
        signature = sign_dynamic(key, dynamic, turn.session.values["9F37"]).signature
        return done(encode_tlv([template("77", [*shown, Tlv("9F4B", signature)])]))
    if application.ac_format == 1:
        return done(encode_tlv([Tlv("80", cid + atc + cryptogram + iad)]))
    parts = [("9F27", cid), ("9F36", atc), ("9F26", cryptogram), ("9F10", iad)]
    return done(encode_tlv([template("77", [Tlv(tag, value) for tag, value in parts])]))
