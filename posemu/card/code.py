"""A phone that shows payment codes: what the customer holds to the scanner instead of a card.

    99 0123456789 54321 7
    │  │          │     └ check digit (Luhn, ISO/IEC 7812-1 annex B)
    │  │          └ one-time part: no code of a wallet comes twice
    │  └ the wallet's number
    └ prefix: which wallet

Standard is only that wallets of this kind show digits: a WeChat payment code has 18 of them, begins
with 10 to 15, is used once and lives for a minute (WeChat Pay, Important Parameters: auth_code).
How the digits behind the prefix are made is each wallet's secret, so the rest is assumed: a prefix
that is nobody's, a number, a one-time part and a check digit. It does not grow old: the minute is
not modelled.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from posemu.wire import luhn_check_digit

PREFIX = "99"  # assumed: neither WeChat Pay (10 to 15) nor Alipay (25 to 30) has it
_NUMBER_DIGITS, _ONE_TIME_DIGITS = 10, 5
_ONE_TIMES = 10**_ONE_TIME_DIGITS
_STEP = 61_803  # no factor in common with 10**5: all one-time parts come before one comes again
_OWNERS = 10_000


class Wallet:
    """`show(n)` is the n-th code of this wallet; `account` is what its issuer knows it by."""

    __slots__ = ("_first", "account")

    def __init__(self, account: str, draw: Callable[[int], float]) -> None:
        """`account` is that of `account_of`; `draw(0)` says where its one-time parts begin."""
        self.account = account
        self._first = int(draw(0) * _ONE_TIMES)

    def show(self, n: int) -> str:
        """The 18 digits of the n-th code; below 100,000 no two are the same."""
        one_time = (self._first + n * _STEP) % _ONE_TIMES
        body = f"{self.account}{one_time:0{_ONE_TIME_DIGITS}d}"
        return body + luhn_check_digit(body)


def account_of(pan: str, ordinal: int) -> str:
    """The account of somebody's wallet: the prefix and a number. It is the same in every world,
    and says nothing of the card; the ordinal (below 10,000) keeps two people apart."""
    drawn = int.from_bytes(blake2b(pan.encode("ascii"), digest_size=8, person=b"wallet").digest())
    head = drawn % 10 ** (_NUMBER_DIGITS - 4)
    return f"{PREFIX}{head:0{_NUMBER_DIGITS - 4}d}{ordinal % _OWNERS:04d}"
