"""Visa PVV and IBM 3624 against another library, and what neither takes."""

import warnings
from collections.abc import Callable

import psec.pin
import pytest
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import BadKey, BadPin, CryptoError, Key, KeyType, Pin
from posemu.crypto.digits import digits_of_cipher
from posemu.crypto.pin.verification import (
    ibm3624_natural_pin,
    ibm3624_offset,
    ibm3624_pin,
    ibm3624_validation_data,
    visa_pvv,
)

PAN = "4761739001010119"
KEY = Key(bytes(range(16)), KeyType.TDES2)
TABLE = "0123456789012345"
DATA = bytes(8)
PSEC_IBM3624 = psec.pin.generate_ibm3624_pin
RAW = st.binary(min_size=16, max_size=16)


def _digits(shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=shortest, max_size=longest)


def _quiet(oracle: Callable[..., str], *args: object) -> str:
    """What another library answers; it still imports TDES from where `cryptography` had it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return oracle(*args)


@settings(deadline=None, max_examples=100)
@given(raw=RAW, index=_digits(1, 1), pin=_digits(4, 4), pan=_digits(12, 19))
def test_pvv_is_that_of_psec(raw: bytes, index: str, pin: str, pan: str) -> None:
    """Any key pair, index, PIN and PAN give psec's PVV."""
    ours = visa_pvv(Key(raw, KeyType.TDES2), index, Pin(pin), pan)
    assert ours == _quiet(psec.pin.generate_visa_pvv, raw, index, pin, pan)


@pytest.mark.parametrize(
    ("cipher", "count", "digits"),
    [
        ("0FAB12CD34EF5678", 4, "0123"),
        ("ABCDEFABCDEFABC7", 4, "7012"),
        ("ABCDEFABCDEFABCD", 3, "012"),
        ("FEDCBAFEDCBAFED0", 3, "054"),
    ],
)
def test_letters_count_when_digits_run_out(cipher: str, count: int, digits: str) -> None:
    """Digits first in their order, then letters less ten: a case that random keys never meet."""
    assert digits_of_cipher(bytes.fromhex(cipher), count) == digits


@settings(deadline=None, max_examples=100)
@given(
    raw=st.one_of(RAW, st.binary(min_size=24, max_size=24)),
    table=_digits(16, 16),
    offset=_digits(4, 12),
    pan=_digits(1, 19),
    pad=st.sampled_from("0123456789ABCDEFabcdef"),
    window=st.data(),
)
def test_ibm3624_is_that_of_psec(
    raw: bytes, table: str, offset: str, pan: str, pad: str, window: st.DataObject
) -> None:
    """PIN and offset of any key, table, window and pad are psec's, and each gives the other."""
    start = window.draw(st.integers(0, len(pan) - 1))
    length = window.draw(st.integers(1, len(pan) - start))
    key = Key(raw, KeyType.TDES2 if len(raw) == 16 else KeyType.TDES3)
    data = ibm3624_validation_data(pan, start, length, pad)
    pin = ibm3624_pin(key, table, data, offset)
    theirs = _quiet(PSEC_IBM3624, raw, table, offset, pan, start, length, pad)
    assert pin.expose() == theirs
    assert ibm3624_offset(key, table, data, pin) == offset
    natural = ibm3624_natural_pin(key, table, data, len(offset))
    assert ibm3624_pin(key, table, data, "0" * len(offset)) == natural
    assert ibm3624_offset(key, table, data, natural) == "0" * len(offset)


def test_ibm3624_takes_a_key_of_one_part_written_twice() -> None:
    """DES is TDES under two equal parts: psec's answer for the eight byte key."""
    single = bytes(range(8))
    data = ibm3624_validation_data(PAN, 0, 16, "F")
    pin = ibm3624_natural_pin(Key(single * 2, KeyType.TDES2), TABLE, data, 4)
    assert pin.expose() == _quiet(PSEC_IBM3624, single, TABLE, "0000", PAN, 0, 16, "F")


@pytest.mark.parametrize(
    ("pan", "start", "length", "pad", "reason"),
    [
        ("", 0, 1, "F", "PAN"),
        ("4" * 20, 0, 16, "F", "PAN"),
        ("476173900101011A", 0, 16, "F", "PAN"),
        (PAN, 1, 16, "F", "window"),
        (PAN, 0, 17, "F", "window"),
        (PAN, -1, 4, "F", "window"),
        (PAN, 16, 1, "F", "window"),
        (PAN, 0, 0, "F", "window"),
        (PAN, 0, -1, "F", "window"),
        (PAN, 0, 12, "", "pad"),
        (PAN, 0, 12, "G", "pad"),
        (PAN, 0, 12, "FF", "pad"),
        (PAN, 0, 12, "\u0664", "pad"),
    ],
)
def test_validation_data_is_inside_the_pan(
    pan: str, start: int, length: int, pad: str, reason: str
) -> None:
    """A window that leaves the PAN, a pad that is no nibble and a PAN that is none are refused."""
    with pytest.raises(CryptoError, match=reason) as caught:
        ibm3624_validation_data(pan, start, length, pad)
    assert not pan or pan not in str(caught.value)


def test_ibm3624_refuses_what_it_cannot_use() -> None:
    """Tables, offsets, lengths, data and keys are checked before anything is enciphered."""
    for table in ("", TABLE[:-1], TABLE + "0", TABLE[:-1] + "A", "٤" * 16):
        with pytest.raises(CryptoError, match="decimalisation table has 16"):
            ibm3624_natural_pin(KEY, table, DATA, 4)
        with pytest.raises(CryptoError, match="decimalisation table has 16"):
            ibm3624_offset(KEY, table, DATA, Pin("1234"))
    for offset in ("", "123", "1234567890123", "12A4"):
        with pytest.raises(CryptoError, match="offset has 4 to 12"):
            ibm3624_pin(KEY, TABLE, DATA, offset)
    for length in (-1, 0, 3, 13, 16, 17):
        with pytest.raises(BadPin):
            ibm3624_natural_pin(KEY, TABLE, DATA, length)
    for data in (b"", bytes(7), bytes(16)):
        with pytest.raises(CryptoError, match="8 bytes"):
            ibm3624_pin(KEY, TABLE, data, "0000")
    with pytest.raises(BadKey):
        ibm3624_offset(Key(bytes(16)), TABLE, DATA, Pin("1234"))


@pytest.mark.parametrize(
    ("key", "index", "pin", "pan", "error"),
    [
        (Key(bytes(16)), "1", "1234", PAN, BadKey),
        (Key(bytes(24), KeyType.TDES3), "1", "1234", PAN, BadKey),
        (KEY, "", "1234", PAN, CryptoError),
        (KEY, "A", "1234", PAN, CryptoError),
        (KEY, "11", "1234", PAN, CryptoError),
        (KEY, "1", "12345", PAN, BadPin),
        (KEY, "1", "1234", PAN[:11], CryptoError),
        (KEY, "1", "1234", "4" * 20, CryptoError),
        (KEY, "1", "1234", PAN[:-1] + "A", CryptoError),
    ],
)
def test_pvv_refuses_what_it_cannot_use(
    key: Key, index: str, pin: str, pan: str, error: type[CryptoError]
) -> None:
    """A key that is no pair, an index that is no digit, a longer PIN, a short PAN: refused."""
    with pytest.raises(error) as caught:
        visa_pvv(key, index, Pin(pin), pan)
    assert pan not in str(caught.value)
    assert pin not in str(caught.value)
