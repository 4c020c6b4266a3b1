"""A reading: what was given, taken for one format, as a tree of nodes and a list of problems.

Nothing is hidden here: a node says of itself that it is secret, and whoever shows it goes through
`veil`. Offsets count bytes of binary input and characters of text, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from posemu.wire import DecodeError

RECOGNISED = 0.45
"""The least score of a reading that is taken for what was given."""


class Problem(NamedTuple):
    """What is wrong, and where: what the format calls the place ("DE4"), the offset, and the reason
    in English (`words.reason` translates it)."""

    where: str
    offset: int
    reason: str

    @classmethod
    def of(cls, error: DecodeError, shift: int = 0) -> Problem:
        """The problem that `error` tells of, moved by `shift`."""
        return cls(error.field, error.offset + shift, error.reason)


@dataclass
class Node:
    """One thing that was read: its key ("DE4", "9F02", "P1"), name and value in clear, what the
    value says, and where it stands.

    `secret` is what kind of secret the value is ("pan", "track", "pin", "key", "name", "account"),
    or None. `binary` says that the value is the hex of bytes, `free` that nobody but its owner
    knows what may be in it.
    """

    key: str
    name: str
    value: str = ""
    meaning: list[str] = field(default_factory=list)
    start: int = -1
    end: int = -1
    secret: str | None = None
    free: bool = False
    binary: bool = False
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class Reading:
    """What a reader made of its input.

    `checks` counts, in bits, what was found right that in random bytes would be right by chance: a
    known tag of the right length 4, a checksum 16. `explained` of `size` bytes or characters were
    understood. `document` is what `posemu encode` makes the same bytes of (None: it cannot).
    """

    title: str
    size: int
    nodes: list[Node] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    checks: int = 0
    explained: int = 0
    document: dict[str, Any] | None = None
    dialect: str | None = None

    @property
    def score(self) -> float:
        """How sure this reading is, 0 to 1: evidence counts most, then what is left unexplained and
        what is wrong."""
        evidence = 1 - 0.5 ** (max(self.checks, 0) / 6)
        share = self.explained / self.size if self.size else 0.0
        return float(evidence * (0.5 + 0.5 * share) * 0.97 ** len(self.problems))

    def walk(self) -> Iterator[Node]:
        """All nodes, in order."""
        for node in self.nodes:
            yield from node.walk()
