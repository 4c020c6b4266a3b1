"""Dialects and messages that nobody thought of, beside pyiso8583: the same bytes, the same fields.

pyiso8583 knows ISO 8583 as a table of fields: data in bytes, packed nibbles or a Python charset,
lengths in binary, BCD or text, counted in bytes or nibbles, bitmaps in bytes or hex, up to three.
It knows no "always" and no "fixed" second bitmap, no hex fields and no widths in characters; the
tests of the dialects hold those against bytes written by hand.
"""

import iso8583
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.codec import Codec
from posemu.wire.iso8583.dialect import Dialect, Field, Fixed, Header, Prefixed
from posemu.wire.iso8583.framing import join_head, split_head

CHARSETS = ("ascii", "latin-1", "cp037", "cp500", "gbk")
LETTERS = {"gbk": "AZaz09 成功墨文", "latin-1": "AZaz09 éß"}
LENGTHS = {"bcd": ("bcd", 2, 10), "binary": ("b", 1, 256), "ascii": ("ascii", 1, 10),
           "cp500": ("cp500", 1, 10)}  # fmt: skip
"""Our word -> pyiso8583's, our digits in a byte of the prefix, and its base."""


def _length(draw, counts, largest):
    """A rule of ours, and the same in pyiso8583's words."""
    if draw(st.booleans()):
        count = draw(st.integers(0, largest))
        return Fixed(count, counts), {"len_enc": "ascii", "len_type": 0, "max_len": count}
    encoding = draw(st.sampled_from(sorted(LENGTHS)))
    word, digits, base = LENGTHS[encoding]
    width = draw(st.integers(1, 3))
    most = draw(st.integers(0, min(base ** (digits * width) - 1, largest)))
    theirs = {"len_enc": word, "len_type": width, "max_len": most}
    return Prefixed(digits * width, most, encoding, counts), theirs


