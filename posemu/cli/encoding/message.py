"""ISO 8583 messages from YAML: fields by number or name, each written as its dialect says."""

from __future__ import annotations

import re

from posemu.cli.decoding.words import code
from posemu.cli.encoding.build import tlv_bytes
from posemu.cli.encoding.yaml_file import Part
from posemu.profiles import DialectFileError, dialect_names, load_dialect
from posemu.wire import (
    Codec,
    Dialect,
    EncodeError,
    Field,
    Fixed,
    Subfields,
    Value,
    join_head,
    length_header,
)
from posemu.wire.iso8583.dialect import LENGTH_HEADERS

_KEYS = ("dialect", "length", "inclusive", "tpdu", "header", "mti", "fields")
_EXAMPLE_FIELDS = '{3: "000000", 11: "000001"}'


def message_bytes(part: Part, default: Dialect | None, length: str | None) -> bytes:
    """One message with its headers. `default` is the dialect where the file names none, `length`
    the length header that a caller wants instead. Raises `ScenarioError`."""
    part.only(_KEYS)
    dialect = _dialect(part, default)
    fields_part = part.need("fields", _EXAMPLE_FIELDS)
    mti = part.need("mti", '"0200"')
    fields, places = _fields(fields_part, dialect)
    try:
        body = Codec(dialect).encode(mti.text(), fields)
    except EncodeError as error:
        if error.field == "MTI":
            mti.blame(error)
        places.get(error.field, fields_part).blame(error)
    return _framed(part, dialect, _head(part, dialect) + body, length)


def _dialect(part: Part, default: Dialect | None) -> Dialect:
    named = part.get("dialect")
    if named is None:
        if default is None:
            names = ", ".join(dialect_names())
            part.refuse(f"dialect is missing; write dialect: NAME or give --dialect: {names}")
        return default
    if default is not None and named.text() == default.name:
        return default
    try:
        return load_dialect(named.text())
    except DialectFileError as error:
        hint = "a file of your own is given by --dialect FILE"
        named.refuse(f"unknown dialect {named.text()!r}; {error.reason}; {hint}")


def _head(part: Part, dialect: Dialect) -> bytes:
    """TPDU and private header, each as the file says, the TPDU else as the dialect does."""
    given = part.get("tpdu")
    tpdu = dialect.header.tpdu if given is None else given.octets()
    private = part.get("header")
    try:
        if dialect.header.private is None:
            if private is not None and private.octets():
                private.refuse(f"dialect {dialect.name} has no header before the MTI; leave it out")
            head = tpdu
        elif private is None:
            part.refuse(
                f"dialect {dialect.name} has a header before the MTI; write header: "
                '"603100310000", or header: "" for none'
            )
        else:
            value = private.octets()
            head = join_head(dialect.header, tpdu or b"\x60\0\0\0\0", value) if value else tpdu
            if value and not tpdu:
                head = head[5:]
    except EncodeError as error:
        (private or part).blame(error)
    if tpdu and (len(tpdu) != 5 or tpdu[0] != 0x60):
        (given or part).refuse('a TPDU is 5 bytes that begin with 60; "" is none')
    return head


def _framed(part: Part, dialect: Dialect, body: bytes, wanted: str | None) -> bytes:
    given, inclusive = part.get("length"), part.get("inclusive")
    name = wanted or (dialect.header.length if given is None else given.text())
    if name not in LENGTH_HEADERS:
        (given or part).refuse(f"length is one of {', '.join(LENGTH_HEADERS)}, not {name!r}")
    counts_itself = dialect.header.inclusive if given is None and inclusive is None else False
    if inclusive is not None:
        counts_itself = inclusive.flag()
    try:
        return length_header(name, counts_itself).write(len(body)) + body
    except EncodeError as error:
        (given or part).blame(error)


def _fields(part: Part, dialect: Dialect) -> tuple[dict[int, Value], dict[str, Part]]:
    """The values by number, and where each stands by its label ("DE4")."""
    by_number = {str(field.number): field for field in dialect.fields}
    by_name = {field.name: field for field in dialect.fields}
    chosen: dict[int, tuple[Field, Part]] = {}
    for key, value in part.items():
        field = by_number.get(key.removeprefix("DE")) or by_name.get(key)
        if field is None:
            value.refuse(
                f"dialect {dialect.name} has no field {key!r}; write its number or its name, "
                "as posemu decode --json or the dialect's file shows them",
                at_key=True,
            )
        if field.number in chosen:
            value.refuse(f"field {field.number} is given twice; give it once", at_key=True)
        chosen[field.number] = (field, value)
    currency = _currency(chosen)
    values = {n: _value(field, value, dialect, currency) for n, (field, value) in chosen.items()}
    return values, {field.label: value for field, value in chosen.values()}


def _currency(chosen: dict[int, tuple[Field, Part]]) -> str:
    for field, value in chosen.values():
        if field.name == "currency":
            return value.text()
    return ""


def _value(field: Field, part: Part, dialect: Dialect, currency: str) -> Value:
    if field.inside is not None and isinstance(part.data, dict | list):
        if field.inside == "tlv":
            return tlv_bytes(part)
        return _joined(field, part, dialect)
    if field.type == "b":
        return part.octets()
    text = part.text()
    if "amount" in field.name and re.fullmatch(r"\d+\.\d+", text):
        return _minor_units(field, text, part, currency)
    return text


def _minor_units(field: Field, text: str, part: Part, currency: str) -> str:
    """The digits of an amount such as 12.34, in the currency of the message (else 2 decimals)."""
    whole, _, cents = text.partition(".")
    places = int((code("en", "currencies", currency[-3:]) or "? 2").split()[1])
    if len(cents) != places:
        part.refuse(f"this currency has {places} decimals; write so many, or minor units")
    width = field.length.count if isinstance(field.length, Fixed) else 0
    return (whole + cents).zfill(width)


def _joined(field: Field, part: Part, dialect: Dialect) -> Value:
    """A field from its subfields, by number or name."""
    inner = field.inside.fields if isinstance(field.inside, Dialect) else field.inside
    known: dict[str, Field] = {}
    for each in inner if isinstance(inner, tuple) else ():
        known |= {str(each.number): each, each.name: each}
    pairs: list[tuple[str, Value]] = []
    for key, value in part.items():
        sub = known.get(key.rpartition(".")[2])
        if sub is None:
            numbers = ", ".join(name for name in known if name.isdigit())
            value.refuse(f"{field.label} has no subfield {key!r}; it has {numbers}", at_key=True)
        text: Value = value.octets() if sub.type == "b" else value.text()
        pairs.append((f"{field.number}.{sub.number}", text))
    try:
        return Subfields(dialect).join(field.number, pairs)
    except EncodeError as error:
        part.blame(error)
