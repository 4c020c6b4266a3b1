"""The length in front of a field of variable length (ISO 8583:1993 4.3, LLVAR and LLLVAR).

The standard counts what the field is made of: digits, characters, bytes. Peers differ: some count
the bytes on the wire, some half bytes, and they write the number in BCD, in binary, in ASCII or in
EBCDIC. All of that is settled when a codec is built, in two tables: the prefix of every count of
the value's units, and the count of every prefix. What is too large for a table is computed.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import NamedTuple, Protocol

from posemu.wire.iso8583.codings import CHARSETS, Coding, coding_for

LENGTH_ENCODINGS = ("bcd", "binary", *CHARSETS)
COUNTS = ("units", "bytes", "nibbles")
"""What a length counts: the units of the value (digits, characters, bytes of type b), or bytes or
half bytes on the wire."""
DIGITS_MAX = 6
_TABLE_MAX = 9999


class _Prefixes(Protocol):
    def __getitem__(self, count: int, /) -> bytes: ...


class _Counts(Protocol):
    def get(self, prefix: bytes, /) -> int | None: ...


class Lengths(NamedTuple):
    """Both tables, by the number of the value's units; `max` is the largest of them and `width` the
    bytes of every prefix."""

    prefixes: _Prefixes
    counts: _Counts
    width: int
    max: int


class _Computed:
    """Both tables, where they would be too large to be kept."""

    def __init__(self, write: Callable[[int], bytes], digits: Callable[[bytes], int]) -> None:
        self._write = write
        self._count_of = digits

    def __getitem__(self, count: int) -> bytes:
        return self._write(count)

    def get(self, prefix: bytes) -> int | None:
        """The count, or None for what is no prefix."""
        try:
            count = self._count_of(prefix)
            return count if self._write(count) == prefix else None
        except (ValueError, OverflowError):
            return None


def capacity(digits: int, encoding: str) -> int:
    """The largest length that `digits` decimal digits (binary: bytes) can count."""
    return int(256**digits if encoding == "binary" else 10**digits) - 1


def units_of(announced: int, counts: str, coding: Coding) -> int | None:
    """How many units of a value a length of `announced` counts; None if it is no whole number."""
    units = announced / _announced_per_unit(counts, coding)
    return int(units) if units.denominator == 1 else None


def whole_bytes_only(counts: str, coding: Coding) -> bool:
    """Whether an odd number of packed digits cannot be written: nothing says that it is odd, or
    nothing fills the half byte."""
    return coding.per_byte == 2 and (counts == "bytes" or coding.pad == "none")


def _announced_per_unit(counts: str, coding: Coding) -> Fraction:
    if counts == "units":
        return Fraction(1)
    width = Fraction(coding.unit_width, coding.per_byte)
    return width if counts == "bytes" else 2 * width


@cache
def lengths(digits: int, largest: int, encoding: str, counts: str, coding: Coding) -> Lengths:
    """The tables of a length of `digits` digits (binary: bytes) of at most `largest`."""
    ratio = _announced_per_unit(counts, coding)
    if encoding == "binary":
        width = digits

        def write(announced: int) -> bytes:
            return announced.to_bytes(digits, "big")

        def read(prefix: bytes) -> int:
            return int.from_bytes(prefix, "big")
    else:
        row = coding_for("n", encoding)
        padded = digits + digits % row.per_byte
        width = row.width(digits)

        def write(announced: int) -> bytes:
            return row.write(f"{announced:0{padded}d}")

        def read(prefix: bytes) -> int:
            return int(row.read(prefix))

    most = int(largest / ratio)
    step = 2 if whole_bytes_only(counts, coding) else 1
    if most > _TABLE_MAX:

        def count_of(prefix: bytes) -> int:
            announced = read(prefix)
            count = int(announced / ratio)
            return count if announced <= largest and count % step == 0 else -1

        computed = _Computed(lambda count: write(int(count * ratio)), count_of)
        return Lengths(computed, computed, width, most)
    prefixes = tuple(write(int(count * ratio)) for count in range(most + 1))
    return Lengths(
        prefixes, {prefixes[count]: count for count in range(0, most + 1, step)}, width, most
    )
