"""SM3 and SM4 by the examples of their standards, and against both written out once more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto.errors import BadKey
from posemu.crypto.sm3 import sm3
from posemu.crypto.sm4 import SM4_BLOCK, sm4_decryptor, sm4_encryptor

WORD = 0xFFFFFFFF
EXAMPLE_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def _turn(word: int, by: int) -> int:
    by %= 32
    return (word << by | word >> (32 - by)) & WORD


def _sm3_by_the_text(data: bytes) -> bytes:
    """GB/T 32905-2016 section 5, in its own letters."""
    bits = len(data) * 8
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + bits.to_bytes(8)
    v = [int(w, 16) for w in ["7380166F", "4914B2B9", "172442D7", "DA8A0600"]]
    v += [int(w, 16) for w in ["A96F30BC", "163138AA", "E38DEE4D", "B0FB0E4E"]]
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[i : i + 4]) for i in range(at, at + 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
            w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = _turn((_turn(a, 12) + e + _turn(t, j)) & WORD, 7)
            ss2 = ss1 ^ _turn(a, 12)
            ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
            gg = e ^ f ^ g if j < 16 else e & f | ~e & g
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & WORD
            tt2 = (gg + h + ss1 + w[j]) & WORD
            a, b, c, d = tt1, a, _turn(b, 9), c
            e, f, g, h = tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h), strict=True)]
    return b"".join(word.to_bytes(4) for word in v)


def _field_inverse(x: int) -> int:
    """In GF(2^8) modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1; 0 stays 0."""
    result = 1
    for _ in range(254):
        product, a, b = 0, result, x
        while b:
            product ^= a if b & 1 else 0
            a = a << 1 ^ (0x1F5 if a & 0x80 else 0)
            b >>= 1
        result = product
    return result


def _affine(x: int) -> int:
    """Bit i of the result: parity of x and the row A7, turned i times; then XOR D3."""
    rows = [(0xA7 << i | 0xA7 >> (8 - i)) & 0xFF for i in range(8)]
    return sum(((x & row).bit_count() & 1) << i for i, row in enumerate(rows)) ^ 0xD3


SBOX = [_affine(_field_inverse(_affine(x))) for x in range(256)]


def _sm4_by_the_text(key: bytes, block: bytes) -> bytes:
    """GB/T 32907-2016 section 6, with the S-box made of its algebraic form, not of its table."""

    def substituted(word: int) -> int:
        return int.from_bytes(bytes(SBOX[byte] for byte in word.to_bytes(4)))

    system = [0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC]
    k = [int.from_bytes(key[i : i + 4]) ^ fk for i, fk in zip(range(0, 16, 4), system, strict=True)]
    x = [int.from_bytes(block[i : i + 4]) for i in range(0, 16, 4)]
    for i in range(32):
        fixed = int.from_bytes(bytes((4 * i + j) * 7 % 256 for j in range(4)))
        b = substituted(k[i + 1] ^ k[i + 2] ^ k[i + 3] ^ fixed)
        k.append(k[i] ^ b ^ _turn(b, 13) ^ _turn(b, 23))
        b = substituted(x[i + 1] ^ x[i + 2] ^ x[i + 3] ^ k[i + 4])
        x.append(x[i] ^ b ^ _turn(b, 2) ^ _turn(b, 10) ^ _turn(b, 18) ^ _turn(b, 24))
    return b"".join(word.to_bytes(4) for word in x[:31:-1])


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"abc", "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"),
        (b"abcd" * 16, "DEBE9FF92275B8A138604889C18E5A4D6FDB70E5387E5765293DCBA39C0C5732"),
    ],
)
def test_sm3_gives_the_examples_of_the_standard(data: bytes, digest: str) -> None:
    """GB/T 32905-2016 annex A, examples 1 and 2."""
    assert sm3(data).hex().upper() == digest
    assert _sm3_by_the_text(data).hex().upper() == digest


@settings(deadline=None, max_examples=40)
@given(data=st.binary(max_size=200))
def test_sm3_agrees_with_the_text(data: bytes) -> None:
    """Any data: also of the lengths where the padding takes one more block."""
    assert sm3(data) == _sm3_by_the_text(data)


def test_sm4_gives_the_examples_of_the_standard() -> None:
    """GB/T 32907-2016 annex A, example 1, and the one of a million encipherments in a row."""
    encrypt = sm4_encryptor(EXAMPLE_KEY)
    assert encrypt(EXAMPLE_KEY).hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    block = EXAMPLE_KEY
    for _ in range(1_000_000):
        block = encrypt(block)
    assert block.hex().upper() == "595298C7C6FD271F0402F804C33D3F66"


@settings(deadline=None, max_examples=40)
@given(key=st.binary(min_size=16, max_size=16), block=st.binary(min_size=16, max_size=16))
def test_sm4_agrees_with_the_text_and_turns_back(key: bytes, block: bytes) -> None:
    """Any key and block; deciphering is the inverse."""
    enciphered = sm4_encryptor(key)(block)
    assert enciphered == _sm4_by_the_text(key, block)
    assert sm4_decryptor(key)(enciphered) == block


@pytest.mark.parametrize("length", [0, 8, 15, 17, 24, 32])
def test_sm4_takes_keys_of_one_length(length: int) -> None:
    """A key of another length is refused with a typed error."""
    for make in (sm4_encryptor, sm4_decryptor):
        with pytest.raises(BadKey):
            make(bytes(length))
    assert SM4_BLOCK == 16
