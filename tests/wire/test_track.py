"""Tracks 1 and 2: every bit error is refused, none passes as another or a shorter track."""

import itertools
import pickle
from functools import reduce
from operator import xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import (
    EncodeError,
    Track1,
    Track2,
    TrackError,
    decode_track1,
    decode_track2,
    encode_track1,
    encode_track2,
    parse_track1,
    parse_track2,
    track2_from_equivalent,
)
from posemu.wire.stripe.track import decode_track3, encode_track3, track1_lrc, track2_lrc

PAN = "4000000000000002"
CHARS2 = f";{PAN}=29122011234567890123?"
CHARS1 = f"%B{PAN}^DOE/JOHN^29122011234567890?"
CHARS3 = f";01{PAN}==978" + "0123456789" * 7 + "?"
CLOCK = bytes(20)
TRACKS = [
    pytest.param(encode_track1, decode_track1, CHARS1, id="track1"),
    pytest.param(encode_track2, decode_track2, CHARS2, id="track2"),
]


def _flip(bits, *places):
    flipped = bytearray(bits)
    for place in places:
        flipped[place] ^= 1
    return bytes(flipped)


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
def test_round_trip_with_and_without_clocking_zeros(encode, decode, chars):
    """What was written is read, with any number of zeros around it."""
    bits = encode(chars)
    for before, after in itertools.product(range(12), range(12)):
        assert decode(bytes(before) + bits + bytes(after)) == chars


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
def test_every_single_bit_error_is_refused(encode, decode, chars):
    """Any one bit, of the track or of the zeros around it, flipped: refused."""
    bits = CLOCK + encode(chars) + CLOCK
    for place in range(len(bits)):
        with pytest.raises(TrackError) as caught:
            decode(_flip(bits, place))
        assert 0 <= caught.value.offset <= len(bits)


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
def test_every_double_bit_error_is_refused(encode, decode, chars):
    """Any two bits flipped: refused, since parity and LRC together see every pair."""
    bits = CLOCK[:8] + encode(chars) + CLOCK[:8]
    for pair in itertools.combinations(range(len(bits)), 2):
        with pytest.raises(TrackError):
            decode(_flip(bits, *pair))


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
def test_a_torn_swipe_is_refused(encode, decode, chars):
    """A swipe that starts late or ends early is refused, wherever it is cut."""
    bits = encode(chars)
    last = bits.rindex(1)
    for cut in range(1, len(bits)):
        with pytest.raises(TrackError):
            decode(bits[cut:])
    for cut in range(len(bits)):
        if cut <= last:
            with pytest.raises(TrackError):
                decode(bits[:cut])
    with pytest.raises(TrackError):
        decode(bits[::-1])


def test_track_3_has_the_characters_of_track_2_and_more_of_them():
    """Round trip, up to 107 characters with the LRC; a flipped bit is refused."""
    bits = encode_track3(CHARS3)
    assert decode_track3(CLOCK + bits) == CHARS3
    for place in range(len(bits)):
        with pytest.raises(TrackError):
            decode_track3(_flip(bits, place))
    longest = ";" + "1" * 104 + "?"
    assert len(encode_track3(longest)) == 107 * 5
    with pytest.raises(EncodeError):
        encode_track3(";1" + longest[1:])


@pytest.mark.parametrize(
    ("lrc", "chars", "base"), [(track1_lrc, CHARS1, " "), (track2_lrc, CHARS2, "0")]
)
def test_lrc(lrc, chars, base):
    """The LRC is the XOR of all characters, both sentinels included; not of half a track."""
    value, char = lrc(chars)
    assert value == reduce(xor, (ord(c) - ord(base) for c in chars))
    assert char == chr(ord(base) + value)
    with pytest.raises(EncodeError):
        lrc(chars[1:])


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
@settings(deadline=None, max_examples=120)
@given(data=st.data())
def test_a_burst_never_shortens_a_track(encode, decode, chars, data):
    """Whatever a burst of errors does, what is read is refused or at least as long as it was."""
    bits = encode(chars)
    start = data.draw(st.integers(0, len(bits) - 1))
    burst = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=16))
    damaged = (bits[:start] + bytes(burst) + bits[start + len(burst) :])[: len(bits)]
    try:
        read = decode(damaged)
    except TrackError:
        return
    assert len(read) >= len(chars)


def test_an_end_sentinel_inside_does_not_end_the_track():
    """A shorter track with a good LRC inside a longer one is not the longer one."""
    short = encode_track2(";1?")
    rest = encode_track2(CHARS2)
    for gap in range(8):
        with pytest.raises(TrackError):
            decode_track2(short + bytes(gap) + rest)


def _read_or_refused(encode, decode, bits):
    """Whether what is read from `bits`, if anything, is what was written between the zeros."""
    try:
        chars = decode(bits)
    except TrackError:
        return True
    return encode(chars).strip(b"\0") == bits.strip(b"\0")


@pytest.mark.parametrize(("encode", "decode", "chars"), TRACKS)
@settings(deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=250), st.lists(st.integers(0, 1), max_size=600).map(bytes)))
def test_any_bits_are_read_or_refused(encode, decode, chars, bits):
    """Whatever comes from the head: characters that were on a track, or TrackError."""
    assert _read_or_refused(encode, decode, encode(chars))
    assert _read_or_refused(encode, decode, bits)


