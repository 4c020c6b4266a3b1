"""How a chip transaction ended: what the terminal does next, and why, by name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Result(enum.Enum):
    """What became of the transaction."""

    APPROVED_OFFLINE = "approved-offline"  # Y1, Y3: queued for upload
    APPROVED_ONLINE = "approved-online"
    DECLINED_OFFLINE = "declined-offline"  # Z1, Z3, or AAC
    DECLINED_ONLINE = "declined-online"
    DECLINED_BY_CARD = "declined-by-card"  # the host approved, the card did not: reverse
    CANCELLED = "cancelled"  # by the cardholder, before anything was decided
    TERMINATED = "terminated"  # the book says to end: an error of the card, a blocked card
    NOT_ACCEPTED = "not-accepted"  # no application in common


class Fallback(enum.Enum):
    """Why the stripe may be used instead: the two causes that schemes allow."""

    TECHNICAL = "technical"  # the chip cannot be read
    EMPTY_LIST = "empty-list"  # it can, and has nothing that this terminal takes


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is a short name from the list of `REASONS`; `data` are the objects the receipt, the
    advice and the reversal need (tag -> value); `sent_online` tells whether the issuer was asked
    (GoOnline), so that a request may have gone out: it must be reversed when the transaction did
    not end approved by its answer, nor declined by it."""

    result: Result
    reason: str
    fallback: Fallback | None = None
    response_code: str = ""
    sent_online: bool = False
    data: Mapping[str, bytes] = field(default_factory=dict, repr=False)


# The named reasons. Clauses are of the EMV books 4.4.
REASONS: dict[str, str] = {
    "approved": "the card gave a TC",
    "declined": "the card gave an AAC",
    "declined-by-host": "the host declined",
    "card-refused-approval": "the host approved, and the card gave an AAC (Book 3, 10.11)",
    "cda-failed": "the signature of a cryptogram is wrong, or there is none (Book 2, 6.6.2)",
    "removed": "the card was pulled out",
    "mute": "the card stopped answering",
    "transport": "answers could not be read",
    "no-application": "no application in common (Book 1, 12.4)",
    "card-blocked": "SELECT was answered 6A81 (Book 1, 12.3.2)",
    "application-blocked": "the application is blocked (Book 1, 12.4)",
    "choice-declined": "the cardholder chose no application",
    "cannot-confirm": "the cardholder must confirm, and cannot be asked (Book 1, 12.4)",
    "bad-status": "a status the book does not allow here",
    "bad-format": "an answer that is not what its command gives",
    "missing-data": "mandatory data is missing (Book 3, 7.2)",
    "redundant-data": "a primitive object came twice (Book 3, 10.2)",
    "bad-afl": "the AFL points nowhere (Book 3, 10.2)",
    "gpo-refused": "conditions of use not satisfied (Book 3, 10.1)",
    "bad-cryptogram-type": "the card gave a cryptogram it was not asked for (Book 3, 9.3)",
    "pin-cancelled": "CANCEL at PIN entry",
    "pin-timed-out": "nobody entered a PIN",
    "service-not-allowed": "the card or the terminal does not do this service",
}


class EndedError(Exception):
    """Raised inside the kernel to end the transaction from any depth; never leaves it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def terminate(reason: str, fallback: Fallback | None = None) -> EndedError:
    """The end of a transaction by an error of the card."""
    assert reason in REASONS, reason
    return EndedError(Outcome(Result.TERMINATED, reason, fallback))
