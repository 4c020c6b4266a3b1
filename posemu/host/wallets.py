"""The issuer's side of code payments: wallets, their balances in minor units, and which codes they
have shown.

A code is 18 digits, the last of them a Luhn check digit; the first twelve name the wallet. A code
pays once: whatever became of it, it is not taken a second time. A real issuer also knows which
one-time parts a phone can show at this minute; here any that was not used is good.
"""

from __future__ import annotations

from posemu.host.accounts import APPROVED, NO_MONEY
from posemu.wire import luhn_valid

FORMAT, NO_WALLET, USED = "30", "14", "94"
_CODE_DIGITS, _ACCOUNT_DIGITS = 18, 12


class Wallets:
    """Decides about a code, and moves the money. Holds always: no balance is below zero."""

    def __init__(self) -> None:
        self._balances_minor: dict[str, int] = {}
        self._used: set[str] = set()  # only ever asked, never walked through

    def open(self, account: str, balance_minor: int) -> None:
        """`account` is what all codes of the wallet begin with."""
        self._balances_minor[account] = balance_minor

    def take(self, code: str, amount_minor: int) -> str:
        """The response code (DE39); from now on the code is used. Nothing is debited yet."""
        if len(code) != _CODE_DIGITS or not code.isdigit() or not luhn_valid(code):
            return FORMAT
        if account_in(code) not in self._balances_minor:
            return NO_WALLET
        if code in self._used:
            return USED
        self._used.add(code)
        enough = self._balances_minor[account_in(code)] >= amount_minor
        return APPROVED if enough else NO_MONEY

    def debit(self, account: str, amount_minor: int) -> bool:
        """True if there was enough money, and it has been taken."""
        if self._balances_minor[account] < amount_minor:
            return False
        self._balances_minor[account] -= amount_minor
        return True

    def total_minor(self) -> int:
        """All money in all wallets."""
        return sum(self._balances_minor.values())


def account_in(code: str) -> str:
    """The wallet that a code is of."""
    return code[:_ACCOUNT_DIGITS]
