"""Message type indicators: four digits for version, class, function and origin
(ISO 8583:1993 4.1).

Repeats are where implementations go wrong: the answer to a repeat is the normal answer (0421 ->
0430, never 0431).
"""

from typing import NamedTuple

from posemu.wire.errors import DecodeError

_VERSIONS = {"0": "1987", "1": "1993", "2": "2003"}
_CLASSES = {
    "1": "authorization",
    "2": "financial",
    "3": "file_action",
    "4": "reversal_or_chargeback",
    "5": "reconciliation",
    "6": "administrative",
    "7": "fee_collection",
    "8": "network_management",
}
_FUNCTIONS = {
    "0": "request",
    "1": "request_response",
    "2": "advice",
    "3": "advice_response",
    "4": "notification",
}
_ORIGINS = {
    "0": "acquirer",
    "1": "acquirer_repeat",
    "2": "issuer",
    "3": "issuer_repeat",
    "4": "other",
}
_POSITIONS = (
    ("version", _VERSIONS),
    ("class", _CLASSES),
    ("function", _FUNCTIONS),
    ("origin", _ORIGINS),
)
_ANSWERS = {"0": "1", "2": "3"}
_FIRST_SENDING = {"0": "0", "1": "0", "2": "2", "3": "2", "4": "4"}
_REPEATS = {"0": "1", "1": "1", "2": "3", "3": "3"}


class Mti(NamedTuple):
    """An MTI in words; `kind` is the standard's message class. ISO 8583:1993 4.1."""

    version: str
    kind: str
    function: str
    origin: str


def parse_mti(mti: str) -> Mti:
    """The meaning of the four digits.

    Raises `DecodeError` for anything the standard does not define. ISO 8583:1993 4.1.
    """
    if len(mti) != 4:
        raise DecodeError("MTI", min(len(mti), 4), "must be 4 digits")
    words = []
    for offset, (digit, (what, table)) in enumerate(zip(mti, _POSITIONS, strict=True)):
        if digit not in table:
            raise DecodeError("MTI", offset, f"no {what} is written this way")
        words.append(table[digit])
    return Mti(*words)


def answer_mti(mti: str) -> str:
    """The MTI that answers a request or an advice: 0200 -> 0210, 0201 -> 0210, 0421 -> 0430.

    Raises `DecodeError` for an MTI that is not to be answered. ISO 8583:1993 4.1.
    """
    parse_mti(mti)
    if mti[2] not in _ANSWERS:
        raise DecodeError("MTI", 2, "is not a request or an advice, so it has no answer")
    return mti[:2] + _ANSWERS[mti[2]] + _FIRST_SENDING[mti[3]]


def repeat_mti(mti: str) -> str:
    """The MTI under which a request or an advice is sent again: 0400 -> 0401; a repeat stays one.

    Raises `DecodeError` for an MTI that cannot be repeated. ISO 8583:1993 4.1.
    """
    parse_mti(mti)
    if mti[2] not in _ANSWERS:
        raise DecodeError("MTI", 2, "is not a request or an advice, so it is not repeated")
    if mti[3] not in _REPEATS:
        raise DecodeError("MTI", 3, "this origin has no repeat")
    return mti[:3] + _REPEATS[mti[3]]
