"""Safety of advices: the uploads of what a chip approved alone. Each names one such sale, they go
out in order, one at a time, and each until the host has booked it."""

from __future__ import annotations

from posemu.oracle.frames import Message
from posemu.oracle.ledger import Ledger, Report, Transaction
from posemu.oracle.probe import WAITING
from posemu.oracle.wording import CHARGED

RULES: dict[str, tuple[str, str]] = {
    "advice-matches-approval": (
        "an advice names a sale that was told as approved by the chip, with its amount",
        "脱机上送与已告知的脱机批准交易及金额一致",
    ),
    "advice-in-order": (
        "advices go out first-in first-out, one at a time, each until it is booked",
        "脱机交易先进先出逐笔上送,入账后不再上送",
    ),
}

FIRST = "0220"
BOOKED = "00"  # DE39 of the answer
_REASONS = ("Y1", "Y3")  # DE39: approved without asking; the host was not reached


class Advices:
    """Looks at each 0220 and 0221 that a terminal sends."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report

    def sent(self, till: str, message: Message) -> Transaction:
        """The sale that it names."""
        stan, date, time = message.text(11), message.text(13), message.text(12)
        amount_minor = int(message.text(4) or "0")
        tx = self._ledger.newest(till, stan)
        if tx is None or not tx.offline:
            text = f"an advice of sale {stan} went out, which no chip had approved"
            self._report("advice-matches-approval", till, text)
            if tx is not None:
                return tx
            tx = Transaction(till, stan, date, time, amount_minor, offline=True)
            self._ledger.add(tx)
        elif tx.told != CHARGED:
            text = f"an advice of sale {stan} went out, which nobody was told of"
            self._report("advice-matches-approval", till, text)
        self._ledger.fill_in(tx, date, time, amount_minor)
        if (tx.date, tx.time, tx.amount_minor) != (date, time, amount_minor):
            text = f"the advice of sale {stan} has another time or amount: {amount_minor}"
            self._report("advice-matches-approval", till, text)
        if message.text(39) not in _REASONS:
            text = f"the advice of sale {stan} says {message.text(39)}, not why it was offline"
            self._report("advice-matches-approval", till, text)
        self._look_at_turn(tx, message)
        tx.advices_sent += 1
        return tx

    def _look_at_turn(self, tx: Transaction, message: Message) -> None:
        till, stan = tx.till, tx.stan
        ahead = next((other for other in self._ledger.offline(till) if not other.advice_ended), tx)
        if tx.advice_ended:
            if not tx.may_repeat:
                text = f"the advice of sale {stan} went out again after it was booked"
                self._report("advice-in-order", till, text)
        elif ahead is not tx:
            text = f"the advice of sale {stan} went out while that of {ahead.stan} waited"
            self._report("advice-in-order", till, text)
        if tx.advices_sent and message.mti == FIRST:
            text = f"the advice of sale {stan} was sent again as a new one"
            self._report("repeat-marked", till, text)
        queue = self._ledger.queues.get(till)
        if queue is not None and (WAITING, stan) not in queue.flushed:
            text = f"the advice of sale {stan} left before its record was durable"
            self._report("record-before-send", till, text)

    @staticmethod
    def heard(tx: Transaction, code: str) -> None:
        """The host's own word on an advice has come."""
        if code == BOOKED:
            tx.advice_ended = True
            tx.may_repeat = False
