"""What a terminal brings to a chip transaction: its data, applications and keys, which `profiles/`
reads from files, and the particulars of this one transaction. Plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from posemu.profiles.emv import CaKey, Terminal, TerminalApplication

__all__ = ["CaKey", "Terminal", "TerminalApplication", "Transaction"]


def _never(pan: str, sequence: str) -> bool:
    return False


def _nothing(pan: str, sequence: str) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """This transaction: amounts in minor units, `date` YYMMDD and `time` HHMMSS as digits,
    `kind` the first two digits of the processing code (9C), `unpredictable_number` 4 bytes.

    `draw` decides random selection, in [0, 1). `earlier_amount(pan, sequence)` is what the
    terminal's log holds of that card (Book 3, 10.6.1), `is_excepted` whether it is on the
    exception file.
    """

    amount_minor: int
    date: str
    time: str
    unpredictable_number: bytes
    sequence_counter: int
    other_minor: int = 0
    kind: str = "00"
    forced_online: bool = False
    draw: float = 0.0
    earlier_amount: Callable[[str, str], int] = field(default=_nothing)
    is_excepted: Callable[[str, str], bool] = field(default=_never)
