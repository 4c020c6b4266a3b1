"""Results bit by bit: TVR, TSI and their like, each bit by its name from the book.

The names are those of `posemu/wire/emv/meanings.yaml` (EMV Book 3, annex C), so that whoever shows
a bit and whoever sets it call it the same.
"""

from __future__ import annotations

from posemu.wire.emv.meanings import bit_places

TVR, TSI, AIP, AUC = "95", "9B", "82", "9F07"
CAPABILITIES, ADDITIONAL_CAPABILITIES = "9F33", "9F40"


class Flags:
    """A value whose bits are set by name: `Flags(TVR, 5)`; KeyError for a name that is not in the
    table."""

    __slots__ = ("_places", "_value")

    def __init__(self, tag: str, length: int) -> None:
        self._places = bit_places(tag)
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
    index, mask = bit_places(tag)[name]
    return index < len(value) and bool(value[index] & mask)
