"""Liveness: when every fault has ended, the terminals come to rest within a bound, and nothing
stays open."""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.ledger import Ledger, Report, Transaction
from posemu.oracle.wording import CHARGED, CUSTOMER, MERCHANT
from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "comes-to-rest": (
        "the terminal is ready again within the bound (probe)",
        "终端在限定时间内恢复就绪",
    ),
    "nothing-unknown": (
        "every sale that was sent ends as charged or not charged, and is told so",
        "每笔已发送的交易最终都有明确结果并已告知",
    ),
    "approval-shown": (
        "a sale that ends as charged was shown as approved on the screen",
        "最终扣款的交易都曾在屏幕上显示成功",
    ),
    "receipt-printed": (
        "a sale that ends as charged has a slip for the merchant and one for the customer",
        "最终扣款的交易都打印了商户存根和持卡人存根",
    ),
    "advice-booked": (
        "every sale that a chip approved alone is booked by the host, with its amount",
        "每笔脱机批准的交易最终都按金额入账",
    ),
    "totals-agree": ("the end of day is done and its totals agree", "结算完成且对账一致"),
}


class Liveness:
    """Watches the terminals' states; `finish` says what did not come to an end."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self.states: dict[str, str] = {}
        self._asked: dict[str, bool] = {}
        self.events: dict[str, Callable[[Event], None]] = {
            "state": self._state,
            "drain": self._drain,
        }

    def _state(self, event: Event) -> None:
        self.states[event.source] = event.data["state"]

    def _drain(self, event: Event) -> None:
        for till in event.data.get("tills", ()):
            self._asked[till] = True

    def finish(self) -> None:
        """Call it when the time for coming to rest is over."""
        for till in self._asked:
            state = self.states.get(till)
            if state is not None and state != "idle":
                self._report("comes-to-rest", till, f"it is still {state}")
            for tx in self._ledger.open(till):
                told = tx.told or "in progress"
                self._report(
                    "nothing-unknown",
                    till,
                    f"sale {tx.stan} is still {told}: neither confirmed nor reversed",
                )
            for tx in self._ledger.offline(till):
                self._look_at_offline(tx)
            if not self._ledger.totals.get(till):
                self._report("totals-agree", till, "the end of day did not balance")
            elif not self._ledger.settled.get(till):
                self._report("totals-agree", till, "nobody was told that the end of day is done")
        for tx in self._ledger.transactions.values():
            if tx.told == CHARGED and tx.till in self._asked:
                self._look_at_charged(tx)

    def _look_at_offline(self, tx: Transaction) -> None:
        """The host has answered its advice, and has booked it."""
        net_minor = self._ledger.net_minor(tx)
        if not tx.advice_ended:
            text = f"sale {tx.stan} was approved by the chip, and its advice still waits"
            self._report("advice-booked", tx.till, text)
        elif net_minor != tx.amount_minor:
            text = f"sale {tx.stan} was approved by the chip, and {net_minor} is booked"
            self._report("advice-booked", tx.till, text)

    def _look_at_charged(self, tx: Transaction) -> None:
        """The cardholder saw it on the screen, and both sides hold a slip of it."""
        if not tx.shown:
            text = f"sale {tx.stan} is charged, but no screen ever said approved"
            self._report("approval-shown", tx.till, text)
        for copy in (MERCHANT, CUSTOMER):
            if copy not in tx.slips:
                text = f"sale {tx.stan} is charged, but the {copy} has no whole slip of it"
                self._report("receipt-printed", tx.till, text)
