"""One command and its answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.card_dialogue import ask_card
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import Answered, Mute, Removed, TransportFailed
from posemu.wire.emv.apdu import Command, Response

from .scripted import ScriptedCard, play

COMMAND = Command(0x00, 0x84, 0x00, 0x00, b"", 256)


def test_an_answer_is_data_and_status() -> None:
    """The command goes out as it is written, and the answer comes back taken apart."""
    card = ScriptedCard({"0084": "11223344556677889000"})
    assert play(ask_card(COMMAND), card) == (
        Response(bytes.fromhex("1122334455667788"), 0x9000),
        [],
    )
    assert card.sent == ["0084000000"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Removed(), "removed"),
        (Mute(), "mute"),
        (TransportFailed("parity"), "transport"),
        (Answered(b""), "bad-format"),
        (Answered(b"\x90"), "bad-format"),
        (Answered(b"\x6f\x00\x12\x34"), "bad-format"),
    ],
)
def test_no_answer_ends_the_transaction(answer: object, reason: str) -> None:
    """A card that is gone, mute, unreadable or says no status ends it, each by its own name, and
    none of them decides about fallback."""
    assert play(ask_card(COMMAND), ScriptedCard({}, otherwise=answer)) == (
        Outcome(Result.TERMINATED, reason, None),
        [],
    )


@given(st.binary(max_size=8))
def test_any_bytes_are_an_answer_or_an_end(answer: bytes) -> None:
    """Whatever comes, the step returns it or ends the transaction by a name."""
    found, _ = play(ask_card(COMMAND), ScriptedCard({}, otherwise=Answered(answer)))
    if isinstance(found, Response):
        assert found.data + found.sw.to_bytes(2, "big") == answer
    else:
        assert found.reason == "bad-format"
