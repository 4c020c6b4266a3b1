"""The journal: what the terminal must not forget, one line of text a record, each with its CRC-32.

    sale        prepared ── sending ── approved ── told ── printed
                   │           ├────── declined
                cancelled      └────── reversing ── attempt* ── reversed
    chip sale   the same; chip (what its receipt will say) before approved; approved or declined
                after prepared, too, if the card decided alone
    code sale   prepared ── sending ── approved ── told ── printed
                   │           ├────── declined    │
                cancelled      └────── order_open ─┤
                                           └─ order_closing* ── order_closed | approved
    batch       opened ── settling ── closed | kept

After a power cut the last record of a sale decides (design: record, commit): `prepared` cancel,
`sending` reverse (a code sale: its order is open), `approved` tell and print, `reversing` go on
reversing, `order_open` go on asking, `order_closing` go on closing. A torn last line fails
its CRC and counts as not written. `write` alone is not durable; the flows flush where the rules ask
for it. No record holds card data: the masked PAN is for the receipt.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

from posemu.terminal.flash import Flash
from posemu.terminal.ports import Emit, NowUs
from posemu.terminal.records import flush_records, read_records, record_line

CARD, CODE = "card", "code"  # how a sale is paid
SWIPED, INSERTED, FALLBACK, SCANNED = "swiped", "inserted", "fallback", "scanned"
"""How card or code was read; fallback: the stripe, because the chip could not be."""


class ChipSlip(NamedTuple):
    """What the receipt of a chip sale shows beside that of a stripe: application (AID in hex, and
    its name), the card's last cryptogram and its transaction counter (hex), TVR (hex), and how the
    cardholder was verified (a name of `slips.VERIFIED`). EMV 4.4 Book 4, 11.4."""

    aid: str
    name: str
    cryptogram: str
    atc: str
    tvr: str
    verified: str


@dataclass(slots=True)
class SaleRecord:
    """One sale as the journal knows it. `status` is the name of its last record, `attempts` how
    often its reversal, or its order's close, was sent. A code sale has no PAN. `replaced`: its
    request was lost, and the chip has approved the same purchase as another sale."""

    stan: str
    date: str
    time: str
    amount_minor: int
    pan: str
    status: str = "prepared"
    reason: str = ""
    attempts: int = 0
    rrn: str = ""
    authorisation: str = ""
    told: bool = False
    method: str = CARD
    entry: str = SWIPED
    replaced: bool = False
    chip: ChipSlip | None = None


@dataclass(slots=True)
class Totals:
    """What the batch holds: sales that the host booked, and those of them that were reversed."""

    sales: int = 0
    sales_minor: int = 0
    reversals: int = 0
    reversals_minor: int = 0


class Journal:
    """Writes records and keeps the view that the flows ask: the open sale, the pending reversal,
    the open order, what to print, the totals."""

    __slots__ = (
        "_emit", "_flash", "_now_us", "batch", "current", "last_stan", "order", "reversal",
        "settling", "totals", "unprinted",
    )  # fmt: skip

    def __init__(self, flash: Flash, emit: Emit, now_us: NowUs) -> None:
        self._flash = flash
        self._emit = emit
        self._now_us = now_us
        self._forget()

    def _forget(self) -> None:
        self.batch = ""  # the open batch, or ""
        self.settling = False  # the operator asked for the end of day of this batch
        self.last_stan = 0
        self.totals = Totals()
        self.current: SaleRecord | None = None  # the sale under way
        self.reversal: SaleRecord | None = None  # the sale whose reversal is pending
        self.order: SaleRecord | None = None  # the code sale whose order is open
        self.unprinted: list[SaleRecord] = []  # approved, without a receipt yet

    # --- writing ----------------------------------------------------------------------------------

    def open_batch(self, batch: str) -> Generator[int, None, None]:
        """Opens a batch, durably, and erases what earlier batches left behind (unless a receipt
        still waits there)."""
        before = len(self._flash.content())
        self._write("opened", batch, str(self.last_stan))
        yield from self.flush()
        if not self.unprinted:
            self._flash.keep_only(self._flash.content()[before:])

    def prepare(
        self, date: str, time: str, amount_minor: int, pan: str, entry: str = SWIPED
    ) -> SaleRecord:
        """A new sale under the next trace number. Nothing of it has been sent."""
        stan = self.next_stan()
        self._write("prepared", stan, date, time, str(amount_minor), pan, CARD, entry)
        assert self.current is not None
        return self.current

    def prepare_order(self, date: str, time: str, amount_minor: int) -> SaleRecord:
        """A new code sale, likewise."""
        stan = self.next_stan()
        self._write("prepared", stan, date, time, str(amount_minor), "", CODE, SCANNED)
        assert self.current is not None
        return self.current

    def next_stan(self) -> str:
        self.last_stan = self.last_stan % 999_999 + 1
        return f"{self.last_stan:06d}"

    def keep_chip(self, slip: ChipSlip) -> None:
        """What the receipt of the sale under way will say of its chip. The name is the card's
        word, and may hold anything."""
        name = slip.name.encode("utf-8").hex()
        self._mark("chip", *slip._replace(name=name))

    def sending(self) -> None:
        self._mark("sending")

    def cancelled(self) -> None:
        self._mark("cancelled")

    def approved(self, rrn: str, authorisation: str) -> None:
        self._mark("approved", rrn, authorisation)

    def declined(self, code: str) -> None:
        self._mark("declined", code)

    def reversing(self, reason: str) -> None:
        self._mark("reversing", reason)

    def open_order(self) -> None:
        """Nobody knows what became of the code sale under way, or the customer has not finished."""
        self._mark("order_open")

    def closing_order(self) -> None:
        """A close is about to be sent; from now on the order is not asked for any more, and a
        further close is a repeat."""
        assert self.order is not None
        self._write("order_closing", self.order.stan)

    def order_paid(self, rrn: str, authorisation: str) -> None:
        assert self.order is not None
        self._write("approved", self.order.stan, rrn, authorisation)

    def order_closed(self) -> None:
        assert self.order is not None
        self._write("order_closed", self.order.stan)

    def told(self, sale: SaleRecord) -> None:
        self._write("told", sale.stan)

    def printed(self, sale: SaleRecord) -> None:
        self._write("printed", sale.stan)

    def attempt(self) -> None:
        """A reversal is about to be sent; from now on a further one is a repeat."""
        assert self.reversal is not None
        self._write("attempt", self.reversal.stan)

    def reversed(self, booked: bool) -> None:
        """The host has ended the reversal; `booked` if it had booked the sale and took it back."""
        assert self.reversal is not None
        self._write("reversed", self.reversal.stan, "booked" if booked else "unknown")

    def settle(self) -> None:
        self._write("settling", self.batch)

    def keep_batch(self) -> None:
        """The totals differ: the batch stays, and nobody asks for its settlement any more."""
        self._write("kept", self.batch)

    def close_batch(self) -> None:
        """The batch is settled."""
        self._write("closed", self.batch)

    def flush(self) -> Generator[int, None, None]:
        """Takes the flash's time; when it is over everything written so far survives a power
        cut."""
        yield from flush_records(self._flash, self._now_us)
        self._emit("journal-flush", {})

    @property
    def durable(self) -> bool:
        """True if everything written has been flushed."""
        return self._flash.clean

    def _mark(self, kind: str, *values: str) -> None:
        assert self.current is not None
        self._write(kind, self.current.stan, *values)

    def _write(self, kind: str, *values: str) -> None:
        line = record_line(kind, *values)
        self._flash.write(line)
        self._emit("journal-write", {"record": kind, "bytes": line})
        _EFFECTS[kind](self, *values)

    # --- reading ----------------------------------------------------------------------------------

    def recover(self) -> None:
        """Builds the view from flash, as it is after a power cut; a torn end is cut off."""
        self._forget()
        for kind, *values in read_records(self._flash):
            _EFFECTS[kind](self, *values)

    def _on_opened(self, batch: str, last_stan: str) -> None:
        self.batch = batch
        self.last_stan = int(last_stan)
        self.totals = Totals()

    def _on_prepared(
        self, stan: str, date: str, time: str, amount: str, pan: str, method: str, entry: str
    ) -> None:
        self.last_stan = int(stan)
        self.current = SaleRecord(stan, date, time, int(amount), pan, method=method, entry=entry)

    def _on_chip(self, stan: str, *values: str) -> None:
        slip = ChipSlip(*values)
        name = bytes.fromhex(slip.name).decode("utf-8")
        self._of_current(stan).chip = slip._replace(name=name)

    def _on_sending(self, stan: str) -> None:
        self._of_current(stan).status = "sending"

    def _on_cancelled(self, stan: str) -> None:
        self._of_current(stan).status = "cancelled"
        self.current = None

    def _on_declined(self, stan: str, code: str) -> None:
        self._of_current(stan).status = "declined"
        self.current = None

    def _on_approved(self, stan: str, rrn: str, authorisation: str) -> None:
        sale = self.order if self.order is not None else self._of_current(stan)
        assert sale.stan == stan
        sale.status, sale.rrn, sale.authorisation = "approved", rrn, authorisation
        self.totals.sales += 1
        self.totals.sales_minor += sale.amount_minor
        self.unprinted.append(sale)
        if sale.method == CARD and self.reversal is not None:
            self.reversal.replaced = True  # no card sale begins while one is pending
        self.current = self.order = None

    def _on_reversing(self, stan: str, reason: str) -> None:
        sale = self._of_current(stan)
        sale.status, sale.reason = "reversing", reason
        self.reversal, self.current = sale, None

    def _on_order_open(self, stan: str) -> None:
        sale = self._of_current(stan)
        sale.status = "order_open"
        self.order, self.current = sale, None

    def _on_order_closing(self, stan: str) -> None:
        assert self.order is not None
        self.order.status = "order_closing"
        self.order.attempts += 1

    def _on_order_closed(self, stan: str) -> None:
        assert self.order is not None
        self.order.status = "order_closed"
        self.order = None

    def _on_attempt(self, stan: str) -> None:
        assert self.reversal is not None
        self.reversal.attempts += 1

    def _on_reversed(self, stan: str, booked: str) -> None:
        assert self.reversal is not None
        if booked == "booked":
            amount = self.reversal.amount_minor
            self.totals.sales += 1
            self.totals.sales_minor += amount
            self.totals.reversals += 1
            self.totals.reversals_minor += amount
        self.reversal.status = "reversed"
        self.reversal = None

    def _on_told(self, stan: str) -> None:
        for sale in self.unprinted:
            if sale.stan == stan:
                sale.told = True

    def _on_printed(self, stan: str) -> None:
        self.unprinted = [sale for sale in self.unprinted if sale.stan != stan]

    def _on_settling(self, batch: str) -> None:
        self.settling = True

    def _on_kept(self, batch: str) -> None:
        self.settling = False

    def _on_closed(self, batch: str) -> None:
        self.batch = ""
        self.settling = False

    def _of_current(self, stan: str) -> SaleRecord:
        assert self.current is not None, f"the journal has no open sale {stan}"
        assert self.current.stan == stan
        return self.current


_EFFECTS: dict[str, Any] = {
    name.removeprefix("_on_"): method
    for name, method in vars(Journal).items()
    if name.startswith("_on_")
}
