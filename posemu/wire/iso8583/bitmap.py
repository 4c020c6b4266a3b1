"""Bitmaps: which fields a message has (ISO 8583:1993 4.2).

Bit 1 is the leftmost bit of the first byte. It is set when a second bitmap of 8 bytes follows,
for the fields 65 to 128; bit 65, where a dialect has three of them, when a third one does.

Peers differ in how the bits are written (8 bytes, or 16 digits of hex in some charset) and in
whether the second bitmap is left out when it names no field; some always send 16 bytes and leave
bit 1 clear. `BitmapCoding` settles all of that once for a dialect.
"""

from collections.abc import Iterable

from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.dialect import Dialect

_BLOCK = 8
_ORDINALS = ("first", "second", "third")
_HEX = b"0123456789ABCDEFabcdef"


def bitmap_numbers(bitmap: bytes) -> tuple[int, ...]:
    """The numbers of the set bits in ascending order; `bitmap` is 8, 16 or 24 bytes.

    Raises `DecodeError` for another size. ISO 8583:1993 4.2.
    """
    if len(bitmap) not in (8, 16, 24):
        raise DecodeError("bitmap", len(bitmap), "must be 8, 16 or 24 bytes")
    bits = int.from_bytes(bitmap, "big")
    top = len(bitmap) * 8
    return tuple(n for n in range(1, top + 1) if bits >> (top - n) & 1)


def bitmap_of(numbers: Iterable[int]) -> bytes:
    """The bitmap for fields 2 to 128: 8 bytes, or 16 with bit 1 set when one is above 64.
    ISO 8583:1993 4.2."""
    bits = 0
    for number in numbers:
        bits |= 1 << (128 - number)
    if bits & (1 << 64) - 1:
        return (bits | 1 << 127).to_bytes(16, "big")
    return (bits >> 64).to_bytes(8, "big")


class BitmapCoding:
    """How the bitmaps of one dialect are written, and when there is a second and a third.

    `at` is where they begin in a message; `key_width` bytes of them tell the fields of a message,
    unless the first bit is set.
    """

    __slots__ = ("_charsets", "_most", "_secondary", "_widths", "at", "key_width")

    def __init__(self, dialect: Dialect, at: int) -> None:
        first, later = dialect.bitmap, dialect.later_bitmaps or dialect.bitmap
        self._charsets = (first, later, later)
        self._widths = tuple(
            _BLOCK if charset == "binary" else 2 * _BLOCK for charset in self._charsets
        )
        self._most = dialect.bitmaps
        self._secondary = dialect.secondary
        self.at = at
        both = dialect.secondary in ("always", "fixed")
        self.key_width = sum(self._widths[: 2 if both else 1])

    def write(self, numbers: Iterable[int]) -> bytes:
        """The bitmaps of a message with the fields `numbers`, as they stand on the wire."""
        bits = 0
        for number in numbers:
            bits |= 1 << (192 - number)
        count = 1
        if bits & (1 << 128) - 1 or self._secondary in ("always", "fixed"):
            count = 2
            bits |= (self._secondary != "fixed") << 191
        if bits & (1 << 64) - 1:
            count = 3
            bits |= 1 << 127
        raw = bits.to_bytes(3 * _BLOCK, "big")
        return b"".join(
            self._written(raw[place * _BLOCK : (place + 1) * _BLOCK], place)
            for place in range(count)
        )

    def read(self, data: bytes) -> bytes:
        """The bitmaps of the message `data` as they stand on the wire. Raises `DecodeError`."""
        first = self._block(data, 0)
        announced = self._most > 1 and first[0] >= 0x80
        if announced and self._secondary == "fixed":
            raise DecodeError(
                "bitmap", self.at, "bit 1 must be clear: both bitmaps are always there"
            )
        if not announced and self._secondary == "always":
            raise DecodeError("bitmap", self.at, "bit 1 must be set: both bitmaps are always there")
        count = 1
        if announced or self._secondary == "fixed":
            second = self._later(data, 1)
            count = 2
            if self._most == 3 and second[0] >= 0x80:
                self._later(data, 2)
                count = 3
        return data[self.at : self._start(count)]

    def bits(self, wire: bytes) -> bytes:
        """The 8, 16 or 24 bytes of the bitmaps `wire`, which were read or written here."""
        start, blocks = 0, b""
        for charset, width in zip(self._charsets, self._widths, strict=True):
            block = wire[start : start + width]
            blocks += block if charset == "binary" else bytes.fromhex(block.decode(charset))
            start += width
        return blocks

    def text(self, wire: bytes) -> str:
        """The same as digits of hex; what was written as text keeps its case."""
        start, text = 0, ""
        for charset, width in zip(self._charsets, self._widths, strict=True):
            block = wire[start : start + width]
            text += block.hex().upper() if charset == "binary" else block.decode(charset)
            start += width
        return text

    def fields(self, wire: bytes) -> tuple[int, ...]:
        """The fields that the bitmaps name; the bits that announce a further bitmap are none."""
        announcing = (1, 65)[: self._most - 1]
        return tuple(n for n in bitmap_numbers(self.bits(wire)) if n not in announcing)

    def place(self, number: int) -> int:
        """The offset in a message of the byte that holds the bit of a field."""
        block, bit = divmod(number - 1, 8 * _BLOCK)
        return self._start(block) + bit * self._widths[block] // (8 * _BLOCK)

    def _start(self, block: int) -> int:
        return self.at + sum(self._widths[:block])

    def _written(self, block: bytes, place: int) -> bytes:
        charset = self._charsets[place]
        return block if charset == "binary" else block.hex().upper().encode(charset)

    def _later(self, data: bytes, place: int) -> bytes:
        """The second or third bitmap."""
        block = self._block(data, place)
        if self._secondary == "needed" and block == bytes(_BLOCK):
            start = self._start(place)
            raise DecodeError("bitmap", start, f"the {_ORDINALS[place]} bitmap names no field")
        return block

    def _block(self, data: bytes, place: int) -> bytes:
        start, width = self._start(place), self._widths[place]
        raw = data[start : start + width]
        if len(raw) != width:
            raise DecodeError("bitmap", len(data), "the message ends inside the bitmap")
        charset = self._charsets[place]
        if charset == "binary":
            return raw
        legal = _HEX.decode().encode(charset)
        if raw.translate(None, legal):
            offset = next(offset for offset, byte in enumerate(raw) if byte not in legal)
            raise DecodeError("bitmap", start + offset, "must be digits of hex")
        return bytes.fromhex(raw.decode(charset))
