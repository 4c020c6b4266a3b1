"""The TDES keys of an EMV card: from the issuer's master key to the key of one transaction.

    issuer master key --PAN, PSN--> ICC master key --ATC, UN or ARQC--> session key

An issuer has three master keys, and so has each card: for application cryptograms (AC), for the
integrity of scripts (SMI) and for their confidentiality (SMC). Card and issuer derive the same
session keys; nothing but the issuer's three keys is stored at the issuer.

Every key that comes out has odd parity, as key stores want it; no cipher looks at those bits.
"""

from collections.abc import Callable, Mapping
from hashlib import sha1
from types import MappingProxyType

from posemu.crypto.digits import check_digits, digits_of_cipher
from posemu.crypto.errors import BadCardData, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.tdes import TDES_BLOCK, odd_parity, tdes_encryptor

_INVERT = bytes(255 - byte for byte in range(256))


def icc_master_key(issuer_key: Key, pan: str, psn: str, option: str) -> Key:
    """A card's master key, from the issuer's (a TDES2 key each); EMV Book 2 A1.4, option A or B.

    `pan` has 1 to 19 digits, `psn` (PAN sequence number) two: 00 where the card has none. Option B
    is option A for a PAN of up to 16 digits. Raises BadCardData for other digits, BadKey for
    another option or type of key.
    """
    return icc_master_keys_under(issuer_key, option)(pan, psn)


def icc_master_keys_under(issuer_key: Key, option: str) -> Callable[[str, str], Key]:
    """`icc_master_key` of any number of cards of one issuer: a function of PAN and PSN.

    It keeps the cipher context of the issuer's key and nothing of any card. For one thread at a
    time. Raises BadKey as `icc_master_key` does. EMV Book 2 A1.4.
    """
    block_of = _OPTIONS.get(option)
    if block_of is None:
        raise BadKey(f"the options for a card's key are {', '.join(_OPTIONS)}, not {option!r}")
    encrypt = tdes_encryptor(tdes2(issuer_key))

    def icc_key(pan: str, psn: str) -> Key:
        check_digits("a PAN", pan, 1, 19)
        check_digits("a PAN sequence number (00 where there is none)", psn, 2, 2)
        half = bytes.fromhex(block_of(pan, psn))
        return Key(odd_parity(encrypt(half + half.translate(_INVERT))), KeyType.TDES2)

    return icc_key


def _last_digits(pan: str, psn: str) -> str:
    return f"{pan}{psn}"[-16:].zfill(16)


def _hashed_digits(pan: str, psn: str) -> str:
    if len(pan) <= 16:
        return _last_digits(pan, psn)
    digest = sha1(bytes.fromhex(f"{'0' * (len(pan) % 2)}{pan}{psn}")).digest()
    return digits_of_cipher(digest, 16)


_OPTIONS: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {"A": _last_digits, "B": _hashed_digits}
)


def common_session_key(icc_key: Key, r: bytes) -> Key:
    """The session key of the diversification value `r` of 8 bytes; EMV Book 2 A1.3.1.

    The third byte of `r` is overwritten: F0 for the left half of the key, 0F for the right half.
    Raises BadKey if `icc_key` is not TDES2, BadCardData if `r` has another length.
    """
    exact("a diversification value", r, 8)
    head, tail = r[:2], r[3:]
    blocks = head + b"\xf0" + tail + head + b"\x0f" + tail
    return Key(odd_parity(tdes_encryptor(tdes2(icc_key))(blocks)), KeyType.TDES2)


def mchip_session_key(icc_key: Key, atc: bytes, un: bytes) -> Key:
    """Mastercard's session key for cryptograms: `common_session_key` of ATC | 00 00 | UN.

    `atc` (9F36) has 2 bytes, `un` (the unpredictable number, 9F37) 4. M/Chip 4, proprietary session
    key derivation. Errors as for `common_session_key`.
    """
    exact("an ATC", atc, 2)
    exact("an unpredictable number", un, 4)
    return common_session_key(icc_key, atc + bytes(2) + un)


def visa_script_session_key(icc_key: Key, atc: bytes) -> Key:
    """Visa's session key for scripts: the ATC is XORed into the left half of the card's key, its
    inverse into the right half (Visa ICC Specification, secure messaging). `atc` has 2 bytes.
    Errors as for `common_session_key`.
    """
    exact("an ATC", atc, 2)
    key = int.from_bytes(tdes2(icc_key))
    mask = int.from_bytes(bytes(6) + atc + bytes(6) + atc.translate(_INVERT))
    return Key(odd_parity((key ^ mask).to_bytes(16)), KeyType.TDES2)


