"""GENERATE AC: the card decides, and proves it with a cryptogram (EMV 4.4 Book 3, 6.5.5, 9 and
10.8; Book 2, 6.6).

    terminal asks for    card may give
    TC   (approve)       TC, ARQC, AAC
    ARQC (ask issuer)    ARQC, AAC
    AAC  (decline)       AAC

With CDA the cryptogram comes inside a signature over all that both sides said: what was sent for
PDOL, CDOL1 and CDOL2, and the answer. An AAC is never signed.

What may break: a list that asks for more than a command holds, an answer of another form, a
cryptogram that was not asked for, a signature of somebody else. Promised: the first three end the
transaction, the last is told to the caller, who declines.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Final, NamedTuple

from posemu.crypto import CryptoError, NotAuthentic, RsaPublicKey
from posemu.crypto.emv.signatures import CombinedSignature, verify_combined
from posemu.terminal.kernel.card_dialogue import OK, answer_template, ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.offline_data_authentication import (
    DYNAMIC_NUMBER,
    DYNAMIC_SIGNATURE,
    UNPREDICTABLE_NUMBER,
)
from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.terminal_action_analysis import Cryptogram
from posemu.terminal.kernel.terminal_data import TerminalApplication
from posemu.wire.emv.apdu import Command
from posemu.wire.emv.dol import DolEntry, build_dol, dol_length, parse_dol
from posemu.wire.emv.tags import emv_tag
from posemu.wire.emv.tlv import Tlv, decode_length, read_tag
from posemu.wire.errors import DecodeError

CDOL1, CDOL2, TDOL, TC_HASH = "8C", "8D", "97", "98"
CID, ATC, AC, ISSUER_DATA = "9F27", "9F36", "9F26", "9F10"
ANSWERED: Final = (CID, ATC, AC, ISSUER_DATA, DYNAMIC_SIGNATURE)
"""What is kept of an answer; another object in it would stand for one of the issuer or of a
record."""

_SIGN: Final = 0x10  # in P1: a CDA signature is requested
_KIND: Final = 0xC0  # in the CID
_REASON, _SERVICE_NOT_ALLOWED = 0x07, 0x01
_SENT_MAX = 255
_FORMAT_1 = ((CID, 1), (ATC, 2), (AC, 8))


@dataclass(slots=True)
class Signer:
    """The card's key for CDA, and what its signature covers so far: the values that were sent for
    PDOL, CDOL1 and CDOL2, in their order (Book 2, 6.6.1)."""

    key: RsaPublicKey
    sent: bytes


class Given(NamedTuple):
    """The card's answer: its cryptogram (None for a code that the book reserves), whether the
    signature that was asked for proves it, and whether it says "service not allowed"."""

    cryptogram: Cryptogram | None
    authentic: bool
    service_not_allowed: bool


def first_generate_ac(
    data: Data, application: TerminalApplication, asked: Cryptogram, signer: Signer | None
) -> Generator[Request, Answer, Given]:
    """The card action analysis (Book 3, 10.8). Ends the transaction for a cryptogram that stands
    above what was asked for."""
    given = yield from generate_ac(data, application, asked, CDOL1, signer)
    if given.cryptogram not in _LESS[asked]:
        raise terminate("bad-cryptogram-type")
    data.tsi.set("card-risk-performed")
    return given


def generate_ac(
    data: Data,
    application: TerminalApplication,
    asked: Cryptogram,
    dol: str,
    signer: Signer | None,
) -> Generator[Request, Answer, Given]:
    """Ask for a cryptogram with the values of a CDOL (`dol`: CDOL1 or CDOL2), signed if there is a
    `signer`, and keep the answer in `data`.

    Sets default-tdol and cda-failed in the TVR, oda-performed in the TSI. Book 3, 6.5.5 and 9.2.2.
    """
    entries = _entries(data, dol)
    if TC_HASH in (entry.tag for entry in entries):
        data.terminal[TC_HASH] = _tc_hash(data, application)
    sent = build_dol(entries, data.now())
    signed = signer is not None and asked is not Cryptogram.AAC
    command = Command(0x80, 0xAE, asked.value | (_SIGN if signed else 0), 0x00, sent, 256)
    response = yield from ask_card(command)
    if response.sw != OK:
        raise terminate("bad-status")
    template, said = _answer(response.data)
    for tag in ANSWERED:
        data.card.pop(tag, None)
    data.card.update(said)
    cid = said[CID][0]
    cryptogram = _CRYPTOGRAMS.get(cid & _KIND)
    authentic = True
    if signer is not None:
        signer.sent += sent
    if signer is not None and signed and cryptogram is not Cryptogram.AAC:
        authentic = _check_signature(data, signer, template)
    elif AC not in said:
        raise terminate("missing-data")
    return Given(cryptogram, authentic, cid & (_KIND | _REASON) == _SERVICE_NOT_ALLOWED)


def _entries(data: Data, dol: str) -> tuple[DolEntry, ...]:
    if dol not in data.card:
        raise terminate("missing-data")
    try:
        entries = data.entries(dol)
    except DecodeError as error:
        raise terminate("bad-format") from error
    if dol_length(entries) > _SENT_MAX:
        raise terminate("bad-format")
    return entries


def _tc_hash(data: Data, application: TerminalApplication) -> bytes:
    """The hash of what the TDOL asks for. Without a list of the card it is the terminal's default
    list, which may be empty (Book 3, 9.2.2)."""
    if TDOL not in data.card:
        data.tvr.set("default-tdol")
    try:
        entries = parse_dol(data.card.get(TDOL, application.default_tdol))
    except DecodeError as error:
        raise terminate("bad-format") from error
    return sha1(build_dol(entries, data.now())).digest()


def _answer(answer: bytes) -> tuple[Tlv, dict[str, bytes]]:
    """The answer's template, and what is kept of it, of either format (Book 3, 6.5.5.4)."""
    template = answer_template(answer)
    said = _cut(template.value) if template.children is None else _kept(template.children)
    if CID not in said or ATC not in said:
        raise terminate("missing-data")
    for tag, value in said.items():
        known = emv_tag(tag)
        if known is None or not known.shortest <= len(value) <= known.longest:
            raise terminate("bad-format")
    return template, said


