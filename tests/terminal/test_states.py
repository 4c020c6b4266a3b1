"""The state table: complete, connected, and enforced row by row."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from posemu.terminal import STATES, State, WrongState
from posemu.terminal.states import check

SALE, ADVICE = "sale", "advice"
GOOD: dict[str, Callable[[Any], None]] = {
    # the words of a condition, and how a terminal fulfils it
    "no reversal is pending": lambda t: setattr(t.journal, "reversal", None),
    "a reversal is pending": lambda t: setattr(t.journal, "reversal", SALE),
    "no order is open": lambda t: setattr(t.journal, "order", None),
    "an order is open": lambda t: setattr(t.journal, "order", SALE),
    "no advice waits": lambda t: setattr(t.queue, "head", None),
    "an advice waits": lambda t: setattr(t.queue, "head", ADVICE),
    "the journal is flushed": lambda t: setattr(t.journal, "durable", True),
    "no sale is open": lambda t: setattr(t.journal, "current", None),
    "a sale is open": lambda t: setattr(t.journal, "current", SALE),
    "a batch is open": lambda t: setattr(t.journal, "batch", "000001"),
    "the secure module holds no card": lambda t: setattr(t.module, "holds_card", False),
    "the open sale is prepared": lambda t: setattr(t, "sale_status", "prepared"),
    "the open sale is marked as sending": lambda t: setattr(t, "sale_status", "sending"),
    "an approved sale waits for its receipt": lambda t: setattr(t.journal, "unprinted", [SALE]),
}
BAD: dict[str, Callable[[Any], None]] = {
    "no reversal is pending": lambda t: setattr(t.journal, "reversal", SALE),
    "a reversal is pending": lambda t: setattr(t.journal, "reversal", None),
    "no order is open": lambda t: setattr(t.journal, "order", SALE),
    "an order is open": lambda t: setattr(t.journal, "order", None),
    "no advice waits": lambda t: setattr(t.queue, "head", ADVICE),
    "an advice waits": lambda t: setattr(t.queue, "head", None),
    "the journal is flushed": lambda t: setattr(t.journal, "durable", False),
    "no sale is open": lambda t: setattr(t.journal, "current", SALE),
    "a sale is open": lambda t: setattr(t.journal, "current", None),
    "a batch is open": lambda t: setattr(t.journal, "batch", ""),
    "the secure module holds no card": lambda t: setattr(t.module, "holds_card", True),
    "the open sale is prepared": lambda t: setattr(t, "sale_status", "sending"),
    "the open sale is marked as sending": lambda t: setattr(t, "sale_status", "prepared"),
    "an approved sale waits for its receipt": lambda t: setattr(t.journal, "unprinted", []),
}
CONDITIONS = [(state, text) for state, row in STATES.items() for text, _ in row.must]


def terminal_fit_for(state: State) -> Any:
    """A terminal of which everything holds that must hold in a state."""
    journal = SimpleNamespace(
        reversal=None, order=None, current=None, batch="", durable=False, unprinted=[]
    )
    module = SimpleNamespace(holds_card=True)
    queue = SimpleNamespace(head=None)
    t = SimpleNamespace(name="till-7", journal=journal, module=module, queue=queue, sale_status="")
    for text, _ in STATES[state].must:
        GOOD[text](t)
    return t


def before(state: State) -> State:
    """A state from which the table leads to this one."""
    return next(s for s, row in STATES.items() if state in row.next)


def test_the_table_has_every_state_and_leads_to_states_only() -> None:
    """Each state has a row, in the order of the list, and each step leads to a state."""
    assert list(STATES) == list(State)
    for row in STATES.values():
        assert row.next <= set(State)


def test_every_state_can_be_reached() -> None:
    """From the start, the table leads to every state; only one out of service leads nowhere."""
    reached, new = {State.STARTING}, {State.STARTING}
    while new:
        new = set().union(*(STATES[state].next for state in new)) - reached
        reached |= new
    unreached = [state.value for state in State if state not in reached]
    assert unreached == []
    ends = [state for state, row in STATES.items() if not row.next]
    assert ends == [State.OUT_OF_SERVICE]


def test_public_names_are_lower_case_words() -> None:
    """A state's public name is its own, written in lower case with dashes."""
    names = [state.value for state in State]
    assert len(set(names)) == len(names)
    assert names == [state.name.lower().replace("_", "-") for state in State]


def test_every_step_of_the_table_is_allowed() -> None:
    """Where the conditions hold, each step of the table passes; STARTING follows any state."""
    for state, row in STATES.items():
        for after in row.next:
            check(terminal_fit_for(after), state, after)
        check(terminal_fit_for(State.STARTING), state, State.STARTING)


def test_every_other_step_is_refused_with_both_names() -> None:
    """Exhaustive: a step that the table does not have raises `WrongState`, which names terminal,
    both states and the reason."""
    refused = 0
    for state, row in STATES.items():
        for after in State:
            if after in row.next or after is State.STARTING:
                continue
            with pytest.raises(WrongState) as caught:
                check(terminal_fit_for(after), state, after)
            refused += 1
            assert caught.value.args[:3] == ("till-7", state.value, after.value)
            assert str(caught.value) == (
                f"till-7: {state.value} -> {after.value}: the table has no such step"
            )
    assert refused > 800


@pytest.mark.parametrize(
    ("state", "text"), CONDITIONS, ids=[f"{s.value}: {t}" for s, t in CONDITIONS]
)
def test_a_state_whose_condition_is_broken_is_not_entered(state: State, text: str) -> None:
    """One broken condition is enough to refuse the step, and the error says which it was."""
    t = terminal_fit_for(state)
    check(t, before(state), state)
    BAD[text](t)
    with pytest.raises(WrongState, match=f"must hold that {text}$") as caught:
        check(t, before(state), state)
    assert f"{before(state).value} -> {state.value}" in str(caught.value)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State.IDLE, "no sale is open"),
        (State.IDLE, "the secure module holds no card"),
        (State.SALE_PREPARED, "no reversal is pending"),
        (State.SALE_SENDING, "the journal is flushed"),
        (State.SALE_WAITING, "the secure module holds no card"),
        (State.SALE_APPROVED, "the journal is flushed"),
        (State.REVERSAL_PENDING, "the journal is flushed"),
        (State.REVERSAL_SENDING, "a reversal is pending"),
        (State.SETTLE_CONNECTING, "no reversal is pending"),
        (State.CODE_AMOUNT, "no order is open"),
        (State.CODE_SENDING, "the journal is flushed"),
        (State.CODE_SENDING, "no order is open"),
        (State.CODE_WAITING, "the secure module holds no card"),
        (State.ORDER_OPEN, "the journal is flushed"),
        (State.ORDER_CLOSING, "an order is open"),
        (State.SETTLE_CONNECTING, "no order is open"),
    ],
)
def test_the_money_rules_are_in_the_table(state: State, text: str) -> None:
    """Record, commit, reversal, query and end of day stand as conditions, as the design asks."""
    assert (state, text) in CONDITIONS


def test_a_wrong_state_is_rebuilt_from_its_args() -> None:
    """The simulation re-raises copies of exceptions: this one survives that."""
    error = WrongState("till-1", "idle", "settled", "no such step")
    assert str(type(error)(*error.args)) == str(error)
