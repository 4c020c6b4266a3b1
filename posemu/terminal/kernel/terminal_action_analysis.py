"""Terminal action analysis: what to ask the card for, by the action codes of issuer and acquirer
(EMV 4.4 Book 3, 10.7; the response codes: Book 4, annex A6).

What happened so far stands in the TVR. An action code is a TVR of its own: a bit that is set in
both, of the issuer's code (IAC, from the card) or of the acquirer's (TAC, from the terminal),
triggers the action.

    denial   any terminal                                          -> decline offline (AAC)
    online   terminals that can go online                          -> ask the issuer (ARQC)
    default  terminals that cannot, and those that did not get on  -> decline offline (AAC)
    none of them                                                   -> approve offline (TC)

Promised: the issuer's code that is missing is the book's default; a terminal that can only work
online never asks for an approval offline.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TVR
from posemu.terminal.kernel.terminal_data import TerminalApplication
from posemu.terminal.kernel.transaction_kind import TERMINAL_TYPE

IAC_DENIAL, IAC_ONLINE, IAC_DEFAULT = "9F0E", "9F0F", "9F0D"
_BYTES = 5
_NO_BITS, _ALL_BITS = bytes(_BYTES), b"\xff" * _BYTES
_MISSING = {IAC_DENIAL: _NO_BITS, IAC_ONLINE: _ALL_BITS, IAC_DEFAULT: _ALL_BITS}


class Cryptogram(enum.Enum):
    """What GENERATE AC asks for; the value is the upper two bits of P1 (Book 3, 6.5.5.2)."""

    AAC = 0x00
    TC = 0x40
    ARQC = 0x80


class Decision(NamedTuple):
    """The cryptogram to ask for, and the authorisation response code (tag 8A) that the terminal
    gives itself: Y1, Z1, Y3 or Z3, "" while the issuer is to say."""

    cryptogram: Cryptogram
    response_code: str


class Reach(enum.Enum):
    """Whether a terminal can ask the issuer."""

    ONLINE_ONLY = "online-only"
    BOTH = "both"
    OFFLINE_ONLY = "offline-only"


_REACH = {
    1: Reach.ONLINE_ONLY,
    2: Reach.BOTH,
    3: Reach.OFFLINE_ONLY,
    4: Reach.ONLINE_ONLY,
    5: Reach.BOTH,
    6: Reach.OFFLINE_ONLY,
}


def reach(terminal_type: bytes) -> Reach:
    """What the second digit of the terminal type (tag 9F35) says (Book 4, annex A1). KeyError for a
    type that is not in the book."""
    return _REACH[terminal_type[0] & 0x0F]


def decide(data: Data, application: TerminalApplication) -> Decision:
    """What the first GENERATE AC asks for (Book 3, 10.7): AAC (Z1), ARQC or TC (Y1)."""
    how = reach(data.terminal[TERMINAL_TYPE])
    if _triggered(data, IAC_DENIAL, application.tac_denial):
        return Decision(Cryptogram.AAC, "Z1")
    if how is Reach.ONLINE_ONLY:
        return Decision(Cryptogram.ARQC, "")
    if how is Reach.BOTH and _triggered(data, IAC_ONLINE, application.tac_online):
        return Decision(Cryptogram.ARQC, "")
    if how is Reach.OFFLINE_ONLY and _triggered(data, IAC_DEFAULT, application.tac_default):
        return Decision(Cryptogram.AAC, "Z1")
    return Decision(Cryptogram.TC, "Y1")


def decide_unable_to_go_online(data: Data, application: TerminalApplication) -> Decision:
    """What the second GENERATE AC asks for when the issuer was not reached (Book 3, 10.7 and 10.9):
    AAC (Z3) or TC (Y3); a terminal that only works online declines."""
    if reach(data.terminal[TERMINAL_TYPE]) is Reach.ONLINE_ONLY or _triggered(
        data, IAC_DEFAULT, application.tac_default
    ):
        return Decision(Cryptogram.AAC, "Z3")
    return Decision(Cryptogram.TC, "Y3")


def _triggered(data: Data, tag: str, terminal_code: bytes) -> bool:
    issuer_code = data.card.get(tag, _MISSING[tag])
    return bool(_number(data[TVR]) & (_number(issuer_code) | _number(terminal_code)))


def _number(code: bytes) -> int:
    """The bits of a TVR or an action code; what a short one has not is not set."""
    return int.from_bytes(code[:_BYTES].ljust(_BYTES, b"\x00"))
