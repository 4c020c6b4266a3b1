"""The bits of magnetic tracks 1, 2 and 3 (ISO/IEC 7811-2 and 7811-6; content: ISO/IEC 7813, 4909).

In the real world a worn stripe, a slow hand or dirt flips bits. A track defends itself twice:
every character carries an odd parity bit, and the last character (LRC) makes every column of bits
even. A swipe with an error is refused; it must never pass as a shorter track. So after the LRC
nothing but clocking zeros may come, and the end sentinel stands directly before the LRC and
nowhere else.

    0 0 0 | ; or % | characters ... | ? | LRC | 0 0 0

Every character has its least significant bit first and its parity bit last.

A swipe is `bytes` with one byte, 0 or 1, per bit: cheap to cut, to flip and to count.
"""

from struct import Struct
from typing import NamedTuple

from posemu.wire.errors import EncodeError, TrackError

_BITS = b"\x00\x01"


class _Layout:
    """The constants of one track:

    `width` bits per character with parity, character 0 is `base`.
    """

    __slots__ = ("base", "chars", "chars_max", "codes", "cuts", "label", "start", "width")

    def __init__(self, label: str, width: int, base: str, start: str, chars_max: int) -> None:
        self.base = base
        self.label = label
        self.width = width
        self.start = start
        self.chars_max = chars_max
        self.codes: dict[str, bytes] = {}
        for value in range(1 << width - 1):
            bits = [value >> place & 1 for place in range(width - 1)]
            self.codes[chr(ord(base) + value)] = bytes([*bits, 1 - sum(bits) % 2])
        self.chars = {code: char for char, code in self.codes.items()}
        self.cuts = [Struct(f"{width}s" * count).unpack for count in range(chars_max + 1)]


_TRACK1 = _Layout("track 1", 7, " ", "%", 79)
_TRACK2 = _Layout("track 2", 5, "0", ";", 40)
_TRACK3 = _Layout("track 3", 5, "0", ";", 107)
_END = "?"


class Lrc(NamedTuple):
    """The last character of a track: its bits without parity as a number, and the character.
    ISO/IEC 7811-2."""

    value: int
    char: str


def encode_track1(chars: str) -> bytes:
    """The bits of `chars`, which run from % to ?, with the LRC appended. Raises `EncodeError`.
    ISO/IEC 7811-2."""
    return _encode(_TRACK1, chars)


def encode_track2(chars: str) -> bytes:
    """The bits of `chars`, which run from ; to ?, with the LRC appended. Raises `EncodeError`.
    ISO/IEC 7811-2."""
    return _encode(_TRACK2, chars)


def encode_track3(chars: str) -> bytes:
    """The bits of `chars`, which run from ; to ?, with the LRC appended. Raises `EncodeError`.
    ISO/IEC 7811-2; ISO 4909."""
    return _encode(_TRACK3, chars)


def track1_lrc(chars: str) -> Lrc:
    """The LRC of `chars`, which run from % to ?. Raises `EncodeError`. ISO/IEC 7811-2."""
    return _lrc(_TRACK1, chars)


def track2_lrc(chars: str) -> Lrc:
    """The LRC of `chars`, which run from ; to ?. Raises `EncodeError`. ISO/IEC 7811-2."""
    return _lrc(_TRACK2, chars)


def decode_track1(bits: bytes) -> str:
    """The characters of a swipe from % to ?, without the LRC.

    Zero bits may stand around it. Raises `TrackError`. ISO/IEC 7811-2.
    """
    return _decode(_TRACK1, bits)


def decode_track2(bits: bytes) -> str:
    """The characters of a swipe from ; to ?, without the LRC.

    Zero bits may stand around it. Raises `TrackError`. ISO/IEC 7811-2.
    """
    return _decode(_TRACK2, bits)


def decode_track3(bits: bytes) -> str:
    """The characters of a swipe from ; to ?, without the LRC.

    Zero bits may stand around it. Raises `TrackError`. ISO/IEC 7811-2; ISO 4909.
    """
    return _decode(_TRACK3, bits)


def _lrc(layout: _Layout, chars: str) -> Lrc:
    char = layout.chars[_encode(layout, chars)[-layout.width :]]
    return Lrc(ord(char) - ord(layout.base), char)


def _encode(layout: _Layout, chars: str) -> bytes:
    if len(chars) < 2 or chars[0] != layout.start or chars.find(_END) != len(chars) - 1:
        raise EncodeError(layout.label, f"must run from {layout.start} to the only {_END}")
    if len(chars) >= layout.chars_max:
        raise EncodeError(layout.label, f"holds at most {layout.chars_max} characters with the LRC")
    if any(char not in layout.codes for char in chars):
        raise EncodeError(layout.label, "a character is not in the set of this track")
    body = b"".join([layout.codes[char] for char in chars])
    lrc = [body[column :: layout.width].count(1) & 1 for column in range(layout.width - 1)]
    return body + bytes([*lrc, 1 - sum(lrc) % 2])


def _decode(layout: _Layout, bits: bytes) -> str:
    width = layout.width
    start = bits.find(1)
    if start < 0 or bits.translate(None, _BITS):
        raise TrackError(layout.label, 0, "there is no 1 bit" if start < 0 else "bits are 0 and 1")
    count = (bits.rfind(1) - start) // width + 1
    end = start + count * width
    if count > layout.chars_max:
        raise TrackError(layout.label, start, f"longer than {layout.chars_max} characters")
    if end > len(bits):
        raise TrackError(layout.label, len(bits), "ends inside a character")
    body = bits[start:end]
    try:
        chars = "".join(map(layout.chars.__getitem__, layout.cuts[count](body)))
    except KeyError:
        chars = ""
    if not chars:
        place = next(
            i for i in range(0, len(body), width) if body[i : i + width] not in layout.chars
        )
        raise TrackError(layout.label, start + place, "parity")
    if chars[0] != layout.start:
        raise TrackError(layout.label, start, f"does not start with {layout.start}")
    if count < 3 or chars.find(_END) != count - 2:
        # An LRC that looks like the end sentinel stands behind it, so the first one counts.
        raise TrackError(layout.label, end, f"the {_END} does not stand before the last character")
    for column in range(width - 1):
        if body[column::width].count(1) & 1:
            raise TrackError(layout.label, end - width + column, "LRC")
    return chars[:-1]
