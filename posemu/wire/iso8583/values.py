"""One value between its Python form and its bytes, with every check and the words for what is
wrong. The steps of a plan come here when their short way does not do.
"""

from typing import Any

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.codings import Coding

ZERO_IN_FRONT = "left-0"


def units_in(label: str, coding: Coding, value: object) -> int:
    """Units (characters, bytes) of a value of the right type."""
    if not isinstance(value, coding.kinds):
        raise EncodeError(label, f"must be {coding.kinds[0].__name__}, not {type(value).__name__}")
    if coding.wide:
        return len(packed(label, coding, value, 0))
    return len(value)  # type: ignore[arg-type]


def packed(label: str, coding: Coding, value: Any, count: int) -> bytes:
    """The bytes of `value`, which has `count` units (not looked at where characters are wide)."""
    legal = coding.legal
    if legal is None:
        return coding.write(value)
    odd = count % coding.per_byte
    try:
        raw = coding.write("0" + value if odd else value)
    except ValueError:
        raw = None
    if (
        raw is None
        or raw.translate(None, legal)
        or not (coding.wide or len(raw) == coding.width(count))
    ):
        raise EncodeError(label, f"must be {coding.means} only")
    if odd and coding.pad != ZERO_IN_FRONT:
        side, nibble = coding.pad.split("-")
        return bytes.fromhex(nibble + value if side == "left" else value + nibble)
    return raw


def unpacked(label: str, coding: Coding, raw: bytes, offset: int, width: int, odd: int) -> Any:
    """The value in `raw`, which was cut at `offset` and should be `width` legal bytes."""
    legal = coding.legal
    if len(raw) != width:
        raise DecodeError(
            label, offset + len(raw), f"the message ends after {len(raw)} of {width} bytes"
        )
    if odd and (coding.pad != ZERO_IN_FRONT or not coding.joins):
        return _unpack_odd(label, coding, raw, offset)
    if legal is not None and raw.translate(None, legal):
        place = next(place for place, byte in enumerate(raw) if byte not in legal)
        raise DecodeError(label, offset + place, f"must be {coding.means} only")
    if coding.wide:
        return _unpack_wide(label, coding, raw, offset)
    value = coding.read(raw)
    if odd:
        if raw[0] > 9:
            raise DecodeError(label, offset, "the nibble that fills an odd number must be 0")
        return value[1:]
    return value


def _unpack_odd(label: str, coding: Coding, raw: bytes, offset: int) -> str:
    """An odd number of packed digits, and the nibble that fills the half byte."""
    text = raw.hex().upper()
    side, nibble = coding.pad.split("-")
    first = 1 if side == "left" else 0
    filling = 0 if first else len(text) - 1
    value = text[first : len(text) - 1 + first]
    for place, char in enumerate(value, first):
        if char not in coding.chars:
            raise DecodeError(label, offset + place // 2, f"must be {coding.means} only")
    if text[filling] != nibble:
        raise DecodeError(
            label,
            offset + filling // 2,
            f"the nibble that fills an odd number must be {nibble}",
        )
    return value


def _unpack_wide(label: str, coding: Coding, raw: bytes, offset: int) -> str:
    """Text whose characters differ in width. (No two writings of these charsets read the same.)"""
    try:
        value: str = coding.read(raw)
    except UnicodeDecodeError as error:
        place = offset + error.start
        raise DecodeError(label, place, f"must be {coding.means} only") from None
    return value
