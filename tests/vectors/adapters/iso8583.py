"""ISO 8583 messages: a field table in the words of pyiso8583 becomes a dialect of ours."""

from __future__ import annotations

import codecs
from binascii import unhexlify
from collections.abc import Mapping
from typing import Any

from posemu.wire.emv.tlv import tlv_pairs
from posemu.wire.iso8583.bitmap import bitmap_numbers
from posemu.wire.iso8583.codec import Codec
from posemu.wire.iso8583.codings import WIDE_CHARSETS, Value
from posemu.wire.iso8583.dialect import Dialect, Field, Fixed, Header, Prefixed
from posemu.wire.iso8583.framing import join_head, split_head
from posemu.wire.iso8583.length_header import length_header as header_named
from posemu.wire.iso8583.mti import answer_mti, parse_mti
from posemu.wire.iso8583.subfields import Subfields

from . import Answers, Inputs, Operation

Spec = Mapping[str, Mapping[str, Any]]

_BESIDE = ("h", "t", "p", "1", "65")
"""What a table has besides its fields; bit 65 announces the third bitmap."""
_LENGTHS = {"b": "binary", "bcd": "bcd"}
_ABSENT = {"data_enc": "ascii", "max_len": 0}


def dialect_of(spec: Spec, header: Header | None = None, **words: Any) -> Dialect:
    """The dialect that a table describes; `words` are those that the table has no word for."""
    entries = {int(key): entry for key, entry in spec.items() if key not in _BESIDE}
    top = spec.get("h", _ABSENT)
    private = _field(0, top) if top["max_len"] > 0 else None
    mti = spec.get("t", _ABSENT)["data_enc"]
    words = {
        "bitmap": _bitmap(spec.get("p", _ABSENT)),
        "later_bitmaps": _bitmap(spec.get("1", spec.get("p", _ABSENT))),
        "mti": "bcd" if mti == "b" else _charset(mti),
        "mti_type": "h" if mti == "b" else "ans",
        "bitmaps": 3,
        "secondary": "either",
    } | words
    return Dialect(
        name="vector",
        note="",
        header=header or Header(b"", private=private),
        fields=tuple(_field(number, entries[number]) for number in sorted(entries)),
        **words,
    )


