"""Steps of a terminal's EMV kernel: the dialogue here, the rules in `emv_rules`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeVar

from posemu.terminal.kernel.candidate_list import Candidate, candidate_list
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.fci import read_fci
from posemu.terminal.kernel.initiate import initiate
from posemu.terminal.kernel.outcome import EndedError
from posemu.terminal.kernel.read_data import read_data
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    ChooseApplication,
    Chosen,
    Request,
    Show,
    Transmit,
)
from posemu.terminal.kernel.selection import Selected, final_selection
from posemu.terminal.kernel.terminal_data import Terminal, TerminalApplication
from posemu.wire.emv.apdu import parse_gpo_response
from posemu.wire.emv.t0 import t0_fold

from . import Answers, Inputs, Operation
from .emv_rules import OPERATIONS as RULES

T = TypeVar("T")
_WORDS = {"card-blocked": "card_blocked", "no-application": "not_accepted"}
_WORDS |= {"application-blocked": "not_accepted"}
_ANY_SCHEME = TerminalApplication("A0000000", partial=True, data={})
_AGAIN = "try-again"


class _TryAgainError(Exception):
    """The kernel says so on the screen: there the sources' terminal returns to its caller."""


def _play(step: Generator[Request, Answer, T], exchanges: Any, chosen: int = 0) -> T:
    """Run a step against a logged card: it must send what was logged, and all of it."""
    left = t0_fold((bytes.fromhex(e["capdu"]), bytes.fromhex(e["rapdu"])) for e in exchanges)
    answer: Answer = None
    try:
        while True:
            request = step.send(answer)
            if isinstance(request, Transmit):
                assert left, "the card was not logged to be asked more"
                assert request.apdu == left[0][0]
                answer = Answered(left.pop(0)[1])
            elif isinstance(request, ChooseApplication):
                answer = Chosen(chosen)
            else:
                assert request == Show(_AGAIN)
                raise _TryAgainError
    except StopIteration as end:
        assert not left, "the card was logged to be asked more"
        return end.value


def _terminal(applications: Iterable[TerminalApplication]) -> Terminal:
    return Terminal(data={}, applications=tuple(applications))


def _candidate_list(inputs: Inputs) -> Answers:
    terminal = _terminal(
        TerminalApplication(a["aid"], a["match"] == "partial", {})
        for a in inputs["terminal_applications"]
    )
    try:
        found, outcome = _play(candidate_list(terminal), inputs["exchanges"]), "ok"
    except EndedError as end:
        found, outcome = [], _WORDS[end.outcome.reason]
    return {
        "outcome": outcome,
        "cardholder_selection_required": bool(found) and _is_asked(terminal, found),
        "candidates": [
            {
                "aid": candidate.aid,
                "label": candidate.label.decode("ascii"),
                "priority_indicator": f"{candidate.priority:02X}",
            }
            for candidate in found
        ],
    }


def _is_asked(terminal: Terminal, candidates: list[Candidate]) -> bool:
    return isinstance(next(final_selection(terminal, list(candidates))), ChooseApplication)


def _select_application(inputs: Inputs) -> Answers:
    terminal = _terminal([_ANY_SCHEME])
    listed = _play(candidate_list(terminal), inputs["directory"])
    by_label = {candidate.label.decode("ascii"): candidate for candidate in listed}
    left = [by_label[label] for label in inputs["candidates_before"]]
    try:
        _play(final_selection(terminal, left), inputs["exchanges"], inputs["index"])
        outcome = "ok"
    except _TryAgainError:
        outcome = "try_again"
    except EndedError as end:
        outcome = _WORDS[end.outcome.reason]
    return {"outcome": outcome, "candidates_after": [c.label.decode("ascii") for c in left]}


def _initiate(inputs: Inputs) -> Answers:
    fci = read_fci(bytes.fromhex(inputs["fci"]))
    assert fci is not None
    data = Data({tag: bytes.fromhex(value) for tag, value in inputs["terminal_data"].items()})
    commands = {"commands": [exchange["capdu"] for exchange in inputs["exchanges"]]}
    selected = Selected(Candidate(fci.name, _ANY_SCHEME), fci.objects)
    try:
        if not _play(initiate(data, selected), inputs["exchanges"]):
            return {"outcome": "gpo_not_accepted", **commands}
    except EndedError:
        return {"outcome": "card_error", **commands}
    answer = bytes.fromhex(inputs["exchanges"][-1]["rapdu"])[:-2]
    return {
        "outcome": "ok",
        "aip": data.card["82"].hex().upper(),
        "afl": data.card["94"].hex().upper(),
        "gpo_format": parse_gpo_response(answer).format,
        **commands,
    }


def _read_application_data(inputs: Inputs) -> Answers:
    data = Data({})
    if inputs["afl"] is not None:
        data.take("94", bytes.fromhex(inputs["afl"]))
    try:
        _play(read_data(data), inputs["exchanges"])
    except EndedError as end:
        raise ValueError(end.outcome.reason) from None
    return {
        "outcome": "oda_record_invalid" if data.static_spoiled else "ok",
        "data": {tag: value.hex().upper() for tag, value in data.card.items() if tag != "94"},
    }


OPERATIONS: Mapping[str, Operation] = {
    "candidate_list": _candidate_list,
    "select_application": _select_application,
    "initiate_application_processing": _initiate,
    "read_application_data": _read_application_data,
    **RULES,
}
