"""The judge: ledger, safety, liveness, leak scanner and coverage, from the trace alone."""

from posemu.oracle.coverage import SITUATIONS, Coverage
from posemu.oracle.judge import INVARIANTS, Judge, Violation
from posemu.oracle.ledger import Ledger, Transaction
from posemu.oracle.secrecy import Canaries

__all__ = [
    "INVARIANTS",
    "SITUATIONS",
    "Canaries",
    "Coverage",
    "Judge",
    "Ledger",
    "Transaction",
    "Violation",
]
