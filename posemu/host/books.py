"""The acquirer's books of one terminal: card sales and code payments, what became of them, and the
totals of its batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from posemu.wire import Value

BOOKED, DECLINED, REVERSED, REVERSED_FIRST = "booked", "declined", "reversed", "reversed-first"

Trace = tuple[
    str, str, str
]  # STAN, local time, local date (DE11, DE12, DE13): what identifies an original


class Posting(NamedTuple):
    """Money moved: a debit (positive) or its reversal (negative), in minor units."""

    terminal: str
    stan: str
    date: str
    amount_minor: int


Service = tuple[dict[int, Value], tuple[Posting, ...]]
"""What the answer says beside the fields it echoes, and what was posted."""


def trace_in(fields: dict[int, Value]) -> Trace:
    return str(fields[11]), str(fields[12]), str(fields[13])


@dataclass(slots=True)
class Original:
    """A sale as the acquirer remembers it. `reversed-first`: its reversal came before it did.

    `opinion` is there only if its chip approved it offline: the response code that it would have
    got online. Whoever disputes it later asks for that.
    """

    status: str
    amount_minor: int
    pan: str = field(default="", repr=False)
    rrn: str = ""
    authorisation: str = ""
    opinion: str = ""


class OrderStatus(Enum):
    """`CLOSED_FIRST`: its close came, and its pay had not."""

    IN_PROGRESS = "in-progress"
    PAID = "paid"
    REFUSED = "refused"
    CLOSED = "closed"
    CLOSED_FIRST = "closed-first"


@dataclass(slots=True)
class Order:
    """A code payment as the acquirer remembers it. `trace` is that of its pay message,
    `queries_left` how often it is asked for before the customer has finished on the phone."""

    status: OrderStatus
    amount_minor: int
    trace: Trace = ("", "", "")
    account: str = field(default="", repr=False)
    rrn: str = ""
    authorisation: str = ""
    queries_left: int = 0


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
    orders: dict[str, Order] = field(default_factory=dict)  # by number

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

    def remember_order(self, number: str, order: Order) -> None:
        """Its pay has come: the trace number is used, as by a card sale."""
        self.orders[number] = order
        self.by_stan_date[(order.trace[0], order.trace[2])] = order.trace

    def book_order(self, order: Order) -> None:
        order.status = OrderStatus.PAID
        self.totals.sales += 1
        self.totals.sales_minor += order.amount_minor

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
