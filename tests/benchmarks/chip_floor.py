"""The floor of a card sale with a chip and online PIN: that of the sale by stripe, each exchange
with the card one bare event more, and what card and issuer do with TDES, bare. No posemu code runs
here; RSA and SHA-1 of the sale are made in `chip_sale.py`, as its run is seen to call them.

A context is counted for each use. What could be kept from one use to the next is counted once: the
session key of a transaction, and at the host the card's key for cryptograms, the only one of its
three that such a sale needs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import floor

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

SDA, CDA = "online-pin-sda", "online-pin-cda"
"""The cards, by the names of their profiles beside this file."""


class Exchange(NamedTuple):
    """A command and its answer, so often in a sale."""

    times: int
    ins: int
    name: str


_TO_THE_END = (
    Exchange(1, 0xAE, "GENERATE AC, the first: ask the issuer"),
    Exchange(1, 0x82, "EXTERNAL AUTHENTICATE: the issuer's answer"),
    Exchange(1, 0xAE, "GENERATE AC, the second"),
)
EXCHANGES: Mapping[str, tuple[Exchange, ...]] = {
    SDA: (
        Exchange(1, 0xA4, "SELECT the directory, which the card has not"),
        Exchange(4, 0xA4, "SELECT an application of the terminal's list"),
        Exchange(1, 0xA4, "SELECT the application that both have"),
        Exchange(1, 0xA8, "GET PROCESSING OPTIONS"),
        Exchange(6, 0xB2, "READ RECORD"),
        *_TO_THE_END,
    ),
    CDA: (
        Exchange(1, 0xA4, "SELECT the directory"),
        Exchange(2, 0xB2, "READ RECORD of the directory, the second says that there is no more"),
        Exchange(1, 0xA4, "SELECT the application"),
        Exchange(1, 0xA8, "GET PROCESSING OPTIONS"),
        Exchange(7, 0xB2, "READ RECORD"),
        Exchange(2, 0xCA, "GET DATA: transactions so far, and up to the last one online"),
        *_TO_THE_END,
    ),
}

_INSTEAD: Mapping[str, tuple[tuple[str, int], ...]] = {
    "a key of the amount is pressed (4 digits, ENTER)": (
        ("a key of the amount is pressed (5 digits, ENTER)", 6),
    ),
    "the card is swiped": (
        ("the card goes into the slot", 1),
        ("the card has answered the reset", 1),
    ),
}
assert _INSTEAD.keys() <= dict(floor.OCCURRENCES).keys()


def occurrences(card: str) -> list[tuple[str, int]]:
    """What really happens in a sale, and how often."""
    stripe = [row for was in floor.OCCURRENCES for row in _INSTEAD.get(was[0], (was,))]
    return stripe + [(each.name, each.times) for each in EXCHANGES[card]]


class Tdes(NamedTuple):
    """A TDES context, so often in a sale, and how many bytes go through it."""

    times: int
    mode: type[ECB | CBC]
    size: int
    name: str

    def described(self) -> str:
        """What it is, and what for."""
        return f"{self.times} x {tdes_name(self.mode, self.size)}: {self.name}"


def tdes_name(mode: type, size: int) -> str:
    """What a context does to so many bytes."""
    return f"TDES-{mode.__name__} context, {size // 8} block{'s' if size > 8 else ''}"


def _mac(times: int, data_bytes: int, name: str) -> Iterator[Tdes]:
    """A retail MAC: all blocks but the last under one half of the key, the last under all of it."""
    yield Tdes(times, CBC, data_bytes - 8, f"{name}, all blocks but the last")
    yield Tdes(times, ECB, 8, f"{name}, the last block")


TDES: Mapping[str, tuple[Tdes, ...]] = {
    SDA: (
        Tdes(1, ECB, 16, "the card's key (host)"),
        *_mac(2, 40, "the first cryptogram (card, host)"),
        *_mac(1, 40, "the second cryptogram (card)"),
        Tdes(2, ECB, 8, "the issuer's proof (host, card)"),
    ),
    CDA: (
        Tdes(1, ECB, 16, "the card's key (host)"),
        Tdes(2, ECB, 16, "the session key (card, host)"),
        *_mac(2, 48, "the first cryptogram (card, host)"),
        *_mac(1, 48, "the second cryptogram (card)"),
        *_mac(2, 16, "the issuer's proof (host, card)"),
    ),
}
REQUEST_BYTES, ANSWER_BYTES = 290, 110
"""Of the messages that are authenticated: they carry field 55."""

_KEY = bytes(range(24))
_ZERO = CBC(bytes(8))
_ECB = ECB()


def run_tdes(card: str, sales: int) -> None:
    """What card and issuer do with TDES."""
    uses = [
        (_ECB if use.mode is ECB else _ZERO, bytes(use.size))
        for use in TDES[card]
        for _ in range(use.times)
    ]
    for _ in range(sales):
        for mode, text in uses:
            Cipher(TripleDES(_KEY), mode).encryptor().update(text)
