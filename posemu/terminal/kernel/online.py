"""Online: what the issuer is asked, and what becomes of its answer (EMV 4.4 Book 3, 10.9; Book 4,
12.2).

The message is the caller's; the kernel says which objects travel in field 55. What comes back is
kept as the issuer's word: the response code (8A) and the issuer authentication data (91), which
CDOL2 may hand to the card.
"""

from __future__ import annotations

from collections.abc import Generator

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.requests import (
    Answer,
    GoOnline,
    HostAnswer,
    OnlineAnswer,
    Request,
    UnableToGoOnline,
)
from posemu.terminal.kernel.terminal_data import Terminal

RESPONSE_CODE, ISSUER_AUTHENTICATION = "8A", "91"
CARD_OBJECTS = ("57", "5A", "5F24", "5F34")
"""Track 2, PAN, expiry and PAN sequence number: what the message carries beside field 55."""


def ask_issuer(
    data: Data, terminal: Terminal, pin: int | None
) -> Generator[Request, Answer, OnlineAnswer]:
    """Send the request (`pin`: the handle of an online PIN) and keep the answer's objects.
    Book 3, 10.9."""
    answer = yield GoOnline(chosen(data, terminal.field_55), pin, chosen(data, CARD_OBJECTS))
    assert isinstance(answer, HostAnswer | UnableToGoOnline), "GoOnline has two answers"
    if isinstance(answer, HostAnswer):
        set_response_code(data, answer.response_code)
        if answer.issuer_authentication:
            data.terminal[ISSUER_AUTHENTICATION] = answer.issuer_authentication
    return answer


def set_response_code(data: Data, code: str) -> None:
    """Keep the authorisation response code, of the issuer or of the terminal itself (Book 4, annex
    A6)."""
    data.terminal[RESPONSE_CODE] = code.encode("ascii", "replace")


def chosen(data: Data, tags: tuple[str, ...]) -> dict[str, bytes]:
    """Those of the objects that there are, in the order of `tags`."""
    there = data.now()
    return {tag: there[tag] for tag in tags if tag in there}
