"""Safety of messages: what a terminal may send, and when, and what a host may believe. Reads the
frames at both ends; what is marked "probe" also needs the journal's own events, and says nothing
where there are none."""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.advices import Advices
from posemu.oracle.chips import Chips
from posemu.oracle.frames import FrameReader, Message
from posemu.oracle.ledger import Ledger, Report, Transaction
from posemu.oracle.orders import IN_PROGRESS, Orders
from posemu.oracle.reversals import ENDED_BY, Reversals
from posemu.sim import Event
from posemu.wire import Codec

RULES: dict[str, tuple[str, str]] = {
    "amount-confirmed": (
        "a sale goes out over the amount that was put on the screen for confirmation",
        "发送的金额与屏幕上请客户确认的金额一致",
    ),
    "record-before-send": (
        "the record is durable before the first byte leaves (probe)",
        "首字节发出前记录已落盘",
    ),
    "stan-unique": ("a trace number serves one sale a day", "同日流水号不得重复"),
    "no-resend": ("a financial request is never sent again", "金融请求不得重发"),
    "ksn-advances": (
        "every message has a KSN of its own, always a higher one",
        "每个报文使用新的、更大的KSN",
    ),
    "request-authentic": (
        "a request, or an advice, counts only as the terminal sent it, with a right MAC",
        "请求和脱机上送报文必须与终端发出的一致,且MAC正确",
    ),
    "reversal-first": (
        "no card sale goes out while an earlier one is unknown",
        "前一笔刷卡交易结果未知时不得发送新的刷卡交易",
    ),
    "end-of-day-clean": (
        "no end of day while a sale is unknown, or an offline approval is not booked",
        "交易结果未知或脱机交易未上送入账时不得结算",
    ),
}

APPROVED, BAD_MAC = "00", "A0"
AGREES, DIFFERS = "1", "2"  # settlement flag, last digit of DE48


