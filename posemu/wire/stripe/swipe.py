"""Damage to a swipe: what wear, dirt or a magnet does to the bits of a stripe."""

from __future__ import annotations

_LONGEST = 8  # bits in a row


def turn_over(bits: bytes, u: float) -> bytes:
    """Turns over a run of one to eight bits between the first and the last 1; where and how many,
    `u` in [0, 1) decides."""
    length = 1 + int(u * _LONGEST)
    first, last = bits.find(1), bits.rfind(1)
    start = first + int((u * _LONGEST) % 1.0 * (last - first + 2 - length))
    spoiled = bytearray(bits)
    for i in range(start, start + length):
        spoiled[i] ^= 1
    return bytes(spoiled)
