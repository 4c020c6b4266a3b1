"""Reads ISO 8583: which dialect it is in, which headers stand before it, how many messages there
are.

Peers differ, so every dialect is tried with and without its length, its TPDU and its private
header, and with the lengths of others where they fit exactly. A wrong field of fixed length does
not end the reading: its borders are known. Behind a wrong field of variable length nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from posemu.cli.decoding.iso_fields import field_meaning
from posemu.cli.decoding.model import Node, Problem, Reading
from posemu.cli.decoding.secret import Secret
from posemu.cli.decoding.tlv import emv_nodes, tlv_document
from posemu.cli.decoding.words import code, say
from posemu.wire import (
    DecodeError,
    Dialect,
    EncodeError,
    Field,
    Fixed,
    LengthHeader,
    Subfields,
    Value,
    length_header,
    parse_mti,
)
from posemu.wire.iso8583.bitmap import BitmapCoding
from posemu.wire.iso8583.codings import coding_for
from posemu.wire.iso8583.framing import TPDU_ID, TPDU_WIDTH
from posemu.wire.iso8583.plan import FixedStep, single_step

_LENGTHS = ("binary2", "ascii4", "bcd2", "binary4", "ascii2", "bcd4")
_CHECKS_MAX = 12
_SECRET_KINDS = ("pan", "track", "pin", "key")


class _Layout(NamedTuple):
    """What stands before the MTI: the name of the length ("" for none) and whether it counts
    itself, a TPDU or not, the private header or not."""

    length: str
    inclusive: bool
    tpdu: bool
    private: bool


@dataclass
class _State:
    """A reading on its way."""

    dialect: Dialect
    data: bytes
    lang: str
    reading: Reading

    def wrong(self, error: DecodeError, shift: int = 0) -> None:
        self.reading.problems.append(Problem.of(error, shift))


def read_iso8583(data: bytes, dialects: Iterable[Dialect], lang: str) -> Iterator[Reading]:
    """A reading of `data` under every dialect and every set of headers that may fit."""
    for dialect in dialects:
        for layout in _layouts(dialect, data):
            title = say(lang, "iso8583", version=dialect.version, dialect=dialect.name)
            reading = Reading(title, len(data), dialect=dialect.name)
            _read(_State(dialect, data, lang, reading), layout)
            yield reading


def _layouts(dialect: Dialect, data: bytes) -> Iterator[_Layout]:
    header = dialect.header
    privates = (True, False) if header.private is not None else (False,)
    own = "" if header.length == "none" else header.length
    lengths = {(own, header.inclusive), ("", False)}
    for name in _LENGTHS:
        for inclusive in (False, True):
            row = length_header(name, inclusive)
            if _announced(row, data) == len(data) - row.width:
                lengths.add((name, inclusive))
    for name, inclusive in sorted(lengths, key=lambda each: (each[0] != own, each)):
        at = length_header(name, inclusive).width if name else 0
        tpdus = (True, False) if data[at : at + 1] == bytes([TPDU_ID]) else (False,)
        for tpdu in tpdus:
            for private in privates:
                yield _Layout(name, inclusive, tpdu, private)


def _announced(row: LengthHeader, data: bytes) -> int:
    try:
        return row.read(data[: row.width]).length
    except DecodeError:
        return -1


def _read(state: _State, layout: _Layout) -> None:
    """All messages of the input, one behind the other where there are lengths."""
    reading, pos, count = state.reading, 0, 0
    documents: list[dict[str, Any]] = []
    while pos < len(state.data):
        group = Node("", say(state.lang, "message", number=count + 1))
        start, end = pos, len(state.data)
        document: dict[str, Any] = {"dialect": state.dialect.name}
        try:
            if layout.length:
                pos, end = _length(state, layout, pos, group)
            pos = _head(state, layout, pos, group, document)
            pos, whole = _message(state, pos, end, group, document)
        except DecodeError as error:
            state.wrong(error)
            reading.explained, whole = max(pos, reading.explained), False
        _length_choice(state, layout, document)
        documents.append(document)
        count += 1
        reading.nodes.append(group)
        reading.explained = max(reading.explained, pos)
        if not whole or pos <= start:
            break
    if count == 1:
        reading.nodes = reading.nodes[0].children
    _judge_headers(state, layout)
    if not reading.problems:
        reading.document = documents[0] if count == 1 else {"messages": documents}


def _length(state: _State, layout: _Layout, pos: int, group: Node) -> tuple[int, int]:
    """The length header: where the message begins and where it ends."""
    row = length_header(layout.length, layout.inclusive)
    raw = state.data[pos : pos + row.width]
    try:
        length = row.read(raw).length
    except DecodeError as error:
        raise DecodeError(error.field, error.offset + pos, error.reason) from None
    start = pos + row.width
    left = len(state.data) - start
    group.children.append(
        Node(say(state.lang, "length-key"), say(state.lang, "length-name"), raw.hex().upper(),
             [say(state.lang, "bytes", count=length)], pos, start)
    )  # fmt: skip
    if length > left:
        reason = f"{length} bytes announced, {left} follow"
        state.reading.problems.append(Problem("length", pos, reason))
        state.reading.checks -= 4
        return start, len(state.data)
    state.reading.checks += 8 if length == left else 4
    return start, start + length


def _head(state: _State, layout: _Layout, pos: int, group: Node, document: dict[str, Any]) -> int:
    header, data, lang = state.dialect.header, state.data, state.lang
    document["tpdu"] = ""
    if layout.tpdu:
        end = pos + TPDU_WIDTH
        if len(data) < end:
            raise DecodeError("TPDU", len(data), "the message ends inside the TPDU")
        tpdu = data[pos:end]
        meaning = [say(lang, "tpdu", to=tpdu[1:3].hex(), source=tpdu[3:].hex())]
        group.children.append(
            Node("TPDU", say(lang, "tpdu-name"), tpdu.hex().upper(), meaning, pos, end)
        )
        state.reading.checks += 4 + 2 * (tpdu == header.tpdu)
        document["tpdu"] = tpdu.hex().upper()
        pos = end
    if layout.private and header.private is not None:
        values: list[Value] = []
        end = single_step(header.private, "header").unpack(data, pos, values)
        text = _text_of(values[0])
        name = header.private.title(lang)
        group.children.append(Node(say(lang, "header-key"), name, text, [], pos, end, None, True))
        state.reading.checks += 2 * text.isdigit()
        document["header"] = text
        pos = end
    elif header.private is not None:
        document["header"] = ""
    return pos


def _length_choice(state: _State, layout: _Layout, document: dict[str, Any]) -> None:
    """What `posemu encode` must be told of the length, where it is not the dialect's own."""
    header = state.dialect.header
    if (layout.length or "none", layout.inclusive) != (header.length, header.inclusive):
        document["length"] = layout.length or "none"
        if layout.inclusive:
            document["inclusive"] = True