class Messages:
    """Follows the frames, keeps the ledger of them, and reports what breaks a rule."""

    def __init__(self, codec: Codec, ledger: Ledger, chips: Chips, report: Report) -> None:
        self._frames = FrameReader(codec)
        self._ledger = ledger
        self._report = report
        self._reversals = Reversals(codec, ledger, report)
        self._orders = Orders(ledger, report)
        self._chips = chips
        self._advices = Advices(ledger, report)
        self._under_way: dict[bytes, Transaction] = {}  # by its request, until the host has it
        self._ksn: dict[str, int] = {}
        self._settlements: set[bytes] = set()  # the host's answers to ends of day
        self.events: dict[str, Callable[[Event], None]] = {
            "frame-sent": self._frame_sent,
            "frame-received": self._frame_received,
        }

    def _frame_sent(self, event: Event) -> None:
        data = event.data
        if data["end"] == "terminal":
            for message in self._frames.messages(
                event.source, data["connection"], "out", data["bytes"]
            ):
                self._terminal_sent(event.source, message)
        else:
            for message in self._frames.messages(data["terminal"], -1, "host-out", data["bytes"]):
                self._host_sent(data["terminal"], message)

    def _frame_received(self, event: Event) -> None:
        data = event.data
        if data["end"] == "terminal":
            for message in self._frames.messages(
                event.source, data["connection"], "in", data["bytes"]
            ):
                self._terminal_received(event.source, message)
        else:
            for raw in self._frames.payloads(data["terminal"], -1, "host-in", data["bytes"]):
                tx = self._under_way.pop(raw, None)
                if tx is not None:
                    tx.request_came = True

    # --- requests ---------------------------------------------------------------------------------

    def _terminal_sent(self, till: str, message: Message) -> None:
        ksn = int(message.text(62) or "0", 16)
        if ksn <= self._ksn.get(till, -1):
            self._report(
                "ksn-advances", till, f"{message.mti} {message.text(11)} went out under an old KSN"
            )
        self._ksn[till] = max(ksn, self._ksn.get(till, -1))
        if message.mti in ("0200", "0201"):
            self._sale_sent(till, message)
        elif message.mti in ("0400", "0401"):
            self._reversals.sent(till, message)
        elif message.mti in ("0600", "0601"):
            self._orders.sent(till, message)
        elif message.mti in ("0220", "0221"):
            self._under_way[message.raw] = self._advices.sent(till, message)
        elif message.mti in ("0500", "0501"):
            self._end_of_day_sent(till)

    def _end_of_day_sent(self, till: str) -> None:
        self._ledger.totals.pop(till, None)
        for tx in self._ledger.open(till):
            text = f"end of day while sale {tx.stan} is unknown"
            self._report("end-of-day-clean", till, text)
        for tx in self._ledger.offline(till):
            if not tx.advice_ended:
                text = f"end of day while the advice of sale {tx.stan} waits"
                self._report("end-of-day-clean", till, text)

    def _sale_sent(self, till: str, message: Message) -> None:
        stan, date, time = message.text(11), message.text(13), message.text(12)
        amount_minor = int(message.text(4) or "0")
        if message.text(59):
            self._orders.pays(till, stan)
        else:
            self._card_pays(till, stan)
        confirmed_minor = self._ledger.confirmed.pop(till, amount_minor)
        if confirmed_minor != amount_minor:
            text = f"sale {stan} went out over {amount_minor}, not over {confirmed_minor}"
            self._report("amount-confirmed", till, text)
        tx = self._ledger.find(till, stan, date)
        if tx is None or not (tx.requests or tx.offline):
            tx = Transaction(till, stan, date, time, amount_minor, order=message.text(59))
            self._ledger.add(tx)
        elif (tx.time, tx.amount_minor) == (time, amount_minor):
            self._report("no-resend", till, f"the request of sale {stan} went out again")
        else:
            self._report("stan-unique", till, f"trace number {stan} was used for a second sale")
        if message.mti == "0201":
            self._report("no-resend", till, f"the request of sale {stan} went out as a repeat")
        tx.requests += 1
        self._chips.sent(tx, message.text(22))
        self._under_way[message.raw] = tx
        journal = self._ledger.journals.get(till)
        if journal is not None and ("sending", stan) not in journal.flushed:
            text = f"sale {stan} left before its record was durable"
            self._report("record-before-send", till, text)

    def _card_pays(self, till: str, stan: str) -> None:
        for other in self._ledger.open(till):
            if other.stan != stan and not other.order:
                text = f"sale {stan} went out while sale {other.stan} is unknown"
                self._report("reversal-first", till, text)

    # --- answers ----------------------------------------------------------------------------------

    def _host_sent(self, till: str, message: Message) -> None:
        if message.mti == "0510":
            self._settlements.add(message.raw)
        tx = self._of_answer(till, message)
        if tx is None:
            return
        tx.answers_sent.add(message.raw)
        if message.text(39) != APPROVED:
            return
        if message.mti == "0610":
            tx.wire_minor = tx.amount_minor
        elif message.mti in ("0210", "0230"):
            tx.wire_minor = tx.amount_minor
            if not tx.request_came:
                text = f"sale {tx.stan} was approved upon a request that nobody sent"
                self._report("request-authentic", till, text)
        elif message.mti == "0410":
            tx.wire_minor = 0

    def _terminal_received(self, till: str, message: Message) -> None:
        if message.mti == "0510" and message.raw in self._settlements:
            flag = message.text(48)[-1:]
            if flag in (AGREES, DIFFERS):
                self._ledger.totals[till] = flag == AGREES
        tx = self._of_answer(till, message)
        if tx is None:
            return
        code, genuine = message.text(39), message.raw in tx.answers_sent
        if message.mti == "0210":
            tx.answers_come += 1
            tx.approvals_come += code == APPROVED
            if genuine:
                self._sale_answered(tx, message, code)
        elif message.mti == "0230" and genuine:
            self._advices.heard(tx, code)
        elif message.mti == "0610":
            tx.approvals_come += code == APPROVED
            if genuine:
                self._orders.heard(tx, message)
        elif message.mti == "0410" and genuine and code in ENDED_BY:
            tx.reversal_ended = True

    def _sale_answered(self, tx: Transaction, message: Message, code: str) -> None:
        self._chips.answered(tx)
        if code == APPROVED:
            tx.approved_minor = int(message.text(4) or "0")
            tx.approved_as = message.text(37), message.text(38)
        elif code == BAD_MAC:
            tx.unchecked = True
        elif code != IN_PROGRESS or not tx.order:
            tx.declined = True

    def _of_answer(self, till: str, message: Message) -> Transaction | None:
        """The transaction that an answer is about: by its trace number, the newest of that number;
        to a query or a close, by its order."""
        if message.mti[:2] == "06":
            return self._ledger.order(till, message.text(59))
        return (
            self._ledger.newest(till, message.text(11)) if message.mti[:2] in ("02", "04") else None
        )
