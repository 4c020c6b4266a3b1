"""Card verification values against other libraries, and what they do not take."""

import warnings
from collections.abc import Callable
from typing import TypeVar

import psec.cvv
import pyemv.cvv
import pyemv.kd
import pytest
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import BadKey, CryptoError, Key, KeyType
from posemu.crypto.card_verification import (
    CVV2_SERVICE_CODE,
    ICVV_SERVICE_CODE,
    cavv,
    cvc3,
    cvv,
    dcvv,
    iv_cvc3,
)
from posemu.crypto.emv.keys import icc_master_key

PAN = "4761739001010119"
KEY = Key(bytes(range(16)), KeyType.TDES2)
Answer = TypeVar("Answer")
RAW = st.binary(min_size=16, max_size=16)


def _digits(shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=shortest, max_size=longest)


def _quiet(oracle: Callable[..., Answer], *args: object) -> Answer:
    """What another library answers; it still imports TDES from where `cryptography` had it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return oracle(*args)


@settings(deadline=None, max_examples=80)
@given(raw=RAW, pan=_digits(1, 19), expiry=_digits(4, 4), code=_digits(3, 3))
def test_cvv_is_that_of_psec(raw: bytes, pan: str, expiry: str, code: str) -> None:
    """Any key pair, PAN, date and service code give psec's value, as far as psec goes: it stops
    where the cipher output has less than three digits."""
    ours = cvv(Key(raw, KeyType.TDES2), pan, expiry, code)
    assert ours.startswith(_quiet(psec.cvv.generate_cvv, raw, pan, expiry, code))
    assert len(ours) == 3


@settings(deadline=None, max_examples=80)
@given(
    raw=RAW, pan=_digits(12, 19), number=_digits(4, 4), result=_digits(1, 1), second=_digits(2, 2)
)
def test_cavv_is_a_cvv_of_other_digits(
    raw: bytes, pan: str, number: str, result: str, second: str
) -> None:
    """The number stands where the date stands, the two codes where the service code stands."""
    ours = cavv(Key(raw, KeyType.TDES2), pan, number, result, second)
    assert ours.startswith(_quiet(psec.cvv.generate_cvv, raw, pan, number, result + second))


@settings(deadline=None, max_examples=80)
@given(
    raw=RAW,
    pan=_digits(12, 19),
    psn=_digits(2, 2),
    expiry=_digits(4, 4),
    code=_digits(3, 3),
    atc=st.integers(0, 9999),
)
def test_dcvv_is_a_cvv_under_the_cards_key(
    raw: bytes, pan: str, psn: str, expiry: str, code: str, atc: int
) -> None:
    """With an ATC written in digits, psec's CVV of the changed PAN under pyemv's card key."""
    icc_raw = _quiet(pyemv.kd.derive_icc_mk_a, raw, pan, psn)
    icc_key = icc_master_key(Key(raw, KeyType.TDES2), pan, psn, "A")
    ours = dcvv(icc_key, pan, expiry, code, bytes.fromhex(f"{atc:04}"))
    theirs = _quiet(psec.cvv.generate_cvv, icc_raw, f"{atc:04}{pan[4:]}", expiry, code)
    assert ours.startswith(theirs)


@settings(deadline=None, max_examples=80)
@given(
    raw=RAW,
    track=st.binary(max_size=60),
    atc=st.binary(min_size=2, max_size=2),
    number=st.binary(min_size=4, max_size=4),
)
def test_cvc3_is_that_of_pyemv(raw: bytes, track: bytes, atc: bytes, number: bytes) -> None:
    """Any key, track template, ATC and number give pyemv's value, with the zeros it leaves out."""
    key = Key(raw, KeyType.TDES2)
    ours = cvc3(key, iv_cvc3(key, track), atc, number)
    assert len(ours) == 5
    assert ours == _quiet(pyemv.cvv.generate_cvc3, raw, track, atc, number).zfill(5)


def test_stripe_printed_and_chip_values_differ() -> None:
    """The constants make the three values of one card different ones."""
    codes = ("201", CVV2_SERVICE_CODE, ICVV_SERVICE_CODE)
    assert len({cvv(KEY, PAN, "2912", code) for code in codes}) == 3


def test_dcvv_counts_every_atc() -> None:
    """An ATC with nibbles above nine is taken as it is, and neighbouring ones do not all agree."""
    values = [dcvv(KEY, PAN, "2912", "201", atc.to_bytes(2)) for atc in range(0x0F00, 0x0F10)]
    assert all(len(value) == 3 and value.isdigit() for value in values)
    assert len(set(values)) > 8


@pytest.mark.parametrize(
    ("pan", "expiry", "code"),
    [
        ("", "2912", "201"),
        ("4" * 20, "2912", "201"),
        ("476173900101011A", "2912", "201"),
        ("４" * 16, "2912", "201"),
        (PAN, "291", "201"),
        (PAN, "29120", "201"),
        (PAN, "29A2", "201"),
        (PAN, "2912", "20"),
        (PAN, "2912", "2011"),
        (PAN, "2912", "20A"),
    ],
)
def test_cvv_and_dcvv_check_their_digits(pan: str, expiry: str, code: str) -> None:
    """PAN, date and service code have their lengths and are digits; the error shows none."""
    for call in (
        lambda: cvv(KEY, pan, expiry, code),
        lambda: dcvv(KEY, pan, expiry, code, bytes(2)),
    ):
        with pytest.raises(CryptoError, match="decimal digits") as caught:
            call()
        assert PAN not in str(caught.value)


def test_cavv_checks_its_digits() -> None:
    """Each part has its own length."""
    good = (PAN, "1234", "0", "00")
    assert cavv(KEY, *good).isdigit()
    for place, wrong in (
        (0, ""),
        (1, "123"),
        (1, "12A4"),
        (2, ""),
        (2, "00"),
        (3, "0"),
        (3, "000"),
    ):
        with pytest.raises(CryptoError, match="decimal digits"):
            cavv(KEY, *good[:place], wrong, *good[place + 1 :])


def test_binary_inputs_have_their_lengths() -> None:
    """ATC, unpredictable number and IV of any other length are refused."""
    for iv, atc, number, what in (
        (bytes(1), bytes(2), bytes(4), "IV"),
        (bytes(2), bytes(1), bytes(4), "ATC"),
        (bytes(2), bytes(3), bytes(4), "ATC"),
        (bytes(2), bytes(2), bytes(3), "unpredictable"),
        (bytes(2), bytes(2), bytes(8), "unpredictable"),
    ):
        with pytest.raises(CryptoError, match=what):
            cvc3(KEY, iv, atc, number)
    with pytest.raises(CryptoError, match="ATC"):
        dcvv(KEY, PAN, "2912", "201", bytes(1))
    with pytest.raises(CryptoError, match="PAN"):
        dcvv(KEY, "476", "2912", "201", bytes(2))


@pytest.mark.parametrize(
    "key", [Key(bytes(16)), Key(bytes(24), KeyType.TDES3), Key(bytes(16), KeyType.HMAC)]
)
def test_only_a_pair_of_keys_is_taken(key: Key) -> None:
    """Every value is computed under a TDES key of two parts and no other."""
    for call in (
        lambda: cvv(key, PAN, "2912", "201"),
        lambda: cavv(key, PAN, "1234", "0", "00"),
        lambda: dcvv(key, PAN, "2912", "201", bytes(2)),
        lambda: iv_cvc3(key, b""),
        lambda: cvc3(key, bytes(2), bytes(2), bytes(4)),
    ):
        with pytest.raises(BadKey, match="pair"):
            call()
