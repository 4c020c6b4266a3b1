"""Which rule of a CVM list applies, and which method the terminal supports (EMV 4.4 Book 3, annex
C3, table 44; Book 4, 6.3.4).

A condition that the terminal does not understand, or that asks about something it has not been
told, does not hold (Book 3, 10.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.terminal.kernel.cvm_list import CvmCondition, CvmList, CvmMethod, CvmRule
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import CAPABILITIES, has
from posemu.terminal.kernel.transaction_kind import has_cashback, is_cash, is_unattended

_AMOUNT, _CURRENCY, _CARD_CURRENCY = "9F02", "5F2A", "9F42"

PLAINTEXT, ENCIPHERED, ONLINE = "plaintext-pin", "enciphered-pin", "online-pin"
SIGNATURE, NO_CVM = "signature", "no-cvm"
OFFLINE = (PLAINTEXT, ENCIPHERED)

PARTS: Mapping[CvmMethod, tuple[str, ...]] = {
    CvmMethod.FAIL: (),
    CvmMethod.PLAINTEXT_PIN_OFFLINE: (PLAINTEXT,),
    CvmMethod.ENCIPHERED_PIN_ONLINE: (ONLINE,),
    CvmMethod.PLAINTEXT_PIN_OFFLINE_AND_SIGNATURE: (PLAINTEXT, SIGNATURE),
    CvmMethod.ENCIPHERED_PIN_OFFLINE: (ENCIPHERED,),
    CvmMethod.ENCIPHERED_PIN_OFFLINE_AND_SIGNATURE: (ENCIPHERED, SIGNATURE),
    CvmMethod.SIGNATURE: (SIGNATURE,),
    CvmMethod.NO_CVM: (NO_CVM,),
}
"""What a method is made of, by the names of the capabilities (9F33) that the terminal must have."""


def applies(rule: CvmRule, listed: CvmList, data: Data) -> bool:
    """Whether the rule's condition holds. Needs 9C, 9F33 and 9F35 of the terminal; its 9F02 and
    5F2A and the card's 9F42 may be missing. Book 3, table 44."""
    return rule.condition is not None and _HOLDS[rule.condition](rule, listed, data)


def is_supported(method: CvmMethod, data: Data) -> bool:
    """Whether the terminal has all that the method needs; failing it always can (Book 4, 6.3.4)."""
    return all(is_capable(part, data) for part in PARTS[method])


def is_capable(part: str, data: Data) -> bool:
    """Whether the terminal has this capability (9F33, byte 2)."""
    return has(CAPABILITIES, data.terminal[CAPABILITIES], part)


def lacks_pin_pad(method: CvmMethod, data: Data) -> bool:
    """Whether the method wants a PIN of a terminal that takes none of that kind: online, or offline
    in neither form (Book 3, 10.5, step 1, and footnote 14)."""
    parts = PARTS[method]
    wants_offline = any(part in OFFLINE for part in parts)
    if wants_offline and not any(is_capable(part, data) for part in OFFLINE):
        return True
    return ONLINE in parts and not is_capable(ONLINE, data)


def _is_supported_rule(rule: CvmRule, listed: CvmList, data: Data) -> bool:
    return rule.method is not None and is_supported(rule.method, data)


def _is_under(limit_minor: int, data: Data) -> bool:
    amount_minor = _card_amount(data)
    return amount_minor is not None and amount_minor < limit_minor


def _is_over(limit_minor: int, data: Data) -> bool:
    amount_minor = _card_amount(data)
    return amount_minor is not None and amount_minor > limit_minor


def _card_amount(data: Data) -> int | None:
    """The amount in minor units, None if it is not there, or not in the application's currency."""
    amount, currency = data.terminal.get(_AMOUNT), data.terminal.get(_CURRENCY)
    if amount is None or currency is None or currency != data.card.get(_CARD_CURRENCY):
        return None
    return int(amount.hex())


_HOLDS: Mapping[CvmCondition, Callable[[CvmRule, CvmList, Data], bool]] = {
    CvmCondition.ALWAYS: lambda rule, listed, data: True,
    CvmCondition.UNATTENDED_CASH: lambda rule, listed, data: is_cash(data) and is_unattended(data),
    CvmCondition.NOT_CASH_NOR_CASHBACK: lambda rule, listed, data: (
        not is_cash(data) and not has_cashback(data)
    ),
    CvmCondition.TERMINAL_SUPPORTS: _is_supported_rule,
    CvmCondition.MANUAL_CASH: lambda rule, listed, data: is_cash(data) and not is_unattended(data),
    CvmCondition.CASHBACK: lambda rule, listed, data: has_cashback(data),
    CvmCondition.AMOUNT_UNDER_X: lambda rule, listed, data: _is_under(listed.amount_x, data),
    CvmCondition.AMOUNT_OVER_X: lambda rule, listed, data: _is_over(listed.amount_x, data),
    CvmCondition.AMOUNT_UNDER_Y: lambda rule, listed, data: _is_under(listed.amount_y, data),
    CvmCondition.AMOUNT_OVER_Y: lambda rule, listed, data: _is_over(listed.amount_y, data),
}
