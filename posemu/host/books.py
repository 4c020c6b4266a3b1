"""The acquirer's books of one terminal: originals, what became of them, and the totals of its
batches."""

from __future__ import annotations

from dataclasses import dataclass, field

BOOKED, DECLINED, REVERSED, REVERSED_FIRST = "booked", "declined", "reversed", "reversed-first"

Trace = tuple[
    str, str, str
]  # STAN, local time, local date (DE11, DE12, DE13): what identifies an original


@dataclass(slots=True)
class Original:
    """A sale as the acquirer remembers it. `reversed-first`: its reversal came before it did."""

    status: str
    amount_minor: int
    pan: str = field(default="", repr=False)
    rrn: str = ""
    authorisation: str = ""


@dataclass(slots=True)
class BatchTotals:
    """Sales booked in the batch, and those of them that were reversed (amounts in minor units)."""

    sales: int = 0
    sales_minor: int = 0
    reversals: int = 0
    reversals_minor: int = 0

    def as_field(self) -> str:
        """As DE48 of a reconciliation request writes it."""
        return (
            f"{self.sales:06d}{self.sales_minor:012d}"
            f"{self.reversals:06d}{self.reversals_minor:012d}"
        )


@dataclass(slots=True)
class TerminalBooks:
    """Everything the acquirer keeps about one terminal."""

    merchant_id: str
    batch: int = 1
    totals: BatchTotals = field(default_factory=BatchTotals)
    closed: dict[str, str] = field(default_factory=dict)  # batch -> totals it was closed with
    originals: dict[Trace, Original] = field(default_factory=dict)
    by_stan_date: dict[tuple[str, str], Trace] = field(default_factory=dict)

    @property
    def batch_number(self) -> str:
        return f"{self.batch:06d}"

    def remember(self, trace: Trace, original: Original) -> None:
        self.originals[trace] = original
        self.by_stan_date[(trace[0], trace[2])] = trace

    def book(self, trace: Trace, original: Original) -> None:
        self.remember(trace, original)
        self.totals.sales += 1
        self.totals.sales_minor += original.amount_minor

    def reverse(self, original: Original) -> None:
        original.status = REVERSED
        self.totals.reversals += 1
        self.totals.reversals_minor += original.amount_minor

    def close_batch(self) -> None:
        """Closes the open batch and opens the next. Originals stay: a late message may still name
        them."""
        self.closed = {self.batch_number: self.totals.as_field()}
        self.batch += 1
        self.totals = BatchTotals()
