"""What the host keeps does not show itself: no PAN and no PIN in any text made of it."""

from __future__ import annotations

from typing import Any

PAN, PIN = "9999075123741247", "836194027715"


def test_the_books_do_not_show_pans(till: Any) -> None:
    """The repr, as in an error or a log, of everything in the books holds no PAN."""
    till.ask(till.sale(1))
    till.ask(till.reversal(2))
    shown = [repr(till.books), str(till.books), repr(list(till.books.originals.values()))]
    assert "3800" in shown[0]
    assert PAN not in "".join(shown)


def test_accounts_do_not_show_pins(till: Any) -> None:
    """The repr of an account, and of issuer and host, holds no PIN."""
    shown = repr([till.issuer, till.host, *till.issuer._accounts.values()])
    assert "100000" in shown
    assert PIN not in shown


def test_results_and_notes_hold_no_card_data(till: Any) -> None:
    """Neither answers nor notes nor postings of any outcome have PAN or PIN in them."""
    results = [till.ask(till.sale(1)), till.ask(till.sale(2, pin="000000000000"))]
    results += [till.ask(till.reversal(1)), till.ask(till.sale(1)), till.ask(b"\x02\x00")]
    for result in results:
        text = repr(result) + (result.answer or b"").hex()
        assert PAN not in text
        assert PIN not in text
        assert PAN.encode().hex() not in text
