"""The clear part of a key block: what the key is for, and who may have it (ANSI X9.143:2021 6.3,
TR-31:2018 A.2, ISO 20038:2017).

    D 0144 P0 A E 00 E 01 00 KS1800604B120F9292800000
    | |    |  | | |  | |  |  optional blocks: id, length in hex of all of it, text
    | |    |  | | |  | |  reserved
    | |    |  | | |  | number of optional blocks
    | |    |  | | |  exportability
    | |    |  | | key version
    | |    |  | mode of use
    | |    |  algorithm
    | |    key usage
    | length of the whole key block in characters
    version of the key block

Nothing here is secret, and nothing here is to be believed before the MAC of the block is checked.
An optional block that is not known is kept as it is; what the known ones hold is read in
`optional`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from posemu.crypto.errors import KeyBlockError

MANDATORY = 16
"""Characters before the optional blocks."""


class Layout(NamedTuple):
    """Sizes of one key block version."""

    header_block: int
    """The header's characters are a multiple of this."""
    payload_block: int
    """And the enciphered bytes a multiple of this."""
    mac: int
    """Bytes of the MAC."""


LAYOUTS = {
    "A": Layout(8, 8, 4),
    "B": Layout(8, 8, 8),
    "C": Layout(8, 8, 4),
    "D": Layout(16, 16, 16),
    "E": Layout(16, 1, 16),
}
"""A and C: TDES, variants of the protection key; B: TDES, D: AES-CBC, E: AES-CTR, derived keys."""

_FIELDS = (
    # name, place, form, what the form is
    ("version", slice(0, 1), re.compile("[A-E]"), "A, B, C, D or E"),
    ("length", slice(1, 5), re.compile("[0-9]{4}"), "4 decimal digits"),
    ("key usage", slice(5, 7), re.compile("[0-9A-Za-z]{2}"), "2 letters or digits"),
    ("algorithm", slice(7, 8), re.compile("[0-9A-Za-z]"), "a letter or digit"),
    ("mode of use", slice(8, 9), re.compile("[0-9A-Za-z]"), "a letter or digit"),
    ("key version", slice(9, 11), re.compile("[0-9A-Za-z]{2}"), "2 letters or digits"),
    ("exportability", slice(11, 12), re.compile("[0-9A-Za-z]"), "a letter or digit"),
    ("number of optional blocks", slice(12, 14), re.compile("[0-9]{2}"), "2 decimal digits"),
    ("reserved", slice(14, 16), re.compile("[0-9A-Za-z]{2}"), "2 letters or digits"),
)
_BLOCK_ID = re.compile("[0-9A-Za-z]{2}")
_HEX = re.compile("[0-9A-F]+")
_PRINTABLE = re.compile("[ -~]*")
_PAD_BLOCK = "PB"


def layout_of(version: str) -> Layout:
    """The sizes of a version; KeyBlockError if there is no such version."""
    layout = LAYOUTS.get(version)
    if layout is None:
        raise malformed(0, "version", "it has to be A, B, C, D or E")
    return layout


def malformed(at: int, field: str, reason: str) -> KeyBlockError:
    """The error for the character `at` of a key block."""
    return KeyBlockError(f"key block, character {at} ({field}): {reason}")


@dataclass(frozen=True, slots=True)
class OptionalBlock:
    """Two characters of id and printable ASCII text. ANSI X9.143:2021 6.3.6."""

    id: str
    data: str
    wide: int = 0
    """Hex digits of a length that was written longer than it has to be; 0: it is not."""

    def text(self) -> str:
        """The block as it stands in the header; KeyBlockError if id or text cannot stand there."""
        if not _BLOCK_ID.fullmatch(self.id):
            raise KeyBlockError("the id of an optional block has 2 letters or digits")
        if not _PRINTABLE.fullmatch(self.data):
            raise KeyBlockError(f"optional block {self.id} has text that is no printable ASCII")
        digits = self.wide or _shortest(len(self.data))
        if digits == 0:
            return f"{self.id}{4 + len(self.data):02X}{self.data}"
        return f"{self.id}00{digits // 2:02X}{6 + digits + len(self.data):0{digits}X}{self.data}"


