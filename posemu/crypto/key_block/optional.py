"""What the known optional blocks of a key block hold (ANSI X9.143:2021 6.3.6, tables 7 to 23).

A header keeps every optional block as text. Here that text is held against its form and read; an
id that is not in the table is somebody's own and is left alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from posemu.crypto.errors import BadKey, KeyBlockError
from posemu.crypto.key_block.header import KeyBlockHeader
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import kcv, kcv_zero_block

_CHECK_VALUE = r"00([0-9A-F]{2}){1,3}|01([0-9A-F]{2}){1,5}"
_TIME = r"\d{4}-?\d\d-?\d\dT?\d\d:?\d\d:?\d\d(\.?\d{1,6})?Z"

HASH_ALGORITHMS = {
    "10": "SHA-1",
    "20": "SHA-224",
    "21": "SHA-256",
    "22": "SHA-384",
    "23": "SHA-512",
    "24": "SHA-512/224",
    "25": "SHA-512/256",
    "30": "SHA3-224",
    "31": "SHA3-256",
    "32": "SHA3-384",
    "33": "SHA3-512",
    "40": "SHAKE128",
    "41": "SHAKE256",
}
"""What HM can name (table 13)."""

_FORMS = {
    "KS": (r"[0-9A-F]{20}|[0-9A-F]{16}", "the initial KSN of TDES DUKPT: 20 hex digits (or 16)"),
    "IK": (r"[0-9A-F]{16}", "the initial key id of AES DUKPT: 16 hex digits"),
    "KC": (_CHECK_VALUE, "00 and 1 to 3 bytes in hex, or 01 and 1 to 5"),
    "KP": (_CHECK_VALUE, "00 and 1 to 3 bytes in hex, or 01 and 1 to 5"),
    "KV": (r"[ -~]{4}", "4 characters"),
    "HM": ("|".join(HASH_ALGORITHMS), "the two digits of a hash algorithm, as 21 for SHA-256"),
    "CT": (
        r"0[012][0-9A-Za-z+/=]+",
        "00 (X.509) or 01 (EMV) and a certificate in base64, or 02 and a chain of them",
    ),
    "DA": (r"01([0-9A-Za-z]{5})+", "01, then 5 characters for each allowed derivation"),
    "LB": (r"[ -~]+", "a label"),
    "TS": (_TIME, "a time in UTC: YYYYMMDDhhmmssZ"),
    "TC": (_TIME, "a time in UTC: YYYYMMDDhhmmssZ"),
    "WP": (r"00[0-3]", "00 and a digit 0 to 3"),
    "PB": (r"[ -~]*", "fill"),
}
"""Id -> form of the text, and the form in words."""
_CHAIN = "02"
_CHAINED = re.compile("0[01][0-9A-F]{4}")
_COMPILED = {block_id: re.compile(form, re.ASCII) for block_id, (form, _) in _FORMS.items()}


class CheckValue(NamedTuple):
    """A key check value as KC (of the key inside) and KP (of the protection key) hold it.
    ANSI X9.143:2021 6.3.6.7, table 15."""

    cmac: bool
    """True: by CMAC, up to 5 bytes; False: by enciphering zeros, up to 3 (table 15)."""
    value: bytes

    def text(self) -> str:
        """The text of the optional block."""
        return f"{'01' if self.cmac else '00'}{self.value.hex().upper()}"


class Certificate(NamedTuple):
    """One public key certificate of CT. ANSI X9.143:2021 6.3.6.3, tables 10 and 11."""

    emv: bool
    """True: an EMV certificate; False: X.509."""
    base64: str


class Derivation(NamedTuple):
    """One derivation that DA allows, in the characters of a header. ANSI X9.143:2021 6.3.6.4, table
    12."""

    key_usage: str
    algorithm: str
    mode_of_use: str
    exportability: str


def check_optional_blocks(header: KeyBlockHeader) -> None:
    """Hold every known optional block against its form; KeyBlockError names one that breaks it.
    ANSI X9.143:2021 6.3.6."""
    for block in header.optional_blocks:
        if block.id in _FORMS:
            _checked(header, block.id)
    certificates(header)


def initial_ksn(header: KeyBlockHeader) -> bytes | None:
    """The 10 bytes (with some devices 8) of KS, or None; KeyBlockError if malformed.
    ANSI X9.143:2021 6.3.6."""
    text = _checked(header, "KS")
    return None if text is None else bytes.fromhex(text)


def initial_key_id(header: KeyBlockHeader) -> bytes | None:
    """The 8 bytes of IK, or None; KeyBlockError if malformed. ANSI X9.143:2021 6.3.6.6."""
    text = _checked(header, "IK")
    return None if text is None else bytes.fromhex(text)


def check_value(header: KeyBlockHeader, block_id: str) -> CheckValue | None:
    """The check value in KC or KP, or None; KeyBlockError if malformed.
    ANSI X9.143:2021 6.3.6.7, table 15."""
    text = _checked(header, block_id)
    if text is None:
        return None
    return CheckValue(text[:2] == "01", bytes.fromhex(text[2:]))


def check_value_of(key: Key) -> CheckValue:
    """The check value that a key block would carry of a key: by CMAC for AES, of zeros for TDES;
    BadKey for an HMAC key. ANSI X9.24-1:2017 annex A.
    """
    if key.key_type is KeyType.HMAC:
        raise BadKey("a key block carries check values of AES and TDES keys, not of HMAC keys")
    if key.key_type.is_aes:
        return CheckValue(True, kcv(key, 5))
    return CheckValue(False, kcv_zero_block(key))


def certificates(header: KeyBlockHeader) -> tuple[Certificate, ...] | None:
    """The certificates of CT, the key's own first, or None; KeyBlockError if malformed.
    ANSI X9.143:2021 6.3.6.3."""
    text = _checked(header, "CT")
    if text is None:
        return None
    if text[:2] != _CHAIN:
        return (Certificate(text[:2] == "01", text[2:]),)
    found: list[Certificate] = []
    at = 2
    while at < len(text):
        # 2 digits of format, 4 hex digits of length, the certificate
        head = _CHAINED.fullmatch(text[at : at + 6])
        size = int(text[at + 2 : at + 6], 16) if head else 0
        if not 1 <= size <= len(text) - at - 6:
            raise KeyBlockError(f"optional block CT: certificate {len(found) + 1} is malformed")
        found.append(Certificate(text[at + 1] == "1", text[at + 6 : at + 6 + size]))
        at += 6 + size
    return tuple(found)


def hash_algorithm(header: KeyBlockHeader) -> str | None:
    """The hash that an HMAC key is for (HM), or None; KeyBlockError if malformed.
    ANSI X9.143:2021 6.3.6.5, table 13."""
    text = _checked(header, "HM")
    return None if text is None else HASH_ALGORITHMS[text]


def allowed_derivations(header: KeyBlockHeader) -> tuple[Derivation, ...] | None:
    """What may be derived of the key (DA), or None where nothing is said; KeyBlockError if
    malformed. ANSI X9.143:2021 6.3.6.4, table 12.
    """
    text = _checked(header, "DA")
    if text is None:
        return None
    parts = [text[at : at + 5] for at in range(2, len(text), 5)]
    return tuple(Derivation(part[:2], part[2], part[3], part[4]) for part in parts)


def _checked(header: KeyBlockHeader, block_id: str) -> str | None:
    """The text of a known optional block that has its form, or None if there is none."""
    text = header.optional(block_id)
    if text is not None and not _COMPILED[block_id].fullmatch(text):
        raise KeyBlockError(f"optional block {block_id} has to hold {_FORMS[block_id][1]}")
    return text
