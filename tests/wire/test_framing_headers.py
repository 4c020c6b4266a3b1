"""The lengths and headers of other peers: each byte for byte, and streams of them however cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.dialect import LENGTH_HEADERS, Field, Fixed, Header, Prefixed
from posemu.wire.iso8583.framing import Deframer, Frame, frame, join_head, split_head
from posemu.wire.iso8583.length_header import length_header

TPDU = bytes.fromhex("6000030000")
PRIVATE = Field(0, "header", "b", Fixed(6), "binary")
UNIONPAY = Header(TPDU, private=PRIVATE)
ON_A_STREAM = [name for name in LENGTH_HEADERS if name != "none"]


@pytest.mark.parametrize(
    ("name", "inclusive", "length", "header"),
    [
        ("binary2", False, 115, "0073"),
        ("binary2", True, 115, "0075"),
        ("binary4", False, 115, "00000073"),
        ("binary4", True, 115, "00000077"),
        ("bcd2", False, 115, "0115"),
        ("bcd2", True, 115, "0117"),
        ("bcd4", False, 115, "00000115"),
        ("ascii2", False, 15, "3135"),
        ("ascii4", False, 115, "30313135"),
        ("ascii4", True, 115, "30313139"),
        ("vml4", False, 115, "00730000"),
    ],
)
def test_a_length_byte_for_byte(name, inclusive, length, header):
    """Each way to write a length gives these bytes, and they are read back."""
    row = length_header(name, inclusive)
    assert row.write(length) == bytes.fromhex(header)
    assert row.read(bytes.fromhex(header)) == (length, False)


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize(
    ("name", "most"), [("binary2", 0xFFFF), ("bcd2", 9999), ("ascii2", 99), ("vml4", 2048)]
)
def test_the_largest_length(name, most, inclusive):
    """A length goes up to what its digits can say, itself included; no further, and not below 0."""
    row = length_header(name, inclusive)
    assert row.max == most - (row.width if inclusive else 0)
    assert row.read(row.write(row.max)).length == row.max
    for length in (row.max + 1, -1):
        with pytest.raises(EncodeError, match="length"):
            row.write(length)


def test_session_control():
    """The half byte that says so in Visa's header is read; the rest of it is not looked at."""
    row = length_header("vml4")
    assert row.read(bytes.fromhex("000F0020")) == (15, True)
    assert row.read(bytes.fromhex("000F1102")) == (15, False)


@pytest.mark.parametrize(
    ("name", "inclusive", "header", "offset"),
    [
        ("binary2", False, "00", 1),
        ("binary2", False, "000000", 3),
        ("binary2", True, "0001", 0),
        ("bcd2", False, "1A00", 0),
        ("bcd2", False, "000F", 1),
        ("ascii4", False, "30313A30", 2),
        ("vml4", False, "08010000", 0),
    ],
)
def test_a_length_that_is_wrong_says_where(name, inclusive, header, offset):
    """Too short, too long, no digits, less than itself, above the maximum."""
    with pytest.raises(DecodeError) as caught:
        length_header(name, inclusive).read(bytes.fromhex(header))
    assert (caught.value.field, caught.value.offset) == ("length", offset)


def test_a_length_that_nobody_knows():
    """Who misspells a name reads which there are."""
    with pytest.raises(EncodeError, match="binary2"):
        length_header("binary3")


def test_all_names_are_known():
    """What a dialect may say is what there is."""
    for name in LENGTH_HEADERS:
        assert length_header(name).width == (0 if name == "none" else int(name[-1]))


def _feed_all(header, pieces):
    deframer = Deframer(header=header)
    frames, lost = [], None
    try:
        for piece in pieces:
            frames += deframer.feed(piece)
        if deframer.error:
            deframer.feed(b"")
    except DecodeError as error:
        lost = error.args
    return frames, lost


HEADERS = st.builds(
    Header, st.sampled_from((b"", TPDU)), st.sampled_from(ON_A_STREAM), st.booleans()
)


@settings(deadline=None, max_examples=200)
@given(HEADERS, st.lists(st.binary(min_size=1, max_size=20)), st.binary(max_size=8), st.data())
def test_a_stream_of_any_header_however_it_is_cut(header, payloads, rest, data):
    """Good or bad, the stream gives the same frames and the same error however it is cut."""
    good = b"".join(frame(payload, header.tpdu, header) for payload in payloads)
    stream = good + rest
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    parts = [stream[a:b] for a, b in pairwise([0, *sorted(cuts), len(stream)])]
    frames, lost = _feed_all(header, parts)
    assert frames[: len(payloads)] == [Frame(header.tpdu, payload) for payload in payloads]
    assert (frames, lost) == _feed_all(header, [stream])
    assert (frames, lost) == _feed_all(header, [bytes([byte]) for byte in stream])
    assert lost is None or len(good) <= lost[1] <= len(stream)


@pytest.mark.parametrize(
    ("name", "start", "offset"),
    [("ascii4", b"00x", 2), ("bcd2", b"\xa0", 0), ("ascii2", b"\x00", 0)],
)
def test_a_wrong_digit_is_refused_at_once(name, start, offset):
    """Nobody waits for the rest of a length that is no number."""
    with pytest.raises(DecodeError, match="digits") as caught:
        Deframer(header=Header(b"", name)).feed(start)
    assert caught.value.offset == offset


def test_a_frame_must_fit_its_length():
    """What the length cannot announce is not sent."""
    header = Header(b"", "ascii2")
    assert frame(bytes(99), b"", header).startswith(b"99")
    for payload in (b"", bytes(100)):
        with pytest.raises(EncodeError, match="1 to 99 bytes"):
            frame(payload, b"", header)


def test_a_private_header_stands_before_the_mti():
    """TPDU, six bytes of UnionPay, the message; each is found again."""
    private = bytes.fromhex("603100310100")
    head = join_head(UNIONPAY, TPDU, private)
    assert head == TPDU + private
    assert split_head(UNIONPAY, head + b"\x02\x00") == (TPDU, private, 11)
    assert split_head(Header(TPDU), head) == (TPDU, None, 5)
    assert split_head(Header(b""), head) == (b"", None, 0)


def test_a_private_header_may_be_text_behind_a_length():
    """It is described as any field."""
    header = Header(b"", private=Field(0, "header", "an", Prefixed(2, 20, "ascii"), "ascii"))
    assert join_head(header, b"", "ROUTE") == b"05ROUTE"
    assert split_head(header, b"05ROUTE0200") == (b"", "ROUTE", 7)


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "TPDU", 0),
        (b"\x61", "TPDU", 0),
        (TPDU[:4], "TPDU", 4),
        (TPDU + bytes(5), "header", 10),
    ],
)
def test_a_head_that_is_wrong_says_where(data, field, offset):
    """A head that ends too early, or a TPDU of another kind."""
    with pytest.raises(DecodeError) as caught:
        split_head(UNIONPAY, data)
    assert (caught.value.field, caught.value.offset) == (field, offset)


@pytest.mark.parametrize(
    ("header", "tpdu", "private", "field"),
    [
        (UNIONPAY, b"", bytes(6), "TPDU"),
        (UNIONPAY, TPDU, None, "header"),
        (UNIONPAY, TPDU, bytes(5), "header"),
        (Header(TPDU), TPDU, bytes(6), "header"),
    ],
)
def test_a_head_that_the_dialect_has_not_is_refused(header, tpdu, private, field):
    """A missing TPDU, a private header too little, too short or too much."""
    with pytest.raises(EncodeError) as caught:
        join_head(header, tpdu, private)
    assert caught.value.field == field
