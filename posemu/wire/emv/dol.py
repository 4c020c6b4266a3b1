"""Data object lists: what the card wants to be told, tag by tag (EMV Book 3, 5.4).

A card names tags and lengths; the terminal sends the values alone, one behind the other, each cut
or padded to the length that the card wants. A list that ends inside an entry, or data that does not
fit the list, is refused: both sides would read different values.

    9F02 06 | 9A 03 | 9C 01   ->   000000001000 | 261122 | 00
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from posemu.wire.emv.apdu import Command, encode_command
from posemu.wire.emv.tags import emv_tag
from posemu.wire.emv.tlv import Tlv, encode_tlv, read_tag, tag_info
from posemu.wire.errors import DecodeError

DOL_MAX = 252
"""Bytes (EMV Book 3 annex A)."""
_COMMAND_TEMPLATE = "83"


class DolEntry(NamedTuple):
    """A tag and the number of bytes wanted of it, 0 to 255. EMV Book 3 5.4."""

    tag: str
    length: int


def parse_dol(dol: bytes) -> tuple[DolEntry, ...]:
    """The entries in order. Raises `DecodeError`. EMV Book 3 5.4."""
    if len(dol) > DOL_MAX:
        raise DecodeError("DOL", DOL_MAX, f"longer than {DOL_MAX} bytes")
    entries = []
    offset, size = 0, len(dol)
    while offset < size:
        tag = read_tag(dol, offset)
        place = offset + len(tag) // 2
        if place == size:
            raise DecodeError(f"tag {tag}", place, "has no length")
        entries.append((tag, dol[place]))
        offset = place + 1
    return tuple(map(DolEntry._make, entries))


def dol_length(entries: Iterable[DolEntry]) -> int:
    """The bytes of all values together. EMV Book 3 5.4."""
    return sum([entry.length for entry in entries])


def build_dol(entries: Iterable[DolEntry], values: Mapping[str, bytes]) -> bytes:
    """The values in the order of `entries`, each of the length wanted.

    Too long: digits (format n) lose their first bytes, all else its last. Too short: digits get
    zeros in front, compressed digits (cn) F behind, all else zeros behind. A tag that has no value,
    and a template, is zeros. EMV Book 3 5.4.
    """
    return b"".join([_fitted(entry, values) for entry in entries])


def split_dol(entries: Iterable[DolEntry], data: bytes) -> tuple[tuple[str, bytes], ...]:
    """`data` cut along `entries`: (tag, value) in order. Raises `DecodeError`. EMV Book 3 5.4."""
    cut = []
    offset = 0
    for tag, length in entries:
        if offset + length > len(data):
            raise DecodeError(f"tag {tag}", offset, f"{length} bytes wanted, fewer are left")
        cut.append((tag, data[offset : offset + length]))
        offset += length
    if offset != len(data):
        raise DecodeError("DOL data", offset, "goes on behind the last entry of the list")
    return tuple(cut)


def gpo_command(pdol: bytes, values: Mapping[str, bytes]) -> bytes:
    """The GET PROCESSING OPTIONS command for the PDOL (tag 9F38) of a card, b"" if it has none
    (EMV Book 3, 6.5.8). Raises `DecodeError`, and `EncodeError` if the data is too long."""
    data = encode_tlv([Tlv(_COMMAND_TEMPLATE, build_dol(parse_dol(pdol), values))])
    return encode_command(Command(0x80, 0xA8, 0x00, 0x00, data, 256))


def _fitted(entry: DolEntry, values: Mapping[str, bytes]) -> bytes:
    value = values.get(entry.tag, b"")
    if not value:
        return bytes(entry.length)
    known = emv_tag(entry.tag)
    if known.format == "template" if known else tag_info(entry.tag).constructed:
        return bytes(entry.length)
    if len(value) == entry.length:
        return value
    return _FITS.get(known.format if known else "", _fit_others)(value, entry.length)


def _fit_digits(value: bytes, length: int) -> bytes:
    return value[max(0, len(value) - length) :].rjust(length, b"\x00")


def _fit_compressed(value: bytes, length: int) -> bytes:
    return value[:length].ljust(length, b"\xff")


def _fit_others(value: bytes, length: int) -> bytes:
    return value[:length].ljust(length, b"\x00")


_FITS: Mapping[str, Callable[[bytes, int], bytes]] = {"n": _fit_digits, "cn": _fit_compressed}