@st.composite
def fields(draw, number):
    """(our field, pyiso8583's entry)."""
    form = draw(st.sampled_from(("bytes", "digits", "hex", "text", "text in nibbles")))
    pad, theirs_pad, counts = "left-0", {}, "units"
    if form == "bytes":
        kind, encoding, theirs = "b", "binary", {"data_enc": "b"}
    elif form in ("digits", "hex"):
        kind, encoding = ("n" if form == "digits" else "h"), "bcd"
        side, nibble = draw(st.sampled_from(("left", "right"))), draw(st.sampled_from("0F"))
        pad, theirs_pad = f"{side}-{nibble}", {f"{side}_pad": nibble}
        theirs = {"data_enc": "b", "len_count": "nibbles"} | theirs_pad
    else:
        kind, encoding = "ans", draw(st.sampled_from(CHARSETS))
        counts = "bytes" if form == "text" else "nibbles"
        theirs = {"data_enc": encoding, "len_count": counts}
    rule, their_length = _length(draw, counts, 20)
    if counts == "nibbles" and isinstance(rule, Fixed):
        rule = Fixed(rule.count // 2 * 2, counts)
        their_length["max_len"] = rule.count
    ours = Field(number, f"de{number}", kind, rule, encoding, pad=pad)
    return ours, theirs | their_length


@st.composite
def dialects(draw):
    """(our dialect, pyiso8583's table) of some fields up to 192."""
    numbers = draw(st.lists(st.integers(2, 192).filter(lambda n: n != 65), unique=True, max_size=8))
    pairs = [(number, *draw(fields(number))) for number in sorted(numbers)]
    mti = draw(st.sampled_from(("bcd", "ascii", "cp037", "cp500")))
    first, later = (draw(st.sampled_from(("binary", "ascii", "cp500"))) for _ in range(2))
    private = draw(st.none() | fields(0))
    header = Header(b"", "binary2", private=private[0] if private else None)
    dialect = Dialect(
        "generated", "", header, mti, first, tuple(ours for _, ours, _ in pairs),
        later_bitmaps=later, bitmaps=3,
    )  # fmt: skip
    plain = {"len_enc": "ascii", "len_type": 0}
    spec = {
        "h": private[1] if private else {**plain, "data_enc": "b", "max_len": 0},
        "t": {**plain, "data_enc": "b" if mti == "bcd" else mti, "max_len": 4},
        "p": {**plain, "data_enc": "b" if first == "binary" else first, "max_len": 8},
        "1": {**plain, "data_enc": "b" if later == "binary" else later, "max_len": 8},
    }
    return dialect, spec | {str(number): theirs for number, _, theirs in pairs}


def _largest(field):
    rule = field.length
    count = rule.count if isinstance(rule, Fixed) else rule.max
    return count // 2 if rule.counts == "nibbles" else count


@st.composite
def values(draw, field):
    """A value that fits a field."""
    most = _largest(field)
    least = most if isinstance(field.length, Fixed) else 0
    if field.type == "b":
        return draw(st.binary(min_size=least, max_size=most))
    letters = {"n": "0123456789", "h": "0123456789ABCDEF"}.get(
        field.type, LETTERS.get(field.encoding, "AZaz09 -")
    )
    text = draw(st.text(letters, min_size=least, max_size=most))
    if field.encoding == "gbk":  # count bytes, as the length does
        while len(text.encode("gbk")) > most:
            text = text[:-1]
        if least:
            text += " " * (most - len(text.encode("gbk")))
    return text


@st.composite
def messages(draw):
    """(dialect, table, MTI, values, header)."""
    dialect, spec = draw(dialects())
    mti = draw(st.text("0123456789", min_size=4, max_size=4))
    chosen = draw(st.lists(st.sampled_from(dialect.fields), unique=True)) if dialect.fields else []
    private = dialect.header.private
    header = None if private is None else draw(values(private))
    return dialect, spec, mti, {f.number: draw(values(f)) for f in chosen}, header


def _text(value):
    return value if isinstance(value, str) else value.hex().upper()


@settings(deadline=None, max_examples=100)
@given(messages())
def test_both_write_the_same_and_read_it(message):
    """Our bytes are pyiso8583's bytes, and each reads back what went in."""
    dialect, spec, mti, fields, header = message
    codec = Codec(dialect)
    theirs = {"t": mti} | {str(number): _text(value) for number, value in fields.items()}
    if spec["h"]["max_len"] > 0:
        theirs["h"] = _text(header)
    ours = join_head(dialect.header, b"", header) if header is not None else b""
    if header is not None and spec["h"]["max_len"] == 0:
        ours = b""  # pyiso8583 leaves out a header that is always empty, with its length
    start = len(ours)
    ours += codec.encode(mti, fields)
    assert bytes(iso8583.encode(dict(theirs), spec)[0]) == ours
    read = iso8583.decode(ours, spec)[0]
    assert {key: read[key] for key in theirs} == theirs
    assert set(read) - set(theirs) <= {"p", "1"}
    assert codec.decode(ours[start:]) == (mti, fields)
    assert codec.bitmap(ours[start:]) == read["p"] + read.get("1", "")
    if start:
        assert split_head(dialect.header, ours).private == header


def read_or_refused(codec, data):
    """(MTI, fields) of a message that encodes to the same bytes, or None if it is refused with
    field, place and reason. Hex in lower case is read and not written."""
    try:
        mti, fields = codec.decode(data)
    except DecodeError as error:
        refused = 0 <= error.offset <= len(data) and error.field and error.reason
        return None if refused else error
    lower = codec.bitmap(data) != codec.bitmap(data).upper()
    return (mti, fields) if lower or codec.encode(mti, fields) == data else "not canonical"


@settings(deadline=None, max_examples=100)
@given(messages(), st.data())
def test_what_we_read_of_damaged_bytes_they_read_too(message, data):
    """A damaged message is refused, or it encodes to the same bytes and pyiso8583 sees the same."""
    dialect, spec, mti, fields, _ = message
    codec = Codec(dialect)
    raw = bytearray(codec.encode(mti, fields))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    found = read_or_refused(codec, bytes(raw))
    if found is not None:
        mti, fields = found
        read = iso8583.decode(bytes(raw), spec | {"h": {**spec["t"], "max_len": 0}})[0]
        ours = {"t": mti} | {str(number): _text(value) for number, value in fields.items()}
        assert {key: value for key, value in read.items() if key not in ("p", "1")} == ours


@settings(deadline=None, max_examples=100)
@given(dialects(), st.binary(max_size=120), st.booleans())
def test_any_bytes_are_read_or_refused(made, data, headed):
    """Whatever the dialect and whatever the bytes: a message that encodes to them, or refused."""
    codec = Codec(made[0])
    head = codec.encode("0100", {})[:4] if headed else b""
    assert isinstance(read_or_refused(codec, head + data), tuple | None)
