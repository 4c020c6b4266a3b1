"""ISO 8583 under the contract: every dialect that ships and one with everything else in it, what
stands inside fields, and what stands before a message on a line."""

from __future__ import annotations

from collections.abc import Callable

from posemu.profiles.data_files import DataFileError
from posemu.profiles.dialect_file import dialect_names, is_dialect, load_dialect, parse_dialect
from posemu.wire import (
    Codec,
    DecodeError,
    Deframer,
    Dialect,
    Field,
    Fixed,
    Frame,
    Header,
    Prefixed,
    Subfields,
    Value,
    answer_mti,
    bitmap_numbers,
    bitmap_of,
    explain,
    frame,
    join_head,
    length_header,
    parse_mti,
    repeat_mti,
    response_code,
    response_codes,
    split_head,
)
from posemu.wire.iso8583.codings import WIDE_CHARSETS, coding_for
from posemu.wire.iso8583.dialect import LENGTH_HEADERS, RESPONSE_CODES
from tests.fuzz.contract import Target, text_of

_CASE = "hex of a bitmap is read in either case and written in upper case"
_TPDU = bytes.fromhex("6000010000")


def _odd_fields() -> tuple[Field, ...]:
    rows: tuple[tuple[str, Fixed | Prefixed, str, str], ...] = (
        ("n", Prefixed(2, 19, "cp037"), "cp037", "left-0"),
        ("n", Fixed(5), "bcd", "right-F"),
        ("n", Prefixed(3, 37, "bcd", "nibbles"), "bcd", "left-A"),
        ("z", Prefixed(1, 37, "binary"), "bcd", "right-0"),
        ("h", Prefixed(2, 99, "ascii", "bytes"), "bcd", "none"),
        ("an", Fixed(6), "cp500", "left-0"),
        ("ans", Prefixed(2, 40, "bcd"), "cp1140", "left-0"),
        ("ans", Prefixed(3, 99, "ascii", "bytes"), "gbk", "left-0"),
        ("ans", Prefixed(3, 99, "ascii", "bytes"), "gb18030", "left-0"),
        ("ans", Prefixed(2, 99, "binary", "bytes"), "utf-8", "left-0"),
        ("ans", Fixed(4), "latin-1", "left-0"),
        ("b", Prefixed(2, 30, "ascii", "nibbles"), "hex", "left-0"),
        ("b", Fixed(8), "hex-cp037", "left-0"),
        ("ans", Prefixed(6, 99_999, "ascii"), "ascii", "left-0"),
        ("b", Prefixed(4, 70_000, "binary"), "binary", "left-0"),
    )
    numbers = (*range(2, 14), 64, 66, 130)
    return tuple(
        Field(number, f"f{number}", kind, length, encoding, pad=pad)
        for number, (kind, length, encoding, pad) in zip(numbers, rows, strict=True)
    )


ODD = Dialect(
    "odd", "", Header(b"", "vml4"), "cp037", "cp037", _odd_fields(),
    later_bitmaps="binary", bitmaps=3, secondary="either",
)  # fmt: skip
"""What no dialect that ships has: EBCDIC, other nibbles, characters of several bytes, three
bitmaps, lengths too large for a table."""
DIALECTS = (*map(load_dialect, dialect_names()), ODD)


def _value(field: Field, units: int) -> Value:
    coding = coding_for(field.type, field.encoding, field.pad)
    if field.type == "b":
        return bytes(units)
    if coding.wide:
        text = "成功" if units > 6 else ""
        return text + " " * (units - len(text.encode(field.encoding)))
    return coding.chars[1] * units


def _messages(dialect: Dialect) -> list[bytes]:
    """Every field alone, and all of them together."""
    codec = Codec(dialect)
    every = {}
    for field in dialect.fields:
        rule = field.length
        wide = field.encoding in WIDE_CHARSETS
        units = rule.count if isinstance(rule, Fixed) else min(rule.max, 8 if wide else 6)
        even = units - units % 2
        every[field.number] = _value(field, even if isinstance(rule, Prefixed) else units)
    alone = [codec.encode("0200", {number: value}) for number, value in every.items()]
    return [*alone, codec.encode("0210", every)]


