"""The kernel: a chip transaction from the card's first answer to its outcome (EMV 4.4 Book 3, 8 and
10; the selection: Book 1, 12).

    candidates, selection -> initiate -> records -> is the card real -> restrictions -> is it the
    cardholder -> risk -> what to ask for -> GENERATE AC -+-> TC, AAC: the end
                                                          +-> ARQC: issuer -> authentication ->
                                                              scripts -> GENERATE AC -> scripts

What may break: everything that a card, a cardholder or a line can do. Promised: whatever they do,
the transaction ends with an Outcome whose reason has a name, after a bounded number of commands.
The stripe may be used instead only where the chip could not be read before it was asked to decide,
or has no application for this terminal; never after a card or an application was found blocked, and
never after a decline. Once it is certain that the transaction is declined, it is, even if the card
is pulled before it can be told.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from posemu.terminal.kernel import completion
from posemu.terminal.kernel.candidate_list import candidate_list
from posemu.terminal.kernel.cardholder_verification import verify_cardholder
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.generate_ac import Signer, first_generate_ac
from posemu.terminal.kernel.initiate import initiate
from posemu.terminal.kernel.issuer_authentication import authenticate_issuer
from posemu.terminal.kernel.issuer_scripts import AFTER, BEFORE, run_scripts
from posemu.terminal.kernel.offline_data_authentication import (
    authenticate_offline,
    pin_encipherment_key,
)
from posemu.terminal.kernel.online import RESPONSE_CODE, ask_issuer, set_response_code
from posemu.terminal.kernel.outcome import EndedError, Fallback, Outcome, Result
from posemu.terminal.kernel.processing_restrictions import restrict
from posemu.terminal.kernel.read_data import read_data
from posemu.terminal.kernel.requests import Answer, OnlineAnswer, Request, UnableToGoOnline
from posemu.terminal.kernel.selection import final_selection
from posemu.terminal.kernel.terminal_action_analysis import (
    Cryptogram,
    Reach,
    decide,
    decide_unable_to_go_online,
    reach,
)
from posemu.terminal.kernel.terminal_data import Terminal, TerminalApplication, Transaction
from posemu.terminal.kernel.terminal_risk_management import manage_risk
from posemu.terminal.kernel.transaction_kind import TERMINAL_TYPE

FALLBACKS: Final[Mapping[str, Fallback]] = dict.fromkeys(
    ("mute", "transport", "bad-status", "bad-format", "bad-afl", "missing-data", "redundant-data"),
    Fallback.TECHNICAL,
)
"""The reasons for which the chip counts as unreadable, while no cryptogram was asked for."""

_BINARY_MAX = 0xFFFFFFFF

Steps = Generator[Request, Answer, Outcome]


@dataclass(slots=True)
class _Run:
    """One transaction, and how far it is: what its end depends on wherever it comes."""

    terminal: Terminal
    transaction: Transaction
    data: Data = field(default_factory=lambda: Data({}))
    deciding: bool = False  # a cryptogram was asked for: no fallback any more
    sent_online: bool = False
    answered: bool = False  # the response code is the issuer's
    certain: Outcome | None = None  # what it will be, whatever the card still says


def transact(terminal: Terminal, transaction: Transaction) -> Steps:
    """Carry out one chip transaction. The card is powered and has answered to reset.

    Yields requests and is sent their answers (`requests`); returns the outcome, whatever happens.
    Book 3, 8.2.
    """
    run = _Run(terminal, transaction)
    try:
        outcome = yield from _transaction(run)
    except EndedError as end:
        outcome = _unfinished(run, end.outcome)
    if outcome.response_code:
        set_response_code(run.data, outcome.response_code)
    return replace(
        outcome,
        response_code=run.data.terminal.get(RESPONSE_CODE, b"").decode("ascii"),
        sent_online=run.sent_online,
        data=completion.kept_objects(run.data, terminal),
    )


def _unfinished(run: _Run, outcome: Outcome) -> Outcome:
    """What a transaction is that did not come to its last cryptogram."""
    if run.certain is not None:
        return run.certain
    if not run.answered:  # what the terminal meant to decide is not decided
        run.data.terminal.pop(RESPONSE_CODE, None)
    if run.deciding or outcome.result is not Result.TERMINATED:
        return outcome
    return replace(outcome, fallback=FALLBACKS.get(outcome.reason))


def _transaction(run: _Run) -> Steps:
    application = yield from _start(run)
    data = run.data
    yield from read_data(data)
    key = yield from authenticate_offline(data, run.terminal, application)
    restrict(data)
    pin = yield from verify_cardholder(data, lambda: pin_encipherment_key(data, run.terminal))
    yield from manage_risk(data, application, run.transaction)
    decision = decide(data, application)
    if decision.response_code:
        set_response_code(data, decision.response_code)
    signer = None if key is None else Signer(key, data.pdol)
    run.deciding = True
    given = yield from first_generate_ac(data, application, decision.cryptogram, signer)
    if given.service_not_allowed:
        return replace(completion.AFTER_FIRST[completion.Word.AAC], reason="service-not-allowed")
    if given.cryptogram is not Cryptogram.ARQC:
        return completion.AFTER_FIRST[completion.word(given)]
    if not given.authentic:
        run.certain = completion.UNPROVEN_REQUEST
        return (yield from _decline(run, application, signer))
    data.terminal.pop(RESPONSE_CODE, None)
    return (yield from _online(run, application, signer, pin))


def _start(run: _Run) -> Generator[Request, Answer, TerminalApplication]:
    """Find the application that runs: the next candidate where the card refuses one (Book 3,
    10.1)."""
    candidates = yield from candidate_list(run.terminal)
    selected = yield from final_selection(run.terminal, candidates)
    while True:
        application = selected.candidate.application
        run.data = Data(_terminal_objects(run, application, selected.candidate.aid))
        if (yield from initiate(run.data, selected)):
            return application
        selected = yield from final_selection(run.terminal, candidates, "gpo-refused")


def _terminal_objects(run: _Run, application: TerminalApplication, aid: str) -> dict[str, bytes]:
    """The terminal's objects for this application and transaction (Book 3, annex A)."""
    now = run.transaction
    return {
        **run.terminal.data,
        **application.data,
        "9F06": bytes.fromhex(aid),
        "9F02": _digits(now.amount_minor, 12),
        "9F03": _digits(now.other_minor, 12),
        "81": min(now.amount_minor, _BINARY_MAX).to_bytes(4, "big"),
        "9F04": min(now.other_minor, _BINARY_MAX).to_bytes(4, "big"),
        "9A": bytes.fromhex(now.date),
        "9F21": bytes.fromhex(now.time),
        "9C": bytes.fromhex(now.kind),
        "9F37": now.unpredictable_number,
        "9F41": _digits(now.sequence_counter, 8),
    }


