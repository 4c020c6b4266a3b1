"""BER-TLV: what a chip says is read in order and to the last byte, or refused where it is wrong."""

import pyemv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError, EncodeError
from posemu.wire.emv.tags import EMV_TAGS, emv_tag
from posemu.wire.emv.tlv import (
    DEPTH_MAX,
    FILE_FILLING,
    Tlv,
    decode_length,
    decode_tlv,
    encode_length,
    encode_tlv,
    find_tlv,
    read_tag,
    tag_info,
    template,
    tlv_pairs,
)

few = settings(deadline=None, max_examples=150)

PRIMITIVE = ["5A", "9F02", "9F8101", "DF7F", "01", "C1"]
CONSTRUCTED = ["70", "BF0C", "FF8106", "E1"]
values = st.one_of(
    st.binary(max_size=20), st.sampled_from([bytes(n) for n in (127, 128, 255, 256)])
)
primitives = st.builds(Tlv, st.sampled_from(PRIMITIVE), values)
objects = st.recursive(
    primitives,
    lambda inner: st.builds(template, st.sampled_from(CONSTRUCTED), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def _read(parse, data):
    """What is read, or the error."""
    try:
        return parse(data)
    except DecodeError as error:
        return error


def test_field_55_in_order():
    """Duplicates stay, and stay where they stood."""
    data = bytes.fromhex("9F0206 000000001000 9F3602 0041 9F0206 000000002000")
    assert tlv_pairs(data) == [
        ("9F02", bytes.fromhex("000000001000")),
        ("9F36", bytes.fromhex("0041")),
        ("9F02", bytes.fromhex("000000002000")),
    ]
    assert find_tlv(decode_tlv(data), "9F02") == [value for tag, value in tlv_pairs(data)[::2]]


@few
@given(st.lists(objects, max_size=5))
def test_round_trip(objs):
    """What is written is read, and reading the first level alone gives the same values."""
    data = encode_tlv(objs)
    assert decode_tlv(data) == tuple(objs)
    assert tlv_pairs(data) == [(item.tag, item.value) for item in objs]


def _as_dict(objs):
    return {o.tag: o.value if o.children is None else _as_dict(o.children) for o in objs}


@few
@given(st.lists(objects, max_size=5))
def test_as_pyemv(objs):
    """pyemv reads and writes the same bytes (it keeps the last of equal tags only)."""
    data = encode_tlv(objs)
    assert pyemv.tlv.decode(data) == _as_dict(objs)
    assert encode_tlv(decode_tlv(pyemv.tlv.encode(_as_dict(objs)))) == pyemv.tlv.encode(
        _as_dict(objs)
    )


@few
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(st.sampled_from(b"\x00\x02\x1f\x70\x7f\x80\x81\x84\x9f\xff")).map(bytes),
    )
)
def test_any_bytes(data):
    """Any bytes are objects that can be written again and mean the same, or a DecodeError inside
    the data; the fast reading of the first level agrees with the full one."""
    objs = _read(decode_tlv, data)
    if isinstance(objs, DecodeError):
        assert 0 <= objs.offset <= len(data)
        return
    again = encode_tlv(objs)
    assert len(again) <= len(data)
    assert encode_tlv(decode_tlv(again)) == again
    assert tlv_pairs(data) == [(item.tag, item.value) for item in objs]


@few
@given(st.lists(st.builds(Tlv, st.just("9F02"), st.binary(max_size=9)), min_size=1), st.data())
def test_filling_says_nothing(objs, data):
    """Zeros before, between and behind the objects change nothing; FF does in files alone."""
    filled, in_file = b"", b""
    for item in objs:
        zeros = bytes(data.draw(st.integers(0, 3)))
        filled += zeros + encode_tlv([item])
        in_file += zeros + b"\xff\x00\xff"[: len(zeros)] + encode_tlv([item])
    assert decode_tlv(filled + b"\0") == tuple(objs)
    assert decode_tlv(in_file + b"\xff\xff", FILE_FILLING) == tuple(objs)
    with pytest.raises(DecodeError):
        decode_tlv(filled + b"\xff\xff")


def test_a_template_keeps_what_filled_it():
    """The value of a template is its bytes as they stood, so that its length is the one read."""
    (item,) = decode_tlv(bytes.fromhex("7007" + "9A0101" + "00" * 4))
    assert (len(item.value), item.children) == (7, (Tlv("9A", b"\x01"),))
    assert encode_tlv([item]) == bytes.fromhex("70039A0101")


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        ("9F", "tag", 0),
        ("9F81", "tag", 0),
        ("9C", "tag 9C", 1),
        ("9F02", "tag 9F02", 2),
        ("9C80", "tag 9C", 1),
        ("9C8500000000019A", "tag 9C", 1),
        ("9CFF", "tag 9C", 1),
        ("9C8201", "tag 9C", 1),
        ("9C020A", "tag 9C", 2),
        ("9A01019C81", "tag 9C", 4),
        ("70049F020201", "tag 9F02", 5),
        ("E1029F02", "tag 9F02", 4),
        ("70019F02", "tag", 2),
        ("9C84FFFFFFFF00", "tag 9C", 6),
    ],
)
def test_refusals_say_where(data, field, offset):
    """The error names the tag and the byte, and holds no value."""
    with pytest.raises(DecodeError) as caught:
        decode_tlv(bytes.fromhex(data))
    assert (caught.value.field, caught.value.offset) == (field, offset)