def _message(dialect: Dialect) -> Callable[[bytes], None]:
    codec, subfields = Codec(dialect), Subfields(dialect)

    def read(data: bytes) -> None:
        stopped = explain(codec, data).error
        try:
            mti, fields = codec.decode(data)
        except DecodeError:
            assert stopped is not None, "the table takes what the codec refuses"
            raise
        assert stopped is None, "the table refuses what the codec takes"
        again = codec.encode(mti, fields)
        assert codec.decode(again) == (mti, fields), "what is written reads otherwise"
        if dialect.bitmap == "ascii":
            end = 4 + len(codec.bitmap(data))
            data = data[:4] + data[4:end].upper() + data[end:]
        if dialect is not ODD:
            assert again == data, "written otherwise"
        for number in set(subfields.numbers) & set(fields):
            _inside(subfields, number, fields[number])

    return read


def _inside(subfields: Subfields, number: int, value: Value) -> None:
    try:
        parts = subfields.split(number, value)
    except DecodeError:
        return
    again = subfields.join(number, [(part.key, part.value) for part in parts])
    assert subfields.split(number, again) == parts, "subfields read otherwise"


_LOOSE = {
    "generic-87-ascii": _CASE,
    "odd": "hex of a bitmap is read in either case, and a bitmap that names no field is dropped",
}
_INSIDE = tuple(
    (Subfields(dialect), field) for dialect in DIALECTS for field in dialect.fields if field.inside
)


def _subfields(data: bytes) -> None:
    subfields, field = _INSIDE[(data[0] if data else 0) % len(_INSIDE)]
    value: Value = data[1:] if field.type == "b" else text_of(data[1:])
    parts = subfields.split(field.number, value)
    again = subfields.join(field.number, [(part.key, part.value) for part in parts])
    assert subfields.split(field.number, again) == parts
    assert field.inside == "tlv" or again == value


def _subfield_seeds() -> list[bytes]:
    numbers = {60: "22000727000601234"[:17], 61: "00000100000212310112345678901"}
    return [
        bytes([place]) + (numbers.get(field.number, "") + "").encode()
        for place, (_, field) in enumerate(_INSIDE)
    ] + [bytes([place]) + bytes.fromhex("9F02060000000050009F3602003495050000008000")
         for place, (_, field) in enumerate(_INSIDE) if field.inside == "tlv"]  # fmt: skip


_HEADERS = tuple(
    Header(tpdu, name, inclusive)
    for name in LENGTH_HEADERS
    for inclusive in (False, True)
    for tpdu in (b"", _TPDU)
)


def _cut(header: Header, stream: list[bytes]) -> tuple[list[Frame], int, DecodeError | None]:
    deframer = Deframer(header=header)
    frames: list[Frame] = []
    for piece in stream:
        try:
            frames += deframer.feed(piece)
        except DecodeError:
            break
    return frames, deframer.pending, deframer.error


def _stream(data: bytes) -> None:
    header = _HEADERS[(data[0] if data else 0) % len(_HEADERS)]
    stream, size = data[2:], 1 + (data[1] if len(data) > 1 else 0)
    if header.length == "none":  # the line itself keeps the borders: each piece is a message
        return
    frames, pending, error = _cut(header, [stream])
    cut = [stream[place : place + size] for place in range(0, len(stream), size)]
    frames_cut, pending_cut, error_cut = _cut(header, cut)
    assert (frames, pending) == (frames_cut, pending_cut), "the cut decides"
    assert (error is None) == (error_cut is None)
    written = b"".join(frame(found.payload, found.tpdu, header) for found in frames)
    if header.length != "vml4":  # whose format and platform are not kept
        assert stream.startswith(written)
    assert error is not None or len(written) + pending == len(stream)
    if error is not None:
        assert error_cut is not None
        assert error.args == error_cut.args
        raise error


def _streams() -> list[bytes]:
    made = []
    for place, header in enumerate(_HEADERS):
        if header.length != "none":
            one = frame(b"\x02\x00abc", header.tpdu, header)
            made.append(bytes([place, 2]) + one + one + one[:-2])
    return made


def _length(data: bytes) -> None:
    pick = data[0] if data else 0
    header = length_header(LENGTH_HEADERS[pick % 8], pick >= 128)
    found = header.read(data[1:])
    if found.length <= header.max and LENGTH_HEADERS[pick % 8] != "vml4":
        assert header.write(found.length) == data[1:]


def _lengths() -> list[bytes]:
    return [
        bytes([pick]) + length_header(LENGTH_HEADERS[pick % 8], pick >= 128).write(16)
        for pick in (*range(8), *range(128, 136))
    ]


