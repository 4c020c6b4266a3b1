"""Results bit by bit: TVR, TSI and their like, each bit by its name from the book.

The names are those of `posemu/wire/emv/meanings.yaml` (EMV Book 3, annex C), so that whoever shows
a bit and whoever sets it call it the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from posemu.wire.emv.meanings import bit_names

TVR, TSI, AIP, AUC = "95", "9B", "82", "9F07"
CAPABILITIES, ADDITIONAL_CAPABILITIES = "9F33", "9F40"


class Flags:
    """A value whose bits are set by name: `Flags(TVR, 5)`; KeyError for a name that is not in the
    table."""

    __slots__ = ("_places", "_value")

    def __init__(self, tag: str, length: int) -> None:
        self._places = places(tag)
        self._value = bytearray(length)

    def set(self, name: str) -> None:
        index, mask = self._places[name]
        self._value[index] |= mask

    def clear(self, name: str) -> None:
        index, mask = self._places[name]
        self._value[index] &= ~mask

    def __contains__(self, name: str) -> bool:
        index, mask = self._places[name]
        return bool(self._value[index] & mask)

    def __bytes__(self) -> bytes:
        return bytes(self._value)


def has(tag: str, value: bytes, name: str) -> bool:
    """Whether the bit `name` of the object `tag` is set in `value`; not if it is too short."""
    index, mask = places(tag)[name]
    return index < len(value) and bool(value[index] & mask)


@cache
def places(tag: str) -> Mapping[str, tuple[int, int]]:
    """Name of a single bit -> its byte from 0, and its mask."""
    return {b.name: (b.byte - 1, 1 << b.low - 1) for b in bit_names(tag) if b.high == b.low}