def _charset(name: str) -> str:
    """Python knows a charset by many names, a dialect by one."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return name
    return "latin-1" if found == "iso8859-1" else found


def _bitmap(entry: Mapping[str, Any]) -> str:
    return "binary" if entry["data_enc"] == "b" else _charset(entry["data_enc"])


def _field(number: int, entry: Mapping[str, Any]) -> Field:
    charset, nibbles = entry["data_enc"], entry.get("len_count") == "nibbles"
    binary = charset == "b"
    counts = "units" if binary else "nibbles" if nibbles else "bytes"
    rule: Fixed | Prefixed = Fixed(entry["max_len"], counts)
    if entry["len_type"]:
        rule = _prefixed(entry, counts)
    left, right = entry.get("left_pad", "")[:1].upper(), entry.get("right_pad", "")[:1].upper()
    pad = f"left-{left}" if left else f"right-{right}" if right else "none"
    kind = ("h" if nibbles else "b") if binary else "ans"
    encoding = ("bcd" if nibbles else "binary") if binary else _charset(charset)
    return Field(number, f"de{number}", kind, rule, encoding, pad=pad)


def _prefixed(entry: Mapping[str, Any], counts: str) -> Prefixed:
    """A length; what its digits cannot say, no length says."""
    encoding, width = entry["len_enc"], entry["len_type"]
    encoding = _LENGTHS.get(encoding) or _charset(encoding)
    encoding = "ascii" if encoding in WIDE_CHARSETS else encoding
    digits = 2 * width if encoding == "bcd" else width
    base = 256 if encoding == "binary" else 10
    return Prefixed(digits, min(entry["max_len"], base**digits - 1), encoding, counts)


def value_of(text: str, field: Field) -> Value:
    """A value of a vector as the library takes it."""
    if field.type == "b":
        return unhexlify(text)
    return text.upper() if field.type == "h" else text


def text_of(value: Value) -> str:
    """A value of the library as a vector has it."""
    return value if isinstance(value, str) else value.hex().upper()


def decode_with(dialect: Dialect, message: bytes) -> dict[str, str]:
    """All fields of a message from the MTI on, bitmaps among them."""
    codec = Codec(dialect)
    mti, fields = codec.decode(message)
    bitmap = codec.bitmap(message)
    found = {"t": mti, "p": bitmap[:16]}
    if bitmap[16:]:
        found["1"] = bitmap[16:]
    return found | {str(number): text_of(value) for number, value in fields.items()}


def encode_with(dialect: Dialect, fields: Mapping[str, str]) -> tuple[bytes, str]:
    """The message from the MTI on, and its bitmaps in hex."""
    known = {field.number: field for field in dialect.fields}
    values: dict[int, Value] = {}
    for key, text in fields.items():
        if key not in _BESIDE:
            field = known.get(int(key))
            values[int(key)] = text if field is None else value_of(text, field)
    codec = Codec(dialect)
    message = codec.encode(fields.get("t", ""), values)
    return message, codec.bitmap(message)


def _decode(inputs: Inputs) -> Answers:
    dialect = dialect_of(inputs["spec"])
    data = bytes.fromhex(inputs["message"])
    head = split_head(dialect.header, data)
    fields = decode_with(dialect, data[head.end :])
    if head.private is not None:
        fields["h"] = text_of(head.private)
    return {"fields": fields}


def _encode(inputs: Inputs) -> Answers:
    dialect = dialect_of(inputs["spec"])
    private = dialect.header.private
    header = None if private is None else value_of(inputs["fields"].get("h", ""), private)
    message, bitmap = encode_with(dialect, inputs["fields"])
    head = join_head(dialect.header, b"", header)
    return {"message": (head + message).hex().upper(), "bitmap": bitmap}


def _inner_message(inputs: Inputs) -> Answers:
    size = inputs["bitmap_bytes"]
    inner = dialect_of(
        inputs["spec"],
        mti="",
        bitmap="binary",
        later_bitmaps="binary",
        bitmaps=size // 8,
        secondary="needed" if size == 8 else "fixed",
    )
    outer = Field(127, "inner", "b", Prefixed(6, 999999, "ascii"), "binary", inside=inner)
    dialect = Dialect("vector", "", Header(b""), "ascii", "binary", (outer,))
    parts = Subfields(dialect).split(127, bytes.fromhex(inputs["data"]))
    return {"fields": {part.key.removeprefix("127."): text_of(part.value) for part in parts}}


def _icc_data(inputs: Inputs) -> Answers:
    return {
        "tags": {tag: text_of(value) for tag, value in tlv_pairs(bytes.fromhex(inputs["data"]))}
    }


def _decode_fixed_128_bitmap(inputs: Inputs) -> Answers:
    dialect = dialect_of(inputs["spec"], bitmaps=2, secondary="fixed")
    fields = decode_with(dialect, bytes.fromhex(inputs["message"]))
    return {"bitmap": fields.pop("p") + fields.pop("1"), "fields": fields}


def _length_header(inputs: Inputs) -> Answers:
    return {"header": header_named(inputs["format"]).write(inputs["length"]).hex().upper()}


def _length_header_read(inputs: Inputs) -> Answers:
    found = header_named(inputs["format"]).read(bytes.fromhex(inputs["header"]))
    return {"length": found.length, "session_control": found.session_control}


def _mti(inputs: Inputs) -> Answers:
    version, kind, function, origin = parse_mti(inputs["mti"])
    return {"version": version, "class": kind, "function": function, "origin": origin}


def _bitmap_bits(inputs: Inputs) -> Answers:
    return {"set_bits": list(bitmap_numbers(bytes.fromhex(inputs["bitmap"])))}


OPERATIONS: dict[str, Operation] = {
    "decode": _decode,
    "encode": _encode,
    "inner_message": _inner_message,
    "icc_data": _icc_data,
    "decode_fixed_128_bitmap": _decode_fixed_128_bitmap,
    "length_header": _length_header,
    "length_header_read": _length_header_read,
    "mti": _mti,
    "mti_response": lambda inputs: {"response": answer_mti(inputs["mti"])},
    "bitmap": _bitmap_bits,
}
