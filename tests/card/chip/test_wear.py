"""How a chip card breaks, each way alone, and healed again."""

from __future__ import annotations

import pytest

from posemu.card.chip import MUTE, ChipCard
from posemu.crypto import card_cryptogram
from posemu.sim import Keyed

from .dialogue import (
    application,
    begin,
    command,
    generate,
    new_card,
    objects,
    select,
    send,
    sw,
    values,
)

GET_ATC = bytes.fromhex("80CA9F3600")


def test_worn_contacts_lose_atrs_as_often_as_drawn() -> None:
    """The n-th use is bad exactly when the card's n-th keyed draw lies below p."""
    card, draw = new_card(seed=3), Keyed(3).sequence("card/contact", 0)
    card.wear.wear_contacts(0.3, 0.0)
    found = [card.power_on() is None for _ in range(300)]
    assert found == [draw(n) < 0.3 for n in range(2, 302)]
    assert 60 < sum(found) < 120


def test_worn_contacts_fall_silent_in_mid_dialogue() -> None:
    """Half of the silences come before the command was done, half after; the card stays silent
    until it is powered on again."""
    before = after = 0
    card = new_card(seed=5)
    card.wear.wear_contacts(0.0, 0.4)
    for _ in range(400):
        card.power_on()
        if card.transmit(_select(card)).data is MUTE:
            assert card.transmit(GET_ATC).data is MUTE
            continue
        stored = card.memory.applications[0].atc
        answer = card.transmit(bytes.fromhex("80A80000058303015622"))
        if answer.data is MUTE:
            counted = card.memory.applications[0].atc - stored
            before, after = before + (not counted), after + counted
            assert card.transmit(GET_ATC).data is MUTE
    assert min(before, after) > 25


def _select(card: ChipCard) -> bytes:
    return command("00A40400", application(card).aid, "00")


def test_a_good_card_draws_no_chance() -> None:
    """Without wear no draw is made: turning on a fault that never fires moves nothing."""
    drawn: list[int] = []
    card = ChipCard(new_card()._image, bytes, lambda n: drawn.append(n) or 0.0)  # type: ignore[func-returns-value]
    card.power_on()
    begin(card)
    assert drawn == []


def test_a_wrong_status_stands_for_the_command() -> None:
    """The command is not done, and its status is the wrong one; others go on."""
    card = new_card()
    card.wear.answer_wrongly(0xA8, 0x6F00)
    select(card)
    assert send(card, "80A80000058303015622").hex() == "6f00"
    assert card.memory.applications[0].atc == 0
    assert sw(send(card, "80CA9F3600")) == "9000"


def test_answers_are_cut_and_garbled() -> None:
    """Half of the data is gone, or one byte of it is wrong; the status is whole."""
    card = new_card()
    whole = select(card)
    card.wear.truncate(0xA4)
    assert select(card) == whole[: len(whole[:-2]) // 2] + whole[-2:]
    card.wear.heal()
    card.wear.garble(0xA4)
    spoilt = [select(card) for _ in range(20)]
    for answer in spoilt:
        assert len(answer) == len(whole)
        assert answer[-2:] == whole[-2:]
        assert sum(a != b for a, b in zip(answer, whole, strict=True)) == 1
    assert len(set(spoilt)) > 5
    card.wear.heal()
    assert select(card) == whole


def test_a_slow_card_says_how_slow() -> None:
    """The delay is work, of every command."""
    card = new_card()
    card.wear.slow_down(250_000)
    assert card.transmit(_select(card)).work.delay_us == 250_000
    card.wear.heal()
    assert card.transmit(_select(card)).work.delay_us == 0


def test_a_spoilt_key_makes_wrong_cryptograms() -> None:
    """The issuer finds another cryptogram; all else in the answer is right."""
    card = new_card()
    data = begin(card)
    card.wear.spoil_cryptogram()
    got = objects(generate(card, "80", data))
    app = application(card)
    tags = {**values(), "82": app.aip, "9F36": got["9F36"], "9F10": got["9F10"]}
    right = card_cryptogram(app.version, app.keys, tags)
    assert got["9F26"] != right
    assert got["9F26"][1:] == right[1:]
    card.wear.heal()
    second = objects(generate(card, "00", data, second=True))
    tags["9F10"] = second["9F10"]
    assert second["9F26"] == card_cryptogram(app.version, app.keys, tags)


def test_a_stuck_atc_stays() -> None:
    """Transactions go on under one number."""
    card = new_card()
    begin(card)
    card.wear.stick_atc()
    begin(card)
    begin(card)
    assert card.memory.applications[0].atc == 1
    card.wear.heal()
    begin(card)
    assert card.memory.applications[0].atc == 2


def test_mending_takes_away_one_flaw() -> None:
    """Of two flaws, also of one kind, one is mended and the other stays; mending it once more
    mends nothing else."""
    card = new_card()
    whole, wear = select(card), card.wear
    first, second, slow = wear.truncate(0xA4), wear.truncate(0xA4), wear.slow_down(250_000)
    for flaw in (first, first):
        wear.mend(flaw)
        assert len(select(card)) < len(whole)
        assert card.transmit(_select(card)).work.delay_us == 250_000
    wear.mend(second)
    assert select(card) == whole
    wear.mend(slow)
    assert card.transmit(_select(card)).work.delay_us == 0


def test_several_flaws_of_one_kind() -> None:
    """Delays add up, the last wrong status counts, and the worst contact."""
    card = new_card()
    for delay_us in (100_000, 20_000):
        card.wear.slow_down(delay_us)
    assert card.wear.delay_us == 120_000
    card.wear.answer_wrongly(0xA4, 0x6F00)
    last = card.wear.answer_wrongly(0xA4, 0x6A81)
    assert send(card, _select(card).hex()).hex() == "6a81"
    card.wear.mend(last)
    assert send(card, _select(card).hex()).hex() == "6f00"
    bad = card.wear.wear_contacts(1.0, 0.0)
    card.wear.wear_contacts(0.0, 0.0)
    assert card.power_on() is None
    card.wear.mend(bad)
    assert card.power_on() is not None


def test_worn_contacts_can_be_seen() -> None:
    """A card is worn while its contacts may fail; a chip that answers wrongly looks like new."""
    card = new_card()
    card.wear.garble(0xA4)
    assert not card.wear.contacts_worn
    flaw = card.wear.wear_contacts(0.0, 0.01)
    assert card.wear.contacts_worn
    card.wear.mend(flaw)
    assert not card.wear.contacts_worn


@pytest.mark.parametrize("off", ["pull", "power_off"])
def test_without_power_there_is_silence(off: str) -> None:
    """No answer, no work, until power-on."""
    card = new_card()
    getattr(card, off)()
    assert card.transmit(GET_ATC).data is MUTE
    card.power_on()
    assert sw(select(card)) == "9000"
