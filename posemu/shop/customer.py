"""A customer: what is to pay, with what, and how long he or she waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from posemu.card import BankCard

CARD, CODE, CASH = "card", "code", "cash"


@dataclass(frozen=True, slots=True)
class Customer:
    """Everything about one customer, decided before he or she comes, so that two variants of a shop
    see the same people.

    `queue_us` is the patience in the queue (None: endless), `order_us` the time the order takes
    before payment begins. `method` is CARD or CODE; a card has its PIN, a code is what the phone
    shows. `cash` says whether the customer could pay in cash, if asked.
    """

    ordinal: int
    amount_minor: int
    method: str = CARD
    card: BankCard | None = field(default=None, repr=False)
    pin: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    queue_us: int | None = None
    order_us: int = 0
    cash: bool = True