@dataclass(frozen=True, slots=True)
class KeyBlockHeader:
    """What a key block says about its key; the fields are the characters of the standard.
    ANSI X9.143:2021 6.3."""

    version: str
    key_usage: str
    algorithm: str
    mode_of_use: str
    key_version: str
    exportability: str
    optional_blocks: tuple[OptionalBlock, ...] = ()
    reserved: str = "00"

    def text(self, length: int) -> str:
        """The header of a key block of `length` characters.

        Raises KeyBlockError if a field breaks its form, also a length of more than 4 digits or a
        number of optional blocks of more than 2.
        """
        values = (
            self.version,
            f"{length:04}",
            self.key_usage,
            self.algorithm,
            self.mode_of_use,
            self.key_version,
            self.exportability,
            f"{len(self.optional_blocks):02}",
            self.reserved,
        )
        _check_fields(values)
        return "".join(values) + "".join(block.text() for block in self.optional_blocks)

    def optional(self, block_id: str) -> str | None:
        """The text of the optional block of this id, or None."""
        return next((block.data for block in self.optional_blocks if block.id == block_id), None)

    def canonical(self) -> KeyBlockHeader:
        """The same with shortest lengths and a new pad block (PB) where the cipher's block size
        asks for one.

        The fill of a pad block carries nothing: it is zeros here.
        """
        blocks = [replace(b, wide=0) for b in self.optional_blocks if b.id != _PAD_BLOCK]
        size = layout_of(self.version).header_block
        over = sum(len(block.text()) for block in blocks) % size
        if over:
            # A pad block has at least one character of fill: some readers refuse an empty one.
            fill = size - (over + 4) % size
            blocks.append(OptionalBlock(_PAD_BLOCK, "0" * fill))
        return replace(self, optional_blocks=tuple(blocks))


class ParsedHeader(NamedTuple):
    """A header, and where it stood. ANSI X9.143:2021 6.3."""

    header: KeyBlockHeader
    length: int
    """What it says about the length of the whole key block; not checked."""
    size: int
    """Characters of the header, optional blocks included."""


def parse_header(text: str) -> ParsedHeader:
    """The header of a key block; whatever follows it is not looked at.

    `header.text(length)` gives the same characters again. Raises KeyBlockError, which names the
    character and the field. ANSI X9.143:2021 6.3.
    """
    values = [text[place] for _, place, _, _ in _FIELDS]
    _check_fields(values)
    version, length, usage, algorithm, mode, key_version, exportability, count, reserved = values
    blocks: list[OptionalBlock] = []
    at = MANDATORY
    for _ in range(int(count)):
        block, end = _optional_block(text, at)
        if any(block.id == earlier.id for earlier in blocks):
            raise malformed(at, f"optional block {block.id}", "there is one of this id already")
        blocks.append(block)
        at = end
    header = KeyBlockHeader(
        version, usage, algorithm, mode, key_version, exportability, tuple(blocks), reserved
    )
    return ParsedHeader(header, int(length), at)


def _check_fields(values: Sequence[str]) -> None:
    for value, (name, place, form, what) in zip(values, _FIELDS, strict=True):
        if not form.fullmatch(value):
            raise malformed(place.start, name, f"it has to be {what}")


def _optional_block(text: str, at: int) -> tuple[OptionalBlock, int]:
    """The optional block that starts at a character, and where the next one starts."""
    block_id = text[at : at + 2]
    if not _BLOCK_ID.fullmatch(block_id):
        raise malformed(at, "optional block", "its id has to be 2 letters or digits")
    field = f"optional block {block_id}"
    start, digits = at + 4, 0
    length = _hex_number(text, at + 2, 2, field)
    if length == 0:
        digits = 2 * _hex_number(text, at + 4, 2, field)
        if digits == 0:
            raise malformed(at + 4, field, "the length of its length is 0")
        length = _hex_number(text, at + 6, digits, field)
        start = at + 6 + digits
    end = at + length
    if end < start:
        raise malformed(at + 2, field, "its length has to count its id and the length itself")
    if end > len(text):
        raise malformed(at + 2, field, "its length leads beyond the end of the key block")
    data = text[start:end]
    if not _PRINTABLE.fullmatch(data):
        raise malformed(start, field, "its text has to be printable ASCII")
    wide = 0 if digits == _shortest(len(data)) else digits
    return OptionalBlock(block_id, data, wide), end


def _hex_number(text: str, at: int, digits: int, field: str) -> int:
    part = text[at : at + digits]
    if len(part) < digits or not _HEX.fullmatch(part):
        raise malformed(at, field, f"its length has to be {digits} hex digits, upper case")
    return int(part, 16)


def _shortest(size: int) -> int:
    """Hex digits of the long form of the length, 0 where the short form holds it."""
    return 0 if size + 4 <= 0xFF else 4
