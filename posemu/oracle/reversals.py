"""Safety of reversals: of which sale, when, and what they say."""

from __future__ import annotations

from posemu.oracle.frames import Message
from posemu.oracle.ledger import Ledger, Report, Transaction
from posemu.oracle.wording import UNKNOWN
from posemu.wire import Codec

RULES: dict[str, tuple[str, str]] = {
    "reversal-matches-original": (
        "a reversal names one sale, with its time and amount",
        "冲正与原交易的时间和金额一致",
    ),
    "reversal-without-card": ("a reversal carries no card data", "冲正报文不带卡片数据"),
    "reversal-reason": (
        "the reason that a reversal gives is true (probe)",
        "冲正原因码与事实相符",
    ),
    "repeat-marked": (
        "a reversal or an advice that is sent again is marked as a repeat",
        "重发的冲正和脱机上送必须标为重发",
    ),
    "unsent-cancelled": (
        "a sale of which nothing was sent is cancelled, not reversed (probe)",
        "未发送的交易只取消,不冲正",
    ),
    "outcome-stands": (
        "a sale that was told as charged or not charged is not reversed",
        "已告知结果的交易不再冲正",
    ),
}

REVERSAL = "0400"
ENDED_BY = ("00", "12", "25")
NO_ANSWER, CANNOT_FINISH, WRONG_MAC, OTHER = "98", "96", "A0", "06"
_CARD = ("pan", "track", "pin")


def true_reasons(tx: Transaction) -> tuple[str, ...]:
    """What may be given as the reason (DE39) if a reversal of the sale is decided on now."""
    if tx.power_cut or tx.declined or tx.approved_minor == tx.amount_minor:
        return (CANNOT_FINISH,)
    if tx.approved_minor is not None:
        return (CANNOT_FINISH, OTHER)
    if tx.unchecked:
        return (CANNOT_FINISH, WRONG_MAC)
    if tx.answers_come:
        return (CANNOT_FINISH, WRONG_MAC, OTHER, NO_ANSWER)  # spoiled, perhaps beyond its number
    return (CANNOT_FINISH, OTHER, NO_ANSWER)


class Reversals:
    """Looks at each 0400 and 0401 that a terminal sends."""

    def __init__(self, codec: Codec, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self._card_fields = tuple(
            field.number for field in codec.dialect.fields if field.sensitive in _CARD
        )

    def sent(self, till: str, message: Message) -> None:
        said = message.text(61)
        stan, time, date = said[:6], said[6:12], said[12:16]
        amount_minor = int(message.text(4) or "0")
        tx = self._ledger.find(till, stan, date)
        expected = (tx.time, tx.amount_minor) if tx is not None else None
        journal = self._ledger.journals.get(till)
        if expected is None and journal is not None:
            prepared = journal.prepared.get(stan)
            expected = prepared[1:] if prepared is not None and prepared[0] == date else ("", -1)
        if expected is not None and expected != (time, amount_minor):
            self._report(
                "reversal-matches-original",
                till,
                f"no sale {stan} of that time and amount was made",
            )
        if tx is None:
            tx = Transaction(till, stan, date, time, amount_minor)
            self._ledger.add(tx)
        if not tx.requests and journal is not None and not journal.holds("sending", stan):
            self._report("unsent-cancelled", till, f"sale {stan} was reversed, but never sent")
        if tx.order:
            text = f"sale {stan} was paid by code, and reversed"
            self._report("order-not-reversed", till, text)
        self._look_at(tx, message)
        tx.reversals_sent += 1

    def _look_at(self, tx: Transaction, message: Message) -> None:
        """What does not need to know which sale it names."""
        till, stan, reason = tx.till, tx.stan, message.text(39)
        if tx.told not in (None, UNKNOWN):
            text = f"sale {stan} was reversed after it was told as {tx.told}"
            self._report("outcome-stands", till, text)
        if tx.reversals_sent and message.mti == REVERSAL:
            self._report(
                "repeat-marked", till, f"the reversal of sale {stan} was sent again as a new one"
            )
        if tx.reasons is not None and reason not in tx.reasons:
            self._report(
                "reversal-reason", till, f"sale {stan} was reversed for {reason}, which is not so"
            )
        for number in self._card_fields:
            if number in message.fields:
                text = f"the reversal of sale {stan} carries card data in field {number}"
                self._report("reversal-without-card", till, text)
