"""The constants that standards print in tables, written down once more: where a vector shows only
some rows of a table, a wrong digit in another row shows here."""

from __future__ import annotations

from hashlib import sha1

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psec.des import encrypt_tdes_ecb

from posemu.crypto import (
    Key,
    KeyBlockHeader,
    KeyType,
    KeyUsage,
    KeyVariant,
    OptionalBlock,
    hash_algorithm,
    icc_master_key,
    key_variant,
)
from posemu.crypto.key_block.protection import _counter_mode

# The oracle asks for TDES where the library has announced to move it from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

RAW = bytes(range(1, 17))


def test_variants_of_tdes_dukpt() -> None:
    """ANSI X9.24-1:2009 table A-1: which byte of each half is turned over, for each use."""
    table = {
        "PIN": "00000000000000FF00000000000000FF",
        "MAC_REQUEST": "000000000000FF00000000000000FF00",
        "MAC_RESPONSE": "00000000FF00000000000000FF000000",
        "DATA_REQUEST": "0000000000FF00000000000000FF0000",
        "DATA_RESPONSE": "000000FF00000000000000FF00000000",
    }
    zero = Key(bytes(16), KeyType.TDES2)
    found = {use.name: key_variant(zero, use).expose().hex().upper() for use in KeyVariant}
    assert found == table


def test_usages_and_types_of_aes_dukpt() -> None:
    """ANSI X9.24-3:2017 6.3.2, tables 2 and 3: the numbers in the derivation data."""
    assert {usage.name: usage.value for usage in KeyUsage} == {
        "KEY_ENCRYPTION": 0x0002,
        "PIN_ENCRYPTION": 0x1000,
        "MAC_GENERATION": 0x2000,
        "MAC_VERIFICATION": 0x2001,
        "MAC_BOTH_WAYS": 0x2002,
        "DATA_ENCRYPTION": 0x3000,
        "DATA_DECRYPTION": 0x3001,
        "DATA_BOTH_WAYS": 0x3002,
        "KEY_DERIVATION": 0x8000,
        "KEY_DERIVATION_INITIAL": 0x8001,
    }
    assert [kind.name for kind in sorted(KeyType)] == (
        ["TDES2", "TDES3", "AES128", "AES192", "AES256", "HMAC"]
    )
    assert [kind.value for kind in sorted(KeyType)] == list(range(6))


def test_hash_algorithms_of_a_key_block() -> None:
    """ANSI X9.143:2021 6.3.6.5, table 13; no other number names a hash."""
    table = {
        "SHA-1": "10", "SHA-224": "20", "SHA-256": "21", "SHA-384": "22", "SHA-512": "23",
        "SHA-512/224": "24", "SHA-512/256": "25", "SHA3-224": "30", "SHA3-256": "31",
        "SHA3-384": "32", "SHA3-512": "33", "SHAKE128": "40", "SHAKE256": "41",
    }  # fmt: skip
    for name, number in table.items():
        header = KeyBlockHeader("D", "M7", "H", "G", "00", "N", (OptionalBlock("HM", number),))
        assert hash_algorithm(header) == name


@settings(deadline=None, max_examples=60)
@given(first=st.binary(min_size=16, max_size=16), data=st.binary(min_size=1, max_size=70))
@example(first=b"\xff" * 16, data=bytes(40))
@example(first=b"\0" * 15 + b"\xff", data=bytes(40))
def test_key_blocks_of_version_e_count_as_ctr_does(first: bytes, data: bytes) -> None:
    """ISO 20038:2017: the MAC is the first counter block, and all 128 bits of it count, modulo
    2**128 (NIST SP 800-38A 6.5)."""
    cipher = Cipher(algorithms.AES(RAW), modes.CTR(first)).encryptor()
    assert _counter_mode(Key(RAW), first, data) == cipher.update(data)


def _half_by_the_text(option: str, pan: str, psn: str) -> bytes:
    """EMV Book 2 A1.4.1 and A1.4.2: the 16 digits that are enciphered."""
    digits = (pan + psn)[-16:].rjust(16, "0")
    if option == "B" and len(pan) > 16:
        joined = pan + psn
        digest = sha1(bytes.fromhex("0" * (len(joined) % 2) + joined)).hexdigest()
        numbers = [n for n in digest if n.isdecimal()]
        letters = [str("abcdef".index(n)) for n in digest if n.isalpha()]
        digits = "".join([*numbers, *letters][:16])
    return bytes.fromhex(digits)


@pytest.mark.parametrize("option", "AB")
@pytest.mark.parametrize("length", range(1, 20))
def test_master_keys_of_every_length_of_pan(option: str, length: int) -> None:
    """EMV Book 2 A1.4: B hashes from 17 digits on, an odd number of them behind a zero; the
    cipher's output gets odd parity."""
    issuer = Key(RAW, KeyType.TDES2)
    for seed in range(5):
        digits = str(int.from_bytes(sha1(bytes((length, seed))).digest())).zfill(19)
        pan, psn = digits[:length], digits[-2:]
        half = _half_by_the_text(option, pan, psn)
        clear = half + bytes(byte ^ 0xFF for byte in half)
        raw = icc_master_key(issuer, pan, psn, option).expose()
        wanted = encrypt_tdes_ecb(RAW, clear)
        assert all(byte.bit_count() % 2 == 1 for byte in raw)
        assert [byte >> 1 for byte in raw] == [byte >> 1 for byte in wanted]
