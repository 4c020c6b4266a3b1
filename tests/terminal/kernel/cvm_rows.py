"""CVM results (9F34) row by row: what the book's table 2 says of list and terminal, every method,
and every condition with a neighbour in which it does not hold (EMV 4.4 Book 3, 10.5 and annex C3;
Book 4, 6.3.4.5, table 2 and annex A4).

Data for `test_cvm_results.py`, which carries the transactions out, and for `docs/emv_bits.py`,
which writes them down as a page.
"""

from __future__ import annotations

from typing import NamedTuple

from posemu.terminal.kernel.requests import Answer, Answered, PinBypassed, PinEntered

from .bits import SOUND, YES, Case
from .scripted import tlv

X, Y = 2000, 500  # minor units; conditions 06 to 09 speak of them
SIGNATURE_ONLY, NO_CVM_ONLY, NOTHING = 0x20, 0x08, 0x00  # 9F33, byte 2
RIGHT, BLOCKED = (PinEntered(7), SOUND), (PinEntered(7), Answered(b"\x69\x83"))
BYPASSED = (PinBypassed(),)


class Row(NamedTuple):
    """`results` is tag 9F34 in hex, `tvr` the names of the bits of byte 3, `performed` the bit of
    the TSI."""

    what: str
    case: Case
    results: str
    tvr: frozenset[str] = frozenset()
    performed: bool = True


class Condition(NamedTuple):
    """The rule "no CVM required, if ..." in a transaction where it applies, and in one where it
    does not and the list ends."""

    code: str
    holds_when: str
    holds: Case
    fails_when: str
    fails: Case


def sale(
    rules: str,
    *people: Answer,
    supports: int = 0xF8,
    terminal_type: str = "22",
    listed: bool = True,
    able: bool = True,
    **transaction: object,
) -> Case:
    """A card with these rules at a terminal with these capabilities (9F33, byte 2), of this type
    (9F35); `listed`: it has a list, `able`: its AIP says so."""
    amounts = X.to_bytes(4, "big") + Y.to_bytes(4, "big")
    objects = {"9F42": b"\x08\x40"} | ({"8E": amounts + bytes.fromhex(rules)} if listed else {})
    return Case(
        card={
            "methods": ("sda", *(("cardholder-verification",) if able else ())),
            "put": objects,
            "instead": {
                "80CA9F17": tlv("9F17", "03") + "9000",
                "0084": "1122334455667788" + "9000",
            },
        },
        terminal={"kind": terminal_type},
        objects={"9F33": f"E0{supports:02X}80"},
        transaction=transaction,
        people=(*people, YES),
    )


FAILED, ONLINE = frozenset({"verification-failed"}), frozenset({"online-pin"})
LOCKED = FAILED | {"pin-tries-exceeded"}

TABLE_2 = (
    Row("the card does not support cardholder verification (AIP)", sale("0200", able=False),
        "3F0000", performed=False),
    Row("there is no list", sale("", listed=False), "3F0000", performed=False),
    Row("the list has no rules", sale(""), "3F0000", performed=False),
    Row("no condition is satisfied", sale("1F011F05"), "3F0001", FAILED),
    Row("the terminal supports none of the methods that apply",
        sale("5E001F00", supports=NOTHING), "3F0001", FAILED),
    Row("the terminal recognises none of the methods that apply", sale("46002600"), "3F0001",
        FAILED | {"cvm-unrecognised"}),
    Row("fail CVM processing", sale("0000"), "000001", FAILED),
    Row("fail CVM processing, whatever bit 7 says", sale("40001F00"), "400001", FAILED),
    Row("the last method fails, and ends it", sale("01001F00", *BYPASSED), "010001",
        FAILED | {"pin-not-entered"}),
    Row("signature", sale("5E00"), "5E0000"),
    Row("online PIN", sale("4200", *RIGHT[:1]), "420000", ONLINE),
    Row("no CVM required", sale("5F00"), "5F0002"),
    Row("a method fails, the next one has no condition that holds", sale("41001F01", *BLOCKED),
        "410001", LOCKED),
    Row("one half of a combination fails", sale("0300", *BLOCKED), "030001", LOCKED),
    Row("one half of a combination is unknown", sale("0300", *RIGHT), "030000"),
)  # fmt: skip
"""Book 4, 6.3.4.5, table 2, in its order."""

METHODS = (
    Row("00", sale("0000"), "000001", FAILED),
    Row("01", sale("0100", *RIGHT), "010002"),
    Row("02", sale("0200", *RIGHT[:1]), "020000", ONLINE),
    Row("03", sale("0300", *RIGHT), "030000"),
    Row("04", sale("0400", *RIGHT), "040002"),
    Row("05", sale("0500", *RIGHT), "050000"),
    Row("1E", sale("1E00"), "1E0000"),
    Row("1F", sale("1F00"), "1F0002"),
    Row("3F", sale("1F05"), "3F0001", FAILED),
)
"""Every method, successful where it can be (Book 3, annex C3, table 43)."""

NEEDS = {
    "01": 0x80, "02": 0x40, "03": 0xA0, "04": 0x10, "05": 0x30, "1E": 0x20, "1F": 0x08,
}  # fmt: skip
"""Method -> the capabilities that it needs (9F33, byte 2; Book 4, annex A2)."""

CASH, CASHBACK = {"kind": "01"}, {"kind": "09", "other_minor": 500}


def bought(
    condition: str, terminal_type: str = "22", supports: int = 0xF8, **transaction: object
) -> Case:
    """One rule of no CVM with this condition."""
    return sale(f"1F{condition}", supports=supports, terminal_type=terminal_type, **transaction)


def paid(condition: str, amount_minor: int) -> Case:
    return bought(condition, amount_minor=amount_minor)


CONDITIONS = (
    Condition("01", "cash at an unattended terminal (type 14)", bought("01", "14", **CASH),
              "cash at an attended one (type 12)", bought("01", "12", **CASH)),
    Condition("02", "goods", bought("02"), "goods with cashback", bought("02", **CASHBACK)),
    Condition("03", "the terminal supports it and nothing else",
              bought("03", supports=NO_CVM_ONLY),
              "it supports signature and nothing else", bought("03", supports=SIGNATURE_ONLY)),
    Condition("04", "cash at an attended terminal (type 12)", bought("04", "12", **CASH),
              "cash at an unattended one (type 14)", bought("04", "14", **CASH)),
    Condition("05", "goods with cashback", bought("05", **CASHBACK), "goods", bought("05")),
    Condition("06", "one less than X", paid("06", X - 1), "X", paid("06", X)),
    Condition("07", "one more than X", paid("07", X + 1), "X", paid("07", X)),
    Condition("08", "one less than Y", paid("08", Y - 1), "Y", paid("08", Y)),
    Condition("09", "one more than Y", paid("09", Y + 1), "Y", paid("09", Y)),
)  # fmt: skip
"""Book 3, annex C3, table 44; condition 00 always holds, as in every row of `METHODS`."""
