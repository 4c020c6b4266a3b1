"""GET PROCESSING OPTIONS: what is asked, and what may come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.candidate_list import Candidate
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.initiate import initiate
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.selection import Selected

from .scripted import VISA, ScriptedCard, applications, play, tlv

AIP, AFL = "7800", "08010200"
FORMAT_1 = tlv("80", AIP, AFL) + "9000"
FORMAT_2 = tlv("77", tlv("82", AIP), tlv("94", AFL)) + "9000"
TERMINAL = {"9F33": bytes.fromhex("60F8C8"), "9F02": bytes.fromhex("000000012345")}


def run(answer: str, pdol: str | None = None, **objects: str):
    """The result, the data and what was sent."""
    data, card = Data(TERMINAL), ScriptedCard({"80A8": answer})
    said = {"84": VISA, **objects} | ({} if pdol is None else {"9F38": pdol})
    selected = Selected(
        Candidate(VISA, applications(VISA)[0]),
        {tag: bytes.fromhex(value) for tag, value in said.items()},
    )
    found, asked = play(initiate(data, selected), card)
    assert asked == []
    return found, data, card.sent


def test_both_formats_say_the_same() -> None:
    """AIP and AFL are kept, out of either (Book 3, 6.5.8.4), and what selection said too."""
    for answer in (FORMAT_1, FORMAT_2):
        found, data, _ = run(answer)
        assert found is True
        assert {tag: value.hex().upper() for tag, value in data.card.items()} == {
            "84": VISA,
            "82": AIP,
            "94": AFL,
        }


@pytest.mark.parametrize(
    ("pdol", "values"),
    [
        (None, ""),
        ("", ""),
        ("9F3303", "60F8C8"),
        ("9F02065F2A029505", "000000012345" + "0000" + "0000000000"),
        ("84079F3301", "A000000003101060"),
    ],
)
def test_the_pdol_is_answered(pdol: str | None, values: str) -> None:
    """Values in the card's order and lengths, zeros where there is none (Book 3, 10.1 and 5.4);
    they are kept, because CDA signs them."""
    found, data, sent = run(FORMAT_1, pdol)
    assert found is True
    assert sent == ["80A80000" + tlv("00", tlv("83", values))[2:] + "00"]
    assert data.pdol.hex().upper() == values


@pytest.mark.parametrize(
    ("clause", "answer", "reason"),
    [
        ("10.1: any other status", "6A81", "bad-status"),
        ("10.1: any other status", "6F00", "bad-status"),
        ("10.1: any other status", FORMAT_1[:-4] + "6283", "bad-status"),
        ("6.5.8.4: nothing", "9000", "bad-format"),
        ("6.5.8.4: neither format", tlv("70", tlv("82", AIP)) + "9000", "bad-format"),
        ("6.5.8.4: both", FORMAT_1[:-4] + FORMAT_2, "bad-format"),
        ("6.5.8.4: half an AIP", tlv("80", "78") + "9000", "bad-format"),
        ("6.5.8.4: no AIP", tlv("77", tlv("94", AFL)) + "9000", "bad-format"),
        ("6.5.8.4: two AFLs",
         tlv("77", tlv("82", AIP), tlv("94", AFL), tlv("94", AFL)) + "9000", "bad-format"),
        ("annex B: cut short", FORMAT_1[:-8] + "9000", "bad-format"),
    ],
)  # fmt: skip
def test_what_ends_the_transaction(clause: str, answer: str, reason: str) -> None:
    """Any status but 9000 and 6985, and any other form."""
    found, _, _ = run(answer)
    assert found == Outcome(Result.TERMINATED, reason), clause


def test_an_application_may_refuse() -> None:
    """6985: another application may be tried (Book 3, 10.1); the transaction goes on."""
    found, data, _ = run("6985")
    assert found is False
    assert "94" not in data.card


@pytest.mark.parametrize("pdol", ["9F33", "9F", "0003", "9F33FF9F02FF", "9F7CFF" * 40, "9F02" * 90])
def test_a_pdol_that_cannot_be_answered_ends_it(pdol: str) -> None:
    """Cut short, or asking for more than a command can hold: nothing is sent."""
    found, _, sent = run(FORMAT_1, pdol)
    assert found == Outcome(Result.TERMINATED, "bad-format")
    assert sent == []


def test_what_selection_said_is_not_said_again() -> None:
    """An AIP in the FCI and another in the answer: one object twice (Book 3, 10.2)."""
    found, _, _ = run(FORMAT_1, **{"82": "0000"})
    assert found == Outcome(Result.TERMINATED, "redundant-data")


@given(st.binary(max_size=60), st.binary(max_size=30))
def test_any_card_runs_refuses_or_ends(answer: bytes, pdol: bytes) -> None:
    """Arbitrary PDOL and answer: one command at most, and an end by a known name."""
    found, data, sent = run((answer + b"\x90\x00").hex(), pdol.hex())
    assert len(sent) <= 1
    assert data.aip("sda") in (True, False) if found is True else found.reason in REASONS
