"""Terminal risk management, row by row of Book 3, 10.6."""

from __future__ import annotations

from collections.abc import Mapping
from math import nextafter

import pytest

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Mute, Removed
from posemu.terminal.kernel.terminal_data import TerminalApplication, Transaction
from posemu.terminal.kernel.terminal_risk_management import is_selected, manage_risk

from .scripted import Line, ScriptedCard, play

ATC, LAST_ONLINE = "80CA9F3600", "80CA9F1300"
PAN = "5413330089020011"
Card = Mapping[str, Line]


def run(
    card: Card,
    objects: Mapping[str, str],
    application: TerminalApplication,
    transaction: Transaction,
) -> tuple[str, str, list[str]]:
    """TVR and TSI as hex, or the reason of an end and "", and the commands that were sent."""
    data = Data({})
    data.card = {tag: bytes.fromhex(value) for tag, value in objects.items()}
    scripted = ScriptedCard(card)
    ended, asked = play(manage_risk(data, application, transaction), scripted)
    assert asked == []
    if ended is not None:
        assert isinstance(ended, Outcome)
        return ended.reason, "", scripted.sent
    return bytes(data.tvr).hex().upper(), bytes(data.tsi).hex().upper(), scripted.sent


def sale(amount_minor: int, **more: object) -> Transaction:
    return Transaction(amount_minor, "261122", "120000", bytes(4), 1, **more)  # type: ignore[arg-type]


def limits(floor_minor: int = 10000, **more: int) -> TerminalApplication:
    return TerminalApplication("A000000333010101", True, {}, floor_limit_minor=floor_minor, **more)


def earlier(pan: str, sequence: str) -> int:
    """The log holds 40.00 of one card."""
    return 4000 if (pan, sequence) == (PAN, "01") else 0


def excepted(pan: str, sequence: str) -> bool:
    return (pan, sequence) == (PAN, "01")


HELD = {"5A": PAN, "5F34": "01"}


@pytest.mark.parametrize(
    ("transaction", "objects", "tvr"),
    [
        pytest.param(sale(9999), HELD, "0000000000", id="10.6.1: below"),
        pytest.param(sale(10000), HELD, "0000008000", id="10.6.1: equal is exceeded"),
        pytest.param(sale(5999, earlier_amount=earlier), HELD, "0000000000", id="10.6.1: sum"),
        pytest.param(sale(6000, earlier_amount=earlier), HELD, "0000008000", id="10.6.1: split"),
        pytest.param(sale(6000, earlier_amount=earlier), HELD | {"5F34": "02"}, "0000000000",
                     id="10.6.1: another card of the same PAN"),
        pytest.param(sale(1, is_excepted=excepted), HELD, "1000000000", id="Book 4, 6.3.5: listed"),
        pytest.param(sale(1, is_excepted=excepted), {"5A": PAN}, "0000000000", id="not listed"),
        pytest.param(sale(1, forced_online=True), HELD, "0000000800", id="Book 4, 6.5.3: forced"),
    ],
)  # fmt: skip
def test_without_the_card(transaction: Transaction, objects: dict[str, str], tvr: str) -> None:
    """What the terminal knows by itself sets its own bit; the TSI says that it was looked at."""
    assert run({}, objects, limits(), transaction) == (tvr, "0800", [])


def test_an_odd_pan_is_looked_up_without_its_filling() -> None:
    """The F behind a PAN of 19 digits is no digit (Book 3, 4.3)."""
    asked = []
    transaction = sale(1, is_excepted=lambda *card: bool(asked.append(card)))
    run({}, {"5A": "6799998900000060018F", "5F34": "03"}, limits(), transaction)
    assert asked == [("6799998900000060018", "03")]


BELOW, ABOVE = "0000000000", "0000004000"
BOTH, NEW, NEW_BOTH = "0000006000", "0008000000", "0008006000"
NO = "6A88"


