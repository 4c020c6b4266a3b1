"""The CVM list of a card and the CVM results of a terminal, taken apart (EMV 4.4 Book 3, 10.5 and
annex C3; Book 4, annex A4).

    X (4 bytes) | Y (4) | method, condition | method, condition | ...

A rule's method may carry a bit that says: if this is unsuccessful, go on with the next rule. X and
Y are amounts in the application's currency that conditions speak of.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from posemu.wire.errors import DecodeError

CVM_LIST, CVM_RESULTS = "8E", "9F34"
CVM_LIST_MAX = 252
"""Bytes (Book 3, annex A)."""
AMOUNTS = 8
"""Bytes of X and Y: a list that is no longer has no rules."""
_RULE, _AMOUNT = 2, 4
_APPLY_NEXT, _METHOD_BITS = 0x40, 0x3F


class CvmMethod(enum.IntEnum):
    """The methods that the terminal recognises (Book 3, table 43). Those with biometrics are out
    of scope, and like those of schemes and issuers not recognised."""

    FAIL = 0x00
    PLAINTEXT_PIN_OFFLINE = 0x01
    ENCIPHERED_PIN_ONLINE = 0x02
    PLAINTEXT_PIN_OFFLINE_AND_SIGNATURE = 0x03
    ENCIPHERED_PIN_OFFLINE = 0x04
    ENCIPHERED_PIN_OFFLINE_AND_SIGNATURE = 0x05
    SIGNATURE = 0x1E
    NO_CVM = 0x1F


class CvmCondition(enum.IntEnum):
    """The conditions that the terminal understands (Book 3, table 44)."""

    ALWAYS = 0x00
    UNATTENDED_CASH = 0x01
    NOT_CASH_NOR_CASHBACK = 0x02
    TERMINAL_SUPPORTS = 0x03
    MANUAL_CASH = 0x04
    CASHBACK = 0x05
    AMOUNT_UNDER_X = 0x06
    AMOUNT_OVER_X = 0x07
    AMOUNT_UNDER_Y = 0x08
    AMOUNT_OVER_Y = 0x09


class CvmResult(enum.IntEnum):
    """How a method went; a signature and an online PIN the terminal cannot judge (Book 4, annex
    A4)."""

    UNKNOWN = 0x00
    FAILED = 0x01
    SUCCESSFUL = 0x02


class CvmRule(NamedTuple):
    """One rule, as its two bytes. Book 3, annex C3."""

    code: int
    condition_code: int

    @property
    def method(self) -> CvmMethod | None:
        """None if the terminal does not recognise it."""
        return _METHODS.get(self.code & _METHOD_BITS)

    @property
    def condition(self) -> CvmCondition | None:
        """None if the terminal does not understand it."""
        return _CONDITIONS.get(self.condition_code)

    @property
    def apply_next(self) -> bool:
        """Whether the next rule is tried if this one is unsuccessful; else verification fails."""
        return bool(self.code & _APPLY_NEXT)


class CvmList(NamedTuple):
    """`amount_x` and `amount_y` in minor units of the application's currency, and the rules in
    their order. Book 3, 10.5."""

    amount_x: int
    amount_y: int
    rules: tuple[CvmRule, ...]


class CvmResults(NamedTuple):
    """Tag 9F34: code and condition code of the rule that was performed last, and how it went.
    Book 4, 6.3.4.5."""

    code: int
    condition_code: int
    result: CvmResult

    @property
    def method(self) -> CvmMethod | None:
        """None if it is none that the terminal recognises, as "no CVM performed"."""
        return _METHODS.get(self.code & _METHOD_BITS)


_METHODS = {int(method): method for method in CvmMethod}
_CONDITIONS = {int(condition): condition for condition in CvmCondition}


def parse_cvm_list(data: bytes) -> CvmList:
    """Take tag 8E apart. Raises `DecodeError` for no rule, half a rule, or too many.
    Book 3, 10.5."""
    if len(data) < AMOUNTS + _RULE or len(data) % _RULE or len(data) > CVM_LIST_MAX:
        raise DecodeError(
            "CVM list", len(data), "must be 8 bytes and whole rules of 2, 252 at most"
        )
    rules = (CvmRule(*data[at : at + _RULE]) for at in range(AMOUNTS, len(data), _RULE))
    x, y = data[:_AMOUNT], data[_AMOUNT:AMOUNTS]
    return CvmList(int.from_bytes(x, "big"), int.from_bytes(y, "big"), tuple(rules))


def parse_cvm_results(data: bytes) -> CvmResults:
    """Take tag 9F34 apart. Raises `DecodeError` for another length than 3 or a result that is not
    in the book. Book 4, annex A4."""
    if len(data) != 3:
        raise DecodeError("CVM results", len(data), "must be 3 bytes: method, condition, result")
    try:
        return CvmResults(data[0], data[1], CvmResult(data[2]))
    except ValueError as error:
        raise DecodeError("CVM results", 2, "a result is 00, 01 or 02") from error
