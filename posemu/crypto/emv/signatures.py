"""Signatures over a card's data: static (SDA), dynamic (DDA), and combined with the cryptogram
(CDA); EMV Book 2, sections 5.4, 6.5 and 6.6.

    SDA (93)     the issuer signed the card's records once; a copied card has the same signature
    DDA (9F4B)   the card signs a number of its own and the terminal's: a copy cannot
    CDA (9F4B)   the same, and its cryptogram with it: what the terminal reads is what was signed

The card's number, in the dynamic data, starts with its length. In CDA its cryptogram follows.
"""

from dataclasses import dataclass
from hashlib import sha1

from posemu.crypto.emv.blocks import SHA1, Signed, check_hash, check_sha1, recover, sign
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import BadCardData, NotAuthentic
from posemu.crypto.mac.cmac import same

_SDA = "static signature"
_DDA = "dynamic signature"
_STATIC_FORM, _DYNAMIC_FORM = 0x03, 0x05
_NUMBER_LENGTHS = range(2, 9)  # of the ICC dynamic number (9F4C)
_CID, _AC, _HASH = 1, 8, 20  # bytes behind the number in CDA


@dataclass(frozen=True, slots=True)
class StaticSignature:
    """What a static signature holds; the code (9F45) shows the issuer later that SDA was done.
    EMV Book 2 5.4, table 7."""

    hash_algorithm: int
    data_authentication_code: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class DynamicSignature:
    """What a dynamic signature holds. EMV Book 2 6.5."""

    hash_algorithm: int
    dynamic_data: bytes
    dynamic_number: bytes
    """The card's number (9F4C)."""
    hash: bytes


@dataclass(frozen=True, slots=True)
class CombinedSignature:
    """What a combined signature holds. EMV Book 2 6.6."""

    dynamic: DynamicSignature
    cid: int
    """Cryptogram information data (9F27): which cryptogram it is."""
    application_cryptogram: bytes
    transaction_hash: bytes


def verify_static(
    issuer_key: RsaPublicKey, signature: bytes, static_data: bytes | None
) -> StaticSignature:
    """The contents of a static signature (93) over the static data to authenticate.

    With `static_data` None the hash is not checked: that is to look into a signature, and no proof.
    Raises NotAuthentic if a check fails. EMV Book 2 5.4.
    """
    recovered = recover(issuer_key, _STATIC_FORM, _SDA, signature, 3)
    algorithm = recovered.body[0]
    check_sha1(_SDA, algorithm)
    if static_data is not None:
        check_hash(_SDA, recovered, static_data)
    return StaticSignature(algorithm, recovered.body[1:3], recovered.hash)


def verify_dynamic(
    icc_key: RsaPublicKey, signature: bytes, terminal_data: bytes
) -> DynamicSignature:
    """The contents of a dynamic signature (9F4B); `terminal_data` is what the DDOL asked for.

    Raises NotAuthentic if a check fails, or if the dynamic data does not start with a number of 2
    to 8 bytes behind its length. EMV Book 2 6.5.2.
    """
    recovered = recover(icc_key, _DYNAMIC_FORM, _DDA, signature, 2)
    algorithm, length = recovered.body[:2]
    check_sha1(_DDA, algorithm)
    check_hash(_DDA, recovered, terminal_data)
    data = recovered.body[2 : 2 + length]
    if len(data) != length:
        raise NotAuthentic(f"{_DDA}: {length} bytes of dynamic data do not fit into it")
    number_length = data[0] if data else 0
    number = data[1 : 1 + number_length]
    if number_length not in _NUMBER_LENGTHS or len(number) != number_length:
        raise NotAuthentic(f"{_DDA}: the card's number has 2 to 8 bytes behind its length")
    return DynamicSignature(algorithm, data, number, recovered.hash)


def verify_combined(
    icc_key: RsaPublicKey, signature: bytes, un: bytes, transaction_data: bytes | None
) -> CombinedSignature:
    """The contents of a combined signature (9F4B of GENERATE AC); `un` is the terminal's number.

    `transaction_data` are the values sent for PDOL, CDOL1 (and CDOL2 in the second GENERATE AC),
    then all TLVs of the answer but the signature. With None their hash is not checked. The caller
    compares CID and cryptogram with the answer's. Raises NotAuthentic if a check fails. EMV Book 2
    6.6.2.
    """
    dynamic = verify_dynamic(icc_key, signature, un)
    rest = dynamic.dynamic_data[1 + len(dynamic.dynamic_number) :]
    if len(rest) < _CID + _AC + _HASH:
        raise NotAuthentic("combined signature: the dynamic data holds no cryptogram and hash")
    cryptogram, transaction_hash = rest[_CID : _CID + _AC], rest[_CID + _AC :][:_HASH]
    if transaction_data is not None and not same(sha1(transaction_data).digest(), transaction_hash):
        raise NotAuthentic("combined signature: the hash of the transaction data does not match")
    return CombinedSignature(dynamic, rest[0], cryptogram, transaction_hash)


def sign_static(issuer_key: RsaPrivateKey, code: bytes, static_data: bytes) -> Signed:
    """The signature of a card's static data, with the data authentication code of 2 bytes; EMV
    Book 2 5.1.

    Raises BadCardData for another length, or if the key is too short.
    """
    if len(code) != 2:
        raise BadCardData(f"a data authentication code has 2 bytes, not {len(code)}")
    return sign(issuer_key, _STATIC_FORM, bytes([SHA1]) + code, static_data)


def sign_dynamic(icc_key: RsaPrivateKey, dynamic_data: bytes, terminal_data: bytes) -> Signed:
    """The card's side of DDA, and of CDA with `combined_data` as its dynamic data; EMV Book 2
    6.5.1, 6.6.1.

    Raises BadCardData if the dynamic data does not fit into the key.
    """
    if len(dynamic_data) > 255:
        raise BadCardData(f"{len(dynamic_data)} bytes of dynamic data: at most 255 are signed")
    body = bytes([SHA1, len(dynamic_data)]) + dynamic_data
    return sign(icc_key, _DYNAMIC_FORM, body, terminal_data)


def combined_data(number: bytes, cid: int, cryptogram: bytes, transaction_data: bytes) -> bytes:
    """The dynamic data of CDA: the card's number of 2 to 8 bytes, CID (0 to 255), cryptogram (8
    bytes), hash of the transaction data; EMV Book 2 6.6.1.

    Raises BadCardData for other lengths.
    """
    if len(number) not in _NUMBER_LENGTHS or len(cryptogram) != _AC or not 0 <= cid <= 255:
        raise BadCardData("CDA takes a number of 2 to 8 bytes, a CID byte, a cryptogram of 8")
    return (
        bytes([len(number)]) + number + bytes([cid]) + cryptogram + sha1(transaction_data).digest()
    )
