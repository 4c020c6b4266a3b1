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

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.bitmap import BitmapCoding
from posemu.wire.iso8583.codings import Value
from posemu.wire.iso8583.dialect import Dialect, Field, Fixed
from posemu.wire.iso8583.plan import FixedStep, Step, compile_steps, single_step
from posemu.wire.mask import Fields

PLANS_MAX = 256
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Plan(NamedTuple):
    bitmap: bytes
    numbers: tuple[int, ...]
    steps: tuple[Step, ...]


_Head = tuple[str, int, tuple[Step, ...], tuple[int, ...]]
"""What the bytes before the fields say: MTI, where the fields begin, how to read them, which."""


class Codec:
    """Encodes and decodes messages of one dialect, from the MTI to the last field.
    ISO 8583:1987, ISO 8583:1993, ISO 8583-1:2003."""

    __slots__ = (
        "_bitmap_at",
        "_bitmaps",
        "_by_bitmap",
        "_by_keys",
        "_by_keys_mac",
        "_fields",
        "_heads",
        "_key_end",
        "_mac_width",
        "_made",
        "_mti",
        "_mti_bytes",
        "_singles",
        "dialect",
    )

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._fields = {field.number: field for field in dialect.fields}
        self._made = type("Fields", (Fields,), {"__slots__": (), "known": self._fields})
        self._mti = FixedStep(dialect.mti_field, Fixed(4 if dialect.mti else 0))
        self._bitmap_at = self._mti.width
        self._bitmaps = BitmapCoding(dialect, self._bitmap_at)
        self._key_end = self._bitmap_at + self._bitmaps.key_width
        self._mac_width = 0
        if dialect.mac_field is not None:
            mac = single_step(self._fields[dialect.mac_field])
            assert isinstance(mac, FixedStep)  # the dialect was checked
            self._mac_width = mac.width
        self._mti_bytes: dict[str, bytes] = {}
        self._heads: dict[bytes, _Head] = {}
        self._singles: dict[int, Step] = {}
        self._by_bitmap: dict[bytes, _Plan] = {}
        self._by_keys: dict[tuple[int, ...], _Plan] = {}
        self._by_keys_mac: dict[tuple[int, ...], _Plan] = {}

    def __reduce__(self) -> tuple[type, tuple[Dialect]]:
        return Codec, (self.dialect,)

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
            head = self._mti.pack_value(mti)
            _remember(self._mti_bytes, mti, head)
        parts = [head, plan.bitmap]
        for step in plan.steps:
            parts.append(step.pack(fields))
        return b"".join(parts)

    def decode(self, data: bytes) -> tuple[str, Fields]:
        """The MTI and the fields in ascending order. Raises `DecodeError`, and nothing else."""
        head = self._heads.get(data[: self._key_end])
        if head is None:
            head = self._new_head(data)
        mti, offset, steps, numbers = head
        values: list[Value] = []
        for step in steps:
            offset = step.unpack(data, offset, values)
        if offset != len(data):
            raise _trailing(data, offset)
        return mti, self._made(zip(numbers, values))  # noqa: B905 (speed)

    def scan(self, data: bytes) -> Iterator[tuple[Field, Value]]:
        """Yield field after field, the MTI first as field 0.

        What `decode` refuses raises when it is reached.

        For tables and other displays that want what could be read before the error.
        """
        values: list[Value] = []
        offset = self._mti.unpack(data, 0, values)
        if self.dialect.mti:
            yield self.dialect.mti_field, values[-1]
        bitmap = self._bitmaps.read(data)
        offset += len(bitmap)
        for number in self._bitmaps.fields(bitmap):
            field = self._field(number)
            offset = self._single(field).unpack(data, offset, values)
            yield field, values[-1]
        if offset != len(data):
            raise _trailing(data, offset)

    def mac_span(self, data: bytes) -> bytes:
        """What the MAC of a message covers: everything from the MTI to the field before the MAC.

        Raises `DecodeError` when the message does not end with the dialect's MAC field. Does not
        look at the other fields: decode the message too.
        """
        plan = self._by_bitmap.get(data[self._bitmap_at : self._key_end])
        if plan is not None:
            bitmap, numbers = plan.bitmap, plan.numbers
        else:
            bitmap = self._bitmaps.read(data)
            numbers = self._bitmaps.fields(bitmap)
        number = self.dialect.mac_field
        if number is None or not numbers or numbers[-1] != number:
            raise DecodeError("bitmap", self._bitmap_at, "the last field is not the MAC")
        if len(data) < self._bitmap_at + len(bitmap) + self._mac_width:
            raise DecodeError(f"DE{number}", len(data), "the message is too short to hold the MAC")
        return data[: -self._mac_width]

    def bitmap(self, data: bytes) -> str:
        """The bitmaps of a message as digits of hex, 16 for each. Raises `DecodeError`."""
        return self._bitmaps.text(self._bitmaps.read(data))

    def _new_head(self, data: bytes) -> _Head:
        """What stands before the fields, remembered where it is no longer than usual."""
        values: list[Value] = []
        self._mti.unpack(data, 0, values)
        plan = self._by_bitmap.get(data[self._bitmap_at : self._key_end])
        if plan is None:
            plan = self._first_of_its_bitmap(data)
        offset = self._bitmap_at + len(plan.bitmap)
        head = (str(values[0]), offset, plan.steps, plan.numbers)
        if offset == self._key_end:  # else the same beginning may go on with other bitmaps
            _remember(self._heads, data[:offset], head)
        return head

    def _field(self, number: int) -> Field:
        """The field that the bitmap names."""
        field = self._fields.get(number)
        if field is None:
            raise DecodeError(
                f"DE{number}",
                self._bitmaps.place(number),
                f"the bitmap names a field that dialect {self.dialect.name} does not have",
            )
        return field

    def _first_of_its_bitmap(self, data: bytes) -> _Plan:
        """The plan for a message, made once it is known to be one: making a plan takes longer than
        reading a thousand fields, and somebody may send nothing but new bitmaps."""
        bitmap = self._bitmaps.read(data)
        values: list[Value] = []
        offset = self._bitmap_at + len(bitmap)
        for field in [self._field(number) for number in self._bitmaps.fields(bitmap)]:
            offset = self._single(field).unpack(data, offset, values)
        return self._plan_for_bitmap(bitmap)

    def _single(self, field: Field) -> Step:
        step = self._singles.get(field.number)
        if step is None:
            step = self._singles[field.number] = single_step(field)
        return step

    def _plan_for_bitmap(self, bitmap: bytes) -> _Plan:
        plan = self._by_bitmap.get(bitmap)
        if plan is None:
            numbers = self._bitmaps.fields(bitmap)
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
        return _Plan(self._bitmaps.write(numbers), tuple(numbers), steps)


def _remember(table: dict[_K, _V], key: _K, value: _V) -> None:
    if len(table) >= PLANS_MAX:
        table.clear()
    table[key] = value


def _trailing(data: bytes, offset: int) -> DecodeError:
    count = len(data) - offset
    return DecodeError("message", offset, f"{count} bytes after the last field")
