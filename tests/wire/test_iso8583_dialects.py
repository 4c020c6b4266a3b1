"""What one dialect can say and another cannot, byte for byte."""

import pytest

from posemu.wire.errors import DecodeError, DialectError, EncodeError
from posemu.wire.iso8583.bitmap import bitmap_numbers
from posemu.wire.iso8583.codec import Codec
from posemu.wire.iso8583.dialect import Dialect, Field, Fixed, Header, Prefixed


def dialect(*fields, **words):
    """A dialect of these fields: ASCII MTI, binary bitmap, unless `words` say otherwise."""
    words = {"mti": "ascii", "bitmap": "binary"} | words
    return Dialect("test", "", Header(b""), fields=fields, **words)


def one(length, encoding, kind="ans", **words):
    """The codec of a dialect with field 2 alone."""
    return Codec(dialect(Field(2, "x", kind, length, encoding, **words)))


HEAD = b"0100" + bytes.fromhex("4000000000000000")


@pytest.mark.parametrize(
    ("field", "value", "wire"),
    [
        # packed digits: which side is filled, and with what
        ((Fixed(3), "bcd", "n"), "123", "0123"),
        ((Fixed(3), "bcd", "n", "right-0"), "123", "1230"),
        ((Fixed(3), "bcd", "n", "right-F"), "123", "123F"),
        ((Fixed(3), "bcd", "n", "left-F"), "123", "F123"),
        ((Fixed(3), "bcd", "h", "left-0"), "AF1", "0AF1"),
        ((Fixed(4), "bcd", "n", "none"), "1234", "1234"),
        ((Prefixed(2, 37, "bcd"), "bcd", "z", "right-0"), "4000D12", "07" + "4000D120"),
        ((Prefixed(2, 19, "bcd"), "bcd", "n", "right-F"), "12345", "05" + "12345F"),
        # what a length counts, and how it is written
        ((Prefixed(2, 10, "bcd", "bytes"), "bcd", "n"), "1234", "02" + "1234"),
        ((Prefixed(2, 20, "bcd", "nibbles"), "ascii"), "ab", "04" + "6162"),
        ((Prefixed(1, 255, "binary"), "ascii"), "ab", "02" + "6162"),
        ((Prefixed(2, 999, "binary"), "ascii"), "ab", "0002" + "6162"),
        ((Prefixed(2, 99, "cp500"), "cp500"), "ab", "F0F2" + "8182"),
        ((Prefixed(3, 999, "cp037"), "ascii"), "ab", "F0F0F2" + "6162"),
        ((Prefixed(6, 999999, "ascii"), "ascii"), "ab", "303030303032" + "6162"),
        ((Prefixed(2, 0, "ascii"), "ascii"), "", "3030"),
        # character sets
        ((Fixed(3), "cp037"), "A1 ", "C1F140"),
        ((Fixed(3), "cp037", "n"), "012", "F0F1F2"),
        ((Fixed(4, "bytes"), "gbk"), "成功", "B3C9B9A6"),
        ((Prefixed(3, 99, "bcd", "bytes"), "gbk"), "成a", "0003" + "B3C961"),
        ((Prefixed(3, 99, "bcd", "nibbles"), "gb18030"), "成", "0004" + "B3C9"),
        ((Fixed(2), "latin-1"), "éA", "E941"),
        # bytes as they are, or as hex
        ((Fixed(2), "binary", "b"), b"\x1a\xff", "1AFF"),
        ((Fixed(2), "hex", "b"), b"\x1a\xff", "31414646"),
        ((Fixed(2), "hex-cp500", "b"), b"\x1a\xff", "F1C1C6C6"),
        ((Prefixed(2, 9, "ascii"), "hex", "b"), b"\x1a", "3031" + "3141"),
        ((Prefixed(2, 9, "ascii", "bytes"), "hex", "b"), b"\x1a", "3032" + "3141"),
    ],
)
def test_a_field_byte_for_byte(field, value, wire):
    """Each way to write a field gives exactly these bytes, and they are read back."""
    length, encoding, *more = field
    pad = {"pad": more[1]} if len(more) > 1 else {}
    codec = one(length, encoding, *more[:1], **pad)
    message = HEAD + bytes.fromhex(wire)
    assert codec.encode("0100", {2: value}) == message
    assert codec.decode(message) == ("0100", {2: value})
    assert [value for _, value in codec.scan(message)][1:] == [value]


