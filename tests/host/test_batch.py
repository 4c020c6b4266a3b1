"""Sign-on and end of day: which batch is open, and whether both sides agree about it."""

from __future__ import annotations

from typing import Any


def test_sign_on_names_the_open_batch(till: Any, as_totals: Any) -> None:
    """A sign-on is told the number of the open batch, which moves on with each end of day."""
    for number in range(1, 4):
        said = till.said(till.ask(till.sign_on()))
        assert (said[39], said[60]) == ("00", f"00{number:06d}001")
        assert till.code(till.reconciliation(as_totals(0, 0), f"{number:06d}")) == "00"


def test_another_management_request_is_refused(till: Any) -> None:
    """A network management code that is no sign-on is invalid (12)."""
    assert till.code(till.sign_on(code="999")) == "12"


def test_equal_totals_close_the_batch(till: Any, as_totals: Any) -> None:
    """When the terminal's totals are the host's, the batch closes and the next one opens, empty."""
    till.ask(till.sale(1, 3_800))
    till.ask(till.sale(2, 1_200))
    till.ask(till.reversal(2, 1_200))
    said = till.said(till.ask(till.reconciliation(as_totals(2, 5_000, 1, 1_200))))
    assert (said[39], said[48]) == ("00", as_totals(2, 5_000, 1, 1_200) + "1")
    assert till.books.batch_number == "000002"
    assert till.books.totals.as_field() == as_totals(0, 0)


def test_different_totals_keep_the_batch(till: Any, as_totals: Any) -> None:
    """A cent or a count too much is a mismatch (95, the host's totals, flag 2): the batch stays."""
    till.ask(till.sale(1, 3_800))
    before = till.snapshot()
    for wrong in (as_totals(1, 3_801), as_totals(2, 3_800), as_totals(1, 3_800, 1, 0)):
        said = till.said(till.ask(till.reconciliation(wrong)))
        assert (said[39], said[48]) == ("95", as_totals(1, 3_800) + "2")
        assert till.snapshot() == before
    assert till.code(till.reconciliation(as_totals(1, 3_800))) == "00"


def test_asked_again_about_a_closed_batch_the_host_says_the_same(till: Any, as_totals: Any) -> None:
    """A repeat whose first answer was lost is balanced too, and closes nothing more."""
    till.ask(till.sale(1, 3_800))
    till.ask(till.reconciliation(as_totals(1, 3_800)))
    before = till.snapshot()
    for _ in range(3):
        said = till.said(till.ask(till.reconciliation(as_totals(1, 3_800), mti="0501")))
        assert (said[39], str(said[48])[-1]) == ("00", "1")
    assert till.snapshot() == before
    assert till.code(till.reconciliation(as_totals(1, 3_801), mti="0501")) == "95"
    assert till.snapshot() == before


def test_the_batch_of_the_future_is_out_of_balance(till: Any, as_totals: Any) -> None:
    """A batch that was never opened cannot be closed."""
    assert till.code(till.reconciliation(as_totals(0, 0), "000002")) == "95"
    assert till.books.batch_number == "000001"
