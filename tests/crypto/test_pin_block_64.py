"""PIN blocks of formats 0 to 3: another library's blocks, round trips, and all that is refused."""

import warnings
from collections.abc import Callable

import psec.des
import psec.pinblock
import pytest
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import BadKey, Key, KeyType, Pin, PinBlockError
from posemu.crypto.pin.block_64 import (
    PinFormat,
    decipher_pin_64,
    decode_pin_block,
    encipher_pin_64,
    encode_pin_block,
    pan_field_64,
    pin_field_64,
    pin_of_field_64,
    random_fill,
)

PAN = "4761739001010119"
COMPACT = [PinFormat.ISO_0, PinFormat.ISO_1, PinFormat.ISO_2, PinFormat.ISO_3]
WITH_PAN = [PinFormat.ISO_0, PinFormat.ISO_3]
FORMS = st.sampled_from(COMPACT)
KEYS = st.one_of(
    st.binary(min_size=16, max_size=16).map(lambda raw: Key(raw, KeyType.TDES2)),
    st.binary(min_size=24, max_size=24).map(lambda raw: Key(raw, KeyType.TDES3)),
)
PINS = st.text("0123456789", min_size=4, max_size=12)
PANS = st.text("0123456789", min_size=13, max_size=19)
RANDOM = st.binary(min_size=8, max_size=8)
PSEC_DECODE: dict[PinFormat, Callable[[bytes, str], str]] = {
    PinFormat.ISO_0: psec.pinblock.decode_pinblock_iso_0,
    PinFormat.ISO_2: lambda block, pan: psec.pinblock.decode_pinblock_iso_2(block),
    PinFormat.ISO_3: psec.pinblock.decode_pinblock_iso_3,
}


def _block(form: PinFormat, pin: Pin, pan: str, random: bytes) -> bytes:
    return encode_pin_block(form, pin, pan, random_fill(form, pin, random))


@settings(deadline=None, max_examples=80)
@given(pin=PINS, pan=PANS)
def test_blocks_without_chance_are_those_of_psec(pin: str, pan: str) -> None:
    """Formats 0 and 2 give the very bytes that psec gives."""
    zero = encode_pin_block(PinFormat.ISO_0, Pin(pin), pan)
    assert zero == psec.pinblock.encode_pinblock_iso_0(pin, pan)
    assert encode_pin_block(PinFormat.ISO_2, Pin(pin)) == psec.pinblock.encode_pinblock_iso_2(pin)


@settings(deadline=None, max_examples=80)
@given(pin=PINS, pan=PANS, random=RANDOM)
def test_psec_and_we_read_each_others_blocks(pin: str, pan: str, random: bytes) -> None:
    """What one of us writes the other reads, format 3 with its drawn fill too."""
    for form, psec_decode in PSEC_DECODE.items():
        assert psec_decode(_block(form, Pin(pin), pan, random), pan) == pin
    theirs = psec.pinblock.encode_pinblock_iso_3(pin, pan)
    assert decode_pin_block(PinFormat.ISO_3, theirs, pan) == Pin(pin)


@settings(deadline=None, max_examples=80)
@given(form=FORMS, key=KEYS, pin=PINS.map(Pin), pan=PANS, random=RANDOM)
def test_round_trip(form: PinFormat, key: Key, pin: Pin, pan: str, random: bytes) -> None:
    """Every PIN comes back out of every format, clear and enciphered; the cipher is TDES-ECB."""
    fill = random_fill(form, pin, random)
    clear = encode_pin_block(form, pin, pan, fill)
    assert decode_pin_block(form, clear, pan) == pin
    block = encipher_pin_64(key, form, pin, pan, fill)
    with warnings.catch_warnings():
        # psec still imports TDES from where `cryptography` had it.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        assert block == psec.des.encrypt_tdes_ecb(key.expose(), clear)
    assert decipher_pin_64(key, form, block, pan) == pin
    assert pin_of_field_64(form, pin_field_64(form, pin, fill)) == pin


@settings(deadline=None, max_examples=200)
@given(
    form=FORMS,
    block=st.one_of(
        st.binary(max_size=20),
        st.binary(min_size=8, max_size=8),
        st.tuples(PINS, st.sampled_from("0123"), st.text("0123456789ABCDEF", max_size=10)).map(
            lambda t: bytes.fromhex(f"{t[1]}{len(t[0]):x}{t[0]}{t[2]:F<14}"[:16])
        ),
    ),
)
def test_any_block_is_read_as_written_or_refused(form: PinFormat, block: bytes) -> None:
    """A block that is read is written again with the fill it came with; all others are refused,
    and psec takes and refuses the same ones."""
    try:
        pin = decode_pin_block(form, block, PAN)
    except PinBlockError:
        if form in PSEC_DECODE:
            with pytest.raises(ValueError):  # noqa: PT011
                PSEC_DECODE[form](block, PAN)
        return
    field = (int.from_bytes(block) ^ _pan_part(form)).to_bytes(8).hex().upper()
    fill = "" if form in (PinFormat.ISO_0, PinFormat.ISO_2) else field[2 + len(pin.expose()) :]
    assert encode_pin_block(form, pin, PAN, fill) == block
    if form in PSEC_DECODE:
        assert PSEC_DECODE[form](block, PAN) == pin.expose()


