"""What a person was told: the judge's own phrase book. It reads screens and slips as a cardholder
does, word for word.

It is not the terminal's message catalogue: a terminal that says "approved" in another way needs a
phrase book of its own, and a terminal that classifies its own words wrongly is still caught.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CHARGED, NOT_CHARGED, UNKNOWN = "charged", "not charged", "unknown"
MERCHANT, CUSTOMER = "merchant", "customer"

# In this order: "REVERSED, NOT CHARGED" says not charged.
_PHRASES = (
    ("NOT CHARGED", NOT_CHARGED),
    ("未扣款", NOT_CHARGED),
    ("RESULT UNKNOWN", UNKNOWN),
    ("结果未知", UNKNOWN),
    ("APPROVED", CHARGED),
    ("交易成功", CHARGED),
)
_COPIES = (
    ("MERCHANT COPY", MERCHANT),
    ("商户存根", MERCHANT),
    ("CUSTOMER COPY", CUSTOMER),
    ("持卡人存根", CUSTOMER),
)
_REPRINT = ("REPRINT", "重打印")
_SETTLED = (
    ("END OF DAY DONE", True),
    ("结算完成", True),
    ("TOTALS DIFFER", False),
    ("对账不平", False),
)
_STAN = re.compile(r"(?:TRACE|流水号):? ?(\d{6})")
_AMOUNT = re.compile(r"(\d+)\.(\d\d) [A-Z]{3}")
_CONFIRM = re.compile(r"^(?:PAY|金额) (\d+)\.(\d\d) [A-Z]{3}")
_MASKED = re.compile(r"(\d*)\*+(\d*)")


class Statement(NamedTuple):
    """`said` is CHARGED, NOT_CHARGED or UNKNOWN, about the transaction with this trace number; the
    amount, if one was named."""

    said: str
    stan: str
    amount_minor: int | None


def read(text: str) -> Statement | None:
    """The statement in a screen or slip, or None if it says nothing about one transaction."""
    stan = _STAN.search(text)
    if stan is None:
        return None
    for phrase, said in _PHRASES:
        if phrase in text:
            amount = _AMOUNT.search(text)
            minor = int(amount[1] + amount[2]) if amount else None
            return Statement(said, stan[1], minor)
    return None


def copy_in(text: str) -> str | None:
    """Who a slip is for, MERCHANT or CUSTOMER, or None if it does not say. It is one piece of
    paper: where it names both, the first counts."""
    for phrase, copy in _COPIES:
        if phrase in text:
            return copy
    return None


def settled_in(text: str) -> bool | None:
    """True if a screen says that the end of day is done, False if it says that the totals differ,
    None if neither."""
    for phrase, done in _SETTLED:
        if phrase in text:
            return done
    return None


def says_reprint(text: str) -> bool:
    """True if a slip says that it came out before."""
    return any(phrase in text for phrase in _REPRINT)


def confirmed_minor(text: str) -> int | None:
    """The amount in minor units that a screen asks the cardholder to confirm, or None."""
    amount = _CONFIRM.search(text)
    return int(amount[1] + amount[2]) if amount else None


def masked_in(text: str) -> list[tuple[str, str]]:
    """The masked numbers in a text: the digits before the stars, and those after them."""
    return _MASKED.findall(text) if "*" in text else []
