"""MACs and check values beyond the vectors: against psec, and against the text of the standards
written out on psec's bare ciphers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.aes import encrypt_aes_ecb
from psec.des import encrypt_tdes_ecb, generate_kcv
from psec.mac import (
    Algorithm,
    generate_cbc_mac,
    generate_retail_mac,
    pad_iso_1,
    pad_iso_2,
    pad_iso_3,
)

from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import cmac, kcv, kcv_zero_block, tdes_cmac
from posemu.crypto.mac.iso9797 import cbc_mac, pad, retail_mac, retail_mac_under, two_key_mac
from posemu.crypto.mac.unionpay import unionpay_mac, unionpay_mac_steps, xor_fold
from posemu.crypto.master_key import (
    tdes_key,
    unwrap_checked_key,
    unwrap_working_key,
    variant,
    wrap_working_key,
)

# The oracle asks for TDES where the library has announced to move it from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

PADDINGS = st.sampled_from([1, 2, 3])
DATA = st.binary(max_size=70)
PARTS = st.binary(min_size=8, max_size=8)
TWO_PARTS = st.binary(min_size=16, max_size=16)
TDES_VALUES = TWO_PARTS | st.binary(min_size=24, max_size=24)
AES_VALUES = TDES_VALUES | st.binary(min_size=32, max_size=32)


def _tdes2(value: bytes) -> Key:
    return Key(value, KeyType.TDES2)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


@settings(deadline=None, max_examples=60)
@given(data=DATA, block=st.sampled_from([4, 8, 16]))
def test_paddings_are_those_of_psec(data: bytes, block: int) -> None:
    """All three methods, with data that is empty, ends in a block, or does not."""
    for method, oracle in ((1, pad_iso_1), (2, pad_iso_2), (3, pad_iso_3)):
        assert pad(method, data, block) == oracle(data, block)


@pytest.mark.parametrize("data", [b"", b"1234567", b"123456789"])
def test_data_without_padding_is_whole_blocks(data: bytes) -> None:
    """Method 0 takes whole blocks, at least one, and refuses everything else."""
    assert pad(0, b"12345678", 8) == b"12345678"
    with pytest.raises(BadCiphertext, match="padding method 1, 2 or 3"):
        pad(0, data, 8)


@pytest.mark.parametrize("method", [-1, 4, 80])
def test_unknown_padding_is_refused(method: int) -> None:
    """A method that does not exist is refused by each MAC that pads."""
    key = _tdes2(bytes(16))
    for mac in (cbc_mac, retail_mac):
        with pytest.raises(BadCiphertext, match="no padding method"):
            mac(key, b"data", method)


def test_length_that_does_not_fit_is_refused() -> None:
    """Method 3 writes the length into one block: 256 bits are more than one byte holds."""
    assert pad(3, bytes(31), 1)[0] == 248
    with pytest.raises(BadCiphertext, match="256 bits"):
        pad(3, bytes(32), 1)


@settings(deadline=None, max_examples=60)
@given(value=TDES_VALUES, data=DATA, padding=PADDINGS)
def test_cbc_mac_under_tdes_is_that_of_psec(value: bytes, data: bytes, padding: int) -> None:
    """Algorithm 1 with TDES keys of two and three parts."""
    expected = generate_cbc_mac(value, data, padding, 8, Algorithm.DES)
    assert cbc_mac(tdes_key(value), data, padding) == expected


@settings(deadline=None, max_examples=60)
@given(value=AES_VALUES, data=DATA, padding=PADDINGS)
def test_cbc_mac_under_aes_is_that_of_psec(value: bytes, data: bytes, padding: int) -> None:
    """Algorithm 1 with AES keys of all lengths."""
    expected = generate_cbc_mac(value, data, padding, 16, Algorithm.AES)
    assert cbc_mac(Key(value), data, padding) == expected


@settings(deadline=None, max_examples=60)
@given(value=TWO_PARTS, data=DATA, padding=PADDINGS)
def test_retail_mac_is_that_of_psec(value: bytes, data: bytes, padding: int) -> None:
    """Algorithm 3 with DES; the general form under the two halves gives the same."""
    expected = generate_retail_mac(value[:8], value[8:], data, padding, 8)
    assert retail_mac(_tdes2(value), data, padding) == expected
    assert two_key_mac(tdes_key(value[:8]), tdes_key(value[8:]), data, padding) == expected


@settings(deadline=None, max_examples=40)
@given(value=TWO_PARTS, messages=st.lists(DATA, min_size=1, max_size=8), padding=PADDINGS)
def test_kept_key_gives_the_same_macs(value: bytes, messages: list[bytes], padding: int) -> None:
    """A function that is kept gives each message the MAC it has by itself, whatever came before."""
    mac = retail_mac_under(_tdes2(value), padding)
    assert [mac(m) for m in messages] == [retail_mac(_tdes2(value), m, padding) for m in messages]


@settings(deadline=None, max_examples=30)
@given(key=AES_VALUES, key2=AES_VALUES, data=DATA)
def test_two_key_mac_under_aes(key: bytes, key2: bytes, data: bytes) -> None:
    """Algorithm 3 with AES undoes the inner decipherment when both keys are one."""
    assert two_key_mac(Key(key), Key(key), data) == cbc_mac(Key(key), data)
    if key != key2:
        assert two_key_mac(Key(key), Key(key2), data) != cbc_mac(Key(key), data)


def test_keys_of_a_wrong_kind_are_refused() -> None:
    """An AES key is no retail MAC key, an HMAC key none of a block cipher, and so on."""
    aes, hmac_key = Key(bytes(16)), Key(bytes(16), KeyType.HMAC)
    tdes2, tdes3 = _tdes2(bytes(16)), Key(bytes(24), KeyType.TDES3)
    for refused in (
        lambda: retail_mac(aes, b""),
        lambda: retail_mac(tdes3, b""),
        lambda: retail_mac(hmac_key, b""),
        lambda: cbc_mac(hmac_key, b""),
        lambda: two_key_mac(aes, tdes2, b""),
        lambda: two_key_mac(tdes2, hmac_key, b""),
        lambda: cmac(tdes2, b""),
        lambda: tdes_cmac(aes, b""),
        lambda: tdes_cmac(hmac_key, b""),
        lambda: kcv(hmac_key),
        lambda: kcv_zero_block(hmac_key),
        lambda: unionpay_mac(aes, b""),
        lambda: wrap_working_key(aes, tdes2),
        lambda: wrap_working_key(tdes2, aes),
        lambda: unwrap_working_key(aes, bytes(16)),
        lambda: variant(aes, bytes(8)),
    ):
        with pytest.raises(BadKey):
            refused()


def _tdes_cmac_by_the_text(key: bytes, data: bytes) -> bytes:
    """NIST SP 800-38B section 6 with R = 1B, on bare blocks."""

    def doubled(block: bytes) -> bytes:
        number = int.from_bytes(block) << 1
        return ((number ^ (0x1B if number >> 64 else 0)) & (1 << 64) - 1).to_bytes(8)

    k1 = doubled(encrypt_tdes_ecb(key, bytes(8)))
    whole = data and len(data) % 8 == 0
    padded = data if whole else pad_iso_2(data, 8)
    chain = bytes(8)
    for at in range(0, len(padded) - 8, 8):
        chain = encrypt_tdes_ecb(key, _xor(chain, padded[at : at + 8]))
    last = _xor(padded[-8:], k1 if whole else doubled(k1))
    return encrypt_tdes_ecb(key, _xor(chain, last))


@settings(deadline=None, max_examples=40)
@given(value=TDES_VALUES, data=st.binary(max_size=40))
def test_tdes_cmac_is_that_of_the_text(value: bytes, data: bytes) -> None:
    """CMAC with both subkeys, of empty data too; a check value is the CMAC of a zero block."""
    key = tdes_key(value)
    assert tdes_cmac(key, data) == _tdes_cmac_by_the_text(value, data)
    assert kcv(key, 5) == _tdes_cmac_by_the_text(value, bytes(8))[:5]


@settings(deadline=None, max_examples=40)
@given(value=TDES_VALUES, length=st.integers(3, 8))
def test_zero_block_check_value_is_that_of_psec(value: bytes, length: int) -> None:
    """For TDES and for AES, 3 bytes unless asked for more."""
    assert kcv_zero_block(tdes_key(value)) == generate_kcv(value, 3)
    assert kcv_zero_block(tdes_key(value), length) == generate_kcv(value, length)
    assert kcv_zero_block(Key(value), length) == encrypt_aes_ecb(value, bytes(16))[:length]


@pytest.mark.parametrize("length", [3, 5])
def test_check_value_by_cmac_is_as_long_as_asked(length: int) -> None:
    """ANSI X9.143:2021 8.1 prints five bytes of this key's."""
    key = Key(bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8"))
    assert kcv(key) == bytes.fromhex("08793E")
    assert kcv(key, length) == bytes.fromhex("08793E25AB")[:length]


@settings(deadline=None, max_examples=40)
@given(value=PARTS | TDES_VALUES, data=DATA)
def test_unionpay_mac_is_that_of_the_text(value: bytes, data: bytes) -> None:
    """Fold, encipher the first half of its hex, XOR the second, encipher: eight characters."""
    fold = bytes(8)
    padded = pad_iso_1(data, 8)
    for at in range(0, len(padded), 8):
        fold = _xor(fold, padded[at : at + 8])
    text = fold.hex().upper().encode()
    first = encrypt_tdes_ecb(value, text[:8])
    last = encrypt_tdes_ecb(value, _xor(first, text[8:]))
    steps = unionpay_mac_steps(tdes_key(value), data)
    assert (xor_fold(data), steps.fold, steps.first, steps.last) == (fold, fold, first, last)
    assert unionpay_mac(tdes_key(value), data) == last[:4].hex().upper().encode()


@settings(deadline=None, max_examples=40)
@given(master=TDES_VALUES, working=PARTS | TDES_VALUES, mask=PARTS)
def test_working_keys_come_out_as_they_went_in(master: bytes, working: bytes, mask: bytes) -> None:
    """Wrapped under the master key or a variant of it; the check value tells the right one."""
    wrapping, key = variant(tdes_key(master), mask), tdes_key(working)
    cryptogram = wrap_working_key(wrapping, key)
    assert unwrap_working_key(wrapping, cryptogram) == key
    assert encrypt_tdes_ecb(wrapping.expose(), key.expose()) == cryptogram
    check = kcv_zero_block(key, 4)
    assert unwrap_checked_key(wrapping, cryptogram, check) == key
    with pytest.raises(BadKey, match="check value"):
        unwrap_checked_key(wrapping, cryptogram, _xor(check, b"\0\0\0\1"))


def test_a_variant_changes_every_part() -> None:
    """The mask is XORed into each part; twice is the key itself."""
    key = Key(bytes(range(24)), KeyType.TDES3)
    mask = bytes([0x08, *bytes(7)])
    assert variant(key, mask).expose() == _xor(bytes(range(24)), mask * 3)
    assert variant(variant(key, mask), mask) == key


@pytest.mark.parametrize("length", [0, 1, 7, 9, 20, 32])
def test_lengths_that_make_no_key_are_refused(length: int) -> None:
    """Keys, cryptograms, masks and check values of other lengths are refused with typed errors."""
    master = _tdes2(bytes(range(16)))
    with pytest.raises(BadKey):
        tdes_key(bytes(length))
    with pytest.raises(BadCiphertext):
        unwrap_working_key(master, bytes(length))
    with pytest.raises(BadKey, match="mask"):
        variant(master, bytes(length))
    if length not in range(3, 9):
        with pytest.raises(BadKey, match="3 to 8 bytes"):
            unwrap_checked_key(master, bytes(16), bytes(length))


def test_a_single_des_key_stays_single() -> None:
    """A key of one part, and its cryptogram of 8 bytes, act as DES."""
    master, des = _tdes2(bytes(range(16))), tdes_key(b"\x13\x57\x9b\xdf\x02\x46\x8a\xce")
    assert des.key_type is KeyType.TDES2
    assert unwrap_working_key(master, wrap_working_key(master, des)[:8]) == des
    assert kcv_zero_block(des) == generate_kcv(des.expose()[:8], 3)