def _digits(number: int, count: int) -> bytes:
    return bytes.fromhex(f"{number:0{count}}")


def _online(
    run: _Run, application: TerminalApplication, signer: Signer | None, pin: int | None
) -> Steps:
    """The issuer's part (Book 3, 10.9 to 10.11)."""
    answer = yield from _ask(run, pin)
    if isinstance(answer, UnableToGoOnline):
        return (yield from _not_reached(run, application, signer))
    run.answered = True
    if not answer.approved:
        run.certain = completion.ISSUER_DECLINED
    yield from authenticate_issuer(run.data)
    yield from run_scripts(run.data, answer.scripts, BEFORE)
    asked = Cryptogram.TC if answer.approved else Cryptogram.AAC
    said = yield from completion.second_generate_ac(run.data, application, asked, signer)
    outcome = run.certain or completion.ISSUER_APPROVED[said]
    run.certain = outcome
    yield from run_scripts(run.data, answer.scripts, AFTER)
    return outcome


def _ask(run: _Run, pin: int | None) -> Generator[Request, Answer, OnlineAnswer]:
    """A terminal that only works offline has no issuer to ask."""
    if reach(run.data.terminal[TERMINAL_TYPE]) is Reach.OFFLINE_ONLY:
        return UnableToGoOnline()
    run.sent_online = True
    return (yield from ask_issuer(run.data, run.terminal, pin))


def _not_reached(run: _Run, application: TerminalApplication, signer: Signer | None) -> Steps:
    """The terminal's own decision (Book 3, 10.7 and 10.11)."""
    decision = decide_unable_to_go_online(run.data, application)
    if decision.cryptogram is Cryptogram.AAC:
        run.certain = completion.NOT_REACHED[completion.Word.AAC]
        return (yield from _decline(run, application, signer))
    set_response_code(run.data, decision.response_code)
    said = yield from completion.second_generate_ac(
        run.data, application, decision.cryptogram, signer
    )
    return completion.NOT_REACHED[said]


def _decline(run: _Run, application: TerminalApplication, signer: Signer | None) -> Steps:
    """Tell the card that it is declined, as is certain already."""
    assert run.certain is not None
    set_response_code(run.data, run.certain.response_code)
    yield from completion.second_generate_ac(run.data, application, Cryptogram.AAC, signer)
    return run.certain
