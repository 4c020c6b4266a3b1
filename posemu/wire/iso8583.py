"""ISO 8583 messages: bytes <-> (MTI, fields), driven by a `Dialect`.

In the real world this is where two parties who both "speak ISO 8583" misunderstand each other. So
decoding is strict: digits are digits, filling is zero, lengths keep within their maximum, the
bitmap names known fields, and the last field ends the message. What does not hold raises
`DecodeError` with field, offset and reason; no other exception leaves `decode`, whatever the
bytes.

A set of fields is compiled once to a plan of steps (`plan.py`) and kept, in a table of bounded
size, because a terminal sends a handful of different sets all day long.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar

from posemu.wire.bitmap import bitmap_numbers, bitmap_of
from posemu.wire.codings import Value
from posemu.wire.dialect import Dialect, Field, Fixed
from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.plan import FixedStep, Step, compile_steps, single_step

PLANS_MAX = 256
_K = TypeVar("_K")


class _Plan(NamedTuple):
    bitmap: bytes
    numbers: tuple[int, ...]
    steps: tuple[Step, ...]


class Codec:
    """Encodes and decodes messages of one dialect, from the MTI to the last field."""

    __slots__ = (
        "_bitmap_at",
        "_by_bitmap",
        "_by_keys",
        "_by_keys_mac",
        "_fields",
        "_mti",
        "_mti_bytes",
        "_mti_texts",
        "dialect",
    )

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._fields = {field.number: field for field in dialect.fields}
        self._mti = FixedStep(dialect.mti_field, Fixed(4))
        self._bitmap_at = len(self._mti.pack_value("0000"))
        self._mti_bytes: dict[str, bytes] = {}
        self._mti_texts: dict[bytes, str] = {}
        self._by_bitmap: dict[bytes, _Plan] = {}
        self._by_keys: dict[tuple[int, ...], _Plan] = {}
        self._by_keys_mac: dict[tuple[int, ...], _Plan] = {}

    def encode(self, mti: str, fields: Mapping[int, Value], *, mac_present: bool = False) -> bytes:
        """The bytes of a message, from the MTI on.

        Text and digits are str, type b is bytes; fixed fields have their full length.
        With `mac_present` the bitmap announces the dialect's MAC field and the result ends where
        that field begins: compute the MAC over the whole result and append it. Raises
        `EncodeError`.
        """
        keys = tuple(fields)
        plans = self._by_keys_mac if mac_present else self._by_keys
        plan = plans.get(keys)
        if plan is None:
            plan = self._plan_for_keys(keys, mac_present)
            _remember(plans, keys, plan)
        head = self._mti_bytes.get(mti)
        if head is None:
            head = self._mti_bytes[mti] = self._mti.pack_value(mti)
        parts = [head, plan.bitmap]
        for step in plan.steps:
            parts.append(step.pack(fields))
        return b"".join(parts)

    def decode(self, data: bytes) -> tuple[str, dict[int, Value]]:
        """The MTI and the fields in ascending order. Raises `DecodeError`, and nothing else."""
        values: list[Value] = []
        offset = self._bitmap_at
        mti = self._mti_texts.get(data[:offset])
        if mti is None:
            mti = self._new_mti(data)
        plan = self._by_bitmap.get(data[offset : offset + 8])
        if plan is None:
            plan = self._plan_for_bitmap(self._bitmap(data))
        offset += len(plan.bitmap)
        for step in plan.steps:
            offset = step.unpack(data, offset, values)
        if offset != len(data):
            raise _trailing(data, offset)
        return mti, dict(zip(plan.numbers, values))  # noqa: B905 (speed)

    def scan(self, data: bytes) -> Iterator[tuple[Field, Value]]:
        """Yield field after field, the MTI first as field 0.

        What `decode` refuses raises when it is reached.

        For tables and other displays that want what could be read before the error.
        """
        values: list[Value] = []
        offset = self._mti.unpack(data, 0, values)
        yield self.dialect.mti_field, values[-1]
        bitmap = self._bitmap(data)
        offset += len(bitmap)
        for number in _field_numbers(bitmap):
            field = self._field(number)
            offset = single_step(field).unpack(data, offset, values)
            yield field, values[-1]
        if offset != len(data):
            raise _trailing(data, offset)

    def mac_span(self, data: bytes) -> bytes:
        """What the MAC of a message covers: everything from the MTI to the field before the MAC.

        Raises `DecodeError` when the message does not end with the dialect's MAC field. Does not
        look at the other fields: decode the message too.
        """
        bitmap = self._bitmap(data)
        numbers = _field_numbers(bitmap)
        number = self.dialect.mac_field
        if number is None or not numbers or numbers[-1] != number:
            raise DecodeError("bitmap", self._bitmap_at, "the last field is not the MAC")
        rule = self._fields[number].length
        body_width = self._bitmap_at + len(bitmap)
        if not isinstance(rule, Fixed) or len(data) < body_width + rule.count:
            raise DecodeError(f"DE{number}", len(data), "the message is too short to hold the MAC")
        return data[: -rule.count]

    def _new_mti(self, data: bytes) -> str:
        """The MTI of `data`, remembered; the digits allow no more than 10,000 of them."""
        values: list[Value] = []
        end = self._mti.unpack(data, 0, values)
        mti = str(values[0])
        self._mti_texts[data[:end]] = mti
        return mti

    def _bitmap(self, data: bytes) -> bytes:
        """The 8 or 16 bytes of the bitmap."""
        start = self._bitmap_at
        bitmap = data[start : start + 8]
        if len(bitmap) == 8 and bitmap[0] < 0x80:
            return bitmap
        bitmap = data[start : start + 16]
        if len(bitmap) == 16:
            if bitmap.endswith(bytes(8)):
                raise DecodeError("bitmap", start + 8, "the second bitmap names no field")
            return bitmap
        raise DecodeError("bitmap", len(data), "the message ends inside the bitmap")

    def _field(self, number: int) -> Field:
        """The field that the bitmap names."""
        field = self._fields.get(number)
        if field is None:
            raise DecodeError(
                f"DE{number}",
                self._bitmap_at + (number - 1) // 8,
                f"the bitmap names a field that dialect {self.dialect.name} does not have",
            )
        return field

    def _plan_for_bitmap(self, bitmap: bytes) -> _Plan:
        plan = self._by_bitmap.get(bitmap)
        if plan is None:
            numbers = _field_numbers(bitmap)
            steps = compile_steps(self._field(number) for number in numbers)
            plan = _Plan(bitmap, numbers, steps)
            _remember(self._by_bitmap, bitmap, plan)
        return plan

    def _plan_for_keys(self, keys: tuple[int, ...], mac_present: bool) -> _Plan:
        known = self._fields
        for key in keys:
            if not isinstance(key, int):
                raise EncodeError(
                    "message", f"a field's number must be int, not {type(key).__name__}"
                )
            if key not in known:
                raise EncodeError(f"DE{key}", f"dialect {self.dialect.name} has no such field")
        numbers = sorted(keys)
        steps = compile_steps(known[number] for number in numbers)
        if mac_present:
            mac = self.dialect.mac_field
            if mac is None:
                raise EncodeError("message", f"dialect {self.dialect.name} has no MAC field")
            if numbers and numbers[-1] >= mac:
                raise EncodeError(f"DE{mac}", "the MAC comes last and is not among the values")
            numbers.append(mac)
        return _Plan(bitmap_of(numbers), tuple(numbers), steps)


def _field_numbers(bitmap: bytes) -> tuple[int, ...]:
    """The fields that a bitmap names; bit 1 is no field but announces the second half."""
    numbers = bitmap_numbers(bitmap)
    return numbers[1:] if numbers[:1] == (1,) else numbers


def _remember(plans: dict[_K, _Plan], key: _K, plan: _Plan) -> None:
    if len(plans) >= PLANS_MAX:
        plans.clear()
    plans[key] = plan


def _trailing(data: bytes, offset: int) -> DecodeError:
    count = len(data) - offset
    return DecodeError("message", offset, f"{count} bytes after the last field")
