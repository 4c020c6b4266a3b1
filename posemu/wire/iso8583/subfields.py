"""What stands inside a field: subfields one after the other, BER-TLV, or a message of its own.

Field 60 of UnionPay terminals is a row of short numbers, field 55 is TLV (the data of a chip),
field 127 of some networks is a message with a bitmap and no MTI. A codec gives such a field as one
value; `Subfields` takes it apart and puts it together. Everything is settled when it is built.

    "60.2"    the second subfield        "127.25"    field 25 of the message inside
    "9F02"    a tag, the first level only: `posemu.wire.emv.tlv` opens templates
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from posemu.wire.emv.tlv import encode_length, tag_info, tlv_pairs
from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.codec import Codec
from posemu.wire.iso8583.codings import Value
from posemu.wire.iso8583.dialect import Dialect, Field
from posemu.wire.iso8583.plan import single_step


class Part(NamedTuple):
    """One part: its key (see above), its field in the dialect (None for a tag), its value."""

    key: str
    field: Field | None
    value: Value


class _Opened(NamedTuple):
    split: Callable[[Value], list[Part]]
    join: Callable[[list[tuple[str, Value]]], Value]


class Subfields:
    """Takes apart and puts together the fields of one dialect that have something inside."""

    __slots__ = ("_dialect", "_opened")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect.name
        self._opened = {f.number: _opened(f) for f in dialect.fields if f.inside is not None}

    @property
    def numbers(self) -> tuple[int, ...]:
        """The fields that have something inside."""
        return tuple(self._opened)

    def split(self, number: int, value: Value) -> list[Part]:
        """The parts of a value of field `number`, in their order.

        Raises `DecodeError`, whose offset counts characters (type b: bytes) of the value.
        """
        opened = self._opened.get(number)
        if opened is None:
            reason = f"dialect {self._dialect} does not say what is inside this field"
            raise DecodeError(f"DE{number}", 0, reason)
        return opened.split(value)

    def join(self, number: int, parts: Iterable[tuple[str, Value]]) -> Value:
        """The value of field `number` that has these parts, given as (key, value).

        Subfields stand in the order of their numbers, and only the last ones may be left out; tags
        stand as they are given. Raises `EncodeError`.
        """
        opened = self._opened.get(number)
        if opened is None:
            reason = f"dialect {self._dialect} does not say what is inside this field"
            raise EncodeError(f"DE{number}", reason)
        return opened.join(list(parts))


def _opened(field: Field) -> _Opened:
    if field.inside == "tlv":
        return _tlv(field)
    if isinstance(field.inside, Dialect):
        return _message(field, Codec(field.inside))
    return _positional(field, field.inside or ())


def _once(field: Field, parts: list[tuple[str, Value]]) -> dict[str, Value]:
    named = dict(parts)
    if len(named) != len(parts):
        raise EncodeError(field.label, "a part is given twice; give each once")
    return named


def _positional(field: Field, parts: tuple[Field, ...]) -> _Opened:
    text = field.type != "b"
    keys = [f"{field.number}.{part.number}" for part in parts]
    steps = [single_step(part, f"DE{key}") for part, key in zip(parts, keys, strict=True)]

    def split(value: Value) -> list[Part]:
        data = _bytes_of(field, value)
        found: list[Part] = []
        values: list[Value] = []
        offset = 0
        for part, key, step in zip(parts, keys, steps, strict=True):
            if offset == len(data):
                return found
            offset = step.unpack(data, offset, values)
            found.append(Part(key, part, values[-1]))
        if offset != len(data):
            raise DecodeError(field.label, offset, "goes on behind its last subfield")
        return found

    def join(given: list[tuple[str, Value]]) -> Value:
        named = _once(field, given)
        numbers = {
            part.number: named[key] for part, key in zip(parts, keys, strict=True) if key in named
        }
        if list(numbers) != list(range(1, len(named) + 1)):
            known = ", ".join(keys)
            raise EncodeError(field.label, f"is made of {known}; only the last may be left out")
        data = b"".join(step.pack(numbers) for step in steps[: len(numbers)])
        return data.decode("ascii") if text else data

    return _Opened(split, join)


def _bytes_of(field: Field, value: Value) -> bytes:
    """A value as bytes; text with subfields is ASCII."""
    if not isinstance(value, str):
        return bytes(value)
    for place, char in enumerate(value):
        if not char.isascii():
            raise DecodeError(field.label, place, "text with subfields is ASCII")
    return value.encode("ascii")


def _message(field: Field, codec: Codec) -> _Opened:
    known = {f.number: f for f in codec.dialect.fields}

    def split(value: Value) -> list[Part]:
        fields = codec.decode(_bytes_of(field, value))[1]
        return [Part(f"{field.number}.{n}", known[n], value) for n, value in fields.items()]

    def join(given: list[tuple[str, Value]]) -> Value:
        fields = {}
        for key, value in _once(field, given).items():
            outer, _, number = key.partition(".")
            if outer != str(field.number) or not (number.isascii() and number.isdigit()):
                raise EncodeError(
                    field.label, f"a part is called {field.number}.2, {field.number}.3 ..."
                )
            fields[int(number)] = value
        return codec.encode("", fields)

    return _Opened(split, join)


def _tlv(field: Field) -> _Opened:
    def split(value: Value) -> list[Part]:
        return [Part(tag, None, found) for tag, found in tlv_pairs(_bytes_of(field, value))]

    def join(given: list[tuple[str, Value]]) -> Value:
        data = b""
        for tag, value in given:
            if isinstance(value, str):
                raise EncodeError(field.label, f"the value of {tag} must be bytes, not str")
            tag_info(tag)  # refuses what is no tag
            data += bytes.fromhex(tag) + encode_length(len(value)) + bytes(value)
        return data

    return _Opened(split, join)
