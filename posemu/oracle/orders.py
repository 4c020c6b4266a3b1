"""Safety of code payments: one order at a time, asked for and closed under its own number, and
never reversed."""

from __future__ import annotations

from posemu.oracle.frames import Message
from posemu.oracle.ledger import Ledger, Report, Transaction

RULES: dict[str, tuple[str, str]] = {
    "one-open-order": (
        "no code payment goes out while an earlier order of the till is open",
        "上一笔订单未完结时不得发起新的付款码支付",
    ),
    "order-matches-sale": (
        "a query or a close names an order that was made, with its amount",
        "查询和关单与原订单的订单号和金额一致",
    ),
    "order-not-reversed": (
        "a code payment is queried and closed, never reversed",
        "付款码支付只查询和关单,不冲正",
    ),
}

CLOSE = "990000"  # DE3
PAID, IN_PROGRESS, CLOSED, NO_SUCH_ORDER = "00", "09", "17", "25"  # DE39
FIRST = "0600"


class Orders:
    """Looks at each query and close that a terminal sends, and at what it hears."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report

    def pays(self, till: str, stan: str) -> None:
        """A code payment goes out: every earlier one must have come to its end."""
        for other in self._ledger.open(till):
            if other.order and other.stan != stan:
                text = f"sale {stan} went out while the order of sale {other.stan} is open"
                self._report("one-open-order", till, text)

    def sent(self, till: str, message: Message) -> None:
        """A query or a close."""
        number, amount_minor = message.text(59), int(message.text(4) or "0")
        tx = self._ledger.order(till, number)
        made = self._unsent(till, amount_minor) if tx is None else tx.amount_minor == amount_minor
        if not made:
            self._report("order-matches-sale", till, f"no order {number} of that amount was made")
        if tx is None or message.text(3) != CLOSE:
            return
        if tx.closes_sent and message.mti == FIRST:
            text = f"the close of sale {tx.stan} was sent again as a new one"
            self._report("repeat-marked", till, text)
        tx.closes_sent += 1

    def _unsent(self, till: str, amount_minor: int) -> bool:
        """True if a sale over that amount was on its way when power failed, so that its pay may
        never have left; without a probe nobody can know."""
        journal = self._ledger.journals.get(till)
        return journal is None or any(
            amount == amount_minor
            and journal.holds("sending", stan)
            and self._ledger.find(till, stan, date) is None
            for stan, (date, _, amount) in journal.prepared.items()
        )

    @staticmethod
    def heard(tx: Transaction, message: Message) -> None:
        """The host's own word on an order: what a query or a close was answered."""
        code = message.text(39)
        if code == PAID:
            tx.approved_minor = int(message.text(4) or "0")
            tx.approved_as = (message.text(37), message.text(38))
        elif code == CLOSED or (code == NO_SUCH_ORDER and message.text(3) == CLOSE):
            tx.order_closed = True