@pytest.mark.parametrize(
    "data", ["9F", "9F02", "9C80", "9C8201", "9C020A", "9A01019C81", "9C8102FF"]
)
def test_the_fast_reading_refuses_the_same(data):
    """tlv_pairs gives the error of decode_tlv."""
    fast, full = (_read(parse, bytes.fromhex(data)) for parse in (tlv_pairs, decode_tlv))
    assert isinstance(full, DecodeError)
    assert fast.args == full.args


def test_ff_fills_files_and_starts_tags_in_templates():
    """In a template FF is the start of a private tag, in a file too."""
    (item,) = decode_tlv(bytes.fromhex("FF7004FF810600FF"), FILE_FILLING)
    assert item.children == (template("FF8106", []),)


def test_depth_is_bounded():
    """DEPTH_MAX templates are read and written, one more is refused, a thousand at once."""
    nested = Tlv("9A", b"")
    for _ in range(DEPTH_MAX):
        nested = template("E1", [nested])
    data = encode_tlv([nested])
    assert decode_tlv(data) == (nested,)
    with pytest.raises(DecodeError, match="deeper"):
        decode_tlv(b"\xe1" + encode_length(len(data)) + data)
    with pytest.raises(EncodeError, match="deeper"):
        encode_tlv([Tlv("E1", b"", (nested,))])
    deep = b""
    for _ in range(1000):
        deep = b"\xe1" + encode_length(len(deep)) + deep
    with pytest.raises(DecodeError, match="deeper"):
        decode_tlv(deep)


def test_endless_filling_costs_nothing():
    """Millions of filling bytes are passed over in one step, also in many pieces."""
    assert decode_tlv(bytes(4_000_000)) == ()
    assert decode_tlv(b"\xff" * 4_000_000, FILE_FILLING) == ()
    assert len(decode_tlv(b"\0\x9c\0" * 20_000)) == 20_000


@pytest.mark.parametrize(
    ("tag", "info"),
    [
        ("5F2A", (2, "application", False)),
        ("FF8106", (3, "private", True)),
        ("03", (1, "universal", False)),
        ("9F80807F", (4, "context", False)),
    ],
)
def test_tags_are_taken_apart(tag, info):
    """Width, class and form come out of the bytes."""
    assert tag_info(tag) == info
    assert read_tag(bytes.fromhex(tag + "00")) == tag


@pytest.mark.parametrize(
    "tag", ["", "9", "9F", "9F81", "9F0101", "5A00", "9f02", "9F 02", "00", "XY"]
)
def test_tags_that_are_none(tag):
    """A tag that could not be read back is not written."""
    with pytest.raises(EncodeError):
        tag_info(tag)
    with pytest.raises(EncodeError):
        encode_tlv([Tlv(tag, b"")])


def test_the_tag_says_whether_there_are_objects_in_it():
    """Children under a primitive tag would be read back as a value, a value under a constructed
    one as objects."""
    with pytest.raises(EncodeError, match="template"):
        encode_tlv([Tlv("E1", b"\x9c\0")])
    with pytest.raises(EncodeError, match="primitive"):
        encode_tlv([template("9A", [Tlv("9C", b"")])])


@pytest.mark.parametrize("data", [b"", b"\0", b"\x9f", b"\x9f\x80"])
def test_no_tag_to_read(data):
    """What starts no tag, or ends inside one, is refused."""
    with pytest.raises(DecodeError):
        read_tag(data)


@few
@given(st.integers(0, (1 << 32) - 1))
def test_lengths_round_trip_in_their_shortest_form(length):
    """A length is written in as few bytes as it takes and read back."""
    raw = encode_length(length)
    assert decode_length(raw) == (length, len(raw))
    assert len(raw) == (1 if length < 128 else 1 + (length.bit_length() + 7) // 8)


@pytest.mark.parametrize("length", [-1, 1 << 32])
def test_lengths_that_no_card_writes(length):
    """Negative lengths and those above four bytes are refused."""
    with pytest.raises(EncodeError):
        encode_length(length)


def test_objects_show_themselves_masked():
    """A PAN in an object is not in its text."""
    item = Tlv("5A", bytes.fromhex("4000000000000002"))
    assert str([item]) == "[Tlv(5A, 8 bytes)]"


def test_the_dictionary_is_in_order():
    """Every tag stands once, in order, well-formed, in bounds, named in both languages."""
    tags = [entry.tag for entry in EMV_TAGS]
    assert tags == sorted(set(tags))
    for entry in EMV_TAGS:
        assert tag_info(entry.tag).constructed == (entry.format == "template")
        assert 0 <= entry.shortest <= entry.longest
        assert entry.title("en") == entry.name_en
        assert entry.title("zh") == entry.name_zh != entry.name_en
        assert entry.name_en.isascii()
        assert not entry.name_zh.isascii()
        assert emv_tag(entry.tag) is entry
    assert emv_tag("DF01") is None
