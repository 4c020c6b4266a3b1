"""The status words of the card: which command gives which, and when (EMV Book 1, 11; Book 3, 6.3.5
and 6.5; ISO/IEC 7816-4 5.6).

`STATUS` is the card's whole promise about statuses: a test sends it anything, and holds each answer
against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OK: Final = 0x9000
APPLICATION_BLOCKED: Final = 0x6283
AUTHENTICATION_FAILED: Final = 0x6300
TRIES_LEFT: Final = 0x63C0
WRONG_LENGTH: Final = 0x6700
PIN_BLOCKED: Final = 0x6983
NOT_NOW: Final = 0x6985
NO_MAC: Final = 0x6987
WRONG_MAC: Final = 0x6988
WRONG_DATA: Final = 0x6A80
NOT_SUPPORTED: Final = 0x6A81
NO_SUCH_FILE: Final = 0x6A82
NO_SUCH_RECORD: Final = 0x6A83
WRONG_P1_P2: Final = 0x6A86
NO_SUCH_DATA: Final = 0x6A88
NO_SUCH_COMMAND: Final = 0x6D00
NO_SUCH_CLASS: Final = 0x6E00

_ALWAYS = {OK: "done", WRONG_P1_P2: "P1 or P2 is none of this command"}
_NOT_NOW = {NOT_NOW: "not in this phase of a transaction"}
_SCRIPT = {
    **_ALWAYS,
    NOT_NOW: "before the first cryptogram of this transaction",
    NO_MAC: "shorter than its MAC of 8 bytes",
    WRONG_MAC: "its MAC is wrong; nothing but the note of it is kept",
    WRONG_LENGTH: "data where the command has none, or too few",
}

STATUS: Mapping[str, Mapping[int, str]] = {
    "SELECT": {
        **_ALWAYS,
        APPLICATION_BLOCKED: "the application is blocked; the FCI is there",
        WRONG_LENGTH: "a name has 5 to 16 bytes",
        NOT_SUPPORTED: "the card is blocked",
        NO_SUCH_FILE: "no application, or no further one, has a name that begins so",
    },
    "GET PROCESSING OPTIONS": {
        **_ALWAYS,
        **_NOT_NOW,
        WRONG_LENGTH: "the data is not as long as the PDOL asks",
        WRONG_DATA: "the data is not one object 83",
        NOT_NOW: "a second time, a condition of use fails, or the ATC is used up",
    },
    "READ RECORD": {
        **_ALWAYS,
        **_NOT_NOW,
        NO_SUCH_FILE: "there is no file of this number",
        NO_SUCH_RECORD: "the file has no such record",
    },
    "GET DATA": {OK: "done", **_NOT_NOW, NO_SUCH_DATA: "none of the objects that are given so"},
    "GET CHALLENGE": {**_ALWAYS, **_NOT_NOW},
    "VERIFY": {
        **_ALWAYS,
        **{TRIES_LEFT + tries: f"wrong PIN, {tries} tries left" for tries in range(16)},
        WRONG_LENGTH: "no PIN block of 8 bytes, or no block as long as the key",
        PIN_BLOCKED: "no tries were left",
        NOT_NOW: "not in this phase, or no GET CHALLENGE just before",
        NO_SUCH_DATA: "the application has no PIN, or no key for it",
    },
    "INTERNAL AUTHENTICATE": {
        **_ALWAYS,
        NOT_NOW: "not in this phase, or the card has no key",
        WRONG_LENGTH: "the data is not as long as the DDOL asks",
    },
    "GENERATE AC": {
        **_ALWAYS,
        NOT_NOW: "a third time, before GPO, or a second ARQC",
        WRONG_LENGTH: "the data is not as long as the CDOL asks",
        WRONG_DATA: "the amount is not digits",
    },
    "EXTERNAL AUTHENTICATE": {
        **_ALWAYS,
        AUTHENTICATION_FAILED: "the ARPC is wrong",
        NOT_NOW: "a second time, without an ARQC, or the application takes no ARPC this way",
        WRONG_LENGTH: "the data has not the length of this cryptogram version",
    },
    "CARD BLOCK": _SCRIPT,
    "APPLICATION BLOCK": _SCRIPT,
    "APPLICATION UNBLOCK": _SCRIPT,
    "PIN CHANGE/UNBLOCK": {
        **_SCRIPT,
        WRONG_DATA: "the deciphered block is no PIN",
        NO_SUCH_DATA: "the application has no PIN",
    },
    "PUT DATA": {
        **_SCRIPT,
        WRONG_DATA: "the value is none of this object",
        NO_SUCH_DATA: "an object that cannot be written",
    },
    "": {
        WRONG_LENGTH: "the APDU fits no case, or is extended",
        NO_SUCH_COMMAND: "the class has no such instruction",
        NO_SUCH_CLASS: "no such class",
    },
}
"""Command (a name of `posemu.wire.COMMANDS`) -> status -> when. "" holds for every command."""
