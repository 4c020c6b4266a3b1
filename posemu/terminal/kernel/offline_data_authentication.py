"""Offline data authentication: whether the card is the one that its issuer made (EMV 4.4 Book 3,
10.3; Book 2, 5, 6 and 7.1).

    CA key (8F) --> issuer key (90, 92, 9F32) --> SDA: the issuer's signature of the records (93)
                                              --> card key (9F46, 9F48, 9F47)
                                                    --> DDA: the card signs our number now (9F4B)
                                                    --> CDA: it signs its cryptogram, GENERATE AC

The best way that card and terminal share is taken; there is no second try with a lesser one.

What may break: objects are missing, a key is unknown, expired or taken back, a record was changed,
the card is a copy. Promised: each of them is a bit of the TVR, never the end of the transaction;
the card's status and format errors are.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, Literal

from posemu.crypto import CryptoError, NotAuthentic, RsaPublicKey
from posemu.crypto.emv.blocks import FRAME, recover
from posemu.crypto.emv.certificates import recover_icc_certificate, recover_issuer_certificate
from posemu.crypto.emv.signatures import verify_dynamic, verify_static
from posemu.terminal.kernel.card_dialogue import OK, answer_template, ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import AIP, CAPABILITIES, has
from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.terminal_data import CaKey, Terminal, TerminalApplication
from posemu.wire.emv.apdu import Command
from posemu.wire.emv.dol import build_dol, dol_length, parse_dol
from posemu.wire.errors import DecodeError

Method = Literal["cda", "dda", "sda"]
METHODS: Final[tuple[Method, ...]] = ("cda", "dda", "sda")
"""The ways of authentication, best first, by the names of their bits in AIP and 9F33 (Book 3,
10.3)."""

AID, PAN, DATE, UNPREDICTABLE_NUMBER = "9F06", "5A", "9A", "9F37"
CA_INDEX, ISSUER_CERTIFICATE, ISSUER_REMAINDER, ISSUER_EXPONENT = "8F", "90", "92", "9F32"
ICC_CERTIFICATE, ICC_REMAINDER, ICC_EXPONENT = "9F46", "9F48", "9F47"
PIN_CERTIFICATE, PIN_REMAINDER, PIN_EXPONENT = "9F2D", "9F2F", "9F2E"
STATIC_SIGNATURE, AUTHENTICATION_CODE, TAG_LIST = "93", "9F45", "9F4A"
DDOL, DYNAMIC_SIGNATURE, DYNAMIC_NUMBER = "9F49", "9F4B", "9F4C"

_DYNAMIC: Final[tuple[Method, ...]] = ("cda", "dda")
_NEEDED: Final[dict[str, tuple[Method, ...]]] = {
    CA_INDEX: METHODS,
    ISSUER_CERTIFICATE: METHODS,
    ISSUER_EXPONENT: METHODS,
    STATIC_SIGNATURE: ("sda",),
    ICC_CERTIFICATE: _DYNAMIC,
    ICC_EXPONENT: _DYNAMIC,
}
"""Object -> the methods whose bit in the AIP makes it needed (Book 3, 7.5, the table of "ICC data
missing")."""

_RID = 5
_ISSUER_BLOCK, _ICC_BLOCK = (0x02, 4 + 9), (0x04, 10 + 9)
"""Of a certificate: its format byte, and the bytes in front of the key, the last two of which are
the lengths of key and exponent (Book 2, 5.1 and 6.1)."""
_SENT_MAX = 255
_CENTURY = "50"  # years below are 20xx


def choose_method(data: Data) -> Method | None:
    """The best method that card and terminal have in common (Book 3, 10.3)."""
    able = data.terminal.get(CAPABILITIES, b"")
    shared = (method for method in METHODS if data.aip(method) and has(CAPABILITIES, able, method))
    return next(shared, None)


def authenticate_offline(
    data: Data, terminal: Terminal, application: TerminalApplication
) -> Generator[Request, Answer, RsaPublicKey | None]:
    """Authenticate the card, and return its key if its cryptograms are to be signed with it (CDA).

    Sets in the TVR: oda-not-performed, sda-selected, sda-failed, dda-failed, cda-failed,
    icc-data-missing; in the TSI oda-performed, for CDA only if it failed here. Keeps 9F45 and 9F4C.
    Ends the transaction for an answer to INTERNAL AUTHENTICATE that the book does not know.
    Book 3, 10.3.
    """
    _note_missing(data)
    method = choose_method(data)
    if method is None:
        data.tvr.set("oda-not-performed")
        return None
    if method == "sda":
        data.tvr.set("sda-selected")
    signing_key = None
    try:
        if method == "sda":
            _authenticate_static(data, terminal)
        elif method == "dda":
            yield from _authenticate_dynamic(data, terminal, application)
        else:
            signing_key = recover_icc_key(data, terminal)
    except CryptoError:
        data.tvr.set(f"{method}-failed")
        _note_missing_remainders(data, terminal, method)
    if signing_key is None:
        data.tsi.set("oda-performed")
    return signing_key


def pin_encipherment_key(data: Data, terminal: Terminal) -> RsaPublicKey | None:
    """The key that an offline PIN is enciphered with: the card's own for PINs if it has one, else
    the one that it signs with; None if it cannot be trusted (Book 2, 7.1)."""
    try:
        if PIN_CERTIFICATE not in data.card:
            return recover_icc_key(data, terminal)
        return recover_icc_certificate(
            recover_issuer_key(data, terminal),
            data.card[PIN_CERTIFICATE],
            remainder=data.card.get(PIN_REMAINDER, b""),
            exponent=data.card.get(PIN_EXPONENT, b""),
            pan=_pan(data),
            static_data=b"",
            date=data[DATE].hex(),
        ).key
    except CryptoError:
        return None


def recover_issuer_key(data: Data, terminal: Terminal) -> RsaPublicKey:
    """The issuer's public key. Raises CryptoError if the CA's is missing or expired, or the
    certificate is not what it signed, or was taken back (Book 2, 5.2, 5.3, 6.2 and 6.3)."""
    ca = _ca_key(data, terminal)
    found = recover_issuer_certificate(
        ca.key,
        data.card.get(ISSUER_CERTIFICATE, b""),
        remainder=data.card.get(ISSUER_REMAINDER, b""),
        exponent=data.card.get(ISSUER_EXPONENT, b""),
        pan=_pan(data),
        date=data[DATE].hex(),
    )
    if (ca.rid, ca.index, found.serial.hex().upper()) in terminal.revoked:
        raise NotAuthentic("issuer certificate: it is on the list of those taken back")
    return found.key


def recover_icc_key(data: Data, terminal: Terminal) -> RsaPublicKey:
    """The card's public key, whose certificate covers the static data too. Raises CryptoError
    (Book 2, 6.4)."""
    return recover_icc_certificate(
        recover_issuer_key(data, terminal),
        data.card.get(ICC_CERTIFICATE, b""),
        remainder=data.card.get(ICC_REMAINDER, b""),
        exponent=data.card.get(ICC_EXPONENT, b""),
        pan=_pan(data),
        static_data=_static_data(data),
        date=data[DATE].hex(),
    ).key


def _ca_key(data: Data, terminal: Terminal) -> CaKey:
    rid, index = data[AID][:_RID], data.card.get(CA_INDEX, b"")
    found = terminal.ca_key(rid.hex().upper(), index.hex().upper())
    if found is None:
        raise NotAuthentic("the terminal has no key of this RID and index")
    if found.expires and _month(data[DATE].hex()[:4]) > _month(found.expires):
        raise NotAuthentic("the CA key of this RID and index has expired")
    return found


def _month(yymm: str) -> str:
    return ("20" if yymm[:2] < _CENTURY else "19") + yymm


def _pan(data: Data) -> str:
    return data.card.get(PAN, b"").hex().upper().rstrip("F")


def _static_data(data: Data) -> bytes:
    """What the issuer signed: the records that the AFL names, and the AIP if the tag list asks for
    it. Raises NotAuthentic where it cannot be built (Book 3, 10.3)."""
    tag_list = data.card.get(TAG_LIST)
    if data.static_spoiled or tag_list not in (None, bytes.fromhex(AIP)):
        raise NotAuthentic("the static data cannot be put together")
    return b"".join(data.static) + (data.card[AIP] if tag_list else b"")


def _authenticate_static(data: Data, terminal: Terminal) -> None:
    """SDA (Book 2, 5.4). Raises CryptoError."""
    signature = data.card.get(STATIC_SIGNATURE, b"")
    found = verify_static(recover_issuer_key(data, terminal), signature, _static_data(data))
    data.card[AUTHENTICATION_CODE] = found.data_authentication_code


def _authenticate_dynamic(
    data: Data, terminal: Terminal, application: TerminalApplication
) -> Generator[Request, Answer, None]:
    """DDA (Book 2, 6.5). Raises CryptoError."""
    key = recover_icc_key(data, terminal)
    sent = _for_ddol(data, data.card.get(DDOL, application.default_ddol))
    response = yield from ask_card(Command(0x00, 0x88, 0x00, 0x00, sent, 256))
    if response.sw != OK:
        raise terminate("bad-status")
    signature = _signature(response.data)
    found = verify_dynamic(key, signature, sent)
    data.card[DYNAMIC_SIGNATURE] = signature
    data.card[DYNAMIC_NUMBER] = found.dynamic_number


def _for_ddol(data: Data, ddol: bytes) -> bytes:
    """The values that the DDOL asks for; it must ask for our number (Book 2, 6.5.1)."""
    try:
        entries = parse_dol(ddol)
    except DecodeError as error:
        raise NotAuthentic("the DDOL is no list of tags and lengths") from error
    if UNPREDICTABLE_NUMBER not in (entry.tag for entry in entries):
        raise NotAuthentic("the DDOL does not ask for the unpredictable number")
    if dol_length(entries) > _SENT_MAX:
        raise NotAuthentic("the DDOL asks for more than a command holds")
    return build_dol(entries, data.now())


def _signature(answer: bytes) -> bytes:
    """Out of either format of INTERNAL AUTHENTICATE (Book 3, 6.5.9.4)."""
    template = answer_template(answer)
    if template.children is None:
        return template.value
    found = [item.value for item in template.children if item.tag == DYNAMIC_SIGNATURE]
    if len(found) != 1:
        raise terminate("redundant-data" if found else "missing-data")
    return found[0]


def _note_missing(data: Data) -> None:
    for tag, methods in _NEEDED.items():
        if tag not in data.card and any(data.aip(method) for method in methods):
            data.tvr.set("icc-data-missing")


def _note_missing_remainders(data: Data, terminal: Terminal, method: Method) -> None:
    """A remainder is missing if the certificate names a longer key than it has room for, which
    shows inside the certificate only (Book 3, 7.5)."""
    try:
        if ISSUER_REMAINDER not in data.card:
            _note_cut(data, _ca_key(data, terminal).key, ISSUER_CERTIFICATE, *_ISSUER_BLOCK)
        if ICC_REMAINDER not in data.card and method in _DYNAMIC:
            _note_cut(data, recover_issuer_key(data, terminal), ICC_CERTIFICATE, *_ICC_BLOCK)
    except CryptoError:
        pass  # nothing can be read in the certificate: it failed for more than its remainder


def _note_cut(data: Data, signer: RsaPublicKey, tag: str, form: int, fields: int) -> None:
    body = recover(signer, form, "certificate", data.card.get(tag, b""), fields).body
    if body[fields - 2] > len(signer.modulus) - FRAME - fields:
        data.tvr.set("icc-data-missing")
