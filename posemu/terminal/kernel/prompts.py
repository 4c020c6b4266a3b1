"""What the cardholder is told at the end of a chip transaction: a screen of the message catalogue
for each reason (EMV 4.4 Book 4, 6.3.7 table 3, 11.2 table 8, 11.3).

The flow shows the screen when the kernel has ended, and fills in what its text asks for: `amount`
and `stan`; for "declined" `code`, the outcome's response code, and `meaning`, the catalogue's word
for it; for "unknown" `reason`. Where the stripe may be used instead (`Outcome.fallback`), whether
it is tried, and after how many inserts, is the flow's; it shows the screen when it gives up.

What may break: an outcome may be certain for the terminal and not for the host. Promised: nothing
is called approved but an approval. A request that left and whose outcome is not what the host said
of it is "unknown" to the cardholder until it has been reversed, whatever stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
    "unknown": ("card-refused-approval",),
}  # fmt: skip
PROMPTS: Final[Mapping[str, str]] = {
    reason: prompt for prompt, reasons in _REASONS.items() for reason in reasons
}
"""Reason (`outcome.REASONS`) -> the screen, of a transaction of which nothing is to be reversed."""
