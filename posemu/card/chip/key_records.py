"""The keys of an application and the records that prove them: issuer and ICC certificates, the
static signature (EMV Book 2 5.1, 6.1, 7.1; Book 3 annex A).

    SDA   8F 9F32 92 | 90 | 93                     the issuer signed the records
    DDA   8F 9F32 92 | 90 | 9F46 | 9F47 9F48       the issuer signed the card's key, and the records
    PIN   9F2D | 9F2E 9F2F                         and its key for PINs, if it has one of its own
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1

from posemu.card.chip.data_objects import KEYS_SFI, LONGEST_ANSWER, Records, record
from posemu.card.chip.profile import ApplicationProfile, CardProfileError
from posemu.crypto import (
    MadeCertificate,
    RsaPrivateKey,
    make_icc_certificate,
    make_issuer_certificate,
    sign_static,
)
from posemu.profiles.card_keys import CardKeySet, RsaPair

STATIC_CODE = bytes.fromhex("DAC1")
"""The data authentication code (9F45): assumed, the same on every test card."""
_EXPIRES = "1249"  # MMYY, of every certificate: later than any card, so that only the card expires
_ISSUER_DIGITS = 4  # of the PAN name the issuer: EMV Book 2 5.1 allows 3 to 8
_SERIAL = bytes.fromhex("000001")
_AIP_ALONE = bytes.fromhex("82")
_CDA_ANSWER = 62  # bytes beside the signature in the longest answer of GENERATE AC


@dataclass(frozen=True, slots=True)
class KeyRecords:
    """The records, and the private keys that stay in the card; None where it has none."""

    records: Records
    icc: RsaPrivateKey | None
    pin: RsaPrivateKey | None


def key_records(
    entry: ApplicationProfile, pan: str, keys: CardKeySet, covered: bytes, file: str, place: str
) -> KeyRecords:
    """`covered` is the static data to authenticate. CardProfileError for a key that is not
    there, or does not fit into the one above it."""
    pairs = _pairs(entry, keys, file, f"{place}.keys")
    ca, issuer, icc = pairs["ca"], pairs["issuer"], pairs["icc"]
    pin = pairs.get("pin")
    if entry.authentication == "none" and not _enciphers(entry):
        return KeyRecords({}, None, None)
    certified = _issuer_certificate(ca, issuer, pan[:_ISSUER_DIGITS])
    index = bytes.fromhex(keys.index_of(entry.keys.ca))
    head = [("8F", index), ("9F32", issuer.public.exponent), ("92", certified.remainder)]
    rows = [[*head, ("9F4A", _AIP_ALONE)], [("90", certified.certificate)]]
    signs = entry.authentication in ("dda", "cda")
    if entry.authentication == "sda":
        rows.append([("93", sign_static(issuer.private, STATIC_CODE, covered).signature)])
    if signs:
        rows += _icc_rows(issuer, icc, pan, covered, ("9F46", "9F47", "9F48"))
    if pin is not None:
        rows += _icc_rows(issuer, pin, pan, b"", ("9F2D", "9F2E", "9F2F"))
    records = {
        (KEYS_SFI, number): record((tag, value) for tag, value in row if value)
        for number, row in enumerate(rows, 1)
    }
    own = icc.private if signs else None
    return KeyRecords(records, own, pin.private if pin is not None else None)


def _enciphers(entry: ApplicationProfile) -> bool:
    return entry.keys.pin is not None


def _pairs(
    entry: ApplicationProfile, keys: CardKeySet, file: str, place: str
) -> dict[str, RsaPair]:
    """Use -> key. Each but the first is certified by the one before it, PIN's as the card's."""
    uses = {"ca": entry.keys.ca, "issuer": entry.keys.issuer, "icc": entry.keys.icc}
    if entry.keys.pin is not None:
        uses["pin"] = entry.keys.pin
    for use, name in uses.items():
        if name not in keys.rsa:
            known = ", ".join(keys.rsa)
            raise CardProfileError(file, f"{place}.{use}", f"no key {name!r}; there are {known}")
    pairs = {use: keys.rsa[name] for use, name in uses.items()}
    if entry.keys.ca not in keys.authorities.values():
        raise CardProfileError(file, f"{place}.ca", f"{entry.keys.ca} is no authority's key")
    bits = {use: pair.public.bits for use, pair in pairs.items()}
    for upper, lower in (("ca", "issuer"), ("issuer", "icc"), ("issuer", "pin")):
        if bits.get(lower, 0) > bits[upper]:
            reason = f"is longer than the one that certifies it: at most {bits[upper]} bits"
            raise CardProfileError(file, f"{place}.{lower}", reason)
    longest = LONGEST_ANSWER - _CDA_ANSWER
    if entry.authentication == "cda" and bits["icc"] // 8 > longest:
        reason = f"a CDA signature and its cryptogram fill one answer: at most {8 * longest} bits"
        raise CardProfileError(file, f"{place}.icc", reason)
    return pairs


@lru_cache(maxsize=64)
def _issuer_certificate(ca: RsaPair, issuer: RsaPair, identifier: str) -> MadeCertificate:
    return make_issuer_certificate(
        ca.private, issuer.public, holder=identifier, expiry_mmyy=_EXPIRES, serial=_SERIAL
    )


def _icc_rows(
    issuer: RsaPair, key: RsaPair, pan: str, covered: bytes, tags: tuple[str, str, str]
) -> list[list[tuple[str, bytes]]]:
    made = make_icc_certificate(
        issuer.private,
        key.public,
        pan=pan,
        expiry_mmyy=_EXPIRES,
        serial=sha1(pan.encode("ascii")).digest()[:3],
        static_data=covered,
    )
    certificate, exponent, remainder = tags
    return [
        [(certificate, made.certificate)],
        [(exponent, key.public.exponent), (remainder, made.remainder)],
    ]