def _cut(value: bytes) -> dict[str, bytes]:
    """Format 1: the values in a fixed order; what is left is the issuer's."""
    said, offset = {}, 0
    for tag, length in _FORMAT_1:
        said[tag] = value[offset : offset + length]
        offset += length
    return said | ({ISSUER_DATA: value[offset:]} if value[offset:] else {})


def _kept(children: tuple[Tlv, ...]) -> dict[str, bytes]:
    """Format 2: the objects by tag."""
    said: dict[str, bytes] = {}
    for item in children:
        if item.tag in said:
            raise terminate("redundant-data")
        if item.tag in ANSWERED:
            said[item.tag] = item.value
    return said


def _check_signature(data: Data, signer: Signer, template: Tlv) -> bool:
    """Whether the signature holds; then cryptogram and card number come out of it (Book 2,
    6.6.2)."""
    data.tsi.set("oda-performed")
    try:
        found = _verified(data, signer, template)
    except CryptoError:
        data.tvr.set("cda-failed")
        return False
    data.card[AC] = found.application_cryptogram
    data.card[DYNAMIC_NUMBER] = found.dynamic.dynamic_number
    return True


def _verified(data: Data, signer: Signer, template: Tlv) -> CombinedSignature:
    signature = data.card.get(DYNAMIC_SIGNATURE)
    if signature is None:
        raise NotAuthentic("the card signed nothing")
    covered = signer.sent + _without(template.value, DYNAMIC_SIGNATURE)
    number = data.terminal[UNPREDICTABLE_NUMBER]
    found = verify_combined(signer.key, signature, number, covered)
    if found.cid != data.card[CID][0]:
        raise NotAuthentic("the card signed another kind of cryptogram than it gave")
    return found


def _without(body: bytes, left_out: str) -> bytes:
    """The objects of a template as they came, without one of them: a signature covers the card's
    own bytes, longer lengths than needed included."""
    kept, offset = b"", 0
    while offset < len(body):
        if body[offset] == 0:  # filling between objects
            offset += 1
            continue
        tag = read_tag(body, offset)
        length, width = decode_length(body, offset + len(tag) // 2)
        end = offset + len(tag) // 2 + width + length
        kept += b"" if tag == left_out else body[offset:end]
        offset = end
    return kept


_CRYPTOGRAMS: Final[Mapping[int, Cryptogram]] = {kind.value: kind for kind in Cryptogram}
_LESS: Final[Mapping[Cryptogram, frozenset[Cryptogram]]] = {
    Cryptogram.TC: frozenset(Cryptogram),
    Cryptogram.ARQC: frozenset((Cryptogram.ARQC, Cryptogram.AAC)),
    Cryptogram.AAC: frozenset((Cryptogram.AAC,)),
}
"""What the card may give instead of what was asked for (Book 3, 9.3)."""
