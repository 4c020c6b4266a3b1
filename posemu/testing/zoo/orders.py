"""Terminals that do code payments wrong. They need a shop where people pay by code."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.terminal import State, Terminal
from posemu.terminal.journal import Journal, SaleRecord
from posemu.terminal.requests import CLOSE_CODE, ORDER, ORDER_REPEAT, REVERSAL
from posemu.terminal.secure_module import Sealed
from posemu.wire import Value

PROCESSING_CODE, AMOUNT, REASON, ORIGINAL, NUMBER = 3, 4, 39, 61, 59
NO_ANSWER = "98"
_BEFORE_A_SALE = frozenset({
    State.IDLE, State.CODE_AMOUNT, State.CODE_CONFIRM, State.CODE_SCAN,
})  # fmt: skip


class _LooksAway(Journal):
    """Does not show the open order while the terminal rests or sells."""

    terminal: Terminal
    _open: SaleRecord | None

    @property
    def order(self) -> SaleRecord | None:
        terminal = getattr(self, "terminal", None)
        resting = terminal is not None and terminal.state in _BEFORE_A_SALE
        return None if resting or self.current is not None else self._open

    @order.setter
    def order(self, sale: SaleRecord | None) -> None:
        self._open = sale


class OpensSecondOrder(Terminal):
    """An order that could not be closed waits for the end of day; meanwhile it opens others."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        journal = _LooksAway(self.flash, self.emit, self.now_us)
        journal.terminal = self
        self.journal = journal


class AsksForAnotherAmount(Terminal):
    """Its queries and closes name a cent more than the order was over."""

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        if mti in (ORDER, ORDER_REPEAT):
            fields = {**fields, AMOUNT: f"{int(str(fields[AMOUNT])) + 1:012d}"}
        return super().seal(mti, fields, with_card)


class ReversesOrders(Terminal):
    """At its deadline it does not close an order but reverses it, as if a card had paid."""

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        order = self.journal.order
        if order is not None and fields.get(PROCESSING_CODE) == CLOSE_CODE:
            original = order.stan + order.time + order.date
            fields = {**fields, PROCESSING_CODE: "000000", REASON: NO_ANSWER, ORIGINAL: original}
            fields.pop(NUMBER)
            mti = REVERSAL
        return super().seal(mti, fields, with_card)
