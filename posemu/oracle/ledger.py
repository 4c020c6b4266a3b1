"""The ledger: what each transaction came to, seen from outside, from frames, postings, screens and
slips. Shares no code with terminal or host.

A transaction is known by (till, trace number, local date). Money is counted from the host's
postings where the trace offers them (the optional probe), else from the answers that the host put
on the wire.

A sale that was sent online is opened by its request. One that a chip approved alone is opened by
what people are told, and waits there for its advice; a screen names no date, so without a probe
that comes with the advice too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Report = Callable[[str, str, str], None]
"""`report(rule, till, text)`: a rule was broken."""


TC, AAC, ARQC = "TC", "AAC", "ARQC"  # kinds of cryptogram (EMV Book 3, 6.5.5)
INSERTED = "inserted"  # how the journal calls a chip that was read


@dataclass(slots=True)
class Cryptogram:
    """What a card said to GENERATE AC, as the terminal heard it, and the sale that it was counted
    for ("": none yet)."""

    kind: str
    stan: str = ""

    def counts_for(self, stan: str) -> bool:
        """True if it is a TC, and that of no other sale; from now on it is that of this one."""
        if self.kind != TC or self.stan not in ("", stan):
            return False
        self.stan = stan
        return True


@dataclass(slots=True)
class Transaction:
    """One sale, by card or by code; amounts are minor units. A message is *genuine* if it arrived
    exactly as it was sent."""

    till: str
    stan: str
    date: str
    time: str
    amount_minor: int
    requests: int = 0  # sent
    request_came: bool = False  # to the host, genuine
    answers_sent: set[bytes] = field(default_factory=set)  # by the host
    answers_come: int = 0  # 0210 that reached the terminal, genuine or not
    approvals_come: int = 0  # those of them that say 00
    approved_minor: int | None = None  # the amount that a genuine approval names
    approved_as: tuple[str, ...] = ()  # its reference (DE37) and authorisation code (DE38)
    declined: bool = False  # a genuine 0210 refuses it
    unchecked: bool = False  # a genuine 0210 says that the host could not check the request
    reversals_sent: int = 0
    reversal_ended: bool = False  # by a genuine 0410
    order: str = ""  # its number, of a code payment
    closes_sent: int = 0
    order_closed: bool = False  # a genuine 0610 says that it is not charged
    chip: bool = False  # its request says that a chip was read
    cryptogram: Cryptogram | None = None  # what the chip said last, told of the host's answer
    replaced: bool = False  # the chip approved the same purchase alone, under another number
    offline: bool = False  # a chip approved it alone
    advices_sent: int = 0
    advice_ended: bool = False  # by a genuine 0230 that says booked
    may_repeat: bool = False  # nevertheless: power failed before the terminal had noted that
    reasons_before: tuple[str, ...] = ()  # as `reasons`, before the chip was told of the host
    reasons: tuple[str, ...] | None = None  # that could truly be given when it was decided on
    debits: int = 0
    posted_minor: int = 0
    wire_minor: int = 0
    told: str | None = None  # what the person was last told
    shown: bool = False  # a screen called it approved
    slips: set[str] = field(default_factory=set)  # copies that say approved
    power_cut: bool = False  # while its outcome was open


@dataclass(slots=True)
class Records:
    """What an area of a till's flash is known to hold, as (kind, stan): `flushed` survives a power
    cut, `written` does not yet."""

    written: list[tuple[str, str]] = field(default_factory=list)
    flushed: set[tuple[str, str]] = field(default_factory=set)

    def flush(self) -> None:
        self.flushed.update(self.written)
        self.written.clear()

    def holds(self, kind: str, stan: str) -> bool:
        """True if such a record was written, durably or not."""
        return (kind, stan) in self.flushed or (kind, stan) in self.written


@dataclass(slots=True)
class JournalProbe(Records):
    """A till's journal: of each sale date, time and amount, and how card or code was read."""

    prepared: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class QueueProbe(Records):
    """A till's queue of advices; its records name the sale by a number."""

    stans: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ChipProbe:
    """What the chip in a till has said since it was put in, and what it was told before."""

    last: Cryptogram | None = None
    asked: Transaction | None = None  # the sale that was sent with its ARQC
    answered: bool = False  # the host's own answer to that has come
    granted: set[str] = field(default_factory=set)  # sales that a TC was counted for

    def grants(self, stan: str) -> bool:
        """True if a TC is, or was before, that of this sale."""
        if self.last is not None and self.last.counts_for(stan):
            self.granted.add(stan)
        return stan in self.granted


class Ledger:
    """All transactions, by (till, stan, date), and the newest of each (till, stan)."""

    def __init__(self) -> None:
        self.transactions: dict[tuple[str, str, str], Transaction] = {}
        self._newest: dict[tuple[str, str], Transaction] = {}
        self._orders: dict[tuple[str, str], Transaction] = {}  # by till and order number
        self._open: dict[str, dict[str, Transaction]] = {}  # till -> stan -> not yet told for good
        self.probed = False  # postings are in the trace
        self.journals: dict[str, JournalProbe] = {}
        self.queues: dict[str, QueueProbe] = {}
        self.chips: dict[str, ChipProbe] = {}
        self._offline: dict[str, list[Transaction]] = {}
        self.asked = False  # a screen asked to confirm an amount
        self.totals: dict[str, bool] = {}  # till -> the host agreed to those sent last, or not
        self.settled: dict[str, bool] = {}  # till -> people were told last that they agree, or not
        self.confirmed: dict[str, int] = {}  # till -> the amount that its next sale must be over

    def find(self, till: str, stan: str, date: str) -> Transaction | None:
        return self.transactions.get((till, stan, date))

    def newest(self, till: str, stan: str) -> Transaction | None:
        return self._newest.get((till, stan))

    def order(self, till: str, number: str) -> Transaction | None:
        return self._orders.get((till, number))

    def open(self, till: str) -> Iterable[Transaction]:
        """Those whose outcome has not been told for good, in order."""
        return self._open.get(till, _NONE).values()

    def add(self, tx: Transaction) -> None:
        self.transactions[(tx.till, tx.stan, tx.date)] = tx
        self._newest[(tx.till, tx.stan)] = tx
        if tx.order:
            self._orders[(tx.till, tx.order)] = tx
        self._open.setdefault(tx.till, {})[tx.stan] = tx

        if tx.offline:
            self._offline.setdefault(tx.till, []).append(tx)

    def offline(self, till: str) -> Sequence[Transaction]:
        """Those that a chip approved alone, in order."""
        return self._offline.get(till, ())

    def fill_in(self, tx: Transaction, date: str, time: str, amount_minor: int) -> None:
        """What nobody knew of an offline approval before its advice went out."""
        if not tx.date:
            self.transactions.pop((tx.till, tx.stan, ""), None)
            tx.date, tx.time = date, time
            self.transactions[(tx.till, tx.stan, date)] = tx
        tx.amount_minor = tx.amount_minor or amount_minor

    def tell(self, tx: Transaction, said: str, final: bool) -> None:
        tx.told = said
        still_open = self._open.setdefault(tx.till, {})
        if final:
            still_open.pop(tx.stan, None)
        else:
            still_open[tx.stan] = tx

    def net_minor(self, tx: Transaction) -> int:
        """What the cardholder has been debited for it, less what was given back."""
        return tx.posted_minor if self.probed else tx.wire_minor


_NONE: dict[str, Transaction] = {}
