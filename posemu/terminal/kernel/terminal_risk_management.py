"""Terminal risk management: what the terminal itself finds risky (EMV 4.4 Book 3, 10.6; exception
file: Book 4, 6.3.5; forced online: Book 4, 6.5.3).

Protects against cards that never go online: large amounts, split sales, long rows of offline
transactions, stolen cards; and sends a sample online at random. Always performed, whatever the
card's AIP says (Book 3, 10.6). Chance comes in as the transaction's `draw`. Promised: all
arithmetic is exact, and at most two commands go to the card.
"""

from __future__ import annotations

from collections.abc import Generator

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.get_data import get_number
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.terminal_data import TerminalApplication, Transaction

_PAN, _PAN_SEQUENCE = "5A", "5F34"
_LOWER_LIMIT, _UPPER_LIMIT = "9F14", "9F23"
_ATC, _LAST_ONLINE_ATC, _ATC_WIDTH = "9F36", "9F13", 2
_DRAWS = 99


def manage_risk(
    data: Data, application: TerminalApplication, transaction: Transaction
) -> Generator[Request, Answer, None]:
    """Set in the TVR what is risky about the transaction, and in the TSI that it was looked at.
    Book 3, 10.6."""
    card = _digits(data, _PAN).rstrip("f"), _digits(data, _PAN_SEQUENCE)
    if transaction.is_excepted(*card):
        data.tvr.set("on-exception-file")
    if transaction.forced_online:
        data.tvr.set("forced-online")
    earlier_minor = transaction.earlier_amount(*card)
    if transaction.amount_minor + earlier_minor >= application.floor_limit_minor:
        data.tvr.set("floor-limit-exceeded")
    if is_selected(transaction.amount_minor, application, transaction.draw):
        data.tvr.set("selected-randomly")
    if _LOWER_LIMIT in data.card and _UPPER_LIMIT in data.card:
        yield from _check_velocity(data)
    data.tsi.set("terminal-risk-performed")


def is_selected(amount_minor: int, application: TerminalApplication, draw: float) -> bool:
    """Random transaction selection (Book 3, 10.6.2): the `draw` in [0, 1) becomes a number of 1 to
    99, and is selected up to the target percentage, which grows from the threshold to the floor
    limit."""
    threshold, floor = application.selection_threshold_minor, application.floor_limit_minor
    if amount_minor >= floor:
        return False
    part, whole = draw.as_integer_ratio()
    above_target = 1 + part * _DRAWS // whole - application.selection_target_percent
    if amount_minor < threshold:
        return above_target <= 0
    more = application.selection_maximum_percent - application.selection_target_percent
    return above_target * (floor - threshold) <= more * (amount_minor - threshold)


def _check_velocity(data: Data) -> Generator[Request, Answer, None]:
    """How many transactions in a row went without the issuer (Book 3, 10.6.3)."""
    atc = yield from get_number(_ATC, _ATC_WIDTH)
    last_online = yield from get_number(_LAST_ONLINE_ATC, _ATC_WIDTH)
    if last_online == 0:
        data.tvr.set("new-card")
    if atc is None or last_online is None or atc <= last_online:
        data.tvr.set("lower-limit-exceeded")
        data.tvr.set("upper-limit-exceeded")
        return
    in_a_row = atc - last_online
    if in_a_row > int.from_bytes(data.card[_LOWER_LIMIT], "big"):
        data.tvr.set("lower-limit-exceeded")
        if in_a_row > int.from_bytes(data.card[_UPPER_LIMIT], "big"):
            data.tvr.set("upper-limit-exceeded")


def _digits(data: Data, tag: str) -> str:
    return data.card.get(tag, b"").hex()
