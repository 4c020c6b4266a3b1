"""The one application of the transaction (EMV 4.4 Book 1, 12.4).

One candidate is taken without a question, unless it asks to be confirmed. Of several the cardholder
chooses; a terminal that cannot ask takes the first of those that need no confirmation. The chosen
one is selected, and leaves the list: if the card refuses it, the rest is tried.

What may break: the card refuses, is blocked meanwhile, answers for another application, or the
cardholder wants none. Promised: each candidate is tried once at most.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple

from posemu.terminal.kernel.candidate_list import BLOCKED, CARD_BLOCKED, Candidate, not_accepted
from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.fci import read_fci, select
from posemu.terminal.kernel.outcome import EndedError, Outcome, Result, terminate
from posemu.terminal.kernel.requests import (
    Answer,
    ApplicationChoice,
    ChooseApplication,
    Chosen,
    Declined,
    Request,
    Show,
)
from posemu.terminal.kernel.terminal_data import Terminal


class Selected(NamedTuple):
    """The application that runs, and the objects of its file control information, tag -> value."""

    candidate: Candidate
    objects: Mapping[str, bytes]


class Refused(NamedTuple):
    """The card did not select it; `reason` is what is said if nothing else is left."""

    reason: str


def final_selection(
    terminal: Terminal, candidates: list[Candidate], reason: str = "no-application"
) -> Generator[Request, Answer, Selected]:
    """The application to run; it is taken out of `candidates`.

    Call it again with the rest, and why, if the application cannot be run (Book 3, 10.1). Ends the
    transaction when none is left, for `reason` or what refused the last one; when the card is
    blocked; and when the cardholder wants none.
    """
    while candidates:
        candidate = candidates.pop((yield from _choose(terminal, candidates)))
        selected = yield from select_candidate(candidate)
        if isinstance(selected, Selected):
            return selected
        reason = selected.reason
        if candidates:
            yield Show("try-again")
    raise not_accepted(reason)


def select_candidate(candidate: Candidate) -> Generator[Request, Answer, Selected | Refused]:
    """Select one. Any status but 9000, a malformed answer and another name than the one that was
    asked for are refusals. A card that is blocked ends the transaction."""
    answer = yield from ask_card(select(bytes.fromhex(candidate.aid)))
    if answer.sw == CARD_BLOCKED:
        raise terminate("card-blocked")
    if answer.sw != OK:
        return Refused("application-blocked" if answer.sw == BLOCKED else "no-application")
    fci = read_fci(answer.data)
    if fci is None or fci.name != candidate.aid:
        return Refused("no-application")
    return Selected(candidate, fci.objects)


def _choose(terminal: Terminal, candidates: list[Candidate]) -> Generator[Request, Answer, int]:
    """The place of the candidate to select: steps 2 to 5."""
    free = [place for place, c in enumerate(candidates) if not c.must_be_confirmed]
    if len(candidates) == 1 and free:
        return 0
    if not terminal.offers_choice:
        if not free:
            raise terminate("cannot-confirm")
        return free[0]
    choices = tuple(ApplicationChoice(c.aid, c.shown_name(terminal)) for c in candidates)
    answer = yield ChooseApplication(choices, confirm=len(choices) == 1)
    if isinstance(answer, Chosen):
        assert 0 <= answer.place < len(candidates), "a place that was not in the list"
        return answer.place
    assert isinstance(answer, Declined)
    raise EndedError(Outcome(Result.CANCELLED, "choice-declined"))
