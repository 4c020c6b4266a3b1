"""Messages of posemu's own dialect: the layout byte for byte, and what is refused."""

import pytest

from posemu.wire import (
    Codec,
    DecodeError,
    Dialect,
    DialectError,
    EncodeError,
    Field,
    Fixed,
    Header,
    Prefixed,
    bitmap_numbers,
    bitmap_of,
)
from posemu.wire.iso8583 import codec as codec_module
from posemu.wire.iso8583.codec import PLANS_MAX

NETWORK = {11: "000007", 39: "00", 41: "TERM0001", 60: "00000001001"}
NETWORK_HEX = (
    "0810 0020000002800010 000007 3030 5445524D30303031 0011 3030303030303031303031".replace(
        " ", ""
    )
)


def test_layout(codec):
    """MTI and digits are BCD, the bitmap is binary, text is ASCII, a length is two BCD bytes."""
    assert codec.encode("0810", NETWORK).hex().upper() == NETWORK_HEX
    assert codec.decode(bytes.fromhex(NETWORK_HEX)) == ("0810", NETWORK)


def test_odd_digits_have_a_zero_nibble_in_front(codec):
    """Three digits take two bytes, the first nibble is 0; any other nibble there is refused."""
    data = codec.encode("0200", {22: "021", 49: "156"})
    assert data[10:].hex() == "00210156"
    for wrong, field, offset in (("10210156", "DE22", 10), ("00211156", "DE49", 12)):
        with pytest.raises(DecodeError) as caught:
            codec.decode(data[:10] + bytes.fromhex(wrong))
        assert (caught.value.field, caught.value.offset) == (field, offset)


def test_round_trip_whatever_the_order(codec, sale):
    """The order of a caller's fields changes nothing; decoding gives ascending order."""
    message = codec.encode("0200", sale)
    assert codec.encode("0200", dict(reversed(sale.items()))) == message
    mti, fields = codec.decode(message)
    assert (mti, list(fields.items())) == ("0200", sorted(sale.items()))


def test_mac_is_announced_and_appended(codec, sale):
    """With `mac_present` the body is exactly what the MAC covers, and body + MAC is the message."""
    mac = sale.pop(64)
    body = codec.encode("0200", sale, mac_present=True)
    assert codec.encode("0200", {**sale, 64: mac}) == body + mac
    assert codec.mac_span(body + mac) == body
    assert codec.encode("0200", sale) != body
    alone = codec.encode("0800", {}, mac_present=True)
    assert codec.mac_span(alone + mac) == alone


def test_mac_must_be_there_and_last(codec, sale):
    """No span for a message without MAC or too short for one; no MAC announced twice."""
    with pytest.raises(EncodeError, match="DE64"):
        codec.encode("0200", sale, mac_present=True)
    del sale[64]
    with pytest.raises(DecodeError, match="MAC"):
        codec.mac_span(codec.encode("0200", sale))
    with pytest.raises(DecodeError, match="DE64"):
        codec.mac_span(codec.encode("0200", {}, mac_present=True) + bytes(7))
    with pytest.raises(DecodeError, match="bitmap"):
        codec.mac_span(b"\x02\x00\x80")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({3: "00000"}, "DE3"),
        ({3: "0000000"}, "DE3"),
        ({3: "00000", 4: "0000000012345"}, "DE3"),
        ({3: "00000A"}, "DE3"),
        ({3: "00 000", 4: "000000012345"}, "DE3"),
        ({3: "0000\n0"}, "DE3"),
        ({3: "00000\u0660"}, "DE3"),
        ({3: "00000\u00b2"}, "DE3"),
        ({3: "\ud8000000"}, "DE3"),
        ({3: 123456, 4: "000000012345"}, "DE3"),
        ({3: b"123456"}, "DE3"),
        ({3: None}, "DE3"),
        ({22: 123, 25: "00"}, "DE22"),
        ({39: "\u00e9\u00e9"}, "DE39"),
        ({39: "0!"}, "DE39"),
        ({41: "TERM\n001", 42: "MERCHANT0000001"}, "DE41"),
        ({52: bytes(15)}, "DE52"),
        ({52: "0" * 16}, "DE52"),
        ({60: "0" * 12}, "DE60"),
        ({60: b"00"}, "DE60"),
        ({60: "\x7f"}, "DE60"),
        ({62: bytes(13)}, "DE62"),
        ({62: "KSN"}, "DE62"),
        ({2: "4000000000000002"}, "DE2"),
        ({1: bytes(8)}, "DE1"),
        ({0: "0200"}, "DE0"),
        ({129: "0"}, "DE129"),
        ({"3": "000000"}, "message"),
    ],
)
def test_wrong_values_are_refused(codec, fields, field):
    """A value of the wrong length, characters or type, or of no field, is refused by name."""
    for _ in range(2):  # also when the plan is known
        with pytest.raises(EncodeError) as caught:
            codec.encode("0200", fields)
        assert caught.value.field == field


