"""Answer to reset: taken apart as ISO says, accepted as EMV says."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError
from posemu.wire.emv.atr import check_emv_atr, parse_atr

T0 = "3BF41300FFD0000A3F0300DEADBEEFDC"
T1 = "3BF41300FF9101717C4100DEADBEEFE6"
PLACES = {
    T0: ["TS", "T0", "TA1", "TB1", "TC1", "TD1", "TA2", "TC2", "TD2", "TA3", "TB3"],
    T1: ["TS", "T0", "TA1", "TB1", "TC1", "TD1", "TA2", "TD2", "TA3", "TB3", "TC3"],
}


def _with(atr, name, byte):
    """`atr` with another byte and a right check byte."""
    raw = bytearray.fromhex(atr)
    place = PLACES[atr].index(name)
    raw[-1] ^= raw[place] ^ byte
    raw[place] = byte
    return bytes(raw)


def _read(parse, data):
    """What is read, or the error."""
    try:
        return parse(data)
    except DecodeError as error:
        return error


@pytest.mark.parametrize("atr", ["3B600000", "3BE000FF81317C4192", "3F600000", T0, T1])
def test_payment_cards_are_accepted(atr):
    """The basic answers of EMV Book 1, 8.2, and two with everything in them."""
    check_emv_atr(parse_atr(bytes.fromhex(atr)))


def test_parts():
    """Interface bytes by name, historical bytes, protocols, check byte."""
    atr = parse_atr(bytes.fromhex(T1))
    assert list(atr.interface) == PLACES[T1][2:]
    assert atr.interface["TB3"] == 0x41
    assert (atr.ts, atr.historical.hex(), atr.protocols, atr.tck) == (
        0x3B,
        "deadbeef",
        (1, 1),
        0xE6,
    )
    assert parse_atr(bytes.fromhex("3B600000")).tck is None


@pytest.mark.parametrize("atr", [T0, T1, "3B600000"])
def test_one_byte_less_or_more_is_refused(atr):
    """An answer cut anywhere, and one that goes on, is none."""
    raw = bytes.fromhex(atr)
    for cut in [*(raw[:n] for n in range(len(raw))), raw + b"\0"]:
        with pytest.raises(DecodeError):
            parse_atr(cut)


@pytest.mark.parametrize("place", range(1, 16))
def test_the_check_byte_sees_every_bit(place):
    """A flipped bit makes another length, or a check that fails."""
    for bit in range(8):
        raw = bytearray.fromhex(T1)
        raw[place] ^= 1 << bit
        with pytest.raises(DecodeError):
            parse_atr(bytes(raw))


@pytest.mark.parametrize(
    ("atr", "name", "accepted"),
    [
        (T0, "TA1", {0x11, 0x12, 0x13}),
        (T0, "TB1", {0x00}),
        (T0, "TC1", {0x00, 0xFF}),
        (T0, "TA2", {0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0}),
        (T0, "TC2", {0x0A}),
        (T0, "TA3", {high | low for high in (0, 0x40, 0x80, 0xC0) for low in range(1, 8)}),
        (T1, "TA1", {0x11, 0x12, 0x13}),
        (T1, "TC1", {0x00, 0xFF}),
        (T1, "TA2", {0x01, 0x21, 0x41, 0x61, 0x81, 0xA1, 0xC1, 0xE1}),
        (T1, "TA3", set(range(0x10, 0xFF))),
        (T1, "TB3", {bwi << 4 | cwi for bwi in range(5) for cwi in range(6)}),
        (T1, "TC3", {0x00}),
    ],
)
def test_rules(atr, name, accepted):
    """EMV Book 1, 8.3.3: of all values of one byte, exactly these are accepted."""
    found = set()
    for byte in range(256):
        error = _read(check_emv_atr, parse_atr(_with(atr, name, byte)))
        if error is None:
            found.add(byte)
        else:
            assert error.field == name
    assert found == accepted


@pytest.mark.parametrize(
    ("atr", "name"),
    [
        ("3B00", "TB1"),
        ("3B4000", "TB1"),
        ("3BE000002000", "TB2"),
        ("3BE000FF01", "TB3"),
        ("3BE000FF81117C", "TB3"),
        ("3BE000008000", "TD2"),
        ("3BE0000002", "TD1"),
    ],
)
def test_right_cards_that_are_no_payment_cards(atr, name):
    """No TB1, a TB2, T=1 without TB3: fine for ISO, not for EMV."""
    raw = bytes.fromhex(atr)
    parsed = parse_atr(raw if atr[-2:] == "00" else raw + bytes((reduce(xor, raw[1:]),)))
    with pytest.raises(DecodeError) as caught:
        check_emv_atr(parsed)
    assert caught.value.field == name


def test_negotiable_cards_may_offer_any_speed():
    """Without TA2 the terminal stays at the default speed, whatever TA1 offers."""
    check_emv_atr(parse_atr(bytes.fromhex("3B70940000")))


@settings(deadline=None, max_examples=120)
@given(st.binary(max_size=40) | st.binary(max_size=12).map(lambda tail: b"\x3b" + tail))
def test_any_bytes(data):
    """Any bytes are an answer whose parts are its bytes, or a DecodeError inside them."""
    atr = _read(parse_atr, data)
    if isinstance(atr, DecodeError):
        assert 0 <= atr.offset <= len(data)
        return
    tck = b"" if atr.tck is None else bytes((atr.tck,))
    assert data[2:] == bytes(atr.interface.values()) + atr.historical + tck
