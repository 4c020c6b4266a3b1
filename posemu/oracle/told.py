"""Safety of words: what people are told, on screens and slips, against what was booked. What is
marked "probe" also needs the journal's or the terminal's own events, and says nothing where there
are none."""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.chips import Chips
from posemu.oracle.ledger import Ledger, Report, Transaction
from posemu.oracle.probe import WAITING
from posemu.oracle.wording import (
    CHARGED,
    CUSTOMER,
    NOT_CHARGED,
    Statement,
    confirmed_minor,
    copy_in,
    masked_in,
    read,
    says_reprint,
    settled_in,
)
from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "told-matches-booked": (
        "what the cardholder was told is what was booked",
        "持卡人被告知的结果与入账一致",
    ),
    "single-capture": ("a sale is booked at most once", "一笔交易最多入账一次"),
    "approval-authentic": (
        "an approval counts only as the host sent it, with a right MAC",
        "批准报文必须与主机发出的一致,且MAC正确",
    ),
    "not-charged-from-host": (
        "not charged is told only after the host declined the sale, ended its reversal or closed"
        " its order",
        "主机拒绝交易、冲正完成或关单后才可告知未扣款",
    ),
    "end-of-day-from-host": (
        "what is said of the end of day is what the host said of the totals",
        "告知的结算结果与主机的对账结果一致",
    ),
    "told-before-ready": (
        "the terminal is not ready again before it has said what a sale came to (probe)",
        "告知交易结果之前终端不得恢复就绪",
    ),
    "late-answer-ignored": (
        "an answer that comes after the reversal went out changes nothing",
        "冲正发出后到达的应答不得生效",
    ),
    "slip-tells-truth": (
        "no slip says approved for a sale that is reversed",
        "已冲正的交易不得打印成功凭条",
    ),
    "reprint-marked": (
        "a copy of a slip that is printed again says so",
        "再次打印的凭条必须注明重打印",
    ),
    "pan-masked": (
        "a PAN shows its first six and last four digits at most, to the customer the last four",
        "卡号最多显示前六位和后四位,持卡人存根只显示后四位",
    ),
    "commit-before-told": (
        "an approval is durable before it is shown (probe)",
        "显示成功前记录已落盘",
    ),
}

READY = "idle"
_FIRST, _LAST = 6, 4  # digits of a PAN


