"""Online: what goes out, what is kept of the answer, and whether the card is told who answered."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.issuer_authentication import authenticate_issuer
from posemu.terminal.kernel.online import ask_issuer
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import GoOnline, HostAnswer, Removed, UnableToGoOnline

from .chip import Chip, chip_terminal, started
from .scripted import play
from .test_offline_data_authentication import names

ARPC = bytes.fromhex("1122334455667788") + b"00"
WANTS = ("sda", "issuer-authentication")


def online(answer: HostAnswer | UnableToGoOnline, pin: int | None = None) -> tuple[Data, GoOnline]:
    terminal = chip_terminal(field_55=("9F37", "95", "9F27", "9F02"))
    data = started(Chip(), terminal)
    data.tvr.set("online-pin")
    said, asked = play(ask_issuer(data, terminal, pin), Chip(), [answer])  # type: ignore[arg-type]
    assert said == answer
    request = asked[0]
    assert isinstance(request, GoOnline)
    return data, request


def test_the_profile_says_what_goes_out() -> None:
    """Field 55 holds the objects of the profile in its order, those that there are; beside it what
    every message carries of the card. None of it shows in a log."""
    _, request = online(HostAnswer(True, "00"), pin=7)
    assert list(request.data.items()) == [
        ("9F37", bytes.fromhex("01234567")),
        ("95", bytes.fromhex("0000040000")),
        ("9F02", bytes.fromhex("000000000100")),
    ]
    assert list(request.card) == ["57", "5A", "5F24", "5F34"]
    assert request.pin == 7
    assert repr(request) == "GoOnline(pin=7)"


def test_the_answer_is_kept_for_the_card() -> None:
    """Response code and issuer authentication data become objects that CDOL2 may ask for."""
    data, _ = online(HostAnswer(False, "51", ARPC))
    assert (data["8A"], data["91"]) == (b"51", ARPC)
    data, _ = online(HostAnswer(True, "00"))
    assert (data["8A"], data.get("91")) == (b"00", None)
    data, _ = online(UnableToGoOnline())
    assert not {"8A", "91"} & set(data)


@pytest.mark.parametrize(
    ("methods", "sent", "answer", "commands", "tvr", "tsi"),
    [
        (WANTS, ARPC, "9000", 1, False, True),
        (WANTS, ARPC[:8], "9000", 1, False, True),
        (WANTS, ARPC + bytes(6), "9000", 1, False, True),
        (WANTS, ARPC, "6300", 1, True, True),  # Book 3, 6.5.4.5
        (WANTS, ARPC, "6985", 1, True, True),
        (WANTS, ARPC, "6F00", 1, True, True),
        (WANTS, b"", "9000", 0, False, False),  # the issuer sent none (10.9)
        (WANTS, ARPC[:7], "9000", 0, True, False),
        (WANTS, ARPC + bytes(7), "9000", 0, True, False),
        (("sda",), ARPC, "6300", 0, False, False),  # the AIP wants it in CDOL2 (10.9)
    ],
)
def test_issuer_authentication(
    methods: tuple[str, ...], sent: bytes, answer: str, commands: int, tvr: bool, tsi: bool
) -> None:
    """EXTERNAL AUTHENTICATE is sent once, if AIP and issuer want it; another status than 9000, and
    data that cannot be right, are a failure (Book 3, 10.9)."""
    chip = Chip(methods=methods, instead={"0082": answer})
    data = started(chip, chip_terminal())
    data.terminal["91"] = sent
    play(authenticate_issuer(data), chip)  # type: ignore[arg-type]
    assert chip.sent == [f"00820000{len(sent):02X}{sent.hex().upper()}"] * commands
    assert names(TVR, data[TVR]) == ({"issuer-authentication-failed"} if tvr else set())
    assert names(TSI, data[TSI]) == ({"issuer-authentication-performed"} if tsi else set())


def test_a_card_that_is_gone_ends_it() -> None:
    """Pulled at EXTERNAL AUTHENTICATE."""
    chip: Any = Chip(methods=WANTS, instead={"0082": Removed()})
    data = started(chip, chip_terminal())
    data.terminal["91"] = ARPC
    outcome, _ = play(authenticate_issuer(data), chip)
    assert isinstance(outcome, Outcome)
    assert outcome.reason == "removed"