def _pan_part(form: PinFormat) -> int:
    return int.from_bytes(pan_field_64(PAN)) if form in WITH_PAN else 0


@pytest.mark.parametrize(
    ("form", "field", "reason"),
    [
        (0, "041234FFFFFFFF", "8 bytes"),
        (0, "041234FFFFFFFFFFFF", "8 bytes"),
        (0, "241234FFFFFFFFFF", "not a format 0"),
        (2, "031234FFFFFFFFFF", "not a format 2"),
        (2, "23123FFFFFFFFFFF", "length"),
        (2, "2D1234567890123F", "length"),
        (2, "25123AFFFFFFFFFF", "no digits"),
        (2, "241234FFFFFFFFFE", "filled up with F"),
        (0, "041234FFFFFFFF0F", "filled up with F"),
        (3, "3412340FFFFFFFFF", "filled up with A to F"),
        (3, "341234ABCDEFABC9", "filled up with A to F"),
        (1, "15123A0000000000", "no digits"),
    ],
)
def test_strict_reading(form: int, field: str, reason: str) -> None:
    """Control nibble, PIN length, digits and every filler nibble are checked, each by its name, and
    the error shows nothing of the field."""
    with pytest.raises(PinBlockError, match=reason) as caught:
        pin_of_field_64(PinFormat(form), bytes.fromhex(field))
    assert field[2:6] not in str(caught.value)


@pytest.mark.parametrize(
    ("form", "fill"),
    [
        (0, "F" * 10),
        (2, "F" * 10),
        (1, ""),
        (1, "0" * 9),
        (1, "0" * 11),
        (1, "00000G0000"),
        (1, "00000\u06640000"),
        (3, ""),
        (3, "A" * 9),
        (3, "AAAAA0AAAA"),
        (3, "9AAAAAAAAA"),
        (3, "AAAAAAAAA "),
    ],
)
def test_fill_that_a_format_does_not_allow_is_refused(form: int, fill: str) -> None:
    """Formats 0 and 2 take no fill, 1 any ten nibbles behind four digits, 3 ten of A to F."""
    with pytest.raises(PinBlockError, match="fill"):
        encode_pin_block(PinFormat(form), Pin("1234"), PAN, fill)


@pytest.mark.parametrize("form", WITH_PAN)
@pytest.mark.parametrize("pan", [None, "", "4" * 12, "4" * 20, "411111111111111A", "４" * 16])
def test_pan_that_a_format_needs(form: PinFormat, pan: str | None) -> None:
    """Formats 0 and 3 want a PAN of 13 to 19 ASCII digits, and say so without showing it."""
    fill = random_fill(form, Pin("1234"), bytes(8))
    for call in (
        lambda: encode_pin_block(form, Pin("1234"), pan, fill),
        lambda: decode_pin_block(form, bytes(8), pan),
    ):
        with pytest.raises(PinBlockError, match="PAN") as caught:
            call()
        assert not pan or pan not in str(caught.value)


def test_format_4_and_other_ciphers_have_their_own_functions() -> None:
    """A format of 16 bytes is refused here, and so is a key that is not TDES."""
    with pytest.raises(PinBlockError, match="encipher_pin"):
        pin_field_64(PinFormat.ISO_4, Pin("1234"))
    with pytest.raises(PinBlockError, match="decipher_pin"):
        decode_pin_block(PinFormat.ISO_4, bytes(16), PAN)
    with pytest.raises(PinBlockError, match="16 bytes"):
        random_fill(PinFormat.ISO_4, Pin("1234"), bytes(8))
    for key in (Key(bytes(16)), Key(bytes(16), KeyType.HMAC)):
        with pytest.raises(BadKey, match="TDES"):
            encipher_pin_64(key, PinFormat.ISO_2, Pin("1234"))
        with pytest.raises(BadKey, match="TDES"):
            decipher_pin_64(key, PinFormat.ISO_2, bytes(8))


@settings(deadline=None, max_examples=100)
@given(form=FORMS, block=st.binary(max_size=24).filter(lambda block: len(block) != 8))
def test_enciphered_block_of_another_length_is_refused(form: PinFormat, block: bytes) -> None:
    """No length of ciphertext but 8 bytes reaches the cipher."""
    with pytest.raises(PinBlockError, match="8 bytes"):
        decipher_pin_64(Key(bytes(16), KeyType.TDES2), form, block, PAN)


def test_random_fill_uses_every_filler_and_all_its_bytes() -> None:
    """Each nibble of the fill takes every value that the format allows and no other, and changing
    any byte of the random number changes the fill."""
    pin = Pin("1234")
    for form, fillers in ((PinFormat.ISO_1, "0123456789ABCDEF"), (PinFormat.ISO_3, "ABCDEF")):
        fills = [
            random_fill(form, pin, (n * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8)) for n in range(400)
        ]
        assert {len(fill) for fill in fills} == {10}
        assert all(set(place) == set(fillers) for place in zip(*fills, strict=True))
        assert len(set(fills)) == len(fills)
    with pytest.raises(PinBlockError, match="8 random bytes"):
        random_fill(PinFormat.ISO_3, pin, bytes(7))
    assert random_fill(PinFormat.ISO_0, pin, bytes(8)) == ""
