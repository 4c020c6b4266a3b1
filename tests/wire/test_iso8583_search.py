"""Messages that nobody thought of: beside pyiso8583, and bytes that are not messages at all."""

import tracemalloc

import iso8583
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posemu.profiles.dialect_file import load_dialect
from posemu.wire import Codec, DecodeError, Fixed, bitmap_of

DIALECT = load_dialect("posemu-87-aes")
CODEC = Codec(DIALECT)
ALPHABETS = {
    "n": "0123456789",
    "an": "ABCXYZabcxyz0189 ",
    "ans": "".join(map(chr, range(0x20, 0x7F))),
}


def _values(field):
    fixed = isinstance(field.length, Fixed)
    size = {
        "min_size": field.length.count if fixed else 0,
        "max_size": field.length.count if fixed else field.length.max,
    }
    if field.type == "b":
        return st.binary(**size)
    return st.text(ALPHABETS[field.type], **size)


@st.composite
def messages(draw):
    """(MTI, fields) of the dialect."""
    mti = draw(st.text("0123456789", min_size=4, max_size=4))
    chosen = draw(st.lists(st.sampled_from(DIALECT.fields), unique_by=lambda f: f.number))
    return mti, {field.number: draw(_values(field)) for field in chosen}


@settings(deadline=None, max_examples=150)
@given(messages())
def test_pyiso8583_agrees_both_ways(pyiso, message):
    """Our bytes are pyiso8583's bytes, and each reads what the other wrote."""
    mti, fields = message
    ours = CODEC.encode(mti, fields)
    theirs = pyiso.fields(mti, fields)
    assert bytes(iso8583.encode(dict(theirs), pyiso.spec)[0]) == ours
    read = iso8583.decode(ours, pyiso.spec)[0]
    assert {key: read[key] for key in theirs} == theirs
    assert set(read) == {*theirs, "p"}
    assert CODEC.decode(ours) == (mti, fields)


def read_or_refused(data):
    """Whether `data` is a message that encodes to the same bytes, or is refused with field, place
    and reason."""
    try:
        mti, fields = CODEC.decode(data)
    except DecodeError as error:
        return 0 <= error.offset <= len(data) and error.field != "" and error.reason != ""
    return CODEC.encode(mti, fields) == data


@st.composite
def almost_messages(draw):
    """An MTI and a bitmap of known fields, then anything: gets further than pure noise."""
    numbers = draw(st.lists(st.sampled_from([f.number for f in DIALECT.fields]), unique=True))
    return b"\x02\x00" + bitmap_of(numbers) + draw(st.binary(max_size=300))


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.binary(max_size=400), almost_messages()))
@example(b"\x08\x00" + bitmap_of([11]) + b"\x00\x00\x07")
def test_any_bytes_are_decoded_or_refused(data):
    """Whatever the bytes: a message that encodes to them again, or DecodeError."""
    assert read_or_refused(data)


@settings(deadline=None, max_examples=200)
@given(messages(), st.data())
def test_damaged_messages_are_decoded_or_refused(message, data):
    """With a byte replaced, put in or taken out it is another message or refused, nothing else."""
    raw = bytearray(CODEC.encode(*message))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    assert read_or_refused(bytes(raw))


def test_every_truncation_is_refused(sale):
    """A message cut anywhere is refused at the cut, one that goes on at its end."""
    message = CODEC.encode("0200", sale)
    for end in range(len(message)):
        with pytest.raises(DecodeError) as caught:
            CODEC.decode(message[:end])
        assert caught.value.offset == end
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(message + b"\x00")
    assert (caught.value.field, caught.value.offset) == ("message", len(message))


def test_every_single_bit_flip_is_decoded_or_refused(sale):
    """A flipped bit gives a refusal, or a message that differs (its bytes are the flipped ones)."""
    message = CODEC.encode("0200", sale)
    for bit in range(len(message) * 8):
        flipped = bytearray(message)
        flipped[bit // 8] ^= 1 << bit % 8
        assert read_or_refused(bytes(flipped))


@pytest.mark.parametrize("prefix", ["0128", "0999", "9999", "FFFF"])
def test_a_hostile_length_allocates_nothing(codec, prefix):
    """A length that promises more than there is costs no more memory than the input justifies."""
    data = b"\x02\x00" + bitmap_of([63]) + bytes.fromhex(prefix) + b"\x00"
    assert refusal_peak(codec, data) < 8192


def test_a_long_input_allocates_no_copies(codec):
    """A megabyte behind a whole message is refused without being copied."""
    data = codec.encode("0200", {3: "000000"}) + bytes(1_000_000)
    assert refusal_peak(codec, data) < 8192


def refusal_peak(codec, data):
    """The most memory, in bytes, that the refusal of `data` takes when it is not the first."""
    with pytest.raises(DecodeError):
        codec.decode(data)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            codec.decode(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
