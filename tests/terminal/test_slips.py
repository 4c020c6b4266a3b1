"""Receipts: what stands on them, and how little of the card."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unicodedata import east_asian_width

import pytest

from posemu.terminal.journal import CODE, FALLBACK, INSERTED, SCANNED, SaleRecord
from posemu.terminal.messages import LANGUAGES, load_messages
from posemu.terminal.slips import (
    SLIP_LINES_MAX,
    WIDTH,
    chip_slip,
    closed_slip,
    end_of_day_slip,
    reversal_slip,
    sale_slip,
)
from posemu.wire import mask_pan

PANS = [("9999075123741246801" * 2)[:length] for length in range(13, 20)]


def terminal(lang: str, amount: str = "38.00 CNY") -> Any:
    totals = SimpleNamespace(sales=999, sales_minor=1, reversals=999, reversals_minor=1)
    return SimpleNamespace(
        words=load_messages().slips(lang), merchant_id="POSEMU000000001", terminal_id="T0000001",
        money=lambda amount_minor: amount,
        journal=SimpleNamespace(batch="000001", totals=totals),
    )  # fmt: skip


def sale(pan: str) -> SaleRecord:
    """A sale as the application knows it: with the masked PAN of the secure module."""
    return SaleRecord(
        "000042", "0302", "091500", 3_800, mask_pan(pan), rrn="000000000007", authorisation="000007"
    )


def order() -> SaleRecord:
    """A code sale."""
    return SaleRecord(
        "000042", "0302", "091500", 3_800, "", rrn="000000000007", authorisation="000007",
        method=CODE, entry=SCANNED,
    )  # fmt: skip


CHIP = {
    "84": bytes.fromhex("A0000000031010A0000000031010A000"), "50": b"A LONG NAME OF A CARD",
    "9F26": bytes(8), "9F36": b"\xff\xff", "95": bytes(5), "9F34": b"\x5e\x03\x00",
}  # fmt: skip
"""Of a chip: the longest AID and name, and a signature."""


def chip_sale(**objects: bytes) -> SaleRecord:
    """A chip sale, with some of the card's objects changed."""
    found = sale(PANS[-1])
    found.entry, found.chip = INSERTED, chip_slip(CHIP | objects)
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_chip_sale_shows_application_and_cryptogram(lang: str) -> None:
    """AID, name, last cryptogram and counter stand on the receipt of a chip (EMV Book 4, 11.4); the
    line to sign on stands on the merchant's copy alone."""
    t = terminal(lang)
    merchant, customer = (
        sale_slip(t, chip_sale(), f"{who}-copy") for who in ("merchant", "customer")
    )
    for lines in (merchant, customer):
        text = "\n".join(lines)
        for part in ("A0000000031010A0", "A LONG NAME OF A", "0" * 16, "FFFF", "0" * 10):
            assert part in text
    assert [line for line in merchant if line.endswith("__")] != []
    assert [line for line in customer if line.endswith("__")] == []
    assert len(sale_slip(t, chip_sale(), "merchant-copy", reprint=True)) == SLIP_LINES_MAX


@pytest.mark.parametrize(
    ("method", "verified"),
    [
        ("410302", "offline-pin"), ("040302", "offline-pin"), ("420300", "online-pin"),
        ("030302", "pin-and-signature"), ("050302", "pin-and-signature"),
        ("5E0300", "signature-only"), ("1F0302", "not-verified"), ("3F0000", "not-verified"),
        ("410301", "not-verified"), ("420301", "not-verified"),
    ],
)  # fmt: skip
def test_how_the_cardholder_was_verified(method: str, verified: str) -> None:
    """What the receipt says of the CVM results (Book 3, annex C3); a method that failed verified
    nobody."""
    assert chip_slip(CHIP | {"9F34": bytes.fromhex(method)}).verified == verified


def test_a_name_that_no_printer_has() -> None:
    """Whatever the card calls itself, the receipt's name has letters that can be printed."""
    assert chip_slip(CHIP | {"50": b"\x00\xff|\nB"}).name == "??|?B"


