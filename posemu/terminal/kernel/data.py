"""The data of one transaction: what terminal, card and issuer each said, by tag.

Invariants:
    a primitive object of the card is taken once (Book 3, 10.2: another one ends the transaction);
    an object of the terminal is never replaced by one of the card;
    TVR and TSI are those of this transaction, and read like any other object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from posemu.terminal.kernel.flags import AIP, TSI, TVR, Flags, has
from posemu.terminal.kernel.outcome import terminate
from posemu.wire.emv.dol import DolEntry, parse_dol

NO_AIP = bytes(2)


class Data(Mapping[str, bytes]):
    """Tag (upper-case hex) -> value: what DOLs are filled from and conditions look at.

    `card` and `terminal` are what each side said; `tvr` and `tsi` are set by name.
    """

    __slots__ = ("_lists", "card", "pdol", "static", "static_spoiled", "terminal", "tsi", "tvr")

    def __init__(self, terminal: Mapping[str, bytes]) -> None:
        self.terminal = dict(terminal)
        self.card: dict[str, bytes] = {}
        self._lists: dict[str, tuple[DolEntry, ...]] = {}  # of `card`, none of which changes
        self.static: list[bytes] = []  # bodies of the records that are authenticated offline
        self.static_spoiled = False  # one of them is no template 70: it fails (Book 3, 10.3)
        self.pdol = b""  # the values sent for the PDOL: CDA signs them (Book 2, 6.6.1)
        self.tvr = Flags(TVR, 5)
        self.tsi = Flags(TSI, 2)

    def take(self, tag: str, value: bytes) -> None:
        """Keep an object of the card. Ends the transaction if it came before (Book 3, 10.2)."""
        if tag in self.card:
            raise terminate("redundant-data")
        self.card[tag] = value

    def aip(self, name: str) -> bool:
        """Whether the card says it can do this (AIP; Book 3, annex C1)."""
        return has(AIP, self.card.get(AIP, NO_AIP), name)

    def entries(self, tag: str) -> tuple[DolEntry, ...]:
        """The card's data object list of this tag, taken apart once. Raises DecodeError."""
        found = self._lists.get(tag)
        if found is None:
            found = self._lists[tag] = parse_dol(self.card[tag])
        return found

    def now(self) -> dict[str, bytes]:
        """All objects as they stand now: for whoever looks for many of them."""
        return {**self.card, **self.terminal, TVR: bytes(self.tvr), TSI: bytes(self.tsi)}

    def __getitem__(self, tag: str) -> bytes:
        if tag == TVR:
            return bytes(self.tvr)
        if tag == TSI:
            return bytes(self.tsi)
        found = self.terminal.get(tag)
        return self.card[tag] if found is None else found

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((TVR, TSI, *self.terminal, *self.card))

    def __len__(self) -> int:
        return sum(1 for _ in self)
