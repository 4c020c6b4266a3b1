"""What kind of transaction this is, and where: the questions that the restrictions of a card and
the conditions of its CVM list ask (EMV 4.4 Book 3, 10.4.2 and annex C3; Book 4, annex A1).

All of it is the terminal's own data: type (9F35), capabilities (9F40), the transaction type (9C:
the first two digits of ISO 8583's processing code) and the cashback amount (9F03).
"""

from __future__ import annotations

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import ADDITIONAL_CAPABILITIES, has

TERMINAL_TYPE, TRANSACTION_TYPE, AMOUNT_OTHER = "9F35", "9C", "9F03"
_PURCHASE, _CASH, _CASHBACK = 0x00, 0x01, 0x09
_UNATTENDED = (4, 5, 6)
_BANK_UNATTENDED = (0x14, 0x15, 0x16)


def is_unattended(data: Data) -> bool:
    """Whether nobody of the merchant or the bank stands there (second digit of the terminal type,
    Book 4, annex A1)."""
    return data.terminal[TERMINAL_TYPE][0] & 0x0F in _UNATTENDED


def is_atm(data: Data) -> bool:
    """Whether the terminal is an ATM: a bank's, unattended, and it pays out cash (Book 4, annex
    A1)."""
    pays_out = has(ADDITIONAL_CAPABILITIES, data.terminal[ADDITIONAL_CAPABILITIES], "cash")
    return data.terminal[TERMINAL_TYPE][0] in _BANK_UNATTENDED and pays_out


def is_cash(data: Data) -> bool:
    """Cash and nothing else."""
    return _kind(data) == _CASH


def is_purchase(data: Data) -> bool:
    """Goods or services, with cashback or without."""
    return _kind(data) in (_PURCHASE, _CASHBACK)


def has_cashback(data: Data) -> bool:
    """A purchase that also pays out cash: by its type, or by a cashback amount."""
    return is_purchase(data) and (
        _kind(data) == _CASHBACK or any(data.terminal.get(AMOUNT_OTHER, b""))
    )


def _kind(data: Data) -> int:
    return data.terminal[TRANSACTION_TYPE][0]
