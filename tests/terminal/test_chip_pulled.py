"""A card that is pulled, and a reader whose contacts are worn."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from scipy import stats

from posemu.card.chip import Memory, card_profiles
from posemu.sim import Clock, Keyed, Story, Task, Wait
from posemu.terminal.chip_reader import ChipReader, Moment
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import Answered, Mute, Removed
from posemu.terminal.ports import CHIP
from posemu.terminal.reader import Wear

from .chip_sale import FLOOR_MINOR, Watched, new_card, new_reader, run, sale

APPROVED = (Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE)
GENERATE_AC = 0xAE
SELECT_PSE = bytes.fromhex("00A404000E315041592E5359532E444446303100")
GET_DATA_ATC = bytes.fromhex("80CA9F3600")
AMOUNT_MINOR = 2 * FLOOR_MINOR


@cache
def whole(profile: str) -> tuple[Outcome, Watched]:
    """The sale that nobody disturbs."""
    card = Watched(new_card(profile))
    outcome, _ = run(sale(new_reader(), card, AMOUNT_MINOR))
    return outcome, card


def pulled(profile: str, exchange: int, moment: Moment) -> tuple[Outcome, Memory, ChipReader]:
    """The sale whose card is pulled there: its outcome, and what the card holds."""
    reader, card = new_reader(), new_card(profile)
    reader.pull_at(exchange, moment)
    outcome, _ = run(sale(reader, card, AMOUNT_MINOR))
    return outcome, card.memory, reader


def kind(story: Story) -> tuple[type, int]:
    """What kind of answer it was (those without fields are all equal), and when it came."""
    got, spent_us = run(story)
    return type(got), spent_us


# --- at every command ----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", card_profiles())
def test_pulling_at_every_command_ends_the_sale(profile: str) -> None:
    """Before the command, before the commit, before the answer: always an outcome with its reason,
    no approval unless the card had said its last word, and the card holds what it had committed,
    no more and no less."""
    undisturbed, watched = whole(profile)
    commands = [apdu for apdu, _ in watched.said]
    last = max((n for n, apdu in enumerate(commands, 1) if apdu[1] == GENERATE_AC), default=0)
    for exchange in range(1, len(commands) + 1):
        for moment in Moment:
            outcome, memory, reader = pulled(profile, exchange, moment)
            assert isinstance(outcome, Outcome)
            assert not reader.holds_card
            assert memory == watched.held[exchange - (moment is not Moment.BEFORE_ANSWER)]
            if exchange <= last or not last:
                assert outcome.result not in APPROVED
                if not outcome.sent_online:
                    assert (outcome.result, outcome.reason) == (Result.TERMINATED, "removed")
                    assert outcome.fallback is None
            else:
                assert outcome.result is undisturbed.result


def test_the_sales_above_go_far_enough_to_say_something() -> None:
    """Most cards come to a cryptogram, some of them online, and more than one is approved."""
    ends = [whole(profile) for profile in card_profiles()]
    generated = [any(apdu[1] == GENERATE_AC for apdu, _ in card.said) for _, card in ends]
    assert sum(generated) >= 4
    assert any(outcome.sent_online for outcome, _ in ends)
    assert any(card.held[0] != card.held[-1] for _, card in ends)


def test_a_pull_strikes_once_and_can_be_called_off() -> None:
    """The next card at the same place is left alone; so is one after `leave_in` or `heal`."""
    _, watched = whole("credit-cda")
    _, _, reader = pulled("credit-cda", 2, Moment.BEFORE_COMMIT)
    again = Watched(new_card())
    run(sale(reader, again, AMOUNT_MINOR))
    assert again.said == watched.said
    for call_off in (ChipReader.leave_in, ChipReader.heal):
        reader = new_reader()
        reader.pull_at(2, Moment.BEFORE_COMMAND)
        call_off(reader)
        left = Watched(new_card())
        run(sale(reader, left, AMOUNT_MINOR))
        assert left.said == watched.said


# --- at any time ---------------------------------------------------------------------------------


class Till:
    """A reader on a clock, whose program writes down what it got and when."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.reader = new_reader()
        self.card = new_card()
        self.got: list[tuple[int, Any]] = []
        self.task = Task(self.clock, self._program())
        self.reader.changed = lambda there: self.task.post(CHIP, there, keep=False)
        self.reader.insert(self.card)

    def _program(self) -> Story:
        for carry in (self.reader.power_on(), self.reader.transmit(SELECT_PSE)):
            got = yield from carry
            self.got.append((self.clock.now_us, got))

    def run(self, remove_us: int) -> None:
        self.clock.call_in(remove_us, self.reader.remove)
        self.task.start()
        self.clock.run(until=10_000_000)


def ends_us() -> list[int]:
    till = Till()
    till.run(9_000_000)
    assert [type(got) for _, got in till.got] == [Answered, Answered]
    return [at_us for at_us, _ in till.got]


