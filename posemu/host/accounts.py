"""The issuer's side: cards, PINs, tries and balances, in minor units. Wallets stand beside them
(`wallets`)."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.crypto import Pin

APPROVED, NO_CARD, NO_MONEY, EXPIRED, WRONG_PIN, TRIES_EXCEEDED = "00", "14", "51", "54", "55", "75"


@dataclass(slots=True)
class Account:
    """One card and the money behind it. Holds always: tries_left >= 0, and balance_minor is below
    zero only by what its chip approved offline."""

    pin: Pin
    expiry: str
    balance_minor: int
    tries_left: int


class Issuer:
    """Decides about a sale, and moves the money."""

    def __init__(self, pin_tries: int) -> None:
        self._accounts: dict[str, Account] = {}
        self._pin_tries = pin_tries
        self._suspense_minor = 0  # below zero by what was approved offline for cards of no account

    def open_account(self, pan: str, pin: Pin, expiry: str, balance_minor: int) -> None:
        self._accounts[pan] = Account(pin, expiry, balance_minor, self._pin_tries)

    def decide(self, pan: str, expiry: str, pin: Pin | None, amount_minor: int, today: str) -> str:
        """The response code (DE39). Approval debits the account; a wrong PIN costs a try, and
        without one (None: the chip has seen to the cardholder) tries do not count; `today` is
        YYMM."""
        account = self._accounts.get(pan)
        if account is None:
            return NO_CARD
        if pin is not None and (wrong := self._check(account, pin)):
            return wrong
        code = _cover(account, expiry, amount_minor, today)
        if code == APPROVED:
            account.balance_minor -= amount_minor
        return code

    def debit(self, pan: str, expiry: str, amount_minor: int, today: str) -> str:
        """Takes what a chip has approved offline, whatever there is: an account may be overdrawn,
        and what no account is there for stands in suspense. The response code is the one that
        `decide` would have given without a PIN."""
        account = self._accounts.get(pan)
        if account is None:
            self._suspense_minor -= amount_minor
            return NO_CARD
        code = _cover(account, expiry, amount_minor, today)
        account.balance_minor -= amount_minor
        return code

    def give_back(self, pan: str, amount_minor: int) -> None:
        account = self._accounts.get(pan)
        if account is None:
            self._suspense_minor += amount_minor
        else:
            account.balance_minor += amount_minor

    def total_minor(self) -> int:
        """All money in all accounts, less what stands in suspense."""
        return self._suspense_minor + sum(a.balance_minor for a in self._accounts.values())

    def _check(self, account: Account, pin: Pin) -> str:
        """The response code that declines, "" if the PIN is right."""
        if account.tries_left == 0:
            return TRIES_EXCEEDED
        if pin != account.pin:
            account.tries_left -= 1
            return WRONG_PIN if account.tries_left else TRIES_EXCEEDED
        account.tries_left = self._pin_tries
        return ""


def _cover(account: Account, expiry: str, amount_minor: int, today: str) -> str:
    """The response code by date and balance."""
    if account.expiry < today or expiry < today:
        return EXPIRED
    return APPROVED if account.balance_minor >= amount_minor else NO_MONEY
