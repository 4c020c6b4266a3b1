"""Coverage: which states met which active faults, and which situations happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.oracle import SITUATIONS


def begins(c: Any, number: int, fault: str, till: str | None = None) -> None:
    data = {"fault": fault, "what": "begins", "number": number}
    c.emit("injector", "fault", **data, **({"terminal": till} if till else {}))


def ends(c: Any, number: int) -> None:
    c.emit("injector", "fault", what="ends", number=number)


def test_states_meet_the_faults_that_are_active(case: Any) -> None:
    """A pair counts when a state is entered while the fault acts, or the fault begins in it."""
    case.state("idle")
    begins(case, 1, "wifi-weak")
    case.state("sale-amount")
    case.state("idle")
    ends(case, 1)
    case.state("sale-amount")
    ends(case, 1)
    assert case.judge.coverage.pairs == {
        ("idle", "wifi-weak"): 2, ("sale-amount", "wifi-weak"): 1
    }  # fmt: skip


def test_a_fault_of_one_till_is_met_by_that_till_alone(case: Any) -> None:
    """A till's fault is not met by the states of another till; one of the shop is met by all."""
    begins(case, 1, "printer-jam", "till-1")
    begins(case, 2, "comms-outage")
    case.till = "till-2"
    case.state("idle")
    assert case.judge.coverage.pairs == {("idle", "comms-outage"): 1}
    case.till = "till-1"
    case.state("idle")
    assert case.judge.coverage.pairs == {
        ("idle", "comms-outage"): 2, ("idle", "printer-jam"): 1
    }  # fmt: skip


def test_two_occurrences_of_one_fault_end_apart(case: Any) -> None:
    """A fault is active until the last of its occurrences has ended."""
    begins(case, 1, "comms-outage")
    begins(case, 2, "comms-outage")
    ends(case, 1)
    case.state("idle")
    ends(case, 2)
    case.state("sale-amount")
    assert case.judge.coverage.pairs == {("idle", "comms-outage"): 1}


def restart(c: Any, *states: str) -> None:
    for state in ("sale-committing", *(["!cut"] if states else []), *states):
        if state == "!cut":
            c.emit(c.till, "power", on=False)
            c.emit(c.till, "power", on=True)
        else:
            c.state(state)


def verified(c: Any, status: str) -> None:
    c.emit(c.till, "apdu", n=5, command=bytes.fromhex("00200080"), status=status, heard=True,
           data=b"")  # fmt: skip