def test_a_removal_is_noticed_in_the_moment_it_happens() -> None:
    """Every 997 µs of power-on and one command: what was under way ends there, as Removed, and the
    command that comes after it at once."""
    ready_us, answered_us = ends_us()
    count = 0
    for remove_us in range(0, answered_us, 997):
        till = Till()
        till.run(remove_us)
        results = [(remove_us, Removed), (remove_us, Removed)]
        if remove_us >= ready_us:
            results[0] = (ready_us, Answered)
        assert [(at_us, type(got)) for at_us, got in till.got] == results
        count += 1
    assert count > 100


def test_another_card_is_not_taken_for_the_first() -> None:
    """A card that was changed, or pulled and put back, while nobody looked: the session is over.
    It is not mute, which would open the way to the stripe."""
    for card in (new_card(), None):
        reader, first = new_reader(), new_card()
        reader.insert(first)
        run(reader.power_on())
        reader.remove()
        reader.insert(card or first)
        assert kind(reader.transmit(SELECT_PSE)) == (Removed, 0)
        assert kind(reader.power_on())[0] is Answered
        assert kind(reader.transmit(SELECT_PSE))[0] is Answered


def test_an_empty_slot_and_a_full_one() -> None:
    """Without a card everything says Removed at once; a second card does not fit; removing nothing
    is nothing. Each change is told once."""
    reader = new_reader()
    told: list[bool] = []
    reader.changed = told.append
    assert kind(reader.power_on()) == kind(reader.transmit(SELECT_PSE)) == (Removed, 0)
    assert run(reader.power_off()) == (None, 0)
    reader.remove()
    reader.insert(new_card())
    with pytest.raises(ValueError, match="the chip slot holds a card: remove it first"):
        reader.insert(new_card())
    reader.remove()
    reader.remove()
    assert told == [True, False]


def test_a_power_cut_ends_the_session_and_not_the_card() -> None:
    """The card loses its power with the terminal, keeps what it stored, and answers to the next
    reset."""
    reader, card = new_reader(), new_card()
    _, watched = whole("credit-cda")
    reader.insert(card)
    run(reader.power_on())
    for apdu, _ in watched.said[:6]:
        run(reader.transmit(apdu))
    stored = card.memory
    assert stored == watched.held[6] != watched.held[0]
    reader.lose_power()
    assert kind(reader.transmit(GET_DATA_ATC)) == (Mute, 0)
    assert kind(reader.power_on())[0] is Answered
    assert card.memory == stored


def test_waits_are_waits_for_the_slot() -> None:
    """Every wait of the reader ends when the card comes or goes, and at its time."""
    reader = new_reader()
    reader.insert(new_card())
    waits = list(reader.power_on())
    assert waits
    assert all(type(wait) is Wait and wait.kinds == {CHIP} for wait in waits)
    assert all(type(wait.timeout_us) is int for wait in waits)


# --- worn contacts -------------------------------------------------------------------------------


def always(p: float) -> Wear:
    return Wear(1.0, 1.0, p, p)


def insertions(reader: ChipReader, count: int) -> int:
    """How many of so many insertions of a good card give no ATR."""
    card, bad = new_card(), 0
    for _ in range(count):
        reader.insert(card)
        bad += kind(reader.power_on())[0] is Mute
        reader.remove()
    return bad


def test_worn_contacts_fail_at_their_rate_and_heal() -> None:
    """Of 2,000 insertions a share p gives no ATR (99.9 %), all of them at p = 1, none after new
    contacts; nothing is drawn while nothing is worn."""
    reader = new_reader(Keyed(3).sequence("chip-reader", "till-1"))
    reader.wear(always(0.2))
    assert stats.binomtest(insertions(reader, 2000), 2000, 0.2).pvalue > 0.001
    reader.wear(always(1.0))
    assert insertions(reader, 20) == 20
    reader.replace_contacts()
    assert (reader.insertions, insertions(reader, 20)) == (0, 0)
    assert insertions(new_reader(), 20) == 0


def test_wear_grows_with_the_insertions() -> None:
    """The curve of the stripe's head, over insertions; those before count if they are told."""
    wear = Wear(1000.0, 3.0, 0.01, 0.9)
    young = new_reader(Keyed(4).sequence("chip-reader", "till-1"))
    young.wear(wear, 0)
    old = new_reader(Keyed(4).sequence("chip-reader", "till-1"))
    old.wear(wear, 2000)
    assert insertions(young, 200) < 20 < 120 < insertions(old, 200)
    assert old.insertions == 2200


def test_a_bad_insertion_is_bad_until_the_card_is_put_in_again() -> None:
    """A draw is made for an insertion, by its number: a second reset does not help, a second
    insertion may; and the same insertions fail whatever else happens."""
    drawn: list[int] = []

    def draw(ordinal: int) -> float:
        drawn.append(ordinal)
        return 0.0 if ordinal == 1 else 0.9

    reader, card = new_reader(draw), new_card()
    reader.wear(always(0.5))
    reader.insert(card)
    assert [kind(reader.power_on())[0] for _ in range(2)] == [Mute, Mute]
    reader.remove()
    reader.insert(card)
    assert kind(reader.power_on())[0] is Answered
    assert drawn == [1, 2]
