"""Terminals that tell people what is not so, and one that goes on after a step that its table
forbids."""

from __future__ import annotations

from typing import Any

from posemu.sim import Story, Wait
from posemu.terminal import State, Terminal
from posemu.terminal.display import Display
from posemu.terminal.messages import LANGUAGES, load_messages
from posemu.terminal.printer import Printer
from posemu.terminal.secure_module import Sealed
from posemu.testing.zoo.parts import OtherDisplay, OtherPrinter, StartAnew, Twisted
from posemu.wire import Codec, DecodeError, Value

APPROVAL = "00"
HEAD = 7  # bytes in front of a message: length 2, TPDU 5


def approval(codec: Codec, payload: bytes) -> dict[int, Value] | None:
    """The fields of `payload` if it is the approval of a sale."""
    try:
        mti, fields = codec.decode(payload)
    except DecodeError:
        return None
    return fields if mti == "0210" and fields.get(39) == APPROVAL else None


class ApprovesTimeouts(Twisted):
    """No answer in time: it tells the person that the sale is approved, and reverses it
    nevertheless."""

    def before(self, state: State) -> Story:
        sale = self.journal.reversal
        if state is State.SALE_UNKNOWN and sale is not None:
            self.display.show("approved", amount=self.money(sale.amount_minor), stan=sale.stan)
        yield from ()


class DeclinesTimeouts(Twisted):
    """No answer in time: it tells the person that the sale is declined, drops the record and goes
    on. Nothing is reversed."""

    def before(self, state: State) -> Story:
        sale = self.journal.reversal
        if state is State.REVERSAL_PENDING and sale is not None:
            self.display.show("declined", code="98", meaning=self.codes["98"], stan=sale.stan)
            self.journal.reversed(booked=False)
            yield from self.journal.flush()
            raise StartAnew


class ForgetsTimeouts(Twisted):
    """No answer in time: it drops the record and goes on. The sale stays unknown for ever."""

    def before(self, state: State) -> Story:
        if state is State.REVERSAL_PENDING:
            self.journal.reversed(booked=False)
            yield from self.journal.flush()
            raise StartAnew


class SaysReversedTooSoon(Twisted):
    """It tells the person that the sale is reversed when the reversal has been sent, and does not
    wait for the host's word."""

    def before(self, state: State) -> Story:
        sale = self.journal.reversal
        if state is State.REVERSAL_WAITING and sale is not None:
            self.display.show("reversed", stan=sale.stan)
        yield from ()


class _NoUnknown(Display):
    def show(self, prompt: str, **values: Any) -> None:
        if prompt != "unknown":
            super().show(prompt, **values)


class HidesUnknown(OtherDisplay):
    """It does not say that a result is unknown."""

    screen = _NoUnknown


class BelievesNobody(Terminal):
    """It takes the MAC of every approval for a wrong one."""

    def authentic(self, sealed: Sealed, message: bytes) -> bool:
        return approval(self.codec, message) is None and super().authentic(sealed, message)


class BelievesAnyone(Twisted):
    """It looks at the MAC of an approval after it has shown and printed it, and then has nothing
    better to do than to log it."""

    _unchecked: tuple[Sealed, bytes] | None = None

    def authentic(self, sealed: Sealed, message: bytes) -> bool:
        if approval(self.codec, message) is None:
            return super().authentic(sealed, message)
        self._unchecked = sealed, message
        return True

    def before(self, state: State) -> Story:
        if state is State.IDLE and self._unchecked is not None:
            if not super().authentic(*self._unchecked):
                self.emit("bad-mac", {"mti": "0210", "stan": ""})
            self._unchecked = None
        yield from ()


class TakesLateApprovals(Twisted):
    """While it waits for the answer to a reversal it takes a late approval of the sale for good
    news, and shows it."""

    def answered(self, effect: object, answer: object) -> Story:
        sale = self.journal.reversal
        if self.state is State.REVERSAL_WAITING and sale is not None and isinstance(answer, tuple):
            _, (what, _, data) = answer
            fields = approval(self.codec, data[HEAD:]) if what == "data" else None
            if fields is not None and fields[11] == sale.stan:
                self.display.show("approved", amount=self.money(sale.amount_minor), stan=sale.stan)
        yield from ()
        return answer


class WrongSlip(Printer):
    """The slip of a reversal is printed with the sale's last line."""

    def feed(self, slip: str, stan: str, lines: tuple[str, ...]) -> None:
        if slip == "reversal":
            lines = (*lines[:-1], "APPROVED")
        super().feed(slip, stan, lines)


class PrintsApprovedForReversed(OtherPrinter):
    press = WrongSlip


class _NoReprint(Printer):
    def feed(self, slip: str, stan: str, lines: tuple[str, ...]) -> None:
        marks = [load_messages().slips(lang)["reprint"] for lang in LANGUAGES]
        super().feed(slip, stan, tuple(line for line in lines if line not in marks))


class ReprintsLookNew(OtherPrinter):
    """Nothing on a slip says that it came out before."""

    press = _NoReprint


class SkipsTheStep(Twisted):
    """When a reversal fails it goes to where an approved sale is shown."""

    def before(self, state: State) -> Story:
        if state is State.REVERSAL_FAILED:
            yield State.SALE_APPROVED


class Hangs(Twisted):
    """Started a second time, it waits for something that never comes."""

    _starts = 0

    def before(self, state: State) -> Story:
        if state is State.RECOVERING:
            self._starts += 1
            if self._starts > 1:
                yield Wait(frozenset())
