"""Code payments at the host: an order is paid at most once, whatever comes, and in which order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from .conftest import ACCOUNT, BALANCE, PAN, payment_code


def password(till: Any, queries: int = 2) -> None:
    """From now on every customer types a password on the phone."""
    till.host._orders.password_from_minor = 0
    till.host._orders.password_queries = queries


def test_a_code_pays_once_and_is_debited_once(till: Any, as_totals: Any) -> None:
    """An approved pay moves the money from the wallet, posts it under its trace number, and counts
    in the batch; the answer names order, amount, reference and authorisation."""
    result = till.ask(till.pay(7))
    said = till.said(result)
    assert (said[39], said[4], said[59]) == ("00", f"{3_800:012d}", till.order(7))
    assert said[37]
    assert said[38]
    assert result.postings == ((till.terminal, "000007", "0302", 3_800),)
    assert till.host.wallets.total_minor() == BALANCE - 3_800
    assert till.books.totals.as_field() == as_totals(1, 3_800)


def test_the_largest_order_the_wallet_can_pay(till: Any) -> None:
    """Exactly the balance is paid, a cent more is not."""
    till.host._orders.password_from_minor = BALANCE * 2
    assert till.code(till.pay(1, BALANCE + 1)) == "51"
    assert till.code(till.pay(2, BALANCE)) == "00"
    assert till.host.wallets.total_minor() == 0


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (payment_code(1)[:-1], "30"),
        (payment_code(1) + "0", "30"),
        (payment_code(1)[:-1] + str((int(payment_code(1)[-1]) + 1) % 10), "30"),
        ("A" + payment_code(1)[1:], "30"),
        (payment_code(1, "990000000002"), "14"),
    ],
    ids=["too short", "too long", "check digit", "a letter", "nobody's"],
)
def test_a_code_that_is_none_is_refused(till: Any, shown: str, code: str) -> None:
    """Wrong length, check digit or characters, or a wallet that nobody has: declined, not booked,
    and the order has come to its end."""
    assert till.code(till.pay(1, shown=shown)) == code
    assert till.host.wallets.total_minor() == BALANCE
    assert till.code(till.query(1)) == "17"


@pytest.mark.parametrize("amount_minor", [3_800, BALANCE + 1])
def test_a_code_is_taken_once(till: Any, amount_minor: int) -> None:
    """A code that was used is refused, whatever became of the first time."""
    till.host._orders.password_from_minor = BALANCE * 2
    shown = payment_code(1)
    till.ask(till.pay(1, amount_minor, shown=shown))
    before = till.host.wallets.total_minor()
    assert till.code(till.pay(2, shown=shown)) == "94"
    assert till.host.wallets.total_minor() == before


def test_a_code_that_cannot_be_deciphered_is_a_format_error(till: Any) -> None:
    """Data that is not enciphered under the message's key is declined, also digits in clear."""
    assert till.code(till.pay(1, de63=bytes(32))) == "30"
    assert till.code(till.pay(2, de63=payment_code(2).encode())) == "30"
    till.host.accept_clear_track(True)
    assert till.code(till.pay(3, de63=payment_code(3).encode())) == "00"


def test_a_pay_of_a_known_order_never_books_twice(till: Any) -> None:
    """The same message, or another one with the same order number and a fresh key and code: the
    order is paid once, and the answer says that it is paid."""
    message = till.pay(1)
    assert [till.code(message) for _ in range(3)] == ["00"] * 3
    result = till.ask(till.pay(1, shown=payment_code(99)))
    assert till.said(result)[39] == "00"
    assert result.postings == ()
    assert till.code(till.pay(1, 3_801)) == "64"
    assert till.host.wallets.total_minor() == BALANCE - 3_800


def test_query_and_close_of_a_paid_order_say_paid(till: Any) -> None:
    """Both answer 00 with reference and authorisation of the payment; nothing moves any more."""
    told = (4, 37, 38, 39, 59)
    paid = till.said(till.ask(till.pay(1)))
    before = till.snapshot()
    for message in (till.query(1), till.close(1), till.close(1, mti="0601"), till.query(1)):
        result = till.ask(message)
        said = till.said(result)
        assert result.postings == ()
        assert [said[n] for n in told] == [paid[n] for n in told]
    assert till.snapshot() == before


def test_the_customer_finishes_on_the_phone(till: Any, as_totals: Any) -> None:
    """A pay that needs a password is in progress and books nothing; the query that finds it
    finished books it, under the pay's trace number."""
    password(till)
    assert till.code(till.pay(1)) == "09"
    assert till.host.wallets.total_minor() == BALANCE
    assert till.code(till.query(1)) == "09"
    result = till.ask(till.query(1))
    assert till.said(result)[39] == "00"
    assert [(p.stan, p.amount_minor) for p in result.postings] == [("000001", 3_800)]
    assert till.books.totals.as_field() == as_totals(1, 3_800)


