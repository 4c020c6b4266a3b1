"""The end of a chip transaction: what the last cryptogram makes of it (EMV 4.4 Book 3, 10.8 and
10.11; Book 2, 6.6; Book 4, 6.3.2.1 and annex A6).

                         TC          TC, wrong signature   AAC
    first GENERATE AC    Y1          Z1                    Z1
    issuer approved      approved    declined by card      declined by card
    issuer declined      declined by the issuer, whatever the card says
    issuer not reached   Y3          Z3                    Z3

An approval needs the word of all who were asked: a card that takes back what its issuer approved,
or cannot prove that it agreed, declines; the issuer's approval is then to be reversed.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Final

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.generate_ac import CDOL2, Given, Signer, generate_ac
from posemu.terminal.kernel.online import CARD_OBJECTS, chosen
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.terminal_action_analysis import Cryptogram
from posemu.terminal.kernel.terminal_data import Terminal, TerminalApplication

RECEIPT_OBJECTS = (
    "9F06", "84", "50", "9F12", "9F11", "5F20", "9F02", "9F03", "5F2A", "9A", "9F21", "9C", "9F41",
    "82", "95", "9B", "9F34", "9F26", "9F27", "9F36", "9F10", "9F37", "8A", "9F5B",
)  # fmt: skip
"""What receipt, advice and reversal need beside field 55: names and AID, amounts and dates, how
it was decided, the last cryptogram, and what became of scripts (Book 4, 6.3.2.1 and 7)."""


class Word(enum.Enum):
    """What the card's last cryptogram says."""

    TC = "approved"
    UNPROVEN = "approved, with a wrong signature"
    AAC = "declined"


_DECLINED: Final = Outcome(Result.DECLINED_OFFLINE, "declined")
_UNPROVEN: Final = Outcome(Result.DECLINED_OFFLINE, "cda-failed")
_APPROVED: Final = Outcome(Result.APPROVED_OFFLINE, "approved")

AFTER_FIRST: Final[Mapping[Word, Outcome]] = {
    Word.TC: replace(_APPROVED, response_code="Y1"),
    Word.UNPROVEN: replace(_UNPROVEN, response_code="Z1"),
    Word.AAC: replace(_DECLINED, response_code="Z1"),
}
"""The card did not ask for its issuer (Book 3, 10.8)."""

UNPROVEN_REQUEST: Final = AFTER_FIRST[Word.UNPROVEN]
"""The card asked for its issuer, and its signature is wrong: it is told to decline, and whatever it
says, the transaction is declined (Book 4, 6.3.2.1)."""

NOT_REACHED: Final[Mapping[Word, Outcome]] = {
    Word.TC: replace(_APPROVED, response_code="Y3"),
    Word.UNPROVEN: replace(_UNPROVEN, response_code="Z3"),
    Word.AAC: replace(_DECLINED, response_code="Z3"),
}
"""The issuer was not reached (Book 3, 10.11); without a code, whoever decided gave it."""

ISSUER_APPROVED: Final[Mapping[Word, Outcome]] = {
    Word.TC: Outcome(Result.APPROVED_ONLINE, "approved"),
    Word.UNPROVEN: Outcome(Result.DECLINED_BY_CARD, "cda-failed"),
    Word.AAC: Outcome(Result.DECLINED_BY_CARD, "card-refused-approval"),
}
ISSUER_DECLINED: Final = Outcome(Result.DECLINED_ONLINE, "declined-by-host")


def word(given: Given) -> Word:
    """What an answer says; only a TC approves (Book 3, 9.3)."""
    if given.cryptogram is not Cryptogram.TC:
        return Word.AAC
    return Word.TC if given.authentic else Word.UNPROVEN


def second_generate_ac(
    data: Data, application: TerminalApplication, asked: Cryptogram, signer: Signer | None
) -> Generator[Request, Answer, Word]:
    """Ask the card for its last word: an ARQC, or a code that the book reserves, counts as an AAC
    (Book 3, 9.3 and 10.11). Whoever asks for an AAC has decided already."""
    return word((yield from generate_ac(data, application, asked, CDOL2, signer)))


def kept_objects(data: Data, terminal: Terminal) -> dict[str, bytes]:
    """The objects that an outcome carries: those of field 55, the card's and the receipt's."""
    return chosen(data, (*terminal.field_55, *CARD_OBJECTS, *RECEIPT_OBJECTS))
