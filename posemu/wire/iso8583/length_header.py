"""The length that stands before a message on a line, in all the ways it is written.

    binary2, binary4    a number of 2 or 4 bytes, big end first
    bcd2, bcd4          4 or 8 digits, two in a byte
    ascii2, ascii4      2 or 4 digits, one in a byte
    vml4                Visa's: a number of 2 bytes, then 2 bytes of format and platform; the first
                        half of the last one is 2 in a session control message, and no message is
                        longer than 2048 bytes
    none                nothing: the line itself keeps the borders

The length counts what follows it, or itself too (`inclusive`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.codings import coding_for

_VML_MAX = 2048
_VML_SESSION_CONTROL = 2
_BINARY_MAX = 0xFFFFFFFF


class FrameLength(NamedTuple):
    """What a length says: how many bytes follow it, and whether they are session control."""

    length: int
    session_control: bool = False


class _Row(NamedTuple):
    width: int
    max: int
    legal: bytes
    write: Callable[[int], bytes]
    read: Callable[[bytes], int]


_ANY = bytes(range(256))


def _binary(width: int) -> _Row:
    return _Row(
        width,
        256**width - 1,
        _ANY,
        lambda length: length.to_bytes(width, "big"),
        lambda raw: int.from_bytes(raw, "big"),
    )


def _digits(encoding: str, width: int) -> _Row:
    coding = coding_for("n", encoding)
    digits = width * coding.per_byte
    return _Row(
        width,
        int(10**digits) - 1,
        coding.legal or b"",
        lambda length: coding.write(f"{length:0{digits}d}"),
        lambda raw: int(coding.read(raw)),
    )


_ROWS = {
    "none": _Row(0, _BINARY_MAX, _ANY, lambda length: b"", lambda raw: 0),
    "binary2": _binary(2),
    "binary4": _binary(4),
    "bcd2": _digits("bcd", 2),
    "bcd4": _digits("bcd", 4),
    "ascii2": _digits("ascii", 2),
    "ascii4": _digits("ascii", 4),
    "vml4": _Row(
        4,
        _VML_MAX,
        _ANY,
        lambda length: length.to_bytes(2, "big") + bytes(2),
        lambda raw: int.from_bytes(raw[:2], "big"),
    ),
}


@dataclass(frozen=True, slots=True)
class LengthHeader:
    """One way to write the length: `width` bytes that announce at most `max` bytes behind them."""

    width: int
    max: int
    _row: _Row
    _own: int
    _vml: bool

    def write(self, length: int) -> bytes:
        """The header of `length` bytes that follow. Raises `EncodeError`."""
        if not 0 <= length <= self.max:
            raise EncodeError("length", f"must be 0 to {self.max}, not {length}")
        return self._row.write(length + self._own)

    def check(self, raw: bytes) -> None:
        """Look at the first bytes of a header, which may not be all. Raises `DecodeError`."""
        if raw.translate(None, self._row.legal):
            place = next(i for i, byte in enumerate(raw) if byte not in self._row.legal)
            raise DecodeError("length", place, "must be digits only")

    def read(self, raw: bytes) -> FrameLength:
        """What the header `raw` says. Raises `DecodeError`."""
        if len(raw) != self.width:
            raise DecodeError("length", len(raw), f"must be {self.width} bytes, not {len(raw)}")
        self.check(raw)
        length = self._row.read(raw) - self._own
        if length < 0:
            raise DecodeError("length", 0, f"counts itself, so it is at least {self._own}")
        if self._vml:
            if length > self.max:
                raise DecodeError("length", 0, f"{length} is above the maximum of {self.max}")
            return FrameLength(length, raw[3] >> 4 == _VML_SESSION_CONTROL)
        return FrameLength(length)


@cache
def length_header(name: str, inclusive: bool = False) -> LengthHeader:
    """The length header of that name (see the head of this file). Raises `EncodeError`."""
    row = _ROWS.get(name)
    if row is None:
        raise EncodeError("length", f"there is no {name!r}; write one of {', '.join(_ROWS)}")
    own = row.width if inclusive else 0
    return LengthHeader(row.width, row.max - own, row, own, name == "vml4")