@pytest.mark.parametrize(
    "mti", ["", "020", "02000", "02A0", "02 0", "\u0660200", b"0200", 200, None]
)
def test_wrong_mti_is_refused(codec, mti):
    """An MTI is four digits."""
    with pytest.raises(EncodeError, match="MTI"):
        codec.encode(mti, {})


def test_any_bytes_like_value_is_taken(codec):
    """Binary fields take bytearray and memoryview and give bytes."""
    values = {
        52: bytearray(16),
        62: memoryview(b"KSN"),
        63: bytearray(b"1"),
        64: memoryview(bytes(8)),
    }
    message = codec.encode("0200", values)
    decoded = codec.decode(message)[1]
    assert decoded == values
    assert {type(value) for value in decoded.values()} == {bytes}
    with pytest.raises(EncodeError, match="DE64"):
        codec.encode("0200", {64: bytearray(7)})
    with pytest.raises(EncodeError, match="DE62"):
        codec.encode("0200", {62: bytearray(13)})


@pytest.mark.parametrize(
    ("data", "field", "offset", "reason"),
    [
        ("", "MTI", 0, "ends"),
        ("02", "MTI", 1, "ends"),
        ("02A0" + "00" * 8, "MTI", 1, "digits"),
        ("0200" + "00" * 7, "bitmap", 9, "ends"),
        ("0200" + "80" + "00" * 14, "bitmap", 17, "ends"),
        ("0200" + "80" + "00" * 15, "bitmap", 10, "no field"),
        ("0200" + "40" + "00" * 7, "DE2", 2, "does not have"),
        ("0200" + "80" + "00" * 14 + "01", "DE128", 17, "does not have"),
        ("0200" + "0080" + "00" * 6, "DE9", 3, "does not have"),
        ("0200" + "00" * 8 + "00", "message", 10, ": 1 bytes after"),
        ("0200" + "30" + "00" * 7 + "000000" + "0000", "DE4", 15, "2 of 6"),
        ("0200" + "30" + "00" * 7 + "0000" + "0A" + "00" * 6, "DE3", 12, "digits"),
        ("0200" + "30" + "00" * 7 + "000000" + "0A" + "00" * 5, "DE4", 13, "digits"),
        ("0200" + "00" * 4 + "00C00000" + "5445524D30303031" + "1F" * 15, "DE42", 18, "ASCII"),
        ("0200" + "00" * 7 + "10" + "00", "DE60", 11, "inside the length"),
        ("0200" + "00" * 7 + "10" + "000A", "DE60", 10, "no number from 0 to 11"),
        ("0200" + "00" * 7 + "10" + "0012" + "30" * 12, "DE60", 10, "no number from 0 to 11"),
        ("0200" + "00" * 7 + "10" + "1001" + "30", "DE60", 10, "no number from 0 to 11"),
        ("0200" + "00" * 7 + "10" + "0002" + "30", "DE60", 13, "1 of 2"),
        ("0200" + "00" * 7 + "10" + "0002" + "307F", "DE60", 13, "ASCII"),
        ("0200" + "00" * 7 + "02" + "0128" + "30", "DE63", 13, "1 of 128"),
        ("0200" + "00" * 7 + "01" + "30" * 7, "DE64", 17, "7 of 8"),
    ],
)
def test_malformed_messages_name_field_offset_and_reason(codec, data, field, offset, reason):
    """Each way of being malformed has its own field, offset and reason."""
    with pytest.raises(DecodeError, match=reason) as caught:
        codec.decode(bytes.fromhex(data))
    assert (caught.value.field, caught.value.offset) == (field, offset)