def _judge_headers(state: _State, layout: _Layout) -> None:
    """A length that is not the dialect's is a problem; none at all is not: dumps often lack it."""
    header = state.dialect.header
    if layout.length and (layout.length, layout.inclusive) != (header.length, header.inclusive):
        said = layout.length + (" inclusive" if layout.inclusive else "")
        reason = f"is written as {said}; the dialect has {header.length}"
        state.reading.problems.append(Problem("length", 0, reason))


def _message(
    state: _State, start: int, end: int, group: Node, document: dict[str, Any]
) -> tuple[int, bool]:
    """The fields from the MTI on: how far they were read, and whether to the end."""
    dialect, data, lang = state.dialect, state.data[start:end], state.lang
    reading = state.reading
    known = {field.number: field for field in dialect.fields}
    found: dict[str, Value] = {}
    fields: dict[int, Any] = {}
    pos = 0
    try:
        if dialect.mti:
            pos = _mti(state, data, start, group, document)
        coding = BitmapCoding(dialect, pos)
        wire = coding.read(data)
        text, numbers = coding.text(wire), coding.fields(wire)
        listed = " ".join(map(str, numbers))
        group.children.append(
            Node(say(lang, "bitmap-key"), say(lang, "bitmap-name"), text, [listed], start + pos,
                 start + pos + len(wire))
        )  # fmt: skip
        pos += len(wire)
        for number in numbers:
            field = known.get(number)
            if field is None:
                reason = f"the bitmap names a field that dialect {dialect.name} does not have"
                raise DecodeError(f"DE{number}", coding.place(number), reason)
            pos = _field(state, field, data, pos, start, group, found, fields)
        if pos != len(data):
            reason = f"{len(data) - pos} bytes after the last field"
            raise DecodeError("message", pos, reason)
        reading.checks += 6
    except DecodeError as error:
        state.wrong(error, start)
        return start + pos, False
    finally:
        document["fields"] = fields
        for node in group.children:
            digits = node.key.removeprefix("DE")
            if digits.isdigit() and int(digits) in known:
                field_meaning(node, known[int(digits)], found, dialect, lang, reading.problems)
    return end, True


