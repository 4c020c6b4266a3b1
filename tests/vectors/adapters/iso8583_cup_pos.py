"""Messages of UnionPay terminals: TPDU and private header, then as any other table."""

from __future__ import annotations

from posemu.profiles.dialect_file import load_dialect
from posemu.wire.iso8583.dialect import Dialect, Field, Fixed, Header
from posemu.wire.iso8583.framing import TPDU_WIDTH, Deframer, frame, join_head, split_head
from posemu.wire.iso8583.subfields import Subfields

from . import Answers, Inputs, Operation
from .iso8583 import Spec, decode_with, dialect_of, encode_with, text_of

_LENGTH_ONLY = Header(b"")


def _dialect(spec: Spec) -> Dialect:
    """The table's `h` is TPDU and private header in one."""
    width = spec["h"]["max_len"] - TPDU_WIDTH
    private = Field(0, "header", "b", Fixed(width), "binary") if width > 0 else None
    return dialect_of(spec, Header(bytes(TPDU_WIDTH), private=private))


def _decode(inputs: Inputs) -> Answers:
    dialect = _dialect(inputs["spec"])
    data = bytes.fromhex(inputs["message"])
    head = split_head(dialect.header, data)
    return {
        "tpdu": head.tpdu.hex().upper(),
        "header": "" if head.private is None else text_of(head.private),
        "fields": decode_with(dialect, data[head.end :]),
    }


def _encode(inputs: Inputs) -> Answers:
    dialect = _dialect(inputs["spec"])
    tpdu, header = bytes.fromhex(inputs["tpdu"]), bytes.fromhex(inputs.get("header", ""))
    message = join_head(dialect.header, tpdu, header or None)
    message += encode_with(dialect, inputs["fields"])[0]
    framed = frame(message[TPDU_WIDTH:], tpdu, dialect.header)
    return {"message": message.hex().upper(), "framed": framed.hex().upper()}


def _field_60(inputs: Inputs) -> Answers:
    parts = Subfields(load_dialect("unionpay-pos")).split(60, inputs["value"])
    return {part.field.name: part.value for part in parts if part.field is not None}


def _length_header(inputs: Inputs) -> Answers:
    (only,) = Deframer(header=_LENGTH_ONLY).feed(bytes.fromhex(inputs["framed"]))
    return {"length": len(only.payload), "message": only.payload.hex().upper()}


OPERATIONS: dict[str, Operation] = {
    "decode": _decode,
    "encode": _encode,
    "field_60": _field_60,
    "length_header": _length_header,
}
