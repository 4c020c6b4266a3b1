"""What a person was told: the judge's own phrase book. It reads screens and slips as a cardholder
does, word for word.

It is not the terminal's message catalogue: a terminal that says "approved" in another way needs a
phrase book of its own, and a terminal that classifies its own words wrongly is still caught.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CHARGED, NOT_CHARGED, UNKNOWN = "charged", "not charged", "unknown"

# In this order: "REVERSED, NOT CHARGED" says not charged.
_PHRASES = (
    ("NOT CHARGED", NOT_CHARGED),
    ("未扣款", NOT_CHARGED),
    ("RESULT UNKNOWN", UNKNOWN),
    ("结果未知", UNKNOWN),
    ("APPROVED", CHARGED),
    ("交易成功", CHARGED),
)
_STAN = re.compile(r"(?:TRACE|流水号):? ?(\d{6})")
_AMOUNT = re.compile(r"(\d+)\.(\d\d) [A-Z]{3}")


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
