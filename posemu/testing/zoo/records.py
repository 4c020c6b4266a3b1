"""Terminals that write down too late, too little, or the wrong thing, or forget."""

from __future__ import annotations

from posemu.sim import Story
from posemu.terminal import State
from posemu.terminal.journal import SWIPED, Journal, SaleRecord
from posemu.testing.zoo.parts import Blind, LazyJournal, OtherJournal, Twisted


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


class SettlesAnyway(CountsWrong, Twisted):
    """And it tells people that the end of day is done, although the host's totals are others."""

    def before(self, state: State) -> Story:
        if state is State.SETTLE_FAILED:
            self.display.show("settled", batch=self.journal.batch)
        yield from ()


class _TakenForTold(Journal):
    def recover(self) -> None:
        super().recover()
        for sale in self.unprinted:
            sale.told = True


class PrintsWithoutShowing(OtherJournal):
    """After a restart it takes a committed sale for told, and only prints its receipt."""

    keep = _TakenForTold


class ForgetsReceipt(Twisted):
    """It does not keep the receipts that could not be printed."""

    def before(self, state: State) -> Story:
        if state is State.IDLE:
            self.journal.unprinted.clear()
        yield from ()


class _ReversingInstead(Journal):
    def cancelled(self) -> None:
        self.reversing("98")


class ReversesUnsent(OtherJournal):
    """A sale that found no connection is reversed, as if it had been sent."""

    keep = _ReversingInstead


class _PreparedIsSent(Journal):
    def recover(self) -> None:
        super().recover()
        if self.current is not None:
            self.current.status = "sending"


class ReversesPrepared(OtherJournal):
    """After a restart it reverses also what was only prepared."""

    keep = _PreparedIsSent


class _ReversingToo(Journal):
    def declined(self, code: str) -> None:
        self.reversing("96")


class ReversesDeclined(OtherJournal):
    """A declined sale is reversed as well, to be on the safe side."""

    keep = _ReversingToo


class _ServiceCharge(Journal):
    def prepare(
        self, date: str, time: str, amount_minor: int, pan: str, entry: str = SWIPED
    ) -> SaleRecord:
        return super().prepare(date, time, amount_minor + amount_minor // 10, pan, entry)


class AddsServiceCharge(OtherJournal):
    """What the cardholder has confirmed is sent with a tenth more."""

    keep = _ServiceCharge


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
