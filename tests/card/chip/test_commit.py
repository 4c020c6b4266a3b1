"""Pulling the card at every command, before and after its commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posemu.card.chip import MUTE, ChipCard
from posemu.crypto import PinFormat, encode_pin_block
from posemu.wire import build_dol

from .dialogue import WRONG_PIN, application, command, new_card, objects, send, sw, values
from .test_cryptogram import issuer_answer, pytestmark  # noqa: F401
from .test_script import script


def steps(card: ChipCard) -> Iterator[bytes]:
    """A whole transaction with PIN, issuer authentication and scripts; it is sent each answer."""
    app, data = application(card), values()
    yield command("00A40400", app.aid, "00")
    said = build_dol(app.pdol, data)
    yield command("80A80000", b"\x83" + bytes([len(said)]) + said, "00")
    yield bytes.fromhex("00B2011400")
    yield bytes.fromhex("0084000000")
    yield command("00200080", encode_pin_block(PinFormat.ISO_2, WRONG_PIN))
    yield command("00880000", data["9F37"], "00")
    answer = yield command("80AE8000", build_dol(app.cdol1, data), "00")
    got = objects(answer)
    yield command("00820000", issuer_answer(card, got))
    yield script(card, "84DA9F58", b"\x07", got)
    yield command("80AE4000", build_dol(app.cdol2, data), "00")
    yield script(card, "84240000", b"", got)
    yield script(card, "841E0000", b"", got)


def drive(card: ChipCard, last: int) -> bytes | None:
    """Do the first `last` commands; the next one, not sent."""
    run = steps(card)
    apdu = next(run)
    for _ in range(last):
        answer = send(card, apdu)
        assert sw(answer) in ("9000", "63C2")
        try:
            apdu = run.send(answer)  # type: ignore[attr-defined]
        except StopIteration:
            return None
    return apdu


WRITES = [0, 1, 0, 0, 1, 0, 1, 0, 2, 4, 2, 2]
"""Fields that each command writes. GENERATE AC 2: online open, scripts, last online ATC, log."""


@pytest.mark.parametrize("place", range(len(WRITES)))
def test_pulled_before_the_commit_nothing_is_stored(place: int) -> None:
    """Before: the memory is as it was, and no answer comes. After: it is all there, and the same as
    without pulling. In both cases the next power-on starts anew."""
    card = new_card()
    apdu = drive(card, place)
    assert apdu is not None
    before = card.memory
    exchange = card.begin(apdu)
    card.pull()
    assert exchange.commit().data is MUTE
    assert card.memory == before
    assert card.transmit(apdu).data is MUTE
    card.power_on()
    assert exchange.commit().data is MUTE
    assert card.memory == before

    other = new_card()
    apdu = drive(other, place)
    assert apdu is not None
    done = other.begin(apdu)
    assert other.memory == before
    answer = done.commit()
    assert answer.data is not MUTE
    after = other.memory
    other.pull()
    assert other.memory == after
    assert (after != before) == bool(WRITES[place])
    assert done.work.writes == WRITES[place]
    other.power_on()
    assert sw(send(other, "00B2011400")) == "6985"


def test_the_whole_transaction_goes_through() -> None:
    """The steps above are one good transaction: no command of it is refused."""
    card = new_card()
    assert drive(card, len(WRITES)) is None
    stored = card.memory.applications[0]
    assert (stored.blocked, stored.last_online_atc, stored.tries_left) == (True, 1, 3)


def test_a_second_command_makes_the_first_one_void() -> None:
    """A driver that begins twice cannot store the older one over the newer one."""
    card = new_card()
    apdu = drive(card, 1)
    assert apdu is not None
    first, second = card.begin(apdu), card.begin(apdu)
    assert second.commit().data is not MUTE
    assert first.commit().data is MUTE
    assert card.memory.applications[0].atc == 1
