"""What the cardholder is told at the end of a chip transaction: a screen of the message catalogue
for each reason (EMV 4.4 Book 4, 6.3.7 table 3, 11.2 table 8, 11.3).

The flow shows the screen when the kernel has ended, and fills in what its text asks for: `amount`
and `stan`; for "declined" `code`, the outcome's response code, and `meaning`, the catalogue's word
for it; for "unknown" `reason`. Where the stripe may be used instead (`Outcome.fallback`), whether
it is tried, and after how many inserts, is the flow's; it shows the screen when it gives up.

What may break: an outcome may be certain for the terminal and not for the host. Promised: nothing
is called approved but an approval, and nothing "not charged" while the host may have charged it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from posemu.terminal.kernel.outcome import Outcome, Result

UNKNOWN: Final = "unknown"

_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "approved": ("approved",),
    "declined": ("declined", "declined-by-host", "cda-failed"),
    "not-accepted": (
        "no-application", "card-blocked", "application-blocked", "cannot-confirm", "gpo-refused",
        "service-not-allowed",
    ),
    "card-error": (
        "mute", "transport", "bad-status", "bad-format", "missing-data", "redundant-data",
        "bad-afl", "bad-cryptogram-type",
    ),
    "card-removed": ("removed",),
    "cancelled": ("choice-declined", "pin-cancelled", "pin-timed-out"),
    UNKNOWN: ("card-refused-approval",),
}  # fmt: skip
PROMPTS: Final[Mapping[str, str]] = {
    reason: prompt for prompt, reasons in _REASONS.items() for reason in reasons
}
"""Reason (`outcome.REASONS`) -> the screen, if nothing is left to be reversed."""


def prompt_of(outcome: Outcome, must_reverse: bool) -> str:
    """The screen for an outcome.

    `must_reverse`: the request left, or may have left, and the outcome is not what the host said of
    it (`Outcome.sent_online`, and what the flow knows of the line). Then the cardholder is told
    that the result is unknown until the reversal is through; but an approval without the host (Y3)
    stands, whatever becomes of the lost request.
    """
    host_decides = must_reverse and outcome.result is not Result.APPROVED_OFFLINE
    if host_decides or outcome.result is Result.DECLINED_BY_CARD:
        return UNKNOWN
    return PROMPTS[outcome.reason]