@pytest.mark.parametrize(
    ("field", "wire", "offset", "reason"),
    [
        ((Fixed(3), "bcd", "n", "right-0"), "1231", 13, "must be 0"),
        ((Fixed(3), "bcd", "n", "right-F"), "1230", 13, "must be F"),
        ((Fixed(3), "bcd", "n", "right-F"), "1A3F", 12, "digits"),
        ((Fixed(3), "bcd", "n", "left-F"), "012A", 13, "digits"),
        ((Fixed(3), "bcd", "h", "left-0"), "A1AF", 12, "must be 0"),
        ((Fixed(2), "bcd", "z"), "4E", 12, "separator D"),
        ((Prefixed(2, 19, "bcd"), "bcd", "n", "none"), "031230", 12, "from 0 to 19 that is even"),
        ((Prefixed(6, 99999, "ascii"), "bcd", "n", "none"), "3030303030311230", 12, "is even"),
        ((Prefixed(2, 20, "bcd", "nibbles"), "ascii"), "0361", 12, "from 0 to 20"),
        ((Prefixed(6, 99999, "ascii"), "ascii"), "303939393939", 18, "0 of 99999"),
        ((Prefixed(6, 99999, "ascii"), "ascii"), "313030303030", 12, "from 0 to 99999"),
        ((Prefixed(6, 99999, "ascii"), "ascii"), "30303030306161", 12, "from 0 to 99999"),
        ((Prefixed(6, 99999, "ascii"), "ascii"), "30303030", 16, "inside the length"),
        ((Prefixed(2, 9, "ascii", "bytes"), "hex", "b"), "3031" + "31", 12, "from 0 to 9"),
        ((Fixed(2), "hex", "b"), "31416161", 14, "upper-case"),
        ((Fixed(2), "cp037"), "C115", 13, "cp037"),
        ((Fixed(2, "bytes"), "gbk"), "B3FF", 12, "gbk"),
        ((Fixed(3, "bytes"), "gbk"), "6161B3", 14, "gbk"),
        ((Fixed(2, "bytes"), "gbk"), "610A", 13, "gbk"),
    ],
)
def test_a_field_that_is_wrong_says_where(field, wire, offset, reason):
    """Each way of being wrong has its offset and its reason."""
    length, encoding, *more = field
    codec = one(length, encoding, *more[:1], **({"pad": more[1]} if len(more) > 1 else {}))
    with pytest.raises(DecodeError, match=reason) as caught:
        codec.decode(HEAD + bytes.fromhex(wire))
    assert (caught.value.field, caught.value.offset) == ("DE2", offset)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ((Prefixed(2, 10, "bcd", "bytes"), "bcd", "n"), "123"),
        ((Prefixed(2, 10, "bcd"), "bcd", "h"), "1a"),
        ((Prefixed(2, 10, "bcd"), "bcd", "h"), "1 A0"),
        ((Prefixed(2, 10, "bcd"), "bcd", "z"), "1=2"),
        ((Fixed(4, "bytes"), "gbk"), "成功了"),
        ((Fixed(2, "bytes"), "gbk"), "😀"),
        ((Fixed(2, "bytes"), "gbk"), "a\n"),
        ((Fixed(2, "bytes"), "utf-8"), "\ud800"),
        ((Fixed(1), "cp037"), "成"),
        ((Fixed(2), "hex", "b"), "1AFF"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(field, value):
    """What cannot be written so that it is read back is not written."""
    length, encoding, *more = field
    with pytest.raises(EncodeError, match="DE2"):
        one(length, encoding, *more).encode("0100", {2: value})


def _numbered(*numbers, **words):
    return Codec(dialect(*(Field(n, "x", "n", Fixed(2), "ascii") for n in numbers), **words))


LATE = {2: "02", 70: "70"}


@pytest.mark.parametrize(
    ("words", "fields", "wire"),
    [
        ({}, LATE, "C000000000000000" "0400000000000000"),
        ({}, {2: "02"}, "4000000000000000"),
        ({"secondary": "either"}, {2: "02"}, "4000000000000000"),
        ({"secondary": "always"}, {2: "02"}, "C000000000000000" "0000000000000000"),
        ({"secondary": "fixed"}, {2: "02"}, "4000000000000000" "0000000000000000"),
        ({"secondary": "fixed"}, LATE, "4000000000000000" "0400000000000000"),
        ({"bitmaps": 3}, {2: "02", 130: "13"},
         "C000000000000000" "8000000000000000" "4000000000000000"),
        ({"bitmaps": 3}, LATE, "C000000000000000" "0400000000000000"),
        ({"bitmaps": 1}, {2: "02"}, "4000000000000000"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("charset", ["binary", "ascii", "cp500"])
def test_bitmaps(words, fields, wire, charset):
    """How many bitmaps there are, when they are there, and what announces them; in bytes or hex."""
    numbers = [n for n in (2, 70, 130) if n <= 64 * words.get("bitmaps", 2)]
    codec = _numbered(*numbers, bitmap=charset, **words)
    message = codec.encode("0100", fields)
    raw = bytes.fromhex(wire)
    bitmap = raw if charset == "binary" else wire.encode(charset)
    assert message == b"0100" + bitmap + "".join(fields.values()).encode()
    assert codec.decode(message) == ("0100", fields)
    assert codec.bitmap(message) == wire


def test_the_bitmaps_may_be_written_differently():
    """The first in ASCII hex, the second in bytes; the case of hex is kept for who asks."""
    codec = _numbered(2, 70, bitmap="ascii", later_bitmaps="binary")
    message = codec.encode("0100", LATE)
    assert message == b"0100C000000000000000\x04" + bytes(7) + b"0270"
    lower = message.replace(b"C0", b"c0", 1)
    assert codec.decode(lower) == ("0100", LATE)
    assert codec.bitmap(lower) == "c0000000000000000400000000000000"


@pytest.mark.parametrize(
    ("words", "bitmap", "offset", "reason"),
    [
        ({"secondary": "always"}, "4000000000000000" * 2, 4, "bit 1 must be set"),
        ({"secondary": "fixed"}, "C000000000000000" * 2, 4, "bit 1 must be clear"),
        ({"secondary": "fixed"}, "4000000000000000", 12, "ends inside"),
        ({"bitmaps": 1}, "C000000000000000" * 2, 4, "does not have"),
        ({"bitmaps": 3}, "C00000000000000080000000000000000000000000000000", 20, "third"),
        ({"bitmaps": 3}, "C0000000000000008000000000000000", 20, "ends inside"),
        ({"bitmap": "ascii"}, "43" * 15 + "47", 19, "digits of hex"),
        ({"bitmap": "ascii"}, "34303030303030303030303030303031", 19, "does not have"),
    ],
)
def test_a_bitmap_that_is_wrong_says_where(words, bitmap, offset, reason):
    """Each way for a bitmap to be wrong has its offset and its reason."""
    with pytest.raises(DecodeError, match=reason) as caught:
        _numbered(2, **words).decode(b"0100" + bytes.fromhex(bitmap))
    assert caught.value.offset == offset


def test_an_empty_second_bitmap_is_read_where_the_dialect_says_so():
    """`either` takes what `needed` refuses."""
    message = b"0100\xc0" + bytes(15) + b"02"
    assert _numbered(2, secondary="either").decode(message) == ("0100", {2: "02"})
    with pytest.raises(DecodeError, match="names no field"):
        _numbered(2).decode(message)


def test_bit_65_is_a_field_where_there_are_two_bitmaps():
    """And announces the third bitmap where there are three: then no field has this number."""
    codec = _numbered(65)
    assert codec.decode(codec.encode("0100", {65: "65"})) == ("0100", {65: "65"})
    with pytest.raises(DialectError, match="third bitmap"):
        _numbered(65, bitmaps=3)


@pytest.mark.parametrize("size", [0, 7, 9, 32])
def test_bits_of_what_is_no_bitmap(size):
    """A bitmap is 8, 16 or 24 bytes."""
    with pytest.raises(DecodeError, match="8, 16 or 24"):
        bitmap_numbers(bytes(size))


@pytest.mark.parametrize(
    ("words", "mti", "wire"),
    [
        ({"mti": "bcd"}, "0210", "0210"),
        ({"mti": "cp500"}, "0210", "F0F2F1F0"),
        ({"mti": "bcd", "mti_type": "h"}, "9F10", "9F10"),
        ({"mti": "ascii", "mti_type": "an"}, "AB10", "41423130"),
        ({"mti": ""}, "", ""),
    ],
)
def test_the_mti(words, mti, wire):
    """Digits in any charset, letters of a private network, or none at all."""
    codec = _numbered(2, **words)
    message = codec.encode(mti, {2: "02"})
    assert message == bytes.fromhex(wire + "4000000000000000") + b"02"
    assert codec.decode(message) == (mti, {2: "02"})
    with pytest.raises(EncodeError, match="MTI"):
        codec.encode("02", {2: "02"})


def test_a_mac_in_hex_closes_a_message():
    """The span of a MAC that is written as 16 digits of hex ends before all of them."""
    mac = Field(64, "mac", "b", Fixed(8), "hex")
    codec = Codec(dialect(mac, bitmap="ascii", mac_field=64))
    body = codec.encode("0100", {}, mac_present=True)
    assert codec.mac_span(body + b"0011223344556677") == body
    assert codec.encode("0100", {64: bytes.fromhex("0011223344556677")})[: len(body)] == body


def test_a_mac_of_no_bytes_is_none():
    """A message cannot be authenticated by nothing."""
    with pytest.raises(DialectError, match="MAC"):
        dialect(Field(64, "mac", "b", Fixed(0), "binary"), mac_field=64)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"bitmap": "gbk"}, "bitmap"),
        ({"later_bitmaps": "morse"}, "later_bitmaps"),
        ({"bitmaps": 0}, "bitmaps"),
        ({"secondary": "maybe"}, "secondary"),
        ({"secondary": "always", "bitmaps": 1}, "secondary"),
        ({"version": "1988"}, "version"),
        ({"response_codes": "2003"}, "response_codes"),
        ({"mti": "gbk"}, "MTI"),
    ],
)
def test_a_dialect_that_makes_no_sense_is_refused(words, place):
    """A word that nobody knows is found when the dialect is built."""
    with pytest.raises(DialectError) as caught:
        dialect(**words)
    assert caught.value.field == place
