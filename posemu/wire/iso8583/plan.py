"""The steps that read and write the fields of a message.

For every set of fields a codec compiles one list of steps. There are three kinds: a fixed field, a
field behind a length, and a run of neighbouring fixed fields of text. The run is there for speed:
one regular expression checks all its fields. When that finds anything wrong, the run leaves the
work to the steps of its single fields, which know what to say. Every step has two verbs:

    pack(fields) -> bytes                     raises EncodeError
    unpack(data, offset, values) -> offset    raises DecodeError; appends to `values`
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.codings import Coding, Value, coding_for
from posemu.wire.iso8583.dialect import Field, Fixed, Prefixed
from posemu.wire.iso8583.lengths import lengths, units_of, whole_bytes_only
from posemu.wire.iso8583.values import ZERO_IN_FRONT, packed, units_in, unpacked

_BORDER = "\n"
"""Stands between the values of a run while they are checked; no coding has this character."""


class Step(Protocol):
    """What a plan is made of."""

    def pack(self, fields: Mapping[int, Value]) -> bytes:
        """The bytes of this step's fields."""

    def unpack(self, data: bytes, offset: int, values: list[Value]) -> int:
        """Append this step's fields, read at `offset`; return the offset behind them."""


class FixedStep:
    """One field of a fixed length."""

    __slots__ = (
        "_coding",
        "_count",
        "_free",
        "_legal",
        "_odd",
        "_takes_bytes",
        "_width",
        "label",
        "number",
    )

    @property
    def width(self) -> int:
        """Bytes on the wire."""
        return self._width

    def __init__(self, field: Field, rule: Fixed, label: str | None = None) -> None:
        self.number = field.number
        self.label = label or field.label
        self._coding = coding_for(field.type, field.encoding, field.pad)
        self._free = self._coding.legal is None
        self._takes_bytes = bytes in self._coding.kinds
        self._count = _fixed_units(rule, self._coding)
        self._width = self._coding.width(self._count)
        self._odd = self._count % self._coding.per_byte
        # Bytes that need no more than a look at which they are; None: there is more to see to.
        self._legal = self._coding.legal if self._coding.joins and not self._odd else None

    def pack(self, fields: Mapping[int, Value]) -> bytes:
        value = fields[self.number]
        if type(value) is bytes and len(value) == self._count and self._takes_bytes:
            return value if self._free else self._coding.write(value)
        return self.pack_value(value)

    def pack_value(self, value: object) -> bytes:
        """The bytes of `value`."""
        count = units_in(self.label, self._coding, value)
        if count != self._count:
            raise EncodeError(
                self.label, f"must be {self._count} {self._coding.means}, not {count}"
            )
        return packed(self.label, self._coding, value, count)

    def unpack(self, data: bytes, offset: int, values: list[Value]) -> int:
        end = offset + self._width
        raw = data[offset:end]
        coding = self._coding
        if len(raw) != self._width:
            values.append(unpacked(self.label, coding, raw, offset, self._width, self._odd))
        elif self._free:
            values.append(raw)
        elif self._legal is not None and not raw.translate(None, self._legal):
            values.append(coding.read(raw))
        else:
            values.append(unpacked(self.label, coding, raw, offset, self._width, self._odd))
        return end


class PrefixedStep:
    """One field behind its length."""

    __slots__ = (
        "_announced_max",
        "_coding",
        "_counts",
        "_even",
        "_free",
        "_legal",
        "_max",
        "_prefix_width",
        "_prefixes",
        "_read",
        "label",
        "number",
    )

    def __init__(self, field: Field, rule: Prefixed, label: str | None = None) -> None:
        self.number = field.number
        self.label = label or field.label
        self._coding = coding_for(field.type, field.encoding, field.pad)
        self._free = self._coding.legal is None
        coding = self._coding
        simple = coding.joins and coding.per_byte == coding.unit_width == 1
        self._legal = coding.legal if simple else None  # as in FixedStep
        self._read = coding.read
        table = lengths(rule.digits, rule.max, rule.encoding, rule.counts, self._coding)
        self._max = table.max
        self._announced_max = rule.max
        self._prefixes = table.prefixes
        self._counts = table.counts
        self._prefix_width = table.width
        self._even = whole_bytes_only(rule.counts, self._coding)

    def pack(self, fields: Mapping[int, Value]) -> bytes:
        value = fields[self.number]
        if self._free and type(value) is bytes and len(value) <= self._max:
            return self._prefixes[len(value)] + value
        if self._legal is not None and type(value) is str and value.isascii():
            raw = self._coding.write(value)
            if len(raw) <= self._max and not raw.translate(None, self._legal):
                return self._prefixes[len(raw)] + raw
        count = units_in(self.label, self._coding, value)
        if count > self._max:
            raise EncodeError(
                self.label, f"must be at most {self._max} {self._coding.means}, not {count}"
            )
        if self._even and count % 2:
            raise EncodeError(
                self.label, f"must be an even number of {self._coding.means}, not {count}"
            )
        return self._prefixes[count] + packed(self.label, self._coding, value, count)

    def unpack(self, data: bytes, offset: int, values: list[Value]) -> int:
        start = offset + self._prefix_width
        prefix = data[offset:start]
        count = self._counts.get(prefix)
        if count is None:
            if len(prefix) != self._prefix_width:
                raise DecodeError(self.label, len(data), "the message ends inside the length")
            even = " that is even" if self._even else ""
            raise DecodeError(
                self.label, offset, f"the length is no number from 0 to {self._announced_max}{even}"
            )
        if self._legal is not None:
            end = start + count
            raw = data[start:end]
            if len(raw) == count and not raw.translate(None, self._legal):
                values.append(self._read(raw))
                return end
        if self._free:
            end = start + count
            raw = data[start:end]
            if len(raw) == count:
                values.append(raw)
                return end
        coding = self._coding
        width = coding.width(count)
        end = start + width
        odd = count % coding.per_byte
        values.append(unpacked(self.label, coding, data[start:end], start, width, odd))
        return end


