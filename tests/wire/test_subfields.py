"""What stands inside a field: taken apart, put together, and what is wrong with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.profiles.dialect_file import load_dialect
from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.dialect import Dialect, DialectError, Field, Fixed, Header, Prefixed
from posemu.wire.iso8583.subfields import Subfields

UNIONPAY = Subfields(load_dialect("unionpay-pos"))


def _dialect(*fields, mti="bcd"):
    return Dialect("test", "", Header(b""), mti, "binary", fields)


INNER = _dialect(
    Field(2, "key", "ans", Prefixed(2, 32, "ascii"), "ascii"),
    Field(25, "icc", "b", Prefixed(2, 99, "bcd"), "binary"),
    mti="",
)
LONG = Prefixed(3, 999, "bcd")
ROW = (
    Field(1, "a", "n", Fixed(3), "bcd", pad="right-F"),
    Field(2, "b", "ans", Prefixed(2, 9, "ascii"), "ascii"),
    Field(3, "c", "b", Fixed(1), "binary"),
)
OPENED = Subfields(
    _dialect(
        Field(48, "row", "b", LONG, "binary", inside=ROW),
        Field(55, "icc", "b", LONG, "binary", inside="tlv"),
        Field(127, "inner", "b", LONG, "binary", inside=INNER),
    )
)


def _pairs(parts):
    return [(part.key, part.value) for part in parts]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", []),
        ("22", ["22"]),
        ("00000726005", ["00", "000726", "005"]),
        ("2200072700060", ["22", "000727", "000", "6", "0"]),
        ("22000727000601002", ["22", "000727", "000", "6", "0", "1", "002"]),
    ],
)
def test_field_60_of_unionpay(value, parts):
    """A row of numbers of which the last may be left out."""
    found = UNIONPAY.split(60, value)
    assert _pairs(found) == [(f"60.{n}", part) for n, part in enumerate(parts, 1)]
    assert UNIONPAY.join(60, _pairs(found)) == value
    assert all(part.field.text["zh"] for part in found)


@pytest.mark.parametrize(
    ("value", "field", "offset"),
    [
        ("220007", "DE60.2", 6),
        ("22 00727", "DE60.2", 2),
        ("220007270006010020", "DE60", 17),
        ("２2", "DE60", 0),
    ],
)
def test_a_row_that_is_wrong_says_where(value, field, offset):
    """Half a subfield, no digits, more than there are."""
    with pytest.raises(DecodeError) as caught:
        UNIONPAY.split(60, value)
    assert (caught.value.field, caught.value.offset) == (field, offset)


@pytest.mark.parametrize(
    ("number", "value", "parts"),
    [
        (48, "123F" "303258" "59" "AA", [("48.1", "123"), ("48.2", "XY"), ("48.3", b"\xaa")]),
        (55, "9F0201AA" "5A00" "9F0201BB" "710191",
         [("9F02", b"\xaa"), ("5A", b""), ("9F02", b"\xbb"), ("71", b"\x91")]),
        (127, "4000008000000000" "303141" "0105", [("127.2", "A"), ("127.25", b"\x05")]),
    ],
)  # fmt: skip
def test_what_is_inside(number, value, parts):
    """Rows of any fields, TLV with repeated tags and closed templates, a message without MTI."""
    data = bytes.fromhex(value)
    assert _pairs(OPENED.split(number, data)) == parts
    assert OPENED.join(number, parts) == data


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (48, [("48.2", "X")]),
        (48, [("48.1", "123"), ("48.3", b"1")]),
        (48, [("48.1", "123"), ("48.4", b"1")]),
        (48, [("48.1", "123"), ("48.1", "123")]),
        (48, [("48.1", "1234")]),
        (55, [("9F02", "AA")]),
        (55, [("9F", b"")]),
        (127, [("126.2", "A")]),
        (127, [("127.x", "A")]),
        (127, [("127.3", "A")]),
        (127, [("127.2", "A"), ("127.2", "A")]),
        (11, [("11.1", "A")]),
    ],
)
def test_parts_that_do_not_fit_are_refused(number, parts):
    """A hole, a key that there is not, one twice, a wrong value, no tag, nothing inside."""
    with pytest.raises(EncodeError):
        OPENED.join(number, parts)


def test_a_field_with_nothing_inside():
    """Is not taken apart, and is said to be so."""
    assert OPENED.numbers == (48, 55, 127)
    with pytest.raises(DecodeError, match="what is inside"):
        OPENED.split(11, "000001")


@settings(deadline=None, max_examples=200)
@given(st.sampled_from((48, 55, 127)), st.binary(max_size=60))
def test_any_bytes_are_taken_apart_or_refused(number, data):
    """Whatever the bytes, the parts put together are read as the same parts, or DecodeError."""
    try:
        parts = _pairs(OPENED.split(number, data))
    except DecodeError as error:
        refused = error
    else:
        refused = None
        assert _pairs(OPENED.split(number, OPENED.join(number, parts))) == parts
    assert refused is None or 0 <= refused.offset <= len(data)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (Field(60, "x", "n", LONG, "bcd", inside=ROW), "written in 'ascii'"),
        (Field(60, "x", "b", LONG, "binary", inside=ROW[1:]), "numbered from 1"),
        (Field(60, "x", "n", LONG, "bcd", inside=INNER), "type b"),
    ],
)
def test_an_inside_that_makes_no_sense_is_refused(field, reason):
    """Found when the dialect is built."""
    with pytest.raises(DialectError, match=reason):
        _dialect(field)
