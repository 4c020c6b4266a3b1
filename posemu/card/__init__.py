"""Cards, and phones that show a code: things that answer when they are presented. Sans-IO."""

from posemu.card.bank_card import BankCard
from posemu.card.code import Wallet, account_of
from posemu.card.stripe import StripeCard

__all__ = ["BankCard", "StripeCard", "Wallet", "account_of"]
