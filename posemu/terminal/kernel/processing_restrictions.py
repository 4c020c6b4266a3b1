"""Processing restrictions: may this application be used here, today, for this? (EMV 4.4 Book 3,
10.4; the century of a date: Book 4, 6.7.3)

No command goes to the card. Nothing here ends a transaction: what does not fit is a bit of the TVR,
and the action codes say what follows from it.
"""

from __future__ import annotations

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import AUC, has
from posemu.terminal.kernel.transaction_kind import has_cashback, is_atm, is_cash, is_purchase

_CARD_VERSION, _TERMINAL_VERSION = "9F08", "9F09"
_ISSUER_COUNTRY, _TERMINAL_COUNTRY = "5F28", "9F1A"
_EFFECTIVE, _EXPIRES, _TODAY = "5F25", "5F24", "9A"
_CENTURY_TURNS = b"\x50"

# Book 3, table 36: (this is such a transaction, one of these bits must be set, "domestic-" or
# "international-" in front).
_USES = (
    (is_cash, ("cash",)),
    (is_purchase, ("goods", "services")),
    (has_cashback, ("cashback",)),
)


def restrict(data: Data) -> None:
    """Compare version, usage and dates of the application with terminal and transaction, and set
    what differs in the TVR. Needs 9F09, 9F1A, 9F35, 9F40, 9C and 9A of the terminal and 5F24 of the
    card. Book 3, 10.4."""
    version = data.card.get(_CARD_VERSION)
    if version is not None and version != data.terminal[_TERMINAL_VERSION]:
        data.tvr.set("versions-differ")
    if AUC in data.card and not _is_allowed(data):
        data.tvr.set("service-not-allowed")
    today = _in_order(data.terminal[_TODAY])
    if _EFFECTIVE in data.card and today < _in_order(data.card[_EFFECTIVE]):
        data.tvr.set("not-yet-effective")
    if today > _in_order(data.card[_EXPIRES]):
        data.tvr.set("expired")


def _is_allowed(data: Data) -> bool:
    """Application usage control (Book 3, 10.4.2)."""
    usage = data.card[AUC]
    if not has(AUC, usage, "atm" if is_atm(data) else "other-than-atm"):
        return False
    if _ISSUER_COUNTRY not in data.card:
        return True
    at_home = data.card[_ISSUER_COUNTRY] == data.terminal[_TERMINAL_COUNTRY]
    area = "domestic" if at_home else "international"
    return all(
        any(has(AUC, usage, f"{area}-{use}") for use in uses)
        for applies, uses in _USES
        if applies(data)
    )


def _in_order(date: bytes) -> tuple[bool, bytes]:
    """YYMMDD so that earlier is less: the years 50 to 99 are of the 20th century."""
    return date[:1] < _CENTURY_TURNS, date
