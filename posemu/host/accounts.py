"""The issuer's side: cards, PINs, tries and balances, in minor units. Wallets stand beside them
(`wallets`)."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.crypto import Pin

APPROVED, NO_CARD, NO_MONEY, EXPIRED, WRONG_PIN, TRIES_EXCEEDED = "00", "14", "51", "54", "55", "75"


@dataclass(slots=True)
class Account:
    """One card and the money behind it. Holds always: balance_minor >= 0, tries_left >= 0."""

    pin: Pin
    expiry: str
    balance_minor: int
    tries_left: int


class Issuer:
    """Decides about a sale, and moves the money."""

    def __init__(self, pin_tries: int) -> None:
        self._accounts: dict[str, Account] = {}
        self._pin_tries = pin_tries

    def open_account(self, pan: str, pin: Pin, expiry: str, balance_minor: int) -> None:
        self._accounts[pan] = Account(pin, expiry, balance_minor, self._pin_tries)

    def decide(self, pan: str, expiry: str, pin: Pin, amount_minor: int, today: str) -> str:
        """The response code (DE39). Approval debits the account; a wrong PIN costs a try; `today`
        is YYMM."""
        account = self._accounts.get(pan)
        if account is None:
            return NO_CARD
        if account.tries_left == 0:
            return TRIES_EXCEEDED
        if pin != account.pin:
            account.tries_left -= 1
            return WRONG_PIN if account.tries_left else TRIES_EXCEEDED
        account.tries_left = self._pin_tries
        if account.expiry < today or expiry < today:
            return EXPIRED
        if account.balance_minor < amount_minor:
            return NO_MONEY
        account.balance_minor -= amount_minor
        return APPROVED

    def give_back(self, pan: str, amount_minor: int) -> None:
        self._accounts[pan].balance_minor += amount_minor

    def total_minor(self) -> int:
        """All money in all accounts."""
        return sum(account.balance_minor for account in self._accounts.values())
