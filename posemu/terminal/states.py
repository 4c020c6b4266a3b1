"""The application's state table: every state, where it may lead, and what must hold in it.

The names are public (`posemu schema` lists them): a scenario anchors faults to them. A flow enters
a state by yielding it; the driver checks the row before it lets the flow go on, so a wrong step
fails at once, in every run, and not in the report.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal


class State(Enum):
    """The value is the public name."""

    __hash__ = (
        object.__hash__
    )  # members are singletons; Enum's own hash is a Python function, and states are hot

    STARTING = "starting"
    RECOVERING = "recovering"
    SIGN_ON_CONNECTING = "sign-on-connecting"
    SIGN_ON_WAITING = "sign-on-waiting"
    NOT_SIGNED_ON = "not-signed-on"
    IDLE = "idle"
    SALE_AMOUNT = "sale-amount"
    SALE_CONFIRM = "sale-confirm"
    SALE_CARD = "sale-card"
    SALE_CHIP = "sale-chip"
    SALE_CHOICE = "sale-choice"
    SALE_PIN = "sale-pin"
    SALE_PREPARED = "sale-prepared"
    SALE_CONNECTING = "sale-connecting"
    SALE_SENDING = "sale-sending"
    SALE_WAITING = "sale-waiting"
    SALE_FINISHING = "sale-finishing"
    SALE_STORING = "sale-storing"
    SALE_COMMITTING = "sale-committing"
    SALE_APPROVED = "sale-approved"
    SALE_PRINTING = "sale-printing"
    SALE_DECLINED = "sale-declined"
    SALE_CANCELLED = "sale-cancelled"
    SALE_UNKNOWN = "sale-unknown"
    CODE_AMOUNT = "code-amount"
    CODE_CONFIRM = "code-confirm"
    CODE_SCAN = "code-scan"
    CODE_PREPARED = "code-prepared"
    CODE_CONNECTING = "code-connecting"
    CODE_SENDING = "code-sending"
    CODE_WAITING = "code-waiting"
    CODE_COMMITTING = "code-committing"
    ORDER_OPEN = "order-open"
    ORDER_CONNECTING = "order-connecting"
    ORDER_QUERYING = "order-querying"
    ORDER_CLOSING = "order-closing"
    ORDER_CLOSED = "order-closed"
    ORDER_PENDING = "order-pending"
    REVERSAL_PENDING = "reversal-pending"
    REVERSAL_CONNECTING = "reversal-connecting"
    REVERSAL_SENDING = "reversal-sending"
    REVERSAL_WAITING = "reversal-waiting"
    REVERSAL_DONE = "reversal-done"
    REVERSAL_FAILED = "reversal-failed"
    ADVICE_CONNECTING = "advice-connecting"
    ADVICE_SENDING = "advice-sending"
    ADVICE_WAITING = "advice-waiting"
    ADVICE_DONE = "advice-done"
    ADVICE_FAILED = "advice-failed"
    SETTLING = "settling"
    SETTLE_CONNECTING = "settle-connecting"
    SETTLE_WAITING = "settle-waiting"
    SETTLED = "settled"
    SETTLE_FAILED = "settle-failed"
    PRINTING_LATE = "printing-late"
    OUT_OF_SERVICE = "out-of-service"


class Condition(NamedTuple):
    """Something that must hold: its words, for the error, and the check."""

    text: str
    holds: Callable[[Terminal], bool]


class Row(NamedTuple):
    next: frozenset[State]
    must: tuple[Condition, ...] = ()


NO_REVERSAL = Condition("no reversal is pending", lambda t: t.journal.reversal is None)
REVERSAL = Condition("a reversal is pending", lambda t: t.journal.reversal is not None)
NO_ORDER = Condition("no order is open", lambda t: t.journal.order is None)
ORDER = Condition("an order is open", lambda t: t.journal.order is not None)
NO_ADVICE = Condition("no advice waits", lambda t: t.queue.head is None)
ADVICE = Condition("an advice waits", lambda t: t.queue.head is not None)
DURABLE = Condition("the journal is flushed", lambda t: t.journal.durable)
NO_SALE = Condition("no sale is open", lambda t: t.journal.current is None)
BATCH = Condition("a batch is open", lambda t: t.journal.batch != "")
NO_CARD = Condition("the secure module holds no card", lambda t: not t.module.holds_card)
PREPARED = Condition("the open sale is prepared", lambda t: t.sale_status == "prepared")
OPEN = Condition("a sale is open", lambda t: t.journal.current is not None)
SENDING = Condition("the open sale is marked as sending", lambda t: t.sale_status == "sending")
TOLD_SALE = Condition("an approved sale waits for its receipt", lambda t: bool(t.journal.unprinted))

S = State


def _row(*after: State, must: tuple[Condition, ...] = ()) -> Row:
    return Row(frozenset(after), must)


_RESTING = (S.IDLE, S.NOT_SIGNED_ON, S.OUT_OF_SERVICE)

STATES: dict[State, Row] = {
    S.STARTING: _row(S.RECOVERING),
    S.RECOVERING: _row(
        S.SALE_CANCELLED,
        S.REVERSAL_PENDING,
        S.SALE_APPROVED,
        S.SIGN_ON_CONNECTING,
        S.SALE_UNKNOWN,
        S.ORDER_OPEN,
    ),
    S.SIGN_ON_CONNECTING: _row(
        S.SIGN_ON_WAITING, S.NOT_SIGNED_ON, S.OUT_OF_SERVICE, must=(NO_SALE, NO_CARD)
    ),
    S.SIGN_ON_WAITING: _row(*_RESTING, must=(NO_SALE,)),
    S.NOT_SIGNED_ON: _row(
        S.SIGN_ON_CONNECTING,
        S.REVERSAL_PENDING,
        S.ORDER_OPEN,
        S.ADVICE_CONNECTING,
        S.PRINTING_LATE,
        must=(NO_SALE, NO_CARD),
    ),
    S.IDLE: _row(
        S.SALE_AMOUNT,
        S.CODE_AMOUNT,
        S.REVERSAL_PENDING,
        S.ORDER_OPEN,
        S.ADVICE_CONNECTING,
        S.SETTLING,
        S.PRINTING_LATE,
        must=(NO_SALE, NO_CARD, BATCH),
    ),
    S.SALE_AMOUNT: _row(S.SALE_CONFIRM, S.SALE_CANCELLED, must=(NO_SALE, NO_REVERSAL, NO_ORDER)),
    S.SALE_CONFIRM: _row(S.SALE_AMOUNT, S.SALE_CARD, S.SALE_CANCELLED, must=(NO_SALE,)),
    S.SALE_CARD: _row(S.SALE_CHIP, S.SALE_PIN, S.SALE_CANCELLED, must=(NO_SALE, NO_CARD)),
    S.SALE_CHIP: _row(
        S.SALE_CARD,
        S.SALE_CHOICE,
        S.SALE_PIN,
        S.SALE_PREPARED,
        S.SALE_STORING,
        S.SALE_DECLINED,
        S.SALE_CANCELLED,
        must=(NO_SALE, NO_REVERSAL, NO_ORDER),
    ),
    S.SALE_CHOICE: _row(S.SALE_CHIP, must=(NO_SALE, NO_CARD)),
    S.SALE_PIN: _row(S.SALE_CHIP, S.SALE_PREPARED, S.SALE_CANCELLED, must=(NO_SALE,)),
    S.SALE_PREPARED: _row(S.SALE_CONNECTING, must=(PREPARED, NO_REVERSAL, NO_ORDER)),
    S.SALE_CONNECTING: _row(S.SALE_SENDING, S.SALE_FINISHING, S.SALE_CANCELLED, must=(PREPARED,)),
    S.SALE_SENDING: _row(S.SALE_WAITING, S.OUT_OF_SERVICE, must=(SENDING, DURABLE)),
    S.SALE_WAITING: _row(
        S.SALE_COMMITTING,
        S.SALE_DECLINED,
        S.SALE_UNKNOWN,
        S.SALE_FINISHING,
        must=(SENDING, DURABLE, NO_CARD),
    ),
    S.SALE_FINISHING: _row(
        S.SALE_STORING,
        S.SALE_COMMITTING,
        S.SALE_DECLINED,
        S.SALE_UNKNOWN,
        S.SALE_CANCELLED,
        must=(OPEN, NO_CARD),
    ),
    S.SALE_STORING: _row(S.SALE_COMMITTING, S.OUT_OF_SERVICE, must=(PREPARED, DURABLE)),
    S.SALE_COMMITTING: _row(S.SALE_APPROVED, must=(NO_SALE, TOLD_SALE)),
    S.SALE_APPROVED: _row(S.SALE_PRINTING, *_RESTING, must=(DURABLE, TOLD_SALE)),
    S.SALE_PRINTING: _row(
        *_RESTING,
        S.SALE_APPROVED,
        S.REVERSAL_PENDING,
        S.SIGN_ON_CONNECTING,
        S.SALE_AMOUNT,
        S.CODE_AMOUNT,
        S.ADVICE_CONNECTING,
        S.SETTLE_CONNECTING,
        must=(TOLD_SALE,),
    ),
    S.SALE_DECLINED: _row(*_RESTING, must=(NO_SALE, NO_CARD)),
    S.SALE_CANCELLED: _row(
        *_RESTING,
        S.REVERSAL_PENDING,
        S.SALE_APPROVED,
        S.SIGN_ON_CONNECTING,
        must=(NO_SALE, NO_CARD),
    ),
    S.SALE_UNKNOWN: _row(S.REVERSAL_PENDING, must=(NO_CARD,)),
    S.CODE_AMOUNT: _row(S.CODE_CONFIRM, S.SALE_CANCELLED, must=(NO_SALE, NO_ORDER)),
    S.CODE_CONFIRM: _row(S.CODE_AMOUNT, S.CODE_SCAN, S.SALE_CANCELLED, must=(NO_SALE,)),
    S.CODE_SCAN: _row(S.CODE_PREPARED, S.SALE_CANCELLED, must=(NO_SALE, NO_CARD)),
    S.CODE_PREPARED: _row(S.CODE_CONNECTING, must=(PREPARED, NO_ORDER)),
    S.CODE_CONNECTING: _row(S.CODE_SENDING, S.SALE_CANCELLED, must=(PREPARED,)),
    S.CODE_SENDING: _row(S.CODE_WAITING, S.OUT_OF_SERVICE, must=(SENDING, DURABLE, NO_ORDER)),
    S.CODE_WAITING: _row(
        S.CODE_COMMITTING, S.SALE_DECLINED, S.ORDER_OPEN, must=(SENDING, DURABLE, NO_CARD)
    ),
    S.CODE_COMMITTING: _row(S.SALE_APPROVED, must=(NO_SALE, NO_ORDER, TOLD_SALE)),
    S.ORDER_OPEN: _row(
        S.ORDER_OPEN,
        S.ORDER_CONNECTING,
        S.SALE_APPROVED,
        S.SIGN_ON_CONNECTING,
        must=(ORDER, DURABLE, NO_SALE, NO_CARD),
    ),
    S.ORDER_CONNECTING: _row(
        S.ORDER_QUERYING,
        S.ORDER_CLOSING,
        S.ORDER_OPEN,
        S.ORDER_PENDING,
        S.OUT_OF_SERVICE,
        must=(ORDER,),
    ),
    S.ORDER_QUERYING: _row(S.ORDER_OPEN, S.CODE_COMMITTING, S.ORDER_CLOSED, must=(ORDER, DURABLE)),
    S.ORDER_CLOSING: _row(
        S.ORDER_PENDING, S.CODE_COMMITTING, S.ORDER_CLOSED, must=(ORDER, DURABLE)
    ),
    S.ORDER_CLOSED: _row(
        *_RESTING,
        S.SALE_AMOUNT,
        S.CODE_AMOUNT,
        S.REVERSAL_PENDING,
        S.ADVICE_CONNECTING,
        S.SETTLE_CONNECTING,
        must=(NO_ORDER, DURABLE),
    ),
    S.ORDER_PENDING: _row(*_RESTING, S.SALE_CANCELLED, S.SETTLE_FAILED, must=(ORDER, DURABLE)),
    S.REVERSAL_PENDING: _row(
        S.REVERSAL_CONNECTING,
        S.REVERSAL_SENDING,
        S.ORDER_OPEN,
        S.SALE_APPROVED,
        S.SIGN_ON_CONNECTING,
        must=(REVERSAL, DURABLE, NO_SALE, NO_CARD),
    ),
    S.REVERSAL_CONNECTING: _row(S.REVERSAL_SENDING, S.REVERSAL_FAILED, must=(REVERSAL,)),
    S.REVERSAL_SENDING: _row(S.REVERSAL_WAITING, S.OUT_OF_SERVICE, must=(REVERSAL, DURABLE)),
    S.REVERSAL_WAITING: _row(S.REVERSAL_DONE, S.REVERSAL_FAILED, must=(REVERSAL,)),
    S.REVERSAL_DONE: _row(
        *_RESTING,
        S.SALE_AMOUNT,
        S.ADVICE_CONNECTING,
        S.SETTLE_CONNECTING,
        must=(NO_REVERSAL, DURABLE),
    ),
    S.REVERSAL_FAILED: _row(*_RESTING, S.SALE_CANCELLED, S.SETTLE_FAILED, must=(REVERSAL, DURABLE)),
    S.ADVICE_CONNECTING: _row(
        S.ADVICE_SENDING, S.ADVICE_FAILED, must=(ADVICE, DURABLE, NO_SALE, NO_CARD)
    ),
    S.ADVICE_SENDING: _row(S.ADVICE_WAITING, S.OUT_OF_SERVICE, must=(ADVICE, DURABLE)),
    S.ADVICE_WAITING: _row(S.ADVICE_DONE, S.ADVICE_FAILED, must=(ADVICE,)),
    S.ADVICE_DONE: _row(*_RESTING, S.ADVICE_CONNECTING, S.SETTLE_CONNECTING, must=(DURABLE,)),
    S.ADVICE_FAILED: _row(*_RESTING, S.SETTLE_FAILED, must=(ADVICE,)),
    S.SETTLING: _row(
        S.ORDER_OPEN,
        S.REVERSAL_PENDING,
        S.ADVICE_CONNECTING,
        S.SETTLE_CONNECTING,
        must=(NO_SALE, BATCH),
    ),
    S.SETTLE_CONNECTING: _row(
        S.SETTLE_WAITING,
        S.SETTLE_FAILED,
        S.OUT_OF_SERVICE,
        must=(NO_REVERSAL, NO_ORDER, NO_ADVICE, DURABLE),
    ),
    S.SETTLE_WAITING: _row(S.SETTLED, S.SETTLE_FAILED, must=(NO_REVERSAL, NO_ADVICE, BATCH)),
    S.SETTLED: _row(S.NOT_SIGNED_ON, must=(NO_REVERSAL, DURABLE)),
    S.SETTLE_FAILED: _row(*_RESTING, must=(BATCH,)),
    S.PRINTING_LATE: _row(*_RESTING, S.PRINTING_LATE, must=(TOLD_SALE,)),
    S.OUT_OF_SERVICE: _row(),
}


class WrongState(AssertionError):  # noqa: N818 (the name says it)
    """The application broke its own table: `args` are the terminal, the state it came from, the
    state, and why."""

    def __str__(self) -> str:
        terminal, before, state, reason = self.args
        return f"{terminal}: {before} -> {state}: {reason}"


def check(terminal: Terminal, before: State, state: State) -> None:
    """Raises `WrongState` unless the step is in the table and everything that must hold in `state`
    does."""
    if type(state) is not State:
        raise TypeError(f"a terminal's program yields an int, a Wait or a State, not {state!r}")
    if state not in STATES[before].next and state is not State.STARTING:
        raise WrongState(terminal.name, before.value, state.value, "the table has no such step")
    for text, holds in STATES[state].must:
        if not holds(terminal):
            raise WrongState(terminal.name, before.value, state.value, f"it must hold that {text}")