def test_an_order_in_progress_is_closed_and_stays_so(till: Any, as_totals: Any) -> None:
    """After its close the customer's password comes too late: nothing is booked."""
    password(till)
    till.ask(till.pay(1))
    assert till.code(till.close(1)) == "17"
    assert [till.code(till.query(1)) for _ in range(5)] == ["17"] * 5
    assert till.code(till.close(1, mti="0601")) == "17"
    assert till.code(till.pay(1)) == "17"
    assert till.host.wallets.total_minor() == BALANCE
    assert till.books.totals.as_field() == as_totals(0, 0)


def test_the_money_may_be_gone_when_the_customer_finishes(till: Any) -> None:
    """Two orders in progress on one wallet: the one that finishes second is refused."""
    password(till, queries=1)
    amount_minor = BALANCE // 2 + 1
    till.ask(till.pay(1, amount_minor))
    till.ask(till.pay(2, amount_minor))
    assert till.code(till.query(1, amount_minor)) == "00"
    assert till.code(till.query(2, amount_minor)) == "17"
    assert till.host.wallets.total_minor() == BALANCE - amount_minor


def test_an_order_that_nobody_knows(till: Any) -> None:
    """A query of it changes nothing: its pay is served. After a close its pay is refused, and the
    close, asked again, says the same."""
    assert till.code(till.query(1)) == "25"
    assert till.code(till.pay(1)) == "00"
    assert till.code(till.close(2)) == "25"
    assert till.code(till.pay(2)) == "68"
    assert [till.code(till.close(2, mti="0601")) for _ in range(2)] == ["25", "25"]
    assert till.host.wallets.total_minor() == BALANCE - 3_800


def test_a_late_pay_after_its_close_is_told_so(till: Any) -> None:
    """A pay sealed before the close, and coming after it, has the lower KSN: it is answered 68 and
    not booked. Any other late pay is refused as every late message is."""
    late, other = till.pay(1), till.pay(2)
    assert till.code(till.close(1)) == "25"
    assert till.code(late) == "68"
    assert till.code(other) == "63"
    assert till.host.wallets.total_minor() == BALANCE


def test_every_order_of_the_messages_books_at_most_once(make_till: Any) -> None:
    """Exhaustive: pay, query, close and a second close, in every sequence, each delivered twice:
    the wallet is debited once or not at all, and what the last answer says is so."""
    for names in permutations(range(4)):
        till = make_till()
        made = [till.pay(1), till.query(1), till.close(1), till.close(1, mti="0601")]
        posted = 0
        for i in names:
            for _ in range(2):
                posted += sum(p.amount_minor for p in till.ask(made[i]).postings)
        assert posted in (0, 3_800)
        assert till.host.wallets.total_minor() == BALANCE - posted
        last = till.code(till.close(1, mti="0601"))
        assert (last == "00") == (posted == 3_800)
        assert last in ("00", "17", "25")


@pytest.mark.parametrize("asked", ["query", "close"])
def test_another_amount_is_another_order(till: Any, asked: str) -> None:
    """A query or a close over another amount is refused, and closes nothing."""
    password(till)
    till.ask(till.pay(1))
    assert till.code(getattr(till, asked)(1, 3_801)) == "64"
    till.ask(till.query(1))
    assert till.code(till.query(1)) == "00"


def test_card_sales_and_orders_share_the_trace_numbers(till: Any) -> None:
    """A trace number serves one payment a day, by card or by code."""
    assert till.code(till.pay(1)) == "00"
    assert till.code(till.sale(1)) == "94"
    assert till.code(till.sale(2)) == "00"
    assert till.code(till.pay(2)) == "94"


def test_a_reversal_does_not_find_an_order(till: Any) -> None:
    """A code payment has no reversal: the host does not know it as an original."""
    till.ask(till.pay(1))
    assert till.code(till.reversal(1)) == "25"
    assert till.host.wallets.total_minor() == BALANCE - 3_800


def test_another_processing_code_is_invalid(till: Any) -> None:
    """An administrative message that is neither query nor close is refused."""
    assert till.code(till.query(1, process="310000")) == "12"


@pytest.mark.parametrize("missing", ["de4", "de59", "de63"])
def test_a_pay_that_says_too_little_gets_no_answer(till: Any, missing: str) -> None:
    """Without amount, order number or code there is no pay."""
    result = till.ask(till.pay(1, **{missing: None}))
    assert result.answer is None
    assert result.note.startswith("incomplete")


def test_the_end_of_day_counts_both_kinds_of_sale(till: Any, as_totals: Any) -> None:
    """A batch with a card sale and a code sale balances with the sum of both."""
    till.ask(till.sale(1, 1_000))
    till.ask(till.pay(2, 500))
    till.ask(till.close(3))
    assert till.code(till.reconciliation(as_totals(2, 1_500))) == "00"


def test_nothing_that_the_host_keeps_shows_a_code(till: Any) -> None:
    """Books, wallets and results have neither payment code nor account in their texts."""
    results = [till.ask(till.pay(1)), till.ask(till.query(1)), till.ask(till.pay(2, 10_000_000))]
    shown = repr([till.books, till.host.wallets, till.host, *till.books.orders.values(), results])
    assert ACCOUNT not in shown
    assert PAN not in shown
