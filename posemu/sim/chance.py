"""Chance that can be repeated: named streams and keyed draws.

A *stream* is a sequence of numbers with a name: two parts that draw from streams of their own do
not disturb each other. A *keyed draw* has no sequence at all: the number belongs to (name, entity,
ordinal), so that adding or leaving out one draw moves no other. Faults and losses are decided by
keyed draws, which is why switching on a fault that never fires changes nothing.

Only `random()` of Python's generator is used; it is the Mersenne twister with 53 bits, the same on
every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from random import Random

_TO_UNIT = 2.0**-53


class Stream:
    """A named sequence of draws in [0, 1): `random()`, and nothing else."""

    __slots__ = ("random",)

    def __init__(self, seed: int, name: str) -> None:
        digest = blake2b(f"{seed}\x1f{name}".encode(), digest_size=16).digest()
        self.random: Callable[[], float] = Random(int.from_bytes(digest, "big")).random

    def bytes(self, n: int) -> bytes:
        """`n` random bytes: the cryptographic randomness of a simulated run (a live run uses the
        system's)."""
        out = b""
        while len(out) < n:
            out += int(self.random() * 2**48).to_bytes(6, "big")
        return out[:n]


class Streams:
    """All streams of one world: `streams["till-1/secure-module"]`."""

    __slots__ = ("_open", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._open: dict[str, Stream] = {}

    def __getitem__(self, name: str) -> Stream:
        stream = self._open.get(name)
        if stream is None:
            stream = self._open[name] = Stream(self.seed, name)
        return stream


class Keyed:
    """Keyed draws of one world: `keyed(name, entity, ordinal)` is in [0, 1) and depends on nothing
    else."""

    __slots__ = ("_seeded", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._seeded = blake2b(digest_size=8, key=seed.to_bytes(16, "big", signed=True))

    def __call__(self, name: str, entity: str | int, ordinal: int) -> float:
        h = self._seeded.copy()
        h.update(f"{name}\x1f{entity}\x1f{ordinal}".encode())
        return (int.from_bytes(h.digest(), "big") >> 11) * _TO_UNIT

    def sequence(self, name: str, entity: str | int) -> Callable[[int], float]:
        """`draw(ordinal)` of one name and entity: the same numbers as `keyed(name, entity,
        ordinal)`, sooner."""
        prefix = self._seeded.copy()
        prefix.update(f"{name}\x1f{entity}\x1f".encode())
        copy = prefix.copy

        def draw(ordinal: int) -> float:
            h = copy()
            h.update(b"%d" % ordinal)
            return (int.from_bytes(h.digest(), "big") >> 11) * _TO_UNIT

        return draw
