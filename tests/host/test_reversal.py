"""Reversals at the host: what becomes of each kind of original."""

from __future__ import annotations

from typing import Any

from posemu.profiles import load_dialect
from posemu.wire import Codec

WRONG = "000000000000"


def test_a_booked_sale_is_taken_back(till: Any) -> None:
    """00: the money goes back to the card, and both books count it."""
    before = till.issuer.total_minor()
    rrn = till.said(till.ask(till.sale(1)))[37]
    result = till.ask(till.reversal(1))
    said = till.said(result)
    assert (said[39], said[37]) == ("00", rrn)
    assert [tuple(p) for p in result.postings] == [("T0000001", "000001", "0302", -3_800)]
    assert till.issuer.total_minor() == before
    assert till.books.totals.as_field() == f"{1:06d}{3800:012d}" * 2


def test_a_reversal_again_changes_nothing(till: Any) -> None:
    """A repeat under its own key is answered 00 too, and moves no money."""
    till.ask(till.sale(1))
    till.ask(till.reversal(1))
    before = till.snapshot()
    for _ in range(3):
        result = till.ask(till.reversal(1, mti="0401"))
        assert till.said(result)[39] == "00"
        assert result.postings == ()
    assert till.snapshot() == before


def test_a_declined_sale_has_nothing_to_reverse(till: Any) -> None:
    """12: the original is known and was never booked."""
    till.ask(till.sale(1, pin=WRONG))
    before = till.snapshot()
    assert till.code(till.reversal(1)) == "12"
    assert till.code(till.reversal(1, mti="0401")) == "12"
    assert till.snapshot() == before


def test_an_unknown_original_is_remembered(till: Any) -> None:
    """25, as often as asked; when the original comes after all it is declined, under any key."""
    money = till.issuer.total_minor()
    assert till.code(till.reversal(1)) == "25"
    assert till.code(till.reversal(1, mti="0401")) == "25"
    result = till.ask(till.sale(1))
    assert till.said(result)[39] == "68"
    assert result.postings == ()
    assert till.code(till.reversal(1, mti="0401")) == "25"
    assert till.issuer.total_minor() == money


def test_a_reversal_of_another_amount_is_refused(till: Any) -> None:
    """64: neither more nor less than the original can be taken back."""
    till.ask(till.sale(1, 3_800))
    before = till.snapshot()
    assert till.code(till.reversal(1, 3_799)) == "64"
    assert till.code(till.reversal(1, 38_000)) == "64"
    assert till.snapshot() == before
    assert till.code(till.reversal(1, 3_800)) == "00"


def test_a_reversal_finds_its_original_by_number_time_and_date(till: Any) -> None:
    """The same trace number at another time or on another date is another original."""
    till.ask(till.sale(1))
    before = till.issuer.total_minor()
    assert till.code(till.reversal(1, time="090001")) == "25"
    assert till.code(till.reversal(1, date="0303")) == "25"
    assert till.code(till.reversal(2)) == "25"
    assert till.issuer.total_minor() == before


def test_a_reversal_after_the_batch_was_closed_still_gives_the_money_back(till: Any) -> None:
    """A late reversal of a sale in a settled batch is booked, in the open batch."""
    before = till.issuer.total_minor()
    till.ask(till.sale(1))
    assert till.code(till.reconciliation(till.books.totals.as_field())) == "00"
    assert till.code(till.reversal(1)) == "00"
    assert till.issuer.total_minor() == before
    assert till.books.totals.as_field() == f"{0:06d}{0:012d}{1:06d}{3800:012d}"


def test_a_reversal_needs_no_card_data(till: Any) -> None:
    """A message without track and PIN block is all that the host needs to give the money back."""
    till.ask(till.sale(1))
    message = till.reversal(1)
    _, fields = Codec(load_dialect("posemu-87-aes")).decode(message)
    assert not {52, 63} & fields.keys()
    assert till.code(message) == "00"
