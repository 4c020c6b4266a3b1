"""BER-TLV: tag, length, value (ISO/IEC 8825-1 as EMV Book 3 annex B and ISO/IEC 7816-4 5.2.2 cut
it down).

Everything a chip says, field 55 of a message and half of a consumer's QR code are written so. Cards
in the field pad with zeros, write lengths longer than needed, repeat tags and invent some: all of
that is read and kept in order. What cannot be right (a length that runs out, a length without end,
templates in templates in templates) is refused at the byte where it shows.

    9F02 06 000000001000      tag, length, value; lengths above 127: 81 xx, 82 xxxx, 83 ..., 84 ...
    70 04 [9A 02 ....]        bit 6 of the first tag byte: the value is objects itself

A tag is upper-case hex ("9F02"). Values may hold card data, so an object shows its tag and its size
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.mask import Masked

DEPTH_MAX = 16
"""Templates within each other; real cards stay below 6."""
LENGTH_BYTES_MAX = 4
"""Behind the first byte of a long length (ISO/IEC 7816-4 5.2.2)."""
TAG_BYTES_MAX = 4
"""Cards use up to 3 (ISO/IEC 7816-4 5.2.2). Errors name tags, so none may be long enough to hold
card data."""

ZERO_FILLING = b"\x00"
FILE_FILLING = b"\x00\xff"
"""What fills an unwritten part of a file (ISO/IEC 7816-4 5.2.2); FF starts no tag there."""

_CLASSES = ("universal", "application", "context", "private")
_CONSTRUCTED = 0x20
_CONSTRUCTED_DIGITS = "2367ABEF"  # the first hex digits of the bytes that have this bit
_MORE = 0x1F  # in the first byte of a tag: the number follows in the next bytes
_FILLINGS = {bytes_: re.compile(b"[%b]*" % bytes_) for bytes_ in (ZERO_FILLING, FILE_FILLING)}
_HIGH_TAG = re.compile(rb"[\x80-\xff]{0,%d}[\x00-\x7f]" % (TAG_BYTES_MAX - 2))


class TagInfo(NamedTuple):
    """What the bytes of a tag say: how many they are, "universal", "application", "context" or
    "private", and whether the value is objects. EMV Book 3 B1."""

    width: int
    tag_class: str
    constructed: bool


@dataclass(frozen=True, slots=True, repr=False)
class Tlv(Masked):
    """One object.

    `value` is the value as it stood, filling included; `children` are the objects in it, None for a
    primitive tag. `template` builds a constructed one. EMV Book 3 annex B.
    """

    tag: str
    value: bytes
    children: tuple[Tlv, ...] | None = None

    def masked(self) -> str:
        return f"{self.tag}, {len(self.value)} bytes"


def template(tag: str, children: Iterable[Tlv]) -> Tlv:
    """The constructed object that holds `children`. Raises `EncodeError`. EMV Book 3 annex B."""
    kept = tuple(children)
    return Tlv(tag, encode_tlv(kept), kept)


def tag_info(tag: str) -> TagInfo:
    """Take a tag apart; `tag` is the hex of one whole tag (EMV Book 3 B1). Raises `EncodeError`."""
    first = _tag_bytes(tag)[0]
    return TagInfo(len(tag) // 2, _CLASSES[first >> 6], bool(first & _CONSTRUCTED))


def read_tag(data: bytes, offset: int = 0) -> str:
    """The tag that starts at `offset`; it takes half as many bytes as it has characters.

    Raises `DecodeError`. EMV Book 3 B1.
    """
    try:
        first = data[offset]
        return _ONE_BYTE[first] or _TWO_BYTES[first][data[offset + 1]]
    except IndexError:  # filling, a longer tag, or the end
        pass
    if data[offset : offset + 1] in (b"", b"\x00"):
        raise DecodeError("tag", offset, "must start with another byte than 00")
    return _long_tag(data, offset, len(data))


def encode_length(length: int) -> bytes:
    """The shortest length field (EMV Book 3 B2). Raises `EncodeError`."""
    if 0 <= length < 0x80:
        return bytes((length,))
    width = (length.bit_length() + 7) // 8
    if length < 0 or width > LENGTH_BYTES_MAX:
        raise EncodeError("length", f"must be 0 to {(1 << 8 * LENGTH_BYTES_MAX) - 1}")
    return bytes((0x80 | width,)) + length.to_bytes(width, "big")


def decode_length(data: bytes, offset: int = 0) -> tuple[int, int]:
    """The length at `offset` and the number of bytes it takes; longer than needed is fine.

    Raises `DecodeError`. EMV Book 3 B2.
    """
    return _length(data, offset, len(data), "length")


def decode_tlv(data: bytes, filling: bytes = ZERO_FILLING) -> tuple[Tlv, ...]:
    """All objects of `data`, templates opened, in order.

    `filling` are the bytes that may stand before, between and behind the objects of the first
    level: ZERO_FILLING or FILE_FILLING. In a template only zeros fill. Raises `DecodeError`, whose
    offset counts bytes of `data`. ISO/IEC 8825-1 8.1; EMV Book 3 annex B.
    """
    return _tree(data, 0, len(data), filling, DEPTH_MAX)


def tlv_pairs(data: bytes) -> list[tuple[str, bytes]]:
    """The objects of the first level as (tag, value), in order; templates stay closed.

    Raises `DecodeError`. EMV Book 3 annex B.
    """
    pairs = _plain_pairs(data)
    if pairs is None:
        walk = _walk(data, 0, len(data), ZERO_FILLING)
        pairs = [(tag, data[start:end]) for tag, start, end in walk]
    return pairs


def find_tlv(objects: Iterable[Tlv], tag: str) -> list[bytes]:
    """Every value of `tag`, at any depth, in the order in which the objects stand.
    EMV Book 3 annex B."""
    found = []
    for item in objects:
        if item.tag == tag:
            found.append(item.value)
        if item.children is not None:
            found += find_tlv(item.children, tag)
    return found


def encode_tlv(objects: Iterable[Tlv]) -> bytes:
    """The bytes of `objects` in order, with the shortest lengths and without filling.

    Of a template the children are written; its value is not looked at. Raises `EncodeError`.
    ISO/IEC 8825-1 8.1; EMV Book 3 annex B.
    """
    return b"".join([_encode(item, DEPTH_MAX) for item in objects])


def _encode(item: Tlv, levels: int) -> bytes:
    head = _tag_bytes(item.tag)
    if bool(head[0] & _CONSTRUCTED) == (item.children is None):
        raise EncodeError(
            f"tag {item.tag}",
            "is constructed (bit 6 is set): build it with `template`"
            if item.children is None
            else "is primitive (bit 6 is clear) and holds no objects",
        )
    if item.children is None:
        value = item.value
    elif not levels:
        raise EncodeError(f"tag {item.tag}", f"is deeper than {DEPTH_MAX} templates")
    else:
        value = b"".join([_encode(child, levels - 1) for child in item.children])
    return head + encode_length(len(value)) + value


def _tree(data: bytes, start: int, end: int, filling: bytes, levels: int) -> tuple[Tlv, ...]:
    objects = []
    for tag, value_start, value_end in _walk(data, start, end, filling):
        children = None
        if tag[0] in _CONSTRUCTED_DIGITS:
            if not levels:
                raise DecodeError(
                    f"tag {tag}", value_start, f"is deeper than {DEPTH_MAX} templates"
                )
            children = _tree(data, value_start, value_end, ZERO_FILLING, levels - 1)
        objects.append(Tlv(tag, data[value_start:value_end], children))
    return tuple(objects)


def _plain_pairs(data: bytes) -> list[tuple[str, bytes]] | None:
    """The common case, nothing but tags of one or two bytes with lengths of one; None for all
    else, so that errors have one place."""
    pairs = []
    offset, size = 0, len(data)
    try:
        while offset < size:
            tag = _ONE_BYTE[data[offset]]
            if tag:
                start = offset + 2
            else:
                tag = _TWO_BYTES[data[offset]][data[offset + 1]]
                start = offset + 3
            length = data[start - 1]
            if length > 0x7F:
                return None
            offset = start + length
            pairs.append((tag, data[start:offset]))
    except IndexError:
        return None
    return pairs if offset == size else None


def _walk(data: bytes, offset: int, end: int, filling: bytes) -> Iterator[tuple[str, int, int]]:
    """Tag, start and end of the value of each object between `offset` and `end`."""
    while offset < end:
        if data[offset] in filling:
            offset = _FILLINGS[filling].match(data, offset, end).end()  # type: ignore[union-attr]
            continue
        tag = _ONE_BYTE[data[offset]] or _long_tag(data, offset, end)
        offset += len(tag) // 2
        if offset < end and data[offset] < 0x80:
            length, start = data[offset], offset + 1
        else:
            length, width = _length(data, offset, end, f"tag {tag}")
            start = offset + width
        offset = start + length
        if offset > end:
            raise DecodeError(f"tag {tag}", start, f"{length} bytes announced, {end - start} left")
        yield tag, start, offset


def _long_tag(data: bytes, offset: int, end: int) -> str:
    """The name of a tag of two bytes or more."""
    number = _HIGH_TAG.match(data, offset + 1, end)
    if number is None:
        whole = offset + TAG_BYTES_MAX <= end
        reason = f"is longer than {TAG_BYTES_MAX} bytes" if whole else "ends before its last byte"
        raise DecodeError("tag", offset, reason)
    return data[offset : number.end()].hex().upper()


def _length(data: bytes, offset: int, end: int, field: str) -> tuple[int, int]:
    if offset >= end:
        raise DecodeError(field, offset, "has no length")
    first = data[offset]
    if first < 0x80:
        return first, 1
    width = first & 0x7F
    if not 1 <= width <= LENGTH_BYTES_MAX:
        raise DecodeError(field, offset, f"a length starts with 00 to 84 (not 80), not {first:02X}")
    behind = offset + 1 + width
    if behind > end:
        raise DecodeError(field, offset, f"a length of {width + 1} bytes is cut short")
    return int.from_bytes(data[offset + 1 : behind], "big"), 1 + width


@lru_cache(maxsize=1024)
def _tag_bytes(tag: str) -> bytes:
    """The bytes of a well-formed tag. Raises `EncodeError`."""
    try:
        raw = bytes.fromhex(tag)
    except ValueError:
        raise EncodeError("tag", "must be written in hex, two digits a byte") from None
    if raw.hex().upper() != tag or not raw[:1].strip(b"\x00"):
        raise EncodeError("tag", "must be upper-case hex without spaces, and not start with 00")
    high = raw[0] & _MORE == _MORE
    whole = _HIGH_TAG.fullmatch(raw, 1) if high else len(raw) == 1
    if not whole:
        raise EncodeError(
            f"tag {tag}",
            f"must end with its first byte below 80 behind the first, {TAG_BYTES_MAX} bytes at most"
            if high
            else "is whole with its first byte",
        )
    return raw


_ONE_BYTE = ["" if not n or n & _MORE == _MORE else f"{n:02X}" for n in range(0x100)]
"""The name of the tag that is one byte; "" for a byte that is filling or starts a longer tag."""
_TWO_BYTES = [
    [f"{first:02X}{second:02X}" for second in range(0x80)] if first & _MORE == _MORE else []
    for first in range(0x100)
]
"""The names of the tags of two bytes; no entry where the tag goes on."""