_PRIVATE = tuple(
    Header(tpdu, "binary2", private=private)
    for tpdu in (b"", _TPDU)
    for private in (
        None,
        Field(0, "header", "b", Fixed(6), "binary"),
        Field(0, "header", "n", Prefixed(2, 19, "bcd"), "bcd"),
        Field(0, "header", "ans", Prefixed(2, 20, "ascii", "bytes"), "gbk"),
    )
)


def _head(data: bytes) -> None:
    header = _PRIVATE[(data[0] if data else 0) % len(_PRIVATE)]
    head = split_head(header, data[1:])
    assert join_head(header, head.tpdu, head.private) == data[1 : 1 + head.end]


def _heads() -> list[bytes]:
    rest = {6: bytes(6), 7: b"\x04\x12\x34", 4: b"02ab", 2: b"\x03\x01\x23", 3: b"04\xb3\xc9ab"}
    return [
        bytes([place]) + header.tpdu + rest.get(place, b"03abc") + b"\x02\x00"
        for place, header in enumerate(_PRIVATE)
    ]


def _mti(data: bytes) -> None:
    text = text_of(data)
    parse_mti(text)
    assert len(text) == 4
    for turned in (answer_mti, repeat_mti):
        parse_mti(turned(text))


def _code(data: bytes) -> None:
    text = text_of(data)
    refused = None
    for table in RESPONSE_CODES:
        try:
            assert response_code(table, text) in response_codes(table)
        except DecodeError as error:
            refused = error
    if refused is not None:
        raise refused


def _bitmap(data: bytes) -> None:
    numbers = set(bitmap_numbers(data)) - {1}
    if len(data) < 24:
        assert set(bitmap_numbers(bitmap_of(numbers))) - {1} == numbers


def _file(data: bytes) -> None:
    text = text_of(data).replace("\r", "")
    is_dialect(text)
    Codec(parse_dialect(text, "x.yaml"))


_FILE = """\
name: x
note: y
header: {length: binary2, tpdu: '6000030000'}
mti: bcd
bitmap: binary
fields:
  2: {name: x, type: n, length: {prefix: LL, max: 19, encoding: bcd}, encoding: bcd, en: A, zh: 甲}
  64: {name: mac, type: b, length: 8, encoding: binary, en: MAC, zh: 校验}
mac_field: 64
"""
_INSIDE_IT = "{subfields: {1: {name: a, type: n, length: 2, encoding: ascii, en: A, zh: 甲}}}"


def _files() -> list[bytes]:
    texts = (
        "mti: 2026-99-99\n",
        "a: !!bool x\n",
        _FILE,
        _FILE.replace("甲", f"甲, inside: {_INSIDE_IT}"),
        "a: &a [*a]\n",
        "- [" * 40,
        "mti: 2026-11-22\n",
    )
    return [text.encode() for text in texts]


def _framed(data: bytes) -> bytes:
    return b"\x00" + data


TARGETS: tuple[Target, ...] = (
    *(
        Target(
            f"iso8583-{dialect.name}", _message(dialect), _LOOSE.get(dialect.name, ""),
            seeds=(("iso8583", "message"),), made=lambda dialect=dialect: _messages(dialect),
        )
        for dialect in DIALECTS
    ),
    Target("subfields", _subfields, "BER-TLV has several writings of a length; the rest has one",
           seeds=(("iso8583_cup_pos", "value"), ("iso8583", "data")), made=_subfield_seeds,
           frame=_framed),
    Target("deframer", _stream, "vml4 carries a format and a platform that are not kept",
           seeds=(("iso8583_cup_pos", "framed"),), made=_streams,
           frame=lambda data: b"\x05\x03" + data),
    Target("length-header", _length, "vml4, as above", seeds=(("iso8583", "header"),),
           made=_lengths, frame=lambda data: b"\x07" + data),
    Target("head", _head, seeds=(("iso8583_cup_pos", "message"),), made=_heads,
           frame=lambda data: b"\x05" + data),
    Target("mti", _mti, "is looked up, not written", seeds=(("iso8583", "mti"),)),
    Target("response-code", _code, "is looked up, not written",
           seeds=(("iso8583_response_codes", "code"),)),
    Target("bitmap", _bitmap, "bit 1, or a second bitmap without fields, is not written again",
           seeds=(("iso8583", "bitmap"),)),
    Target("dialect-file", _file, "YAML is read and never written", (DataFileError,),
           made=_files, heavy=True),
)  # fmt: skip
