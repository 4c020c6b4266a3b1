"""Terminals that write down too late, too little, or forget."""

from __future__ import annotations

from posemu.terminal import State
from posemu.terminal.journal import Journal
from posemu.testing.zoo.parts import Blind, LazyJournal, OtherJournal


class _SendingLate(LazyJournal):
    def sending(self) -> None:
        super().sending()
        self.put_off()


class WritesAfterSending(OtherJournal):
    """The record of a sale is flushed after its request has left."""

    keep = _SendingLate


class _ApprovedLate(LazyJournal):
    def approved(self, rrn: str, authorisation: str) -> None:
        super().approved(rrn, authorisation)
        self.put_off()


class ShowsBeforeCommit(OtherJournal):
    """An approval is shown first and flushed later."""

    keep = _ApprovedLate


class _StanLost(Journal):
    def recover(self) -> None:
        super().recover()
        self.last_stan = 0


class ReusesStan(OtherJournal):
    """After a restart it counts trace numbers from the beginning."""

    keep = _StanLost


class _ReversalLost(Journal):
    def recover(self) -> None:
        super().recover()
        self.reversal = None


class ForgetsReversal(OtherJournal):
    """After a restart it does not look for a pending reversal."""

    keep = _ReversalLost


class _ReversalsNotCounted(Journal):
    def reversed(self, booked: bool) -> None:
        super().reversed(False)


class CountsWrong(OtherJournal):
    """A sale that was booked and reversed is missing in its totals."""

    keep = _ReversalsNotCounted


class SellsWhileReversing(Blind):
    """A reversal that failed once waits for the end of day; meanwhile it sells on."""

    blind = frozenset({
        State.IDLE, State.SALE_AMOUNT, State.SALE_CONFIRM, State.SALE_CARD, State.SALE_PIN,
        State.SALE_PREPARED, State.SALE_CONNECTING, State.SALE_SENDING, State.SALE_WAITING,
    })  # fmt: skip


class SettlesWhileReversing(Blind):
    """The end of day does not look for a pending reversal."""

    blind = frozenset({
        State.SETTLING, State.SETTLE_CONNECTING, State.SETTLE_WAITING, State.SETTLED,
    })  # fmt: skip