def _mti(state: _State, data: bytes, start: int, group: Node, document: dict[str, Any]) -> int:
    field = state.dialect.mti_field
    values: list[Value] = []
    end = single_step(field).unpack(data, 0, values)
    mti = str(values[0])
    document["mti"] = mti
    meaning: list[str] = []
    if field.type == "n":
        try:
            words = parse_mti(mti)
            tables = ("mti-version", "mti-class", "mti-function", "mti-origin")
            parts = (code(state.lang, table, key) for table, key in zip(tables, words, strict=True))
            meaning = [say(state.lang, "comma").join(parts)]
            state.reading.checks += 5 + 2 * (words.version == state.dialect.version)
        except DecodeError as error:
            state.wrong(error, start)
            state.reading.checks -= 6
    group.children.append(Node("MTI", field.title(state.lang), mti, meaning, start, start + end))
    return end


def _field(
    state: _State, field: Field, data: bytes, pos: int, start: int, group: Node,
    found: dict[str, Value], fields: dict[int, Any],
) -> int:  # fmt: skip
    """One field: its node, what is inside it, and where the next one begins."""
    step = single_step(field)
    values: list[Value] = []
    secret = field.sensitive if field.sensitive in _SECRET_KINDS else None
    node = Node(field.label, field.title(state.lang), secret=secret, free=_is_free(field))
    node.start = start + pos
    try:
        end = step.unpack(data, pos, values)
    except DecodeError as error:
        if not isinstance(step, FixedStep) or pos + step.width > len(data):
            _open_half(state, field, data, pos, start, group)
            raise
        state.wrong(error, start)
        end = pos + step.width
        node.value, node.end, node.free = data[pos:end].hex().upper(), start + end, True
        node.meaning = [say(state.lang, "in-hex")]
        group.children.append(node)
        return end
    value = values[0]
    node.value, node.end = _text_of(value), start + end
    node.binary = not isinstance(value, str)
    found[field.name] = value
    state.reading.checks += _evidence(field, end - pos)
    text = Secret(node.value, secret) if secret else node.value
    fields[field.number] = text
    group.children.append(node)
    if field.inside is not None:
        content_start = start + end - len(value) if isinstance(value, bytes) else -1
        _open(state, field, value, node, content_start, fields)
    return end


def _open(
    state: _State, field: Field, value: Value, node: Node, start: int, fields: dict[int, Any]
) -> None:
    """What is inside a field, as children of its node."""
    if field.inside == "tlv":
        data = bytes(value) if not isinstance(value, str) else b""
        children, problem, checks = emv_nodes(data, state.lang, start)
        if problem is not None:
            state.reading.problems.append(
                Problem(f"DE{field.number} {problem.where}", *problem[1:])
            )
        state.reading.checks += checks
        node.children, node.value, node.secret = children, "", None if children else node.secret
        document = tlv_document(data)
        if document is not None:
            fields[field.number] = document
        return
    subfields = Subfields(state.dialect)
    try:
        parts = subfields.split(field.number, value)
        whole = subfields.join(field.number, [(part.key, part.value) for part in parts]) == value
    except (DecodeError, EncodeError) as error:
        if isinstance(error, DecodeError):
            state.wrong(DecodeError(error.field, node.start, error.reason))
        return
    for part in parts:
        title = part.field.title(state.lang) if part.field else ""
        node.children.append(Node(part.key, title, _text_of(part.value), secret=node.secret))
    if whole:
        fields[field.number] = {
            part.key.partition(".")[2]: (
                Secret(_text_of(part.value), node.secret) if node.secret else _text_of(part.value)
            )
            for part in parts
        }


def _open_half(state: _State, field: Field, data: bytes, pos: int, start: int, group: Node) -> None:
    """Of a field with objects that the message does not hold whole, those that it does."""
    rule = field.length
    if field.inside != "tlv" or isinstance(rule, Fixed):
        return
    text = rule.encoding != "binary"
    width = coding_for("n", rule.encoding).width(rule.digits) if text else rule.digits
    children, _, checks = emv_nodes(data[pos + width :], state.lang, start + pos + width)
    if children:
        state.reading.checks += checks
        node = Node(field.label, field.title(state.lang), start=start + pos, end=start + len(data))
        node.children = children
        group.children.append(node)


def _is_free(field: Field) -> bool:
    """Whether a field may hold whatever its owner likes."""
    return not isinstance(field.length, Fixed) and field.sensitive is None


def _evidence(field: Field, width: int) -> int:
    """Bits of evidence in a field that was read: how much its bytes could have been otherwise."""
    legal = coding_for(field.type, field.encoding, field.pad).legal
    bits = width * log2(256 / len(set(legal))) if legal else 0.0
    return min(_CHECKS_MAX, int(bits)) + 2 * (not isinstance(field.length, Fixed))


def _text_of(value: Value) -> str:
    return value if isinstance(value, str) else bytes(value).hex().upper()