@pytest.mark.parametrize(
    ("atc", "last_online", "tvr"),
    [
        pytest.param("9F360200159000", "9F130200109000", BELOW, id="equal to the lower limit"),
        pytest.param("9F360200169000", "9F130200109000", ABOVE, id="above the lower limit"),
        pytest.param("9F3602001A9000", "9F130200109000", ABOVE, id="equal to the upper limit"),
        pytest.param("9F3602001B9000", "9F130200109000", BOTH, id="above the upper limit"),
        pytest.param("9F360200109000", "9F130200109000", BOTH, id="ATC not greater"),
        pytest.param("9F3602000F9000", "9F130200109000", BOTH, id="ATC less"),
        pytest.param("9F360200019000", "9F130200009000", NEW, id="never online"),
        pytest.param("9F360200209000", "9F130200009000", NEW_BOTH, id="never online, many"),
        pytest.param(NO, "9F130200109000", BOTH, id="no ATC"),
        pytest.param("9F360200159000", NO, BOTH, id="no last online ATC: no new card"),
        pytest.param(NO, "9F130200009000", NEW_BOTH, id="no ATC, never online"),
        pytest.param(NO, NO, BOTH, id="neither"),
    ],
)
def test_velocity(atc: str, last_online: str, tvr: str) -> None:
    """Book 3, 10.6.3, with limits of 5 and 10."""
    objects = HELD | {"9F14": "05", "9F23": "0A"}
    answer = run({ATC: atc, LAST_ONLINE: last_online}, objects, limits(), sale(1))
    assert answer == (tvr, "0800", [ATC, LAST_ONLINE])


def test_a_lower_limit_above_the_upper() -> None:
    """The upper limit is looked at only when the lower one is exceeded (Book 3, 10.6.3)."""
    card = {ATC: "9F3602000A9000", LAST_ONLINE: "9F130200019000"}
    objects = HELD | {"9F14": "0A", "9F23": "05"}
    assert run(card, objects, limits(), sale(1))[0] == "0000000000"


@pytest.mark.parametrize("held", [{}, {"9F14": "00"}, {"9F23": "00"}])
def test_no_velocity_without_both_limits(held: dict[str, str]) -> None:
    """The card is not asked (Book 3, 10.6.3)."""
    assert run({}, HELD | held, limits(), sale(1)) == ("0000000000", "0800", [])


@pytest.mark.parametrize(
    ("atc", "reason"),
    [
        ("9F36019000", "bad-format"),
        ("9F3601FF9000", "bad-format"),
        ("9F1302000F9000", "bad-format"),
        ("9F3602000F9F3602000F9000", "bad-format"),
        ("90", "bad-format"),
        (Mute(), "mute"),
        (Removed(), "removed"),
    ],
)
def test_what_is_no_answer(atc: Line, reason: str) -> None:
    """An object that is not the one asked for, or no answer, ends the transaction by name."""
    objects = HELD | {"9F14": "05", "9F23": "0A"}
    assert run({ATC: atc}, objects, limits(), sale(1)) == (reason, "", [ATC])


# --- random selection -----------------------------------------------------------------------------

BIASED = limits(
    selection_threshold_minor=4000, selection_target_percent=20, selection_maximum_percent=80
)


def draw_of(number: int) -> float:
    """A draw in the middle of the 99th of [0, 1) that stands for a number of 1 to 99."""
    return (number - 0.5) / 99


@pytest.mark.parametrize("amount_minor", [0, 3999, 4000, 4001, 5000, 6999, 7000, 9999, 10000])
def test_every_number(amount_minor: int) -> None:
    """Book 3, 10.6.2, in whole numbers: up to the target percentage below the threshold of 4000, up
    to a percentage that grows to 80 at the floor limit of 10000 above it."""
    for number in range(1, 100):
        if amount_minor < 4000:
            expected = number <= 20
        elif amount_minor < 10000:
            expected = number * 6000 <= 20 * 6000 + 60 * (amount_minor - 4000)
        else:
            expected = False
        assert is_selected(amount_minor, BIASED, draw_of(number)) is expected, number


def test_all_draws_are_of_1_to_99() -> None:
    """0 % selects nothing and 99 % everything, at both ends of the draws."""
    always = limits(selection_target_percent=99, selection_maximum_percent=99)
    first = limits(selection_target_percent=1, selection_maximum_percent=1)
    for draw in (0.0, nextafter(1.0, 0.0)):
        assert not is_selected(1, limits(), draw)
        assert is_selected(1, always, draw)
    assert is_selected(1, first, 0.0)
    assert is_selected(1, first, nextafter(1 / 99, 0.0))
    assert not is_selected(1, first, nextafter(1 / 99, 1.0))


def test_a_selected_transaction() -> None:
    """Selection sets its bit; a draw that is too high leaves it clear."""
    assert run({}, HELD, BIASED, sale(1, draw=0.19))[0] == "0000001000"
    assert run({}, HELD, BIASED, sale(1, draw=0.21))[0] == "0000000000"
