"""The acquirer's side of code payments: orders, and what pay, query and close do to them.

    pay ──┬─ paid                          close of an order that nobody knows:
          ├─ in progress ──┬─ paid              closed first; its pay, should it
          │                └─ closed            still come, is refused
          └─ refused

An order is known by its number, and is paid at most once, however often and in whatever order
these messages come. DE39 says the same thing in every answer: what the order has come to.

    00 paid    09 the customer has not finished on the phone    17 closed or refused: not charged
    25 no such order    68 (to a pay) too late: it was closed before    others: this message failed

00, 09, 17, 25 and 68 mean in ISO 8583:1987 and its usage approved, request in progress, customer
cancellation, unable to locate the record, response received too late; their use for orders is
assumed. A code sale counts in the totals of the batch like a card sale, from the moment it is paid;
one that is closed was never counted.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.host.accounts import APPROVED
from posemu.host.books import Order, OrderStatus, Posting, Service, TerminalBooks, trace_in
from posemu.host.wallets import FORMAT, Wallets, account_in
from posemu.wire import Value

Fields = dict[int, Value]

PAY, QUERY, CLOSE = "190000", "390000", "990000"  # DE3
IN_PROGRESS, CLOSED, UNKNOWN_ORDER, WRONG_AMOUNT, TOO_LATE = "09", "17", "25", "64", "68"
DUPLICATE, INVALID = "94", "12"


class Orders:
    """`pay`, `query` and `close` give the answer's fields and what was posted."""

    password_from_minor = 300_000
    """From this amount on the customer types a password on the phone (3,000 CNY: WeChat Pay, Quick
    Pay API)."""
    password_queries = 2
    """The customer has finished when the order is queried for the n-th time; assumed: ten to twenty
    seconds. The host has no clock of its own to count them by."""

    def __init__(self, wallets: Wallets, references: Callable[[], tuple[str, str]]) -> None:
        """`references()` gives the next RRN and authorisation code."""
        self._wallets = wallets
        self._references = references

    def pay(self, books: TerminalBooks, fields: Fields, code: str | None) -> Service:
        """`code` is None if it could not be deciphered."""
        number, trace, amount_minor = _number(fields), trace_in(fields), int(str(fields[4]))
        known = books.orders.get(number)
        if known is not None:
            if known.status is OrderStatus.CLOSED_FIRST:
                return {39: TOO_LATE}, ()
            return self._say(known, amount_minor), ()
        if (trace[0], trace[2]) in books.by_stan_date:
            return {39: DUPLICATE}, ()
        order = Order(OrderStatus.REFUSED, amount_minor, trace)
        books.remember_order(number, order)
        said = FORMAT if code is None else self._wallets.take(code, amount_minor)
        if code is None or said != APPROVED:
            return {39: said}, ()
        order.account = account_in(code)
        if amount_minor >= self.password_from_minor:
            order.status, order.queries_left = OrderStatus.IN_PROGRESS, self.password_queries
            return {39: IN_PROGRESS}, ()
        return self._finish(books, order, fields)

    def query(self, books: TerminalBooks, fields: Fields) -> Service:
        """What became of the order; it may have been paid since it was asked for last."""
        order, amount_minor = books.orders.get(_number(fields)), int(str(fields[4]))
        if order is not None and order.status is OrderStatus.IN_PROGRESS:
            order.queries_left -= 1
            if order.queries_left <= 0 and order.amount_minor == amount_minor:
                return self._finish(books, order, fields)
        return self._say(order, amount_minor), ()

    def close(self, books: TerminalBooks, fields: Fields) -> Service:
        """The end of an order that is not paid. One that is paid stays so, and the answer says
        it."""
        number, amount_minor = _number(fields), int(str(fields[4]))
        order = books.orders.get(number)
        if order is None:
            books.orders[number] = Order(OrderStatus.CLOSED_FIRST, amount_minor)
        elif order.status is OrderStatus.IN_PROGRESS and order.amount_minor == amount_minor:
            order.status = OrderStatus.CLOSED
        return self._say(order, amount_minor), ()

    def _finish(self, books: TerminalBooks, order: Order, fields: Fields) -> Service:
        """The customer has agreed: the money moves, if it is there."""
        if not self._wallets.debit(order.account, order.amount_minor):
            order.status = OrderStatus.REFUSED
            return self._say(order, order.amount_minor), ()
        order.rrn, order.authorisation = self._references()
        books.book_order(order)
        stan, _, date = order.trace
        posting = Posting(str(fields[41]), stan, date, order.amount_minor)
        return self._say(order, order.amount_minor), (posting,)

    @staticmethod
    def _say(order: Order | None, amount_minor: int) -> Fields:
        if order is None or order.status is OrderStatus.CLOSED_FIRST:
            return {39: UNKNOWN_ORDER}
        if order.amount_minor != amount_minor:
            return {39: WRONG_AMOUNT}
        if order.status is OrderStatus.PAID:
            return {37: order.rrn, 38: order.authorisation, 39: APPROVED}
        return {39: IN_PROGRESS if order.status is OrderStatus.IN_PROGRESS else CLOSED}


def _number(fields: Fields) -> str:
    return str(fields[59])
