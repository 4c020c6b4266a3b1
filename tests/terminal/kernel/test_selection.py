"""The one application: who chooses it, and what the card may answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.candidate_list import Candidate
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.requests import (
    ApplicationChoice,
    ChooseApplication,
    Chosen,
    Declined,
    Removed,
    Show,
)
from posemu.terminal.kernel.selection import Selected, final_selection

from .scripted import (
    MASTERCARD,
    VISA_1,
    VISA_2,
    ScriptedCard,
    applications,
    fci,
    play,
    selecting,
    terminal,
    tlv,
)

RULES = applications("A0000000*")[0]
GOOD = {selecting(name): fci(name) for name in (VISA_1, VISA_2, MASTERCARD)}
CONFIRM = 0x81


def candidates(*names: str, confirm: tuple[str, ...] = ()) -> list[Candidate]:
    """A list in this order; those in `confirm` must be confirmed."""
    return [
        Candidate(name, RULES, name[-2:].encode(), priority=CONFIRM if name in confirm else 1)
        for name in names
    ]


def outcome(reason: str, result: Result = Result.NOT_ACCEPTED) -> Outcome:
    return Outcome(result, reason)


TRY_AGAIN = Show("try-again")


@pytest.mark.parametrize(
    ("clause", "listed", "confirm", "offers", "people", "chosen", "asked"),
    [
        ("step 2: the only one", [VISA_1], [], True, [], VISA_1, 0),
        ("step 2: confirmed", [VISA_1], [VISA_1], True, [Chosen(0)], VISA_1, 1),
        ("step 2: not approved", [VISA_1], [VISA_1], True, [Declined()],
         outcome("choice-declined", Result.CANCELLED), 1),
        ("step 2: cannot confirm", [VISA_1], [VISA_1], False, [],
         outcome("cannot-confirm", Result.TERMINATED), 0),
        ("step 4: chosen from a list", [VISA_1, VISA_2], [], True, [Chosen(1)], VISA_2, 1),
        ("step 4: none wanted", [VISA_1, VISA_2], [], True, [Declined()],
         outcome("choice-declined", Result.CANCELLED), 1),
        ("step 5: the first", [VISA_1, VISA_2], [], False, [], VISA_1, 0),
        ("step 5: the first free", [VISA_1, VISA_2], [VISA_1], False, [], VISA_2, 0),
        ("step 5: none free", [VISA_1, VISA_2], [VISA_1, VISA_2], False, [],
         outcome("cannot-confirm", Result.TERMINATED), 0),
        ("step 1: none", [], [], True, [], outcome("no-application"), 0),
    ],
)  # fmt: skip
def test_who_chooses(clause, listed, confirm, offers, people, chosen, asked):
    """Book 1, 12.4, steps 1 to 5."""
    left = candidates(*listed, confirm=tuple(confirm))
    step = final_selection(terminal(VISA_1, offers_choice=offers), left)
    found, requests = play(step, ScriptedCard(GOOD), people)
    assert (found.candidate.aid if isinstance(found, Selected) else found) == chosen, clause
    assert len(requests) == asked
    if isinstance(found, Selected):
        assert [c.aid for c in left] == [name for name in listed if name != chosen]


def test_the_question_shows_names_in_order() -> None:
    """The list stands in the order of the candidates; one alone is a question for yes or no."""
    two = final_selection(terminal(VISA_1), candidates(VISA_2, VISA_1))
    _, asked = play(two, ScriptedCard(GOOD), [Declined()])
    lines = (ApplicationChoice(VISA_2, "02"), ApplicationChoice(VISA_1, "01"))
    assert asked == [ChooseApplication(lines, confirm=False)]
    one = final_selection(terminal(VISA_1), candidates(VISA_1, confirm=(VISA_1,)))
    _, asked = play(one, ScriptedCard(GOOD), [Declined()])
    assert asked == [ChooseApplication(lines[1:], confirm=True)]


@pytest.mark.parametrize(
    ("clause", "answer", "reason"),
    [
        ("12.4: not 9000", "6A82", "no-application"),
        ("12.4: not 9000", "6F00", "no-application"),
        ("12.4: blocked", "6283", "application-blocked"),
        ("12.4: blocked, with FCI", fci(VISA_1)[:-4] + "6283", "application-blocked"),
        ("11.3.4: no FCI", "9000", "no-application"),
        ("12.4: another name", fci(VISA_2), "no-application"),
        ("12.4: a longer name", fci(VISA_1 + "01"), "no-application"),
    ],
)
def test_what_is_refused_leaves_the_list(clause: str, answer: str, reason: str) -> None:
    """The refused one is gone, the next is tried; with none left the transaction is not accepted,
    and never falls back to the stripe."""
    script = GOOD | {selecting(VISA_1): answer}
    left = candidates(VISA_1, VISA_2)
    found, asked = play(final_selection(terminal(VISA_1), left), ScriptedCard(script), [Chosen(0)])
    assert isinstance(found, Selected), clause
    assert (found.candidate.aid, left, asked[1:]) == (VISA_2, [], [TRY_AGAIN])
    alone = final_selection(terminal(VISA_1), candidates(VISA_1))
    assert play(alone, ScriptedCard(script)) == (outcome(reason), [])


def test_a_blocked_card_ends_it_at_once() -> None:
    """6A81 is the card's, not the application's: nothing else is tried."""
    card = ScriptedCard({selecting(VISA_1): "6A81"})
    step = final_selection(terminal(VISA_1, offers_choice=False), candidates(VISA_1, VISA_2))
    assert play(step, card) == (outcome("card-blocked", Result.TERMINATED), [])
    assert len(card.sent) == 1


def test_an_application_that_would_not_run_gives_way_to_the_next() -> None:
    """The rest of the list is offered again (Book 3, 10.1), and its reason is kept for the end."""
    left = candidates(VISA_1, VISA_2)
    play(final_selection(terminal(VISA_1), left), ScriptedCard(GOOD), [Chosen(0)])
    again, _ = play(final_selection(terminal(VISA_1), left, "gpo-refused"), ScriptedCard(GOOD))
    assert again.candidate.aid == VISA_2
    ended, _ = play(final_selection(terminal(VISA_1), left, "gpo-refused"), ScriptedCard(GOOD))
    assert ended == outcome("gpo-refused")


def test_what_the_selection_says_is_handed_on() -> None:
    """The objects of the FCI by tag, those of BF0C too; what nobody knows is left out."""
    inside = (tlv("50", "41"), tlv("9F38", "9F3303"), tlv("BF0C", tlv("9F4D", "0B0A")))
    script = {selecting(VISA_1): fci(VISA_1, *inside, tlv("DF7F", "01"))}
    found, _ = play(final_selection(terminal(VISA_1), candidates(VISA_1)), ScriptedCard(script))
    assert {tag: value.hex().upper() for tag, value in found.objects.items()} == {
        "84": VISA_1,
        "50": "41",
        "9F38": "9F3303",
        "9F4D": "0B0A",
    }


def test_a_card_that_is_pulled_ends_it() -> None:
    """While somebody chooses, the card may go."""
    step = final_selection(terminal(VISA_1), candidates(VISA_1, VISA_2))
    found, _ = play(step, ScriptedCard({}, otherwise=Removed()), [Chosen(0)])
    assert found == outcome("removed", Result.TERMINATED)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_each_candidate_is_tried_once(answers: list[bytes]) -> None:
    """Whatever the card says: an application, or an end by a known name, after as many commands
    as there are candidates at most."""
    card = ScriptedCard({"00A4": [(answer + b"\x90\x00").hex() for answer in answers]})
    step = final_selection(terminal(VISA_1, offers_choice=False), candidates(*"AB", VISA_1)[2:] * 3)
    found, _ = play(step, card)
    assert isinstance(found, Selected) or found.reason in REASONS
    assert len(card.sent) <= 3