def emv2000_session_key(
    icc_key: Key, atc: bytes, height: int, branch_factor: int, iv: bytes
) -> Key:
    """The session key from the tree of keys that older cards walk; EMV 4.1 Book 2 A1.3.

    `height` levels (1 to 16) of `branch_factor` children (2 to 65536) must reach every ATC: the
    schemes use 8 levels of 4, or 16 of 2. `iv` has 16 bytes, zeros in practice. Raises BadKey for a
    tree that does not, else as `common_session_key` does. That one has replaced this tree (EMVCo
    SU-46, 2005).
    """
    exact("an ATC", atc, 2)
    exact("the initial value of the key tree", iv, 16)
    if not (1 <= height <= 16 and 2 <= branch_factor <= 65536):
        raise BadKey("a key tree has 1 to 16 levels and 2 to 65536 children at each node")
    if branch_factor**height < 65536:
        raise BadKey(f"{height} levels of {branch_factor} children do not reach all 65536 ATCs")
    number = int.from_bytes(atc)
    path = [number // branch_factor**level % branch_factor for level in reversed(range(height))]
    grandparent, parent = iv, tdes2(icc_key)
    for child in path[:-1]:
        grandparent, parent = parent, _child(grandparent, parent, child)
    leaf = int.from_bytes(_child(grandparent, parent, path[-1])) ^ int.from_bytes(grandparent)
    return Key(odd_parity(leaf.to_bytes(16)), KeyType.TDES2)


def _child(grandparent: bytes, parent: bytes, child: int) -> bytes:
    mask = child << 64 | child ^ 0xF0
    return tdes_encryptor(parent)((int.from_bytes(grandparent) ^ mask).to_bytes(16))


AC_SESSIONS: Mapping[str, Callable[[Key, bytes, bytes], Key]] = MappingProxyType(
    {
        "none": lambda icc_key, atc, un: icc_key,
        "common": lambda icc_key, atc, un: common_session_key(icc_key, _atc_block(atc)),
        "mchip": mchip_session_key,
    }
)
"""Name -> the session key for cryptograms from ICC master key, ATC and unpredictable number."""

SCRIPT_SESSIONS: Mapping[str, Callable[[Key, bytes, bytes], Key]] = MappingProxyType(
    {
        "common": lambda icc_key, atc, arqc: common_session_key(icc_key, arqc),
        "visa": lambda icc_key, atc, arqc: visa_script_session_key(icc_key, atc),
    }
)
"""Name -> the session key for scripts from ICC master key, ATC and ARQC."""


def ac_session_key(session: str, icc_key: Key, atc: bytes, un: bytes) -> Key:
    """The key for the application cryptograms of one transaction.

    `session` is `none` (the card's key as it is), `common` (EMV Book 2 A1.3.1, R is the ATC and
    zeros) or `mchip`. What a session does not look at may be empty. BadKey for other names;
    else errors as for `common_session_key`.
    """
    if session not in AC_SESSIONS:
        raise BadKey(f"session keys for cryptograms are {', '.join(AC_SESSIONS)}, not {session!r}")
    return AC_SESSIONS[session](icc_key, atc, un)


def script_session_key(session: str, icc_key: Key, atc: bytes, arqc: bytes) -> Key:
    """The key for the issuer's scripts to a card, for MAC or encipherment as `icc_key` is.

    `session` is `common` (EMV Book 2 A1.3.1, R is the ARQC) or `visa`. What a session does not look
    at may be empty. BadKey for other names; else errors as for `common_session_key`.
    """
    if session not in SCRIPT_SESSIONS:
        raise BadKey(f"session keys for scripts are {', '.join(SCRIPT_SESSIONS)}, not {session!r}")
    return SCRIPT_SESSIONS[session](icc_key, atc, arqc)


def _atc_block(atc: bytes) -> bytes:
    exact("an ATC", atc, 2)
    return atc + bytes(TDES_BLOCK - 2)


def tdes2(key: Key) -> bytes:
    """The 16 raw bytes of an EMV key; BadKey if it is not a TDES key of two parts."""
    if key.key_type is not KeyType.TDES2:
        raise BadKey(f"EMV keys are TDES keys of two parts, not {key.key_type.name}")
    return key.expose()


def exact(what: str, value: bytes, length: int) -> None:
    """Raises BadCardData, with `what` as its subject, if `value` has another length."""
    if len(value) != length:
        raise BadCardData(f"{what} has {length} bytes, not {len(value)}")
