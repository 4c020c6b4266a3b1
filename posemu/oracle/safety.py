"""Safety: what must hold after every event. Each rule has a name, which a violation carries.

The rules read frames at both ends, screens and slips; those marked "probe" also need the journal's
or the host's own events and report nothing where a terminal or host does not offer them.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.ledger import FrameReader, JournalProbe, Ledger, Message, Transaction
from posemu.oracle.wording import CHARGED, NOT_CHARGED, Statement, read
from posemu.sim import Event
from posemu.wire import Codec

RULES: dict[str, tuple[str, str]] = {
    "told-matches-booked": (
        "what the cardholder was told is what was booked",
        "持卡人被告知的结果与入账一致",
    ),
    "single-capture": ("a sale is booked at most once", "一笔交易最多入账一次"),
    "approval-from-host": (
        "approved is shown only after an approval of the host",
        "没有主机批准不得显示成功",
    ),
    "approval-authentic": (
        "an approval counts only as the host sent it, with a right MAC",
        "批准报文必须与主机发出的一致,且MAC正确",
    ),
    "late-answer-ignored": (
        "an answer that comes after the reversal went out changes nothing",
        "冲正发出后到达的应答不得生效",
    ),
    "slip-tells-truth": (
        "no slip says approved for a sale that is reversed",
        "已冲正的交易不得打印成功凭条",
    ),
    "record-before-send": (
        "the record is durable before the first byte leaves (probe)",
        "首字节发出前记录已落盘",
    ),
    "commit-before-told": (
        "an approval is durable before it is shown (probe)",
        "显示成功前记录已落盘",
    ),
    "stan-unique": ("a trace number serves one sale a day", "同日流水号不得重复"),
    "no-resend": ("a financial request is never sent again", "金融请求不得重发"),
    "ksn-advances": (
        "every message has a KSN of its own, always a higher one",
        "每个报文使用新的、更大的KSN",
    ),
    "reversal-matches-original": (
        "a reversal names one sale, with its time and amount",
        "冲正与原交易的时间和金额一致",
    ),
    "reversal-first": (
        "no sale goes out while an earlier one is unknown",
        "前一笔结果未知时不得发送新交易",
    ),
    "end-of-day-clean": ("no end of day while a sale is unknown", "结果未知时不得结算"),
    "no-crash": (
        "the terminal's program does not break its own state table",
        "终端程序不得违反状态表",
    ),
}

Report = Callable[[str, str, str], None]  # report(rule, till, text)


class Safety:
    """Follows a trace with the ledger and reports what breaks a rule."""

    def __init__(self, codec: Codec, ledger: Ledger, report: Report) -> None:
        self._frames = FrameReader(codec)
        self._ledger = ledger
        self._report = report
        self._ksn: dict[str, int] = {}
        self.totals: dict[str, str] = {}  # till -> settlement flag of the last genuine 0510
        self.settlements: dict[str, int] = {}
        self.events: dict[str, Callable[[Event], None]] = {
            "frame-sent": self._frame_sent,
            "frame-received": self._frame_received,
            "posting": self._posting,
            "screen": self._screen,
            "receipt": self._receipt,
            "journal-write": self._journal_write,
            "journal-flush": self._journal_flush,
            "power": self._power,
            "crash": self._crash,
        }

    # --- frames -----------------------------------------------------------------------------------

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
            self._reversal_sent(till, message)
        elif message.mti in ("0500", "0501"):
            self.settlements[till] = self.settlements.get(till, 0) + 1
            for tx in self._ledger.open.get(till, {}).values():
                self._report(
                    "end-of-day-clean", till, f"end of day while sale {tx.stan} is unknown"
                )

    def _sale_sent(self, till: str, message: Message) -> None:
        stan, date, time = message.text(11), message.text(13), message.text(12)
        amount_minor = int(message.text(4) or "0")
        for other in self._ledger.open.get(till, {}).values():
            if other.stan != stan:
                text = f"sale {stan} went out while sale {other.stan} is unknown"
                self._report("reversal-first", till, text)
        tx = self._ledger.find(till, stan, date)
        if tx is None or not tx.requests:
            tx = Transaction(till, stan, date, time, amount_minor)
            self._ledger.add(tx)
        elif (tx.time, tx.amount_minor) == (time, amount_minor):
            self._report("no-resend", till, f"the request of sale {stan} went out again")
        else:
            self._report("stan-unique", till, f"trace number {stan} was used for a second sale")
        tx.requests.append(message.raw)
        journal = self._ledger.journals.get(till)
        if journal is not None and ("sending", stan) not in journal.flushed:
            text = f"sale {stan} left before its record was durable"
            self._report("record-before-send", till, text)

    def _reversal_sent(self, till: str, message: Message) -> None:
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
        tx.reversals_sent += 1

    def _host_sent(self, till: str, message: Message) -> None:
        tx = self._of_answer(till, message)
        if tx is None or message.text(39) != "00":
            return
        if message.mti == "0210":
            if message.raw not in tx.approvals_sent:
                tx.approvals_sent.append(message.raw)
            tx.wire_minor = tx.amount_minor
        elif message.mti == "0410":
            tx.wire_minor = 0

    def _terminal_received(self, till: str, message: Message) -> None:
        if message.mti == "0510":
            self.totals[till] = message.text(48)[-1:]
        tx = self._of_answer(till, message)
        if tx is None:
            return
        if message.mti == "0210" and message.text(39) == "00":
            tx.approvals_come.append(message.raw)
        elif message.mti == "0210":
            tx.refused = True
        elif message.mti == "0410" and message.text(39) in ("00", "12", "25"):
            tx.reversal_ended = True

    def _of_answer(self, till: str, message: Message) -> Transaction | None:
        """The transaction that an answer is about: by its trace number, the newest of that
        number."""
        return (
            self._ledger.newest(till, message.text(11)) if message.mti[:2] in ("02", "04") else None
        )

    # --- money and words --------------------------------------------------------------------------

    def _posting(self, event: Event) -> None:
        data = event.data
        self._ledger.probed = True
        tx = self._ledger.find(data["terminal"], data["stan"], data["date"])
        if tx is None:
            self._report(
                "single-capture", data["terminal"], f"a posting for no known sale {data['stan']}"
            )
            return
        amount_minor = data["amount_minor"]
        tx.posted_minor += amount_minor
        tx.debits += amount_minor > 0
        if tx.debits > 1 or not 0 <= tx.posted_minor <= tx.amount_minor:
            self._report(
                "single-capture",
                tx.till,
                f"sale {tx.stan} is booked with {tx.posted_minor} for {tx.amount_minor}",
            )
        self._compare(tx)

    def _screen(self, event: Event) -> None:
        statement = read(event.data["text"])
        if statement is not None:
            self._told(event.source, statement, on_paper=False)

    def _receipt(self, event: Event) -> None:
        statement = read(" ".join(event.data["lines"]))
        if statement is not None:
            self._told(event.source, statement, on_paper=True)

    def _told(self, till: str, statement: Statement, on_paper: bool) -> None:
        tx = self._ledger.newest(till, statement.stan)
        if tx is None:
            if statement.said == CHARGED:
                text = f"sale {statement.stan} is called approved, but was never sent"
                self._report("approval-from-host", till, text)
            return
        if statement.said == CHARGED:
            self._approval_told(tx, statement, on_paper)
        final = statement.said in (CHARGED, NOT_CHARGED)
        self._ledger.tell(tx, statement.said, final)
        self._compare(tx)

    def _approval_told(self, tx: Transaction, statement: Statement, on_paper: bool) -> None:
        till, stan = tx.till, tx.stan
        if not tx.approvals_come:
            self._report(
                "approval-from-host",
                till,
                f"sale {stan} is called approved without the host's approval",
            )
        elif not tx.approval_is_genuine:
            self._report(
                "approval-authentic",
                till,
                f"sale {stan} is called approved after an answer the host did not send",
            )
        if tx.reversals_sent:
            self._report(
                "late-answer-ignored",
                till,
                f"sale {stan} is called approved after its reversal went out",
            )
            if on_paper:
                self._report(
                    "slip-tells-truth",
                    till,
                    f"a slip says approved for sale {stan}, which is reversed",
                )
        journal = self._ledger.journals.get(till)
        if journal is not None and ("approved", stan) not in journal.flushed:
            self._report(
                "commit-before-told", till, f"sale {stan} is called approved before that is durable"
            )
        if statement.amount_minor not in (None, tx.amount_minor):
            told_minor = statement.amount_minor
            text = f"sale {stan} over {tx.amount_minor} is called approved over {told_minor}"
            self._report("told-matches-booked", till, text)

    def _compare(self, tx: Transaction) -> None:
        """Charged and not charged must match the books; in progress and unknown match either."""
        net_minor = self._ledger.net_minor(tx)
        if tx.told == CHARGED and net_minor != tx.amount_minor:
            self._report(
                "told-matches-booked",
                tx.till,
                f"sale {tx.stan} is told as charged, but {net_minor} is booked",
            )
        elif tx.told == NOT_CHARGED and net_minor != 0:
            self._report(
                "told-matches-booked",
                tx.till,
                f"sale {tx.stan} is told as not charged, but {net_minor} is booked",
            )

    # --- probe ------------------------------------------------------------------------------------

    def _journal(self, till: str) -> JournalProbe:
        return self._ledger.journals.setdefault(till, JournalProbe())

    def _journal_write(self, event: Event) -> None:
        journal = self._journal(event.source)
        _, kind, *values = (
            event.data["bytes"].decode("ascii").rstrip("\n").replace(" ", "|", 1).split("|")
        )
        journal.written.append((kind, values[0] if values else ""))
        if kind == "prepared":
            journal.prepared[values[0]] = (values[1], values[2], int(values[3]))

    def _journal_flush(self, event: Event) -> None:
        journal = self._journal(event.source)
        journal.flushed.update(journal.written)
        journal.written.clear()

    def _power(self, event: Event) -> None:
        if not event.data["on"] and event.source in self._ledger.journals:
            # A cut in the middle of a flush leaves a part: what a restart then relies on, it must
            # have read from flash.
            self._journal(event.source).flushed.update(self._journal(event.source).written)
            self._journal(event.source).written.clear()

    def _crash(self, event: Event) -> None:
        self._report("no-crash", event.source, event.data["text"])
