"""Bitmaps: which fields a message has (ISO 8583:1987 section 4.2).

Bit 1 is the leftmost bit of the first byte. It is set when a second bitmap of 8 bytes follows,
for the fields 65 to 128.
"""

from collections.abc import Iterable


def bitmap_numbers(bitmap: bytes) -> tuple[int, ...]:
    """The numbers of the set bits in ascending order; `bitmap` is 8 or 16 bytes."""
    bits = int.from_bytes(bitmap, "big")
    top = len(bitmap) * 8
    return tuple(n for n in range(1, top + 1) if bits >> (top - n) & 1)


def bitmap_of(numbers: Iterable[int]) -> bytes:
    """The bitmap for fields 2 to 128: 8 bytes, or 16 with bit 1 set when one is above 64."""
    bits = 0
    for number in numbers:
        bits |= 1 << (128 - number)
    if bits & (1 << 64) - 1:
        return (bits | 1 << 127).to_bytes(16, "big")
    return (bits >> 64).to_bytes(8, "big")
