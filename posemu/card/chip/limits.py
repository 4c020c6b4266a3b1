"""The limits of card risk management as data objects: which tag is which, and how it is written.

VIS 1.6 appendix A and M/Chip 4 have tags of their own for the same four limits. Counts are one byte
binary, amounts twelve digits in six bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from posemu.card.chip.status import NO_SUCH_DATA, WRONG_DATA
from posemu.card.chip.turn import Refused, Turn


class _Limit(NamedTuple):
    name: str
    length: int


_COUNT, _AMOUNT = 1, 6
LIMIT_TAGS: Mapping[str, Mapping[str, _Limit]] = {
    "visa": {
        "9F58": _Limit("lower_count", _COUNT),
        "9F59": _Limit("upper_count", _COUNT),
        "9F54": _Limit("lower_amount", _AMOUNT),
        "9F5C": _Limit("upper_amount", _AMOUNT),
    },
    "mastercard": {
        "9F14": _Limit("lower_count", _COUNT),
        "9F23": _Limit("upper_count", _COUNT),
        "00CA": _Limit("lower_amount", _AMOUNT),
        "00CB": _Limit("upper_amount", _AMOUNT),
    },
}
"""Scheme -> P1 P2 of PUT DATA and GET DATA -> the limit."""


def value_of_limit(turn: Turn, tag: str) -> bytes | None:
    """The value of the limit with this tag, None if it is none."""
    limit = LIMIT_TAGS[turn.application.scheme].get(tag)
    if limit is None:
        return None
    number: int = getattr(turn.stored.limits, limit.name)
    if limit.length == _COUNT:
        return bytes([number])
    return bytes.fromhex(f"{number:012d}")


def put_limit(turn: Turn, tag: str, value: bytes) -> None:
    """Write the limit with this tag; `Refused` if it is none, or the value is none of it."""
    limit = LIMIT_TAGS[turn.application.scheme].get(tag)
    if limit is None:
        raise Refused(NO_SUCH_DATA)
    digits = value.hex()
    if len(value) != limit.length or (limit.length == _AMOUNT and not digits.isdecimal()):
        raise Refused(WRONG_DATA)
    number = value[0] if limit.length == _COUNT else int(digits)
    turn.store(limits=replace(turn.stored.limits, **{limit.name: number}))