class Told:
    """Reads screens and slips, and holds them against the ledger."""

    def __init__(self, ledger: Ledger, chips: Chips, report: Report) -> None:
        self._ledger = ledger
        self._chips = chips
        self._report = report
        self.events: dict[str, Callable[[Event], None]] = {
            "posting": self._posting,
            "screen": self._screen,
            "receipt": self._receipt,
            "state": self._state,
        }

    # --- what happens -----------------------------------------------------------------------------

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
        till, text = event.source, event.data["text"]
        statement = read(text)
        if statement is not None:
            self._told(till, statement)
        elif (amount_minor := confirmed_minor(text)) is not None:
            self._ledger.asked = True
            self._ledger.confirmed[till] = amount_minor
        elif (done := settled_in(text)) is not None:
            self._settled(till, done)
        self._look_for_digits(till, text, _FIRST)

    def _receipt(self, event: Event) -> None:
        till, text = event.source, " ".join(event.data["lines"])
        statement = read(text)
        if statement is not None:
            self._told(till, statement, text)
        self._look_for_digits(till, text, 0 if copy_in(text) == CUSTOMER else _FIRST)

    def _settled(self, till: str, done: bool) -> None:
        self._ledger.settled[till] = done
        if self._ledger.totals.get(till) is not done:
            said = "the end of day is called done" if done else "the totals are said to differ"
            self._report("end-of-day-from-host", till, f"{said}, but the host did not say so")

    def _look_for_digits(self, till: str, text: str, first: int) -> None:
        for begins, ends in masked_in(text):
            if len(begins) > first or len(ends) > _LAST:
                said = f"{len(begins)} + {len(ends)} digits of a PAN are shown"
                self._report("pan-masked", till, said)

    def _state(self, event: Event) -> None:
        if event.data["state"] == READY:
            for tx in self._ledger.open(event.source):
                if tx.told is None and tx.requests and not tx.replaced:
                    text = f"sale {tx.stan} was sent, and nobody was told what it came to"
                    self._report("told-before-ready", tx.till, text)

    # --- what is told -----------------------------------------------------------------------------

    def _told(self, till: str, statement: Statement, slip: str | None = None) -> None:
        """On the screen, or on a slip with this text."""
        tx = self._ledger.newest(till, statement.stan)
        if tx is None:
            if statement.said != CHARGED:
                return  # nothing was sent, and nothing is said to be owed
            tx = self._chips.approved_alone(till, statement)
        if statement.said == CHARGED:
            self._approval_told(tx, statement, slip)
            if slip is None:
                tx.shown = True
            else:
                self._keep_slip(tx, statement, slip)
        elif statement.said == NOT_CHARGED and not (
            tx.declined or tx.reversal_ended or tx.order_closed
        ):
            text = f"sale {tx.stan} is called not charged, but the host never said so"
            self._report("not-charged-from-host", till, text)
        final = statement.said in (CHARGED, NOT_CHARGED)
        self._ledger.tell(tx, statement.said, final)
        self._compare(tx)

    def _approval_told(self, tx: Transaction, statement: Statement, slip: str | None) -> None:
        till, stan = tx.till, tx.stan
        if not tx.offline:
            self._look_at_approval(tx)
        if tx.reversals_sent:
            self._report(
                "late-answer-ignored",
                till,
                f"sale {stan} is called approved after its reversal went out",
            )
            if slip is not None:
                self._report(
                    "slip-tells-truth",
                    till,
                    f"a slip says approved for sale {stan}, which is reversed",
                )
        if not self._is_durable(tx):
            self._report(
                "commit-before-told", till, f"sale {stan} is called approved before that is durable"
            )
        if statement.amount_minor not in (None, tx.amount_minor):
            told_minor = statement.amount_minor
            text = f"sale {stan} over {tx.amount_minor} is called approved over {told_minor}"
            self._report("told-matches-booked", till, text)

    def _look_at_approval(self, tx: Transaction) -> None:
        """Of a sale that was sent: the host's own word, and then the card's."""
        if not tx.approvals_come:
            text = f"sale {tx.stan} is called approved without the host's approval"
            self._report("approval-granted", tx.till, text)
        elif tx.approved_minor is None:
            text = f"sale {tx.stan} is called approved after an answer the host did not send"
            self._report("approval-authentic", tx.till, text)
        else:
            self._chips.told_charged(tx)

    def _is_durable(self, tx: Transaction) -> bool:
        """False if its approval, or its advice where the chip approved alone, can still be lost."""
        journal, queue = self._ledger.journals.get(tx.till), self._ledger.queues.get(tx.till)
        if journal is not None and ("approved", tx.stan) not in journal.flushed:
            return False
        return not tx.offline or queue is None or (WAITING, tx.stan) in queue.flushed

    def _keep_slip(self, tx: Transaction, statement: Statement, slip: str) -> None:
        """A slip without the amount, or without what the host calls its approval, is none."""
        copy = copy_in(slip)
        whole = statement.amount_minor == tx.amount_minor and all(
            name in slip for name in tx.approved_as
        )
        if copy is None or not whole:
            return
        if copy in tx.slips and not says_reprint(slip):
            text = f"a second {copy}'s slip of sale {tx.stan} does not say reprint"
            self._report("reprint-marked", tx.till, text)
        tx.slips.add(copy)

    def _compare(self, tx: Transaction) -> None:
        """Charged and not charged must match the books; in progress and unknown match either. What
        a chip approved alone is charged once its advice is booked: until then nothing is."""
        net_minor = self._ledger.net_minor(tx)
        waits = tx.offline and not tx.debits
        if tx.told == CHARGED and net_minor != tx.amount_minor and not waits:
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