class RunStep:
    """Two or more neighbouring fixed fields of text, handled as one.

    To pack, the values are joined with borders: the pattern then checks the type, the length and
    the characters of each. Its groups are stretches of one coding.
    To unpack, the pattern checks the bytes; then every field is a slice of one text, which is the
    whole run read in each of its codings, one after the other.
    """

    __slots__ = (
        "_cut",
        "_legal",
        "_odd",
        "_pick",
        "_reads",
        "_singles",
        "_text",
        "_width",
        "_wire",
        "_writes",
    )

    def __init__(self, fields: list[Field], rules: list[Fixed]) -> None:
        self._singles = [FixedStep(f, rule) for f, rule in zip(fields, rules, strict=True)]
        self._pick = itemgetter(*(f.number for f in fields))
        codings = [coding_for(f.type, f.encoding, f.pad) for f in fields]
        counts = [_fixed_units(rule, coding) for rule, coding in zip(rules, codings, strict=True)]
        pairs = list(zip(codings, counts, strict=True))
        self._odd = tuple(i for i, (coding, count) in enumerate(pairs) if count % coding.per_byte)
        wire = b"".join(coding.wire_pattern(count) for coding, count in pairs)
        self._wire = re.compile(wire).match
        stretches = [list(group) for _, group in groupby(pairs, key=lambda pair: pair[0].write)]
        self._writes = tuple(stretch[0][0].write for stretch in stretches)
        text = [
            _BORDER.join(coding.text_pattern(count) for coding, count in stretch)
            for stretch in stretches
        ]
        self._text = re.compile(_BORDER.join(f"({part})" for part in text)).fullmatch
        self._reads = tuple(dict.fromkeys(coding.read for coding in codings))
        self._cut = itemgetter(*_cuts(pairs))
        self._width = sum(coding.width(count) for coding, count in pairs)
        alike = len({(coding.legal, coding.read) for coding in codings}) == 1 and not self._odd
        self._legal = codings[0].legal if alike else None  # as in FixedStep

    def pack(self, fields: Mapping[int, Value]) -> bytes:
        values = self._pick(fields)
        try:
            if self._odd:
                values = list(values)
                for place in self._odd:
                    values[place] = "0" + values[place]
            match = self._text(_BORDER.join(values))
        except TypeError:
            match = None
        if match is None:
            return b"".join([single.pack(fields) for single in self._singles])
        raw = b""
        for write, text in zip(self._writes, match.groups()):  # noqa: B905 (speed)
            raw += write(text.replace(_BORDER, ""))
        return raw

    def unpack(self, data: bytes, offset: int, values: list[Value]) -> int:
        if self._legal is not None:
            end = offset + self._width
            raw = data[offset:end]
            if len(raw) == self._width and not raw.translate(None, self._legal):
                values += self._cut(self._reads[0](raw))
                return end
        match = self._wire(data, offset)
        if match is None:
            for single in self._singles:
                offset = single.unpack(data, offset, values)
            return offset
        raw = match[0]
        text = ""
        for read in self._reads:
            text += read(raw)
        values += self._cut(text)
        return offset + len(raw)


def _cuts(pairs: list[tuple[Coding, int]]) -> list[slice]:
    """Where each field of a run stands in the text that is the run read in each of its codings."""
    width = sum(coding.width(count) for coding, count in pairs)
    starts: dict[Callable[[bytes], Any], int] = {}
    behind = 0
    for coding, _ in pairs:
        if coding.read not in starts:
            starts[coding.read] = behind
            behind += width * coding.per_byte
    cuts, offset = [], 0
    for coding, count in pairs:
        start = starts[coding.read] + offset * coding.per_byte + count % coding.per_byte
        cuts.append(slice(start, start + count))
        offset += coding.width(count)
    return cuts


def single_step(field: Field, label: str | None = None) -> FixedStep | PrefixedStep:
    """The step of one field alone; `label` is how errors call it, if not by its number."""
    if isinstance(field.length, Fixed):
        return FixedStep(field, field.length, label)
    return PrefixedStep(field, field.length, label)


def compile_steps(fields: Iterable[Field]) -> tuple[Step, ...]:
    """The steps for `fields` in their order, neighbouring fixed fields of text joined to runs."""
    steps: list[Step] = []
    run: list[Field] = []
    rules: list[Fixed] = []

    def close() -> None:
        if len(run) > 1:
            steps.append(RunStep(run.copy(), rules.copy()))
        elif run:
            steps.append(FixedStep(run[0], rules[0]))
        run.clear()
        rules.clear()

    for field in fields:
        if isinstance(field.length, Fixed) and _joins(field, field.length):
            run.append(field)
            rules.append(field.length)
        else:
            close()
            steps.append(single_step(field))
    close()
    return tuple(steps)


def _joins(field: Field, rule: Fixed) -> bool:
    """Whether a field can be part of a run: text whose filling the run knows."""
    if field.type == "b":
        return False
    coding = coding_for(field.type, field.encoding, field.pad)
    odd = _fixed_units(rule, coding) % coding.per_byte
    return coding.joins and (not odd or coding.pad == ZERO_IN_FRONT)


def _fixed_units(rule: Fixed, coding: Coding) -> int:
    """Units of the value of a fixed field; the dialect was checked, so there are some."""
    units = units_of(rule.count, rule.counts, coding)
    assert units is not None
    return units