@pytest.mark.parametrize(
    ("encode", "chars"),
    [
        (encode_track2, ""),
        (encode_track2, "?"),
        (encode_track2, ";1"),
        (encode_track2, "%1?"),
        (encode_track2, ";1?2?"),
        (encode_track2, ";A?"),
        (encode_track2, ";" + "1" * 38 + "?"),
        (encode_track1, "%a?"),
        (encode_track1, "%" + "A" * 77 + "?"),
    ],
)
def test_what_no_track_can_hold_is_not_written(encode, chars):
    """Sentinels, characters and length are checked before bits are made."""
    with pytest.raises(EncodeError):
        encode(chars)


def test_the_longest_tracks_fit():
    """Track 1 holds 79 and track 2 holds 40 characters, LRC included; one more is refused."""
    assert len(encode_track1("%" + "A" * 76 + "?")) == 79 * 7
    longest = encode_track2(";" + "1" * 37 + "?")
    assert len(longest) == 40 * 5
    with pytest.raises(TrackError, match="longer"):
        decode_track2(longest[:5] + longest[5:10] + longest[5:])


@pytest.mark.parametrize(
    ("bits", "reason"),
    [
        (b"", "no 1 bit"),
        (bytes(50), "no 1 bit"),
        (b"\x02\x01", "0 and 1"),
        (bytes([1]), "inside a character"),
        (bytes([1, 1, 0, 1, 0]), "last character"),
        (bytes([1, 1, 1, 1, 1]), "start with"),
        (bytes([1, 1, 0, 1, 0, 1, 1, 1, 1, 1]), "last character"),
        (bytes([1, 1, 0, 1, 0, 1, 0, 0, 0, 1]), "parity"),
        (bytes([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]), "LRC"),
    ],
)
def test_refusals_say_why(bits, reason):
    """Each kind of damage has its reason, and the offset counts bits."""
    with pytest.raises(TrackError, match=reason):
        decode_track2(bits)


@pytest.mark.parametrize(
    ("parse", "chars", "reason", "offset"),
    [
        (parse_track2, "", "separator", 0),
        (parse_track2, PAN, "separator", 16),
        (parse_track2, "=2912201", "PAN", 0),
        (parse_track2, "4" * 9 + "=2912201", "PAN", 0),
        (parse_track2, f"{PAN}=291220", "expiry", 17),
        (parse_track2, f"{PAN}=2912201X", "expiry", 17),
        (parse_track2, f"{PAN}=2912201\n", "expiry", 17),
        (parse_track2, "\u0664" * 16 + "=2912201", "PAN", 0),
        (parse_track2, "4" * 38, "longer", 37),
        (parse_track1, f"A{PAN}^AB^2912201", "format B", 0),
        (parse_track1, f"B{PAN[:9]}^AB^2912201", "PAN", 1),
        (parse_track1, f"B{PAN}^A^2912201", "name", 18),
        (parse_track1, f"B{PAN}^{'A' * 27}^2912201", "name", 18),
        (parse_track1, f"B{PAN}^a/b^2912201", "name", 18),
        (parse_track1, f"B{PAN}^AB^29122", "expiry", 21),
        (parse_track1, f"B{PAN}^AB", "separators", 20),
        (parse_track1, "B" * 77, "longer", 76),
    ],
)
def test_content_is_checked(parse, chars, reason, offset):
    """PAN, name, dates and length are checked; the error tells where, and no digit of them."""
    with pytest.raises(TrackError, match=reason) as caught:
        parse(chars)
    assert caught.value.offset == offset
    assert PAN[6:12] not in str(caught.value)


def test_absent_dates():
    """A separator in place of expiry or service code means that it is not there."""
    assert parse_track2(f"{PAN}==201123") == Track2(PAN, "", "201", "123")
    assert parse_track2(f"{PAN}=2912=123") == Track2(PAN, "2912", "", "123")
    assert parse_track1(f"B{PAN}^AB^^^123") == Track1("B", PAN, "AB", "", "", "123")


def test_how_a_track_was_written_is_kept():
    """The separator and the blanks behind a name are kept; the separator makes no other track."""
    stripe, chip = parse_track2(f"{PAN}=2912201"), parse_track2(f"{PAN}D2912201")
    assert (stripe.separator, chip.separator) == ("=", "D")
    assert stripe == chip
    track = parse_track1(f"B{PAN}^DOE/JOHN  ^2912201")
    assert (track.name_raw, track.name) == ("DOE/JOHN  ", "DOE/JOHN")


def test_tag_57_takes_digits_and_one_filling_nibble():
    """Only digits, the separator D and one F at the end are track 2 equivalent data."""
    assert track2_from_equivalent(bytes.fromhex("4000D1F0"[:6] + "1F")) == "4000=11"
    for wrong in ("40FF", "4A", "F0"):
        with pytest.raises(TrackError, match="nibble"):
            track2_from_equivalent(bytes.fromhex(wrong))


@pytest.mark.parametrize(
    "track", [parse_track2(CHARS2[1:-1]), parse_track1(CHARS1[1:-1])], ids=["track2", "track1"]
)
def test_tracks_show_themselves_masked(track):
    """Whatever turns a track into text shows first six and last four only; pickle is refused."""
    masked = f"{type(track).__name__}(400000******0002)"
    assert [repr(track), str(track), f"{track}", "%s" % track, f"{track!r}"] == [masked] * 5  # noqa: UP031
    assert str([track]) == f"[{masked}]"
    assert f"{track:>40}" == masked.rjust(40)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="sensitive"):
            pickle.dumps(track, protocol)
    assert not hasattr(track, "__dict__")
