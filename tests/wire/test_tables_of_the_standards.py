"""Tables that standards print, written down once more, where a vector shows only some rows."""

import itertools

import pytest

from posemu.wire import COMMANDS, DecodeError, parse_mti

VERSIONS = ("1987", "1993", "2003")
CLASSES = (
    None, "authorization", "financial", "file_action", "reversal_or_chargeback",
    "reconciliation", "administrative", "fee_collection", "network_management",
)  # fmt: skip
FUNCTIONS = ("request", "request_response", "advice", "advice_response", "notification")
ORIGINS = ("acquirer", "acquirer_repeat", "issuer", "issuer_repeat", "other")


def test_every_mti_is_what_the_table_says():
    """ISO 8583:1993 4.1, of all ten thousand: four words, or refused at the first digit that the
    standard keeps to itself."""
    tables = (VERSIONS, CLASSES, FUNCTIONS, ORIGINS)
    for digits in itertools.product(range(10), repeat=4):
        mti = "".join(map(str, digits))
        words = [t[n] if n < len(t) else None for n, t in zip(digits, tables, strict=True)]
        if None not in words:
            assert list(parse_mti(mti)) == words
        else:
            with pytest.raises(DecodeError) as caught:
                parse_mti(mti)
            assert caught.value.offset == words.index(None)


def test_instructions_of_emv():
    """EMV Book 3 6.3.2 and 6.5: class and instruction of every command it has."""
    table = {
        "APPLICATION BLOCK": (0x80, 0x1E),
        "APPLICATION UNBLOCK": (0x80, 0x18),
        "CARD BLOCK": (0x80, 0x16),
        "EXTERNAL AUTHENTICATE": (0x00, 0x82),
        "GENERATE AC": (0x80, 0xAE),
        "GET CHALLENGE": (0x00, 0x84),
        "GET PROCESSING OPTIONS": (0x80, 0xA8),
        "INTERNAL AUTHENTICATE": (0x00, 0x88),
        "PIN CHANGE/UNBLOCK": (0x80, 0x24),
        "READ RECORD": (0x00, 0xB2),
        "SELECT": (0x00, 0xA4),
        "VERIFY": (0x00, 0x20),
    }
    assert {COMMANDS[code]: code for code in table.values()} == table
    assert COMMANDS[0x80, 0xCA] == COMMANDS[0x00, 0xCA] == "GET DATA"
    assert COMMANDS[0x00, 0xC0] == "GET RESPONSE"  # ISO/IEC 7816-4 11.7
