"""CMAC under AES and HMAC-SHA-256, each written out once more from its text on bare blocks."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.aes import encrypt_aes_ecb

from posemu.crypto import Key, KeyType, cmac, hmac_sha256, kcv

LENGTHS = (16, 24, 32)
DATA = st.binary(max_size=80)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _cmac_by_the_text(key: bytes, data: bytes) -> bytes:
    """NIST SP 800-38B 6.1 (subkeys, R = 87) and 6.2."""

    def doubled(block: bytes) -> bytes:
        number = int.from_bytes(block) << 1
        return ((number ^ (0x87 if number >> 128 else 0)) & (1 << 128) - 1).to_bytes(16)

    k1 = doubled(encrypt_aes_ecb(key, bytes(16)))
    whole = bool(data) and len(data) % 16 == 0
    padded = data if whole else data + b"\x80" + bytes(-(len(data) + 1) % 16)
    chain = bytes(16)
    for at in range(0, len(padded) - 16, 16):
        chain = encrypt_aes_ecb(key, _xor(chain, padded[at : at + 16]))
    last = _xor(padded[-16:], k1 if whole else doubled(k1))
    return encrypt_aes_ecb(key, _xor(chain, last))


@pytest.mark.parametrize("length", LENGTHS)
@settings(deadline=None, max_examples=25)
@given(data=DATA, rest=st.data())
def test_aes_cmac_is_that_of_the_text(length: int, data: bytes, rest: st.DataObject) -> None:
    """All three key lengths, whole blocks, parts of one, and no data; check values by it."""
    raw = rest.draw(st.binary(min_size=length, max_size=length))
    assert cmac(Key(raw), data) == _cmac_by_the_text(raw, data)
    assert kcv(Key(raw), 5) == _cmac_by_the_text(raw, bytes(16))[:5]


@pytest.mark.parametrize("length", LENGTHS)
@settings(deadline=None, max_examples=25)
@given(data=DATA, rest=st.data())
def test_hmac_is_that_of_the_text(length: int, data: bytes, rest: st.DataObject) -> None:
    """RFC 2104 section 2: H(K XOR opad, H(K XOR ipad, text)), blocks of 64 bytes."""
    raw = rest.draw(st.binary(min_size=length, max_size=length))
    block = raw.ljust(64, b"\0")
    inner = sha256(_xor(block, b"\x36" * 64) + data).digest()
    outer = sha256(_xor(block, b"\x5c" * 64) + inner).digest()
    assert hmac_sha256(Key(raw, KeyType.HMAC), data) == outer
