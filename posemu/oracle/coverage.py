"""Coverage: which states met which active faults, and which situations happened at all. A test that
never met its situation proves nothing."""

from __future__ import annotations

from collections import Counter

from posemu.oracle.chips import cryptogram_in
from posemu.oracle.ledger import AAC
from posemu.oracle.probe import WAITING
from posemu.oracle.reversals import CANNOT_FINISH
from posemu.sim import Event

SITUATIONS: dict[str, tuple[str, str]] = {
    "late-answer": ("an answer came after nobody waited for it", "无人等待后才到达的应答"),
    "wrong-mac": ("an answer with a wrong MAC", "MAC错误的应答"),
    "garbled-answer": ("an answer that cannot be decoded", "无法解析的应答"),
    "reversal-repeated": ("a reversal was sent again", "冲正重发"),
    "reversal-of-unknown": ("the host did not know the original", "主机不知原交易"),
    "reversal-took-back": ("the host took a booked sale back", "主机撤销了已入账的交易"),
    "order-paid-late": ("a query or a close found an order paid", "查询或关单时得知订单已支付"),
    "order-closed": ("an order was closed", "订单被关闭"),
    "close-repeated": ("a close was sent again", "关单重发"),
    "restart-in-sale": ("power was lost between the SALE key and the receipt", "交易过程中断电"),
    "told-after-restart": ("an approval was told after a restart", "重启后才告知成功"),
    "receipt-late": ("a receipt was printed later", "补打凭条"),
    "settlement-repeated": ("an end of day was sent again", "结算重发"),
    "swipe-failed": ("a swipe could not be read", "刷卡失败"),
    "chip-failed": ("an inserted chip did not get as far as a decision", "插卡未完成芯片交易"),
    "fallback": ("the stripe was allowed because the chip had failed", "芯片失败后降级刷卡"),
    "card-pulled": ("a chip card was pulled out too early", "芯片卡过早拔出"),
    "wrong-pin-at-card": ("the card said that a PIN was wrong", "卡片提示密码错误"),
    "offline-approved": ("a chip approved offline", "芯片脱机批准"),
    "approved-unanswered": (
        "a chip approved offline what the host had not answered",
        "主机无应答后芯片脱机批准",
    ),
    "chip-refused-approval": (
        "a chip refused what the host had approved",
        "主机批准后芯片拒绝",
    ),
    "advice-repeated": ("an advice was sent again", "脱机上送重发"),
    "connection-failed": ("the host was not reached", "无法连接主机"),
}

_IN_SALE = ("sale-", "code-", "order-")  # what the names of a sale's states begin with
_CANNOT_FINISH = f"|{CANNOT_FINISH}\n".encode()
_WRONG_PIN = "63C"  # status, and the tries that are left (EMV Book 3, 6.5.12)


class Coverage:
    """Counts (state, fault) pairs and situations."""

    def __init__(self) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.situations: Counter[str] = Counter()
        self._active: dict[int, tuple[str, str | None]] = {}
        self._states: dict[str, str] = {}
        self._restarted: set[str] = set()
        self._orders: dict[str, bool] = {}  # till -> an order is open
        self._talking: set[str] = set()  # tills that need the card in the slot
        self._refused: set[str] = set()  # tills whose card has said AAC
        self._unanswered: set[str] = set()  # those that reverse a sale of the card in the slot
        self.events = {
            "fault": self._fault, "state": self._state, "power": self._power,
            "ignored-answer": lambda e: self._met("late-answer"),
            "bad-mac": lambda e: self._met("wrong-mac"),
            "garbled-answer": lambda e: self._met("garbled-answer"),
            "no-connection": lambda e: self._met("connection-failed"),
            "read": lambda e: None if e.data["good"] else self._met("swipe-failed"),
            "chip-read": self._chip_read,
            "fallback": lambda e: self._met("fallback"),
            "slot": self._slot, "apdu": self._apdu, "queue-write": self._queue,
            "journal-write": self._journal, "frame-sent": self._frame,
        }  # fmt: skip

    def _met(self, situation: str) -> None:
        self.situations[situation] += 1

    def _fault(self, event: Event) -> None:
        data = event.data
        if data["what"] == "begins":
            till = data.get("terminal")
            self._active[data["number"]] = (data["fault"], till)
            for name, state in self._states.items():
                if till in (None, name):
                    self.pairs[(state, data["fault"])] += 1
        else:
            self._active.pop(data["number"], None)

    def _state(self, event: Event) -> None:
        state = event.data["state"]
        before = self._states.get(event.source, "")
        self._states[event.source] = state
        for fault, till in self._active.values():
            if till in (None, event.source):
                self.pairs[(state, fault)] += 1
        if state == "starting" and before.startswith(_IN_SALE):
            self._met("restart-in-sale")
        if state == "sale-chip":
            self._talking.add(event.source)
        if state == "recovering":
            self._restarted.add(event.source)
        elif state == "sale-approved" and event.source in self._restarted:
            self._met("told-after-restart")
        elif state == "idle":
            self._restarted.discard(event.source)
        elif state == "printing-late":
            self._met("receipt-late")

    def _power(self, event: Event) -> None:
        if not event.data["on"]:
            self._restarted.discard(event.source)
            self._talking.discard(event.source)
            self._refused.discard(event.source)

    def _chip_read(self, event: Event) -> None:
        self._talking.discard(event.source)
        if not event.data["good"]:
            self._met("chip-failed")

    def _slot(self, event: Event) -> None:
        till, there = event.source, event.data["card"]
        if not there and till in self._talking:
            self._met("card-pulled")
        self._talking.discard(till)
        self._refused.discard(till)
        self._unanswered.discard(till)

    def _apdu(self, event: Event) -> None:
        if event.data["status"].startswith(_WRONG_PIN):
            self._met("wrong-pin-at-card")
        if cryptogram_in(event) == AAC:
            self._refused.add(event.source)

    def _queue(self, event: Event) -> None:
        if event.data["record"] == WAITING:
            self._met("offline-approved")
            if event.source in self._unanswered:
                self._met("approved-unanswered")

    def _journal(self, event: Event) -> None:
        record, till = event.data["record"], event.source
        if record == "reversing":
            self._unanswered.add(till)
            if till in self._refused and event.data["bytes"].endswith(_CANNOT_FINISH):
                self._met("chip-refused-approval")
        elif record == "reversed":
            booked = event.data["bytes"].endswith(b"booked\n")
            self._met("reversal-took-back" if booked else "reversal-of-unknown")
        elif record == "order_open":
            self._orders[till] = True
        elif record == "order_closed":
            self._met("order-closed")
            self._orders[till] = False
        elif record == "approved" and self._orders.pop(till, False):
            self._met("order-paid-late")

    def _frame(self, event: Event) -> None:
        mti = event.data["bytes"][7:9]
        if mti == b"\x04\x01":
            self._met("reversal-repeated")
        elif mti == b"\x02\x21":
            self._met("advice-repeated")
        elif mti == b"\x06\x01":
            self._met("close-repeated")
        elif mti == b"\x05\x01":
            self._met("settlement-repeated")
