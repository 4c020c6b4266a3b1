"""Liveness: when every fault has ended, the terminals come to rest within a bound, and nothing
stays open."""

from __future__ import annotations

from posemu.oracle.ledger import Ledger
from posemu.oracle.safety import Report, Safety
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
    "totals-agree": ("the end of day is done and its totals agree", "结算完成且对账一致"),
}

BALANCED = "1"


class Liveness:
    """Watches the terminals' states; `finish` says what did not come to an end."""

    def __init__(self, ledger: Ledger, safety: Safety, report: Report) -> None:
        self._ledger = ledger
        self._safety = safety
        self._report = report
        self.states: dict[str, str] = {}
        self._asked: dict[str, bool] = {}
        self.events = {"state": self._state, "drain": self._drain}

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
            for tx in self._ledger.open.get(till, {}).values():
                told = tx.told or "in progress"
                self._report(
                    "nothing-unknown",
                    till,
                    f"sale {tx.stan} is still {told}: neither confirmed nor reversed",
                )
            if self._safety.totals.get(till) != BALANCED:
                self._report("totals-agree", till, "the end of day did not balance")
