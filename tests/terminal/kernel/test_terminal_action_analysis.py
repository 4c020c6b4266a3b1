"""Terminal action analysis against the order of Book 3, 10.7, code by code and bit by bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TVR
from posemu.terminal.kernel.terminal_action_analysis import (
    Cryptogram,
    Decision,
    decide,
    decide_unable_to_go_online,
)
from posemu.terminal.kernel.terminal_data import TerminalApplication
from posemu.wire.emv.meanings import bit_places

AAC = Decision(Cryptogram.AAC, "Z1")
ARQC = Decision(Cryptogram.ARQC, "")
TC = Decision(Cryptogram.TC, "Y1")
AAC_UNABLE = Decision(Cryptogram.AAC, "Z3")
TC_UNABLE = Decision(Cryptogram.TC, "Y3")

IACS = {"denial": "9F0E", "online": "9F0F", "default": "9F0D"}
TYPES = {
    "online-only": ("11", "14", "21", "24", "34"),
    "both": ("12", "15", "22", "25", "35"),
    "offline-only": ("13", "16", "23", "26", "36"),
}

# Book 3, 10.7: the codes that name a bit of the TVR -> what is asked for first, on terminals that
# are online only, both, offline only.
FIRST = {
    frozenset(): (ARQC, TC, TC),
    frozenset({"denial"}): (AAC, AAC, AAC),
    frozenset({"online"}): (ARQC, ARQC, TC),
    frozenset({"default"}): (ARQC, TC, AAC),
    frozenset({"denial", "online"}): (AAC, AAC, AAC),
    frozenset({"denial", "default"}): (AAC, AAC, AAC),
    frozenset({"online", "default"}): (ARQC, ARQC, AAC),
    frozenset({"denial", "online", "default"}): (AAC, AAC, AAC),
}


def case(
    bit: str | None, codes: frozenset[str], whose: str, terminal_type: str
) -> tuple[Data, TerminalApplication]:
    """A transaction with one bit (or none) in its TVR, and action codes that name all bits if they
    are among `codes` and none if not: the issuer's, or the terminal's."""
    data = Data({"9F35": bytes.fromhex(terminal_type)})
    if bit is not None:
        data.tvr.set(bit)
    marked = {name: b"\xff" * 5 if name in codes else bytes(5) for name in IACS}
    data.card = {IACS[n]: marked[n] if whose == "issuer" else bytes(5) for n in IACS}
    tacs: dict[str, Any] = {f"tac_{n}": marked[n] for n in IACS} if whose == "acquirer" else {}
    return data, TerminalApplication("A0000000031010", True, {}, **tacs)


@pytest.mark.parametrize("whose", ["issuer", "acquirer"])
def test_every_bit_with_every_set_of_codes(whose: str) -> None:
    """Each bit of the TVR triggers each action code, issuer's or acquirer's, on each kind of
    terminal, before and after going online."""
    runs = 0
    for bit, codes, (place, kind) in product(bit_places(TVR), FIRST, enumerate(TYPES)):
        for terminal_type in TYPES[kind]:
            data, application = case(bit, codes, whose, terminal_type)
            assert decide(data, application) == FIRST[codes][place], (bit, codes, kind)
            refuses = kind == "online-only" or "default" in codes
            after = AAC_UNABLE if refuses else TC_UNABLE
            assert decide_unable_to_go_online(data, application) == after, (bit, codes, kind)
            runs += 1
    assert runs == len(bit_places(TVR)) * 8 * 15


@pytest.mark.parametrize("code", IACS)
@pytest.mark.parametrize("whose", ["issuer", "acquirer"])
def test_only_the_very_bit_counts(code: str, whose: str) -> None:
    """A code triggers by the bit that is in the TVR, not by its neighbours."""
    for place, name in enumerate(bit_places(TVR)):
        index, mask = bit_places(TVR)[name]
        others = bytearray(b"\xff" * 5)
        others[index] &= ~mask
        data, application = case(name, frozenset(), "issuer", "22")
        if whose == "issuer":
            data.card[IACS[code]] = bytes(others)
        else:
            tac: dict[str, Any] = {f"tac_{code}": bytes(others)}
            application = TerminalApplication("A0", True, {}, **tac)
        assert decide(data, application) == TC, (place, name)
        assert decide_unable_to_go_online(data, application) == TC_UNABLE


def test_nothing_happened() -> None:
    """An empty TVR triggers nothing, whatever the codes say."""
    for codes, (place, kind) in product(FIRST, enumerate(TYPES)):
        data, application = case(None, codes, "issuer", TYPES[kind][0])
        assert decide(data, application) == FIRST[frozenset()][place]
        if kind != "online-only":
            assert decide_unable_to_go_online(data, application) == TC_UNABLE


@pytest.mark.parametrize(
    ("missing", "terminal_type", "first", "unable"),
    [
        pytest.param("9F0E", "22", TC, TC_UNABLE, id="denial: no bits"),
        pytest.param("9F0F", "22", ARQC, TC_UNABLE, id="online: all bits"),
        pytest.param("9F0D", "22", TC, AAC_UNABLE, id="default: all bits"),
        pytest.param("9F0D", "23", AAC, AAC_UNABLE, id="default: all bits, offline only"),
    ],
)
def test_a_missing_issuer_code(
    missing: str, terminal_type: str, first: Decision, unable: Decision
) -> None:
    """An IAC that the card has not is the book's default (Book 3, 10.7)."""
    data, application = case("new-card", frozenset(), "issuer", terminal_type)
    del data.card[missing]
    assert decide(data, application) == first
    assert decide_unable_to_go_online(data, application) == unable


def test_what_the_card_is_asked_with() -> None:
    """The upper two bits of P1 (Book 3, 6.5.5.2, table 12): 00 AAC, 01 TC, 10 ARQC."""
    assert [Cryptogram(bits << 6).name for bits in (0b00, 0b01, 0b10)] == ["AAC", "TC", "ARQC"]


def test_a_short_issuer_code() -> None:
    """A code that lacks its last byte says nothing about it; the terminal's says what it says."""
    data, application = case("script-failed-before", frozenset({"online"}), "issuer", "22")
    data.card["9F0F"] = b"\xff" * 4
    assert decide(data, application) == TC
