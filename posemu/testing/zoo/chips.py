"""Terminals and hosts that do chip sales and offline approvals wrong. They need a shop where people
pay with a chip that approves a few sales alone, and then wants the host asked."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from posemu.host import Host, Posting, Result
from posemu.sim import Story
from posemu.terminal import SecureModule, State, Terminal
from posemu.terminal.advice_queue import Advice, AdviceQueue
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.flows.sale_end import CANNOT_FINISH
from posemu.terminal.journal import SaleRecord
from posemu.terminal.kernel.requests import Answered
from posemu.terminal.requests import ADVICE, ADVICE_REPEAT
from posemu.terminal.secure_module import Sealed
from posemu.testing.zoo.parts import OtherChipReader, OtherQueue, StartAnew, Twisted
from posemu.wire import Value

AMOUNT, STAN, DATE, TERMINAL = 4, 11, 13, 41
GENERATE_AC = 0xAE  # EMV Book 3, 6.5.5
_END_OF_DAY = frozenset({
    State.SETTLING, State.SETTLE_CONNECTING, State.SETTLE_WAITING, State.SETTLED,
})  # fmt: skip
_CID, _KIND, _TC, _ARQC = 2, 0xC0, 0x40, 0x80  # in an answer of format 1: tag, length, CID

# --- what the chip said ---------------------------------------------------------------------------


class _Impatient(ChipReader):
    """Of a card that wants the host asked, it gives the last word itself: a TC, always."""

    __slots__ = ("_asked",)

    def power_on(self) -> Story:
        self._asked = b""
        return (yield from super().power_on())

    def transmit(self, apdu: bytes) -> Story:
        if apdu[1] != GENERATE_AC:
            return (yield from super().transmit(apdu))
        if self._asked:
            return Answered(self._asked[:_CID] + bytes([_TC]) + self._asked[_CID + 1 :])
        got = yield from super().transmit(apdu)
        if isinstance(got, Answered) and got.apdu[_CID] & _KIND == _ARQC:
            self._asked = got.apdu
        return got


class DoesNotAskTheCardAgain(OtherChipReader):
    """The host's approval is enough for it: the card is not asked for its last word."""

    slot = _Impatient


class KeepsWhatTheCardRefused(Twisted):
    """The host has approved a sale, and the card then refuses it: the terminal tells the person
    that it is approved, drops the record and goes on. Nothing is reversed."""

    def before(self, state: State) -> Story:
        sale = self.journal.reversal
        if state is State.SALE_UNKNOWN and sale is not None and sale.reason == CANNOT_FINISH:
            self.display.show("approved", amount=self.money(sale.amount_minor), stan=sale.stan)
            self.journal.reversed(booked=False)
            yield from self.journal.flush()
            raise StartAnew


class ApprovesWhatTheCardDeclined(Twisted):
    """The host is not reached, and the card declines alone: that is told as approved."""

    _sale: SaleRecord | None = None

    def before(self, state: State) -> Story:
        if state is State.SALE_PREPARED:
            self._sale = self.journal.current
        elif state is State.SALE_DECLINED and self._sale is not None:
            sale = self._sale
            self.display.show("approved", amount=self.money(sale.amount_minor), stan=sale.stan)
        yield from ()


class ShowsOfflineTooSoon(Twisted):
    """An offline approval is shown before its advice is in the queue."""

    def before(self, state: State) -> Story:
        sale = self.journal.current
        if state is State.SALE_STORING and sale is not None:
            self.display.show("approved", amount=self.money(sale.amount_minor), stan=sale.stan)
        yield from ()


# --- its upload -----------------------------------------------------------------------------------


class LosesAdvices(Twisted):
    """An advice whose turn has come leaves the queue, and is not sent."""

    def before(self, state: State) -> Story:
        if state is State.ADVICE_CONNECTING:
            yield from self.queue.answered()
            raise StartAnew


class _Stack(AdviceQueue):
    def put(
        self, stan: str, date: str, amount_minor: int, sealed: bytes
    ) -> Generator[int, None, None]:
        yield from super().put(stan, date, amount_minor, sealed)
        self._waiting.rotate(1)


class LastInFirstOut(OtherQueue):
    """The advice that came last goes out first."""

    keep = _Stack


class _LooksAway(AdviceQueue):
    """Shows no advice while the terminal does its end of day."""

    terminal: Terminal

    @property
    def head(self) -> Advice | None:
        return None if self.terminal.state in _END_OF_DAY else super().head


class SettlesWithAdviceWaiting(Terminal):
    """The end of day does not look for advices that wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queue = _LooksAway(self._advice_flash, self.emit, self.now_us)
        queue.terminal = self
        self.queue = queue


class StoresAnotherAmount(SecureModule):
    """Its advices are over one yuan more than was approved."""

    __slots__ = ()

    def store(self, number: int, fields: Mapping[int, Value]) -> bytes:
        amount_minor = int(str(fields[AMOUNT])) + 100
        return super().store(number, {**fields, AMOUNT: f"{amount_minor:012d}"})


class RepeatsAdvicesAsNew(SecureModule):
    """An advice that it sends again looks like a new one."""

    __slots__ = ()

    def seal_stored(self, mti: str, number: int, stored: bytes) -> Sealed:
        return super().seal_stored(ADVICE, number, stored)


class BooksRepeatedAdvices(Host):
    """It books the repeat of an advice, whether or not it has booked the advice."""

    def handle(self, message: bytes, today: str) -> Result:
        result = super().handle(message, today)
        mti, fields = self._codec.decode(message)
        if mti != ADVICE_REPEAT or result.postings:
            return result
        terminal, stan, date = (str(fields[number]) for number in (TERMINAL, STAN, DATE))
        again = Posting(terminal, stan, date, int(str(fields[AMOUNT])))
        return Result(result.answer, (again,), result.note)
