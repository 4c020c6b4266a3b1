"""Public key certificates: how a terminal comes from the CA's key to the card's (EMV Book 2,
sections 5.3 and 6.4), and how test cards come to theirs (5.1 and 6.1).

    CA key  --recovers-->  issuer certificate (90)  --recovers-->  ICC certificate (9F46, 9F2D)

A certificate holds as much of the modulus as fits; the rest is the remainder (92, 9F48, 9F2F), and
the exponent (9F32, 9F47, 9F2E) stands outside too. Revocation lists are the caller's: they name a
serial number, which is in the result.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha1
from typing import NamedTuple

from posemu.crypto.digits import check_digits
from posemu.crypto.emv.blocks import FRAME, RSA, SHA1, check_hash, check_sha1, recover, sign
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import BadCardData, BadKey, NotAuthentic
from posemu.crypto.mac.cmac import same

_FIELDS = 9  # bytes from the expiry date to the exponent's length
_CENTURY = 50  # years below are 20xx


class _Kind(NamedTuple):
    """The two kinds of certificate: their format byte, and how many bytes name the holder."""

    name: str
    form: int
    holder: int


_ISSUER = _Kind("issuer certificate", 0x02, 4)
_ICC = _Kind("ICC certificate", 0x04, 10)


def ca_key_checksum(rid: bytes, index: int, modulus: bytes, exponent: bytes) -> bytes:
    """The 20 byte checksum of a CA public key; RID of 5 bytes, `index` 0 to 255; EMV Book 2
    11.2.2.

    Raises BadKey for another RID or index.
    """
    if len(rid) != 5 or not 0 <= index <= 255:
        raise BadKey("a CA key is named by a RID of 5 bytes and an index of 0 to 255")
    return sha1(rid + bytes([index]) + modulus + exponent).digest()


def check_ca_key(rid: bytes, index: int, key: RsaPublicKey, checksum: bytes) -> None:
    """Raises BadKey unless `checksum` is that of `ca_key_checksum`. EMV Book 2 11.2.2."""
    if not same(ca_key_checksum(rid, index, key.modulus, key.exponent), checksum):
        raise BadKey(f"CA key {rid.hex().upper()} {index:02X}: its checksum does not match")


@dataclass(frozen=True, slots=True)
class KeyCertificate:
    """A certificate that was recovered and checked. EMV Book 2 5.3, 6.4."""

    holder: str = field(repr=False)
    """Issuer identifier (3 to 8 digits, then F: 8 characters), or the PAN."""
    expiry_mmyy: str
    serial: bytes
    hash_algorithm: int
    key_algorithm: int
    key: RsaPublicKey
    hash: bytes


def recover_issuer_certificate(
    ca_key: RsaPublicKey,
    certificate: bytes,
    *,
    remainder: bytes,
    exponent: bytes,
    pan: str,
    date: str | None = None,
) -> KeyCertificate:
    """The issuer's public key; `remainder` may be empty, `date` is the transaction's (YYMMDD), None
    to leave the expiry date to the caller.

    Checks what EMV Book 2 5.3 asks for: length, trailer, header, format, hash, algorithms, issuer
    identifier against the PAN, expiry. Raises NotAuthentic where one fails, BadKey if the key that
    comes out is none of EMV.
    """
    found = _recover(_ISSUER, ca_key, certificate, remainder, exponent, b"")
    identifier = found.holder.rstrip("F")
    if not (len(identifier) >= 3 and pan.startswith(identifier)):
        raise NotAuthentic("issuer certificate: it was made for the PANs of another issuer")
    if date is not None:
        _check_expiry(_ISSUER, found.expiry_mmyy, date)
    return found


def recover_icc_certificate(
    issuer_key: RsaPublicKey,
    certificate: bytes,
    *,
    remainder: bytes,
    exponent: bytes,
    pan: str,
    static_data: bytes | None,
    date: str | None = None,
) -> KeyCertificate:
    """The card's public key, as `recover_issuer_certificate`; EMV Book 2 6.4, and 7.1 for the key
    of PIN encipherment (its certificate covers no static data: `static_data` is empty).

    With `static_data` None the hash is not checked: whoever wants to look into a certificate
    without the records of its card gets the form of it, and no proof.
    """
    found = _recover(_ICC, issuer_key, certificate, remainder, exponent, static_data)
    if found.holder.rstrip("F") != pan:
        raise NotAuthentic("ICC certificate: it was made for another PAN")
    if date is not None:
        _check_expiry(_ICC, found.expiry_mmyy, date)
    return replace(found, holder=pan)


def _recover(
    kind: _Kind,
    signer: RsaPublicKey,
    certificate: bytes,
    remainder: bytes,
    exponent: bytes,
    static_data: bytes | None,
) -> KeyCertificate:
    """What both kinds of certificate are checked for, holder and date excepted."""
    recovered = recover(signer, kind.form, kind.name, certificate, kind.holder + _FIELDS)
    holder, rest = recovered.body[: kind.holder], recovered.body[kind.holder :]
    fields, digits = rest[:_FIELDS], rest[_FIELDS:]
    hash_algorithm, key_algorithm, length, exponent_length = fields[5:]
    check_sha1(kind.name, hash_algorithm)
    if static_data is not None:
        check_hash(kind.name, recovered, remainder + exponent + static_data)
    if key_algorithm != RSA:
        raise NotAuthentic(f"{kind.name}: key algorithm {key_algorithm:02X} is not 01 (RSA)")
    if len(remainder) != max(0, length - len(digits)):
        raise NotAuthentic(
            f"{kind.name}: of a key of {length} bytes it holds at most {len(digits)}; a remainder "
            f"of {len(remainder)} does not fit to it"
        )
    if len(exponent) != exponent_length:
        raise NotAuthentic(
            f"{kind.name}: it is for an exponent of {exponent_length} bytes, not {len(exponent)}"
        )
    return KeyCertificate(
        holder=holder.hex().upper(),
        expiry_mmyy=fields[:2].hex().upper(),
        serial=fields[2:5],
        hash_algorithm=hash_algorithm,
        key_algorithm=key_algorithm,
        key=RsaPublicKey((digits + remainder)[:length], exponent),
        hash=recovered.hash,
    )


def _check_expiry(kind: _Kind, expiry_mmyy: str, date: str) -> None:
    check_digits("a transaction date (YYMMDD)", date, 6, 6)
    if not (expiry_mmyy.isdigit() and "01" <= expiry_mmyy[:2] <= "12"):
        raise NotAuthentic(f"{kind.name}: {expiry_mmyy} is no expiry date (MMYY)")
    # It is good until the last day of its month.
    if (_year(date[:2]), date[2:4]) > (_year(expiry_mmyy[2:]), expiry_mmyy[:2]):
        raise NotAuthentic(f"{kind.name}: it expired with month {expiry_mmyy} (MMYY)")


def _year(two_digits: str) -> int:
    year = int(two_digits)
    return year + (2000 if year < _CENTURY else 1900)


@dataclass(frozen=True, slots=True)
class MadeCertificate:
    """A certificate as it is stored on a card, with the block before RSA. EMV Book 2 5.1, 6.1."""

    certificate: bytes
    remainder: bytes
    block: bytes


def make_issuer_certificate(
    ca_key: RsaPrivateKey, issuer_key: RsaPublicKey, *, holder: str, expiry_mmyy: str, serial: bytes
) -> MadeCertificate:
    """The certificate of an issuer's key; `holder` is the start of the PAN (3 to 8 digits), F up
    to 8 characters allowed; EMV Book 2 5.1.

    Raises BadCardData for fields of another form, or if the CA's key is too short.
    """
    identifier = holder.rstrip("F")
    check_digits("an issuer identifier", identifier, 3, 8)
    return _make(_ISSUER, ca_key, identifier, expiry_mmyy, serial, issuer_key, b"")


def make_icc_certificate(
    issuer_key: RsaPrivateKey,
    icc_key: RsaPublicKey,
    *,
    pan: str,
    expiry_mmyy: str,
    serial: bytes,
    static_data: bytes,
) -> MadeCertificate:
    """The certificate of a card's key, or with empty `static_data` of its PIN encipherment key;
    EMV Book 2 6.1 and 7.1.

    Raises BadCardData for fields of another form, or if the issuer's key is too short.
    """
    check_digits("a PAN", pan, 1, 19)
    return _make(_ICC, issuer_key, pan, expiry_mmyy, serial, icc_key, static_data)


def _make(
    kind: _Kind,
    signer: RsaPrivateKey,
    holder: str,
    expiry_mmyy: str,
    serial: bytes,
    key: RsaPublicKey,
    static_data: bytes,
) -> MadeCertificate:
    check_digits("an expiry date (MMYY)", expiry_mmyy, 4, 4)
    if len(serial) != 3:
        raise BadCardData(f"a certificate's serial number has 3 bytes, not {len(serial)}")
    lengths = bytes([SHA1, RSA, len(key.modulus), len(key.exponent)])
    head = bytes.fromhex(holder.ljust(2 * kind.holder, "F") + expiry_mmyy)
    fields = head + serial + lengths
    room = max(0, len(signer.modulus) - FRAME - len(fields))
    inside, remainder = key.modulus[:room], key.modulus[room:]
    signed = sign(signer, kind.form, fields + inside, remainder + key.exponent + static_data)
    return MadeCertificate(signed.signature, remainder, signed.block)