def _dialect(*fields, mac_field=None):
    return Dialect("test", "", Header(bytes(5)), "ascii", "binary", fields, mac_field)


def test_second_bitmap_and_the_other_codings():
    """A dialect with fields above 64, ASCII digits, odd BCD behind a length, all letters."""
    fields = (
        Field(2, "pan", "n", Prefixed(2, 19, "bcd"), "bcd", "pan"),
        Field(3, "code", "n", Fixed(3), "ascii"),
        Field(4, "letters", "a", Fixed(2), "ascii"),
        Field(5, "odd", "n", Fixed(5), "bcd"),
        Field(35, "track2", "z", Prefixed(2, 37, "ascii"), "ascii", "track"),
        Field(70, "late", "an", Prefixed(3, 9, "ascii"), "ascii"),
        Field(128, "mac", "b", Fixed(4), "binary"),
    )
    codec = Codec(_dialect(*fields, mac_field=128))
    values = {2: "40003", 3: "001", 4: "A ", 5: "12345", 35: "4=1", 70: "A1"}
    expected = (
        b"0100\xf8\x00\x00\x00\x20\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x01"
        b"\x05\x04\x00\x03" + b"001A \x01\x23\x45" + b"034=1" + b"002A1"
    )
    assert codec.encode("0100", values, mac_present=True) == expected
    message = expected + b"MACS"
    assert codec.decode(message) == ("0100", {**values, 128: b"MACS"})
    assert codec.mac_span(message) == expected
    with pytest.raises(DecodeError, match="DE2"):
        codec.decode(message[:21] + b"\x14" + message[22:])
    assert codec.encode("0100", {}) == b"0100" + bytes(8)


@pytest.mark.parametrize(
    ("digits", "encoding", "prefix"),
    [
        (1, "ascii", b"3"), (2, "ascii", b"03"), (3, "ascii", b"003"), (4, "ascii", b"0003"),
        (1, "bcd", b"\x03"), (2, "bcd", b"\x03"), (3, "bcd", b"\0\x03"), (4, "bcd", b"\0\x03"),
    ],
)  # fmt: skip
def test_a_length_has_one_to_four_digits(digits, encoding, prefix):
    """LVAR to LLLLVAR count up to what their digits can say; odd BCD lengths have a zero nibble."""
    most = 10**digits - 1
    codec = Codec(_dialect(Field(2, "x", "ans", Prefixed(digits, most, encoding), "ascii")))
    head = b"0100" + bitmap_of([2])
    assert codec.encode("0100", {2: "abc"}) == head + prefix + b"abc"
    for value in ("", "abc", "x" * most):
        assert codec.decode(codec.encode("0100", {2: value})) == ("0100", {2: value})


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (Field(1, "x", "n", Fixed(1), "bcd"), "2 to 128"),
        (Field(129, "x", "n", Fixed(1), "bcd"), "2 to 128"),
        (Field(2, "x", "n", Fixed(1), "bcd", pad="left-G"), "pad 'left-G'"),
        (Field(2, "x", "n", Fixed(1), "bcd", pad="none"), "no whole number"),
        (Field(2, "x", "n", Fixed(1, "halves"), "bcd"), "counts 'halves'"),
        (Field(2, "x", "ans", Fixed(3, "nibbles"), "ascii"), "no whole number"),
        (Field(2, "x", "ans", Fixed(3), "gbk"), "differ in width; count 'bytes'"),
        (Field(2, "x", "ans", Fixed(3), "latin-9"), "cannot hold"),
        (Field(2, "x", "ans", Fixed(3), "ascii", inside="tlv"), "type b"),
        (Field(2, "x", "x", Fixed(1), "bcd"), "type 'x' is not one of n, a"),
        (Field(2, "x", "an", Fixed(1), "bcd"), "cannot hold"),
        (Field(2, "x", "b", Fixed(1), "ascii"), "cannot hold"),
        (Field(2, "x", "n", Fixed(-1), "bcd"), "at least 0"),
        (Field(2, "x", "n", Fixed(1_000_000), "bcd"), "at most 999999"),
        (Field(2, "x", "n", Prefixed(2, 100, "bcd"), "bcd"), "cannot count"),
        (Field(2, "x", "n", Prefixed(0, 1, "bcd"), "bcd"), "cannot count"),
        (Field(2, "x", "n", Prefixed(7, 1, "bcd"), "bcd"), "cannot count"),
        (Field(2, "x", "n", Prefixed(2, -1, "bcd"), "bcd"), "cannot count"),
        (Field(2, "x", "n", Prefixed(1, 256, "binary"), "bcd"), "cannot count"),
        (Field(2, "x", "n", Prefixed(2, 10, "octal"), "bcd"), "length encoding"),
        (Field(2, "x", "n", Fixed(1), "bcd", "secret"), "sensitive"),
    ],
)
def test_a_dialect_that_contradicts_itself_is_refused(field, reason):
    """Nonsense in a field is found when the dialect is built."""
    with pytest.raises(DialectError, match=reason) as caught:
        _dialect(field)
    assert caught.value.field == field.label


