"""What the bits and codes of EMV data objects say (EMV 4.4 Book 3, annex C; Book 4, annex A).

TVR, TSI, AIP, CVM results and the like are rows of bits and codes that a person cannot read. Their
names stand in `meanings.yaml`, once: whoever shows a bit and whoever sets it takes it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from ruamel.yaml import YAML


class Text(NamedTuple):
    """One thing in both languages."""

    en: str
    zh: str

    def of(self, lang: str) -> str:
        """The text in "en" or "zh"."""
        return self.zh if lang == "zh" else self.en


class Bits(NamedTuple):
    """A bit, or a number in several bits: byte from 1, bits from 8 down to 1; `values` names what
    the number may be (a single bit has none)."""

    byte: int
    high: int
    low: int
    name: str
    text: Text
    values: Mapping[int, Text]

    def read(self, value: bytes) -> int:
        """The number in these bits; 0 where `value` is too short to have them."""
        byte = value[self.byte - 1] if self.byte <= len(value) else 0
        return byte >> self.low - 1 & (1 << self.high - self.low + 1) - 1

    def says(self, number: int, lang: str) -> str:
        """What `number` in these bits means, in "en" or "zh"."""
        title = self.text.of(lang)
        if self.high == self.low:
            return title
        meant = self.values.get(number)
        return f"{title}: {number if meant is None else meant.of(lang)}"


@cache
def bit_names(table: str) -> tuple[Bits, ...]:
    """The bits of a tag (upper-case hex) or of a table as "cvr-visa"; none if it has no bits."""
    known = _tables()
    rows = known["bits"].get(known["same"].get(table, table), {})
    return tuple(_bits(place, row) for place, row in rows.items())


@cache
def bit_places(table: str) -> Mapping[str, tuple[int, int]]:
    """Name of a single bit -> its byte from 0, and its mask."""
    return {b.name: (b.byte - 1, 1 << b.low - 1) for b in bit_names(table) if b.high == b.low}


def bits_set(table: str, value: bytes) -> tuple[tuple[Bits, int], ...]:
    """The bits that are set in `value`, and the numbers that are not 0 or have a name for 0."""
    found = ((bits, bits.read(value)) for bits in bit_names(table))
    return tuple((bits, number) for bits, number in found if number or 0 in bits.values)


def reserved_set(table: str, value: bytes) -> tuple[tuple[int, int], ...]:
    """(byte, bit) of every bit that is set in `value` and has no name in the table."""
    named = {(b.byte, bit) for b in bit_names(table) for bit in range(b.low, b.high + 1)}
    return tuple(
        (byte, bit)
        for byte, octet in enumerate(value, 1)
        for bit in range(8, 0, -1)
        if octet >> bit - 1 & 1 and (byte, bit) not in named
    )


@cache
def code_names(table: str) -> Mapping[str, Text]:
    """The codes of a table ("cvm", "cvm-condition", "cvm-result", "terminal-type",
    "authorisation-response", "status"). KeyError for another one."""
    return {str(code): Text(*pair) for code, pair in _tables()["codes"][table].items()}


def status_text(sw: int, lang: str) -> str:
    """What a status word says (ISO/IEC 7816-4, 5.6; EMV Book 3, 6.3.5), "" if it is not known."""
    word, known = f"{sw:04X}", code_names("status")
    for pattern, digits in ((word, 0), (f"{word[:3]}x", 1), (f"{word[:2]}xx", 2)):
        if pattern in known:
            count = f" {int(word[-digits:], 16)}" if digits else ""
            return known[pattern].of(lang) + count
    return ""


def _bits(place: str, row: Any) -> Bits:
    byte, _, where = place.partition(".")
    high, _, low = where.partition("-")
    name, values = (row["name"], row["values"]) if isinstance(row, dict) else (row, {})
    texts = {int(number): Text(*pair) for number, pair in values.items()}
    return Bits(int(byte), int(high), int(low or high), name[0], Text(*name[1:]), texts)


@cache
def _tables() -> Mapping[str, Any]:
    path = files("posemu.wire.emv") / "meanings.yaml"
    tables: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return tables