SCENES: dict[str, tuple[Callable[[Any], None], Callable[[Any], None]]] = {
    # situation: a trace in which it happens, and one in which it does not
    "late-answer": (
        lambda c: c.emit(c.till, "ignored-answer", mti="0210", stan="000001"),
        lambda c: c.answer(),
    ),
    "wrong-mac": (
        lambda c: c.emit(c.till, "bad-mac", mti="0210", stan="000001"), lambda c: c.answer()
    ),
    "garbled-answer": (
        lambda c: c.emit(c.till, "garbled-answer", field="DE4", reason="x"), lambda c: c.answer()
    ),
    "reversal-repeated": (lambda c: c.reversal(mti="0401"), lambda c: c.reversal()),
    "reversal-of-unknown": (
        lambda c: c.journal("reversed", "000001", "unknown"),
        lambda c: c.journal("reversing", "000001", "98"),
    ),
    "reversal-took-back": (
        lambda c: c.journal("reversed", "000001", "booked"),
        lambda c: c.journal("reversing", "000001", "98"),
    ),
    "order-paid-late": (
        lambda c: [c.journal("order_open", "000001"), c.journal("approved", "000001", "1", "2")],
        lambda c: [c.journal("sending", "000001"), c.journal("approved", "000001", "1", "2")],
    ),
    "order-closed": (
        lambda c: [c.journal("order_open", "000001"), c.journal("order_closed", "000001")],
        lambda c: [c.journal("order_open", "000001"), c.journal("closed", "000001")],
    ),
    "close-repeated": (
        lambda c: c.out("0601", {3: "990000", 4: "000000003800", 11: "000009", 59: "T1"}),
        lambda c: c.out("0600", {3: "990000", 4: "000000003800", 11: "000009", 59: "T1"}),
    ),
    "restart-in-sale": (
        lambda c: restart(c, "starting"),
        lambda c: [c.state(s) for s in ("sale-amount", "sale-cancelled", "idle", "starting")],
    ),
    "told-after-restart": (
        lambda c: restart(c, "starting", "recovering", "sale-approved"),
        lambda c: restart(c, "starting", "recovering", "idle", "sale-amount", "sale-approved"),
    ),
    "receipt-late": (lambda c: c.state("printing-late"), lambda c: c.state("sale-printing")),
    "settlement-repeated": (
        lambda c: c.out("0501", {11: "000009", 48: "0" * 36}), lambda c: c.reconciliation()
    ),
    "swipe-failed": (
        lambda c: c.emit(c.till, "read", good=False, reason="LRC"),
        lambda c: c.emit(c.till, "read", good=True),
    ),
    "chip-failed": (
        lambda c: c.emit(c.till, "chip-read", good=False, reason="mute"),
        lambda c: c.emit(c.till, "chip-read", good=True, reason=""),
    ),
    "fallback": (
        lambda c: c.emit(c.till, "fallback", cause="technical"),
        lambda c: c.emit(c.till, "chip-read", good=False, reason="mute"),
    ),
    "card-pulled": (
        lambda c: [
            c.slot(), c.state("sale-chip"), c.state("sale-waiting"), c.slot(False), c.slot(),
            c.slot(False),
        ],
        lambda c: [
            c.slot(), c.state("sale-chip"), c.state("sale-finishing"),
            c.emit(c.till, "chip-read", good=True, reason="approved"), c.slot(False),
            c.slot(), c.state("sale-chip"), c.cut(), c.slot(False),
        ],
    ),
    "wrong-pin-at-card": (
        lambda c: verified(c, "63C2"), lambda c: verified(c, "9000"),
    ),
    "offline-approved": (
        lambda c: c.waiting(), lambda c: [c.queue("attempt", "1"), c.queue("answered", "1")],
    ),
    "approved-unanswered": (
        lambda c: [c.slot(), c.journal("reversing", "000001", "98"), c.waiting(2)],
        lambda c: [c.journal("reversing", "000001", "98"), c.slot(), c.waiting(2)],
    ),
    "chip-refused-approval": (
        lambda c: [c.slot(), c.says("AAC"), c.journal("reversing", "000001", "96")],
        lambda c: [
            c.slot(), c.says("AAC"), c.journal("reversing", "000001", "98"),
            c.says("AAC", heard=False), c.slot(False), c.journal("reversing", "000002", "96"),
            c.says("AAC"), c.cut(), c.journal("reversing", "000003", "96"),
        ],
    ),
    "advice-repeated": (lambda c: c.advice(mti="0221"), lambda c: c.advice()),
    "connection-failed": (
        lambda c: c.emit(c.till, "no-connection", why="timeout"),
        lambda c: c.emit(c.till, "connection", what="up", connection=1),
    ),
}  # fmt: skip


def test_every_situation_has_a_scene() -> None:
    """Each situation that a report may name is tried here, and has words in both languages."""
    assert SCENES.keys() == SITUATIONS.keys()
    assert all(en and zh for en, zh in SITUATIONS.values())


@pytest.mark.parametrize("situation", SCENES)
def test_a_situation_is_met_when_it_happens(make_case: Any, situation: str) -> None:
    """The scene counts exactly this situation once, its neighbour does not count it at all."""
    for scene, times in zip(SCENES[situation], (1, 0), strict=True):
        case = make_case()
        scene(case)
        assert case.judge.coverage.situations[situation] == times