def test_an_offline_approval_has_no_reference() -> None:
    """Nobody gave it one: the receipt does not invent it."""
    t, found = terminal("en"), chip_sale()
    found.rrn = found.authorisation = ""
    text = "\n".join(sale_slip(t, found, "merchant-copy"))
    assert t.words["reference"] not in text
    assert t.words["authorisation"] not in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_code_sale_shows_its_order_and_no_card(lang: str) -> None:
    """The receipt of a code sale, and the slip of a closed order, have the order number where a
    card's would have the masked PAN."""
    t = terminal(lang)
    for lines in (sale_slip(t, order(), "customer-copy"), closed_slip(t, order())):
        text = "\n".join(lines)
        assert "T00000010302000042" in text
        assert t.words["card"] not in text
        assert "*" not in text
    assert closed_slip(t, order())[-1] == t.words["order-closed"]


@pytest.mark.parametrize("pan", PANS, ids=len)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_merchants_copy_shows_first_six_and_last_four(lang: str, pan: str) -> None:
    """For PANs of 13 to 19 digits the merchant's copy shows six and four, the rest as asterisks."""
    text = "\n".join(sale_slip(terminal(lang), sale(pan), "merchant-copy"))
    assert pan[:6] + "*" * (len(pan) - 10) + pan[-4:] in text
    assert pan not in text


@pytest.mark.parametrize("pan", PANS, ids=len)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("slip", ["customer-copy", "reprint", "reversal"])
def test_the_customers_copy_shows_the_last_four(lang: str, pan: str, slip: str) -> None:
    """On what the customer takes home, of the card only the last four digits can be read."""
    if slip == "reversal":
        lines = reversal_slip(terminal(lang), sale(pan))
    else:
        lines = sale_slip(terminal(lang), sale(pan), "customer-copy", reprint=slip == "reprint")
    card = next(line for line in lines if "*" in line)
    assert re.findall(r"[0-9*]+", card) == ["*" * (len(pan) - 4) + pan[-4:]]
    assert pan[:6] not in "\n".join(lines)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("copy", ["merchant-copy", "customer-copy"])
def test_a_receipt_says_what_was_paid(lang: str, copy: str) -> None:
    """Amount, trace number, date, time, authorisation and reference stand on each copy, whose it is
    at its end; a reprint says so."""
    t = terminal(lang)
    lines = sale_slip(t, sale(PANS[3]), copy)
    text = "\n".join(lines)
    for part in ("38.00 CNY", "000042", "0302", "091500", "000007", "000000000007", "T0000001"):
        assert part in text
    assert lines[-1] == t.words[copy]
    assert sale_slip(t, sale(PANS[3]), copy, reprint=True) == (*lines, t.words["reprint"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_line_is_wider_than_the_paper(lang: str) -> None:
    """Every line of every slip fits the roll, with the longest amount and PAN; a Chinese character
    takes two columns."""
    t = terminal(lang, amount="999999.99 CNY")
    lines = [
        *sale_slip(t, sale(PANS[-1]), "merchant-copy", reprint=True),
        *sale_slip(t, sale(PANS[-1]), "customer-copy"),
        *reversal_slip(t, sale(PANS[-1])), *end_of_day_slip(t),
        *sale_slip(t, order(), "merchant-copy", reprint=True), *closed_slip(t, order()),
        *sale_slip(t, chip_sale(), "merchant-copy", reprint=True),
        *sale_slip(t, chip_sale(**{"9F34": b"\x03\x03\x02"}), "customer-copy"),
        *sale_slip(t, replace(sale(PANS[-1]), entry=FALLBACK), "merchant-copy"),
    ]  # fmt: skip
    widths = {line: sum(1 + (east_asian_width(c) in "WF") for c in line) for line in lines}
    assert {line: width for line, width in widths.items() if width > WIDTH} == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_end_of_day_counts_sales_and_reversals(lang: str) -> None:
    """The slip of the end of day gives the batch, and count and sum of sales and of reversals."""
    text = "\n".join(end_of_day_slip(terminal(lang)))
    assert text.count("999  38.00 CNY") == 2
    assert "000001" in text
