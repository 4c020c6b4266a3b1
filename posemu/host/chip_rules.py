"""What an issuer thinks of a chip transaction: which finding declines it, and with which code.

In the real world these are the parameters of the authorisation host, which people change. What may
break: a finding that nobody has thought of: it declines nothing, and is noted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

INVALID, NO_CARD, FORMAT, EXPIRED, WRONG_PIN = "12", "14", "30", "54", "55"
NOT_PERMITTED, SUSPECTED_FRAUD, RESTRICTED, TRIES_EXCEEDED = "57", "59", "62", "75"
APPROVED = "00"


class Rule(NamedTuple):
    """A finding that declines with a response code, unless there is the other finding too."""

    finding: str
    response_code: str
    unless: str = ""


RULES: Final[tuple[Rule, ...]] = (
    Rule("unreadable", FORMAT),
    Rule("duplicate-data", FORMAT),
    Rule("missing-data", FORMAT),
    Rule("bad-length", FORMAT),
    Rule("unknown-layout", FORMAT),
    Rule("unknown-card", NO_CARD),
    Rule("wrong-cryptogram", SUSPECTED_FRAUD),
    Rule("type-differs", SUSPECTED_FRAUD),
    Rule("wrong-type", INVALID),
    Rule("message-differs", FORMAT),
    Rule("atc-repeated", SUSPECTED_FRAUD),
    Rule("atc-lower", SUSPECTED_FRAUD),
    Rule("tvr.on-exception-file", RESTRICTED),
    Rule("tvr.expired", EXPIRED),
    Rule("tvr.not-yet-effective", RESTRICTED),
    Rule("tvr.service-not-allowed", NOT_PERMITTED),
    Rule("tvr.pin-tries-exceeded", TRIES_EXCEEDED, unless="tvr.online-pin"),
    Rule("cvr.pin-tries-exceeded", TRIES_EXCEEDED, unless="tvr.online-pin"),
    Rule("tvr.verification-failed", WRONG_PIN),
)
"""What the issuer declines, the first that matches first; a finding without a rule is noted only.

The codes are those of ISO 8583:1987. No source that we have read says with which code a wrong
cryptogram is declined: 59, suspected fraud, is assumed, as for a counter that does not go up. An
issuer need not mind a signature that failed at the terminal (SDA, DDA): the cryptogram proved the
card. A PIN that was bypassed is the issuer's risk, and taken (assumed).
"""
