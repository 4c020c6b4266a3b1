"""The dialects that ship: what goes in comes out, and any bytes are read or refused."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.profiles.dialect_file import dialect_names, load_dialect
from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.codec import Codec
from posemu.wire.iso8583.codings import coding_for
from posemu.wire.iso8583.dialect import RESPONSE_CODES, Fixed
from posemu.wire.iso8583.framing import split_head
from posemu.wire.iso8583.subfields import Subfields
from posemu.wire.mask import mask_field

CODECS = {name: Codec(load_dialect(name)) for name in dialect_names()}


def _values(field):
    """Values of a field; long ones are cut, because a length is a length."""
    fixed = isinstance(field.length, Fixed)
    most = field.length.count if fixed else min(field.length.max, 60)
    least = most if fixed else 0
    coding = coding_for(field.type, field.encoding, field.pad)
    if field.type == "b":
        return st.binary(min_size=least, max_size=most)
    if coding.wide:
        return (
            st.just(("成功" + " " * most)[: most - 2]) if fixed else st.sampled_from(("", "成功"))
        )
    return st.text(coding.chars, min_size=least, max_size=most)


@st.composite
def messages(draw):
    """(codec, MTI, fields)."""
    codec = CODECS[draw(st.sampled_from(sorted(CODECS)))]
    chosen = draw(st.lists(st.sampled_from(codec.dialect.fields), unique=True, max_size=12))
    mti = draw(st.text("0123456789", min_size=4, max_size=4))
    return codec, mti, {field.number: draw(_values(field)) for field in chosen}


@settings(deadline=None, max_examples=120)
@given(messages())
def test_what_goes_in_comes_out(message):
    """decode(encode(x)) == x, in the order of the numbers."""
    codec, mti, fields = message
    found = codec.decode(codec.encode(mti, fields))
    assert (found[0], list(found[1].items())) == (mti, sorted(fields.items()))


@settings(deadline=None, max_examples=120)
@given(messages(), st.data())
def test_damaged_messages_are_read_or_refused(message, data):
    """Another message, which encodes to its bytes, or DecodeError."""
    codec, mti, fields = message
    raw = bytearray(codec.encode(mti, fields))
    place = data.draw(st.integers(0, len(raw)))
    raw[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=3))
    try:
        found = codec.decode(bytes(raw))
    except DecodeError as error:
        offset = error.offset
    else:
        offset = 0
        assert codec.encode(*found) == raw or codec.dialect.bitmap == "ascii"
    assert 0 <= offset <= len(raw)


@pytest.mark.parametrize("name", dialect_names())
def test_every_field_of_every_dialect(name):
    """Each field alone is written and read, and so are all of them together."""
    codec = CODECS[name]
    digits = {"n": "1", "z": "1", "a": "A", "an": "A", "ans": "A"}
    every = {}
    for field in codec.dialect.fields:
        rule = field.length
        count = rule.count if isinstance(rule, Fixed) else rule.max
        every[field.number] = bytes(count) if field.type == "b" else digits[field.type] * count
        alone = {field.number: every[field.number]}
        assert codec.decode(codec.encode("0200", alone)) == ("0200", alone)
    assert codec.decode(codec.encode("0200", every)) == ("0200", every)


@pytest.mark.parametrize("name", dialect_names())
def test_secrets_are_marked(name):
    """What holds a card number, a track, a PIN or a key is shown masked, whatever it is called."""
    secret = {"pan", "track1", "track2", "track3", "pin_block", "icc_data", "working_keys"}
    for field in load_dialect(name).fields:
        if field.name in secret:
            value = b"\x12" * 8 if field.type == "b" else "4000001234560002"
            assert field.sensitive is not None, field.name
            assert "123456" not in mask_field(field, value)


@pytest.mark.parametrize("name", dialect_names())
def test_subfields_have_names_too(name):
    """Subfields are named in both languages, and the table of response codes is one there is."""
    dialect = load_dialect(name)
    assert dialect.response_codes in (None, *RESPONSE_CODES)
    Subfields(dialect)
    for field in dialect.fields:
        if isinstance(field.inside, tuple):
            for part in field.inside:
                assert part.text["en"]
                assert re.search("[\u4e00-\u9fff]", part.text["zh"])


def test_each_version_is_there():
    """The dialects that are promised, with the version of the standard each follows."""
    versions = {name: load_dialect(name).version for name in dialect_names()}
    assert versions == {
        "generic-2003": "2003",
        "generic-87-ascii": "1987",
        "generic-87-bcd": "1987",
        "generic-93-binary": "1993",
        "posemu-87-aes": "1987",
        "unionpay-pos": "1987",
    }


PUBLISHED = Path(__file__).parents[1] / "vectors" / "published"


@pytest.mark.parametrize(
    ("name", "kind", "vector"),
    [
        ("unionpay-pos", "iso8583_cup_pos", "cup-download-request"),
        ("unionpay-pos", "iso8583_cup_pos", "cup-download-response"),
        ("unionpay-pos", "iso8583_cup_pos", "cup-sign-in-request"),
        ("unionpay-pos", "iso8583_cup_pos", "cup-sign-in-response"),
        ("unionpay-pos", "iso8583_cup_pos", "cup-sign-in-sample-2"),
        ("generic-87-ascii", "iso8583", "moov-0100-three-fields"),
        ("generic-87-ascii", "iso8583", "moov-financial-transaction-message"),
        ("generic-87-ascii", "iso8583", "moov-iso-reversal-message-advice"),
    ],
)
def test_published_messages(name, kind, vector):
    """Messages that others wrote are read by the dialect that ships, and written again."""
    vectors = json.loads((PUBLISHED / f"{kind}.json").read_text("utf-8"))["vectors"]
    (found,) = (v for v in vectors if v["name"] == vector and v["op"] == "decode")
    data = bytes.fromhex(found["inputs"]["message"])
    start = split_head(load_dialect(name).header, data).end
    mti, fields = CODECS[name].decode(data[start:])
    texts = {str(n): v if isinstance(v, str) else v.hex().upper() for n, v in fields.items()}
    expected = {key: v for key, v in found["expected"]["fields"].items() if key not in ("p", "1")}
    assert {"t": mti, **texts} == expected
    assert CODECS[name].encode(mti, fields) == data[start:]
