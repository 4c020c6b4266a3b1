"""The check digit of a PAN (ISO/IEC 7812-1 annex B, "Luhn formula")."""

from posemu.wire.errors import DecodeError

_DIGITS = b"0123456789"
_DOUBLED = bytes.maketrans(_DIGITS, b"0246813579")
"""Twice the digit, and the two digits of the result added up."""


def luhn_valid(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of those before.

    Raises `DecodeError` for anything but digits. ISO/IEC 7812-1 annex B.
    """
    return _sum(digits) % 10 == 0


def luhn_check_digit(digits: str) -> str:
    """The digit that makes `digits` valid when it is put behind them.

    Raises `DecodeError` for anything but digits. ISO/IEC 7812-1 annex B.
    """
    _sum(digits)
    return str(-_sum(digits + "0") % 10)


def _sum(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        offset = next((i for i, c in enumerate(digits) if c not in "0123456789"), 0)
        raise DecodeError("PAN", offset, "must be digits, at least one")
    raw = digits.encode()
    return sum(raw[::-2]) + sum(raw[-2::-2].translate(_DOUBLED)) - 0x30 * len(raw)