def test_the_table_as_a_whole_is_checked():
    """Numbers ascend, each once; the bitmap is binary; the MAC is a fixed field of bytes."""
    two, three = (Field(n, "x", "n", Fixed(1), "bcd") for n in (2, 3))
    for fields in ((three, two), (two, two)):
        with pytest.raises(DialectError, match="ascend"):
            _dialect(*fields)
    for mac_field in (2, 4):
        with pytest.raises(DialectError, match="MAC"):
            _dialect(two, three, mac_field=mac_field)
    with pytest.raises(DialectError, match="bitmap"):
        Dialect("test", "", Header(bytes(5)), "bcd", "hex", ())
    with pytest.raises(DialectError, match="MTI"):
        Dialect("test", "", Header(bytes(5)), "binary", "binary", ())


def test_every_bit_of_a_bitmap_alone():
    """Each field from 2 to 128 has its own bit; from 65 on bit 1 announces the second half."""
    for number in range(2, 129):
        bitmap = bitmap_of([number])
        expected = (number,) if number <= 64 else (1, number)
        assert (len(bitmap), bitmap_numbers(bitmap)) == (8 * len(expected), expected)


def test_a_dialect_without_mac_has_none():
    """A MAC is neither announced nor found in a dialect without one."""
    codec = Codec(_dialect(Field(2, "x", "n", Fixed(1), "bcd")))
    with pytest.raises(EncodeError, match="no MAC field"):
        codec.encode("0200", {}, mac_present=True)
    with pytest.raises(DecodeError, match="MAC"):
        codec.mac_span(codec.encode("0200", {2: "1"}))


def test_plans_are_bounded(codec):
    """However many different sets of fields pass, the codec keeps a bounded number of plans."""
    codec = Codec(codec.dialect)
    values = {3: "0" * 6, 11: "0" * 6, 12: "0" * 6, 13: "0" * 4, 22: "000", 25: "00", 37: " " * 12}
    values |= {38: " " * 6, 39: "00", 49: "156"}
    for chosen in range(1 << len(values)):
        fields = {n: v for place, (n, v) in enumerate(values.items()) if chosen >> place & 1}
        assert codec.decode(codec.encode("0200", fields)) == ("0200", fields)
    assert len(codec._by_keys) <= PLANS_MAX
    assert len(codec._by_bitmap) <= PLANS_MAX


def test_no_plan_is_made_for_what_is_no_message(codec, sale, monkeypatch):
    """Making a plan takes longer than reading: garbage with new bitmaps is refused before it."""
    made = []
    real = codec_module.compile_steps
    monkeypatch.setattr(
        codec_module, "compile_steps", lambda fields: made.append(1) or real(fields)
    )
    message = codec.encode("0200", sale)
    fresh = Codec(codec.dialect)
    made.clear()
    with pytest.raises(DecodeError):
        fresh.decode(message[:-1])
    assert not made
    for _ in range(2):
        assert fresh.decode(message) == ("0200", sale)
    assert len(made) == 1
