"""Receipts and other slips, line by line. The PAN comes masked from the secure module; the
customer's copy shows four digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.terminal.journal import CODE
from posemu.terminal.requests import order_number
from posemu.wire import mask_pan_customer

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

WIDTH = 32  # characters of a 58 mm roll


def _row(name: str, value: str) -> str:
    return f"{name}: {value}"


def _head(t: Terminal, title: str) -> list[str]:
    words = t.words
    return [
        words[title],
        _row(words["merchant"], t.merchant_id),
        _row(words["terminal"], t.terminal_id),
    ]


def sale_slip(t: Terminal, sale: SaleRecord, copy: str, reprint: bool = False) -> tuple[str, ...]:
    """The receipt of an approved sale; `copy` is "merchant-copy" or "customer-copy"."""
    words = t.words
    lines = _head(t, "sale")
    lines += [
        _row(words["date"], f"{sale.date} {sale.time}"),
        _row(words["trace"], sale.stan),
        *_paid_with(t, sale, copy),
        _row(words["amount"], t.money(sale.amount_minor)),
        _row(words["authorisation"], sale.authorisation),
        _row(words["reference"], sale.rrn),
        words["approved"],
        words[copy],
    ]
    if reprint:
        lines.append(words["reprint"])
    return tuple(lines)


def _paid_with(t: Terminal, sale: SaleRecord, copy: str) -> list[str]:
    words = t.words
    if sale.method == CODE:
        return [
            _row(words["order"], order_number(t, sale)),
            _row(words["entry"], words["scanned"]),
        ]
    pan = mask_pan_customer(sale.pan) if copy == "customer-copy" else sale.pan
    return [_row(words["card"], pan), _row(words["entry"], words["swiped"])]


def closed_slip(t: Terminal, order: SaleRecord) -> tuple[str, ...]:
    """Of an order that was closed: the customer can see that nothing is owed for it."""
    words = t.words
    lines = _head(t, "closed-order")
    lines += [
        _row(words["date"], f"{order.date} {order.time}"),
        _row(words["trace"], order.stan),
        _row(words["order"], order_number(t, order)),
        _row(words["amount"], t.money(order.amount_minor)),
        words["order-closed"],
    ]
    return tuple(lines)


def reversal_slip(t: Terminal, sale: SaleRecord) -> tuple[str, ...]:
    words = t.words
    lines = _head(t, "reversal")
    lines += [
        _row(words["date"], f"{sale.date} {sale.time}"),
        _row(words["trace"], sale.stan),
        _row(words["card"], mask_pan_customer(sale.pan)),
        _row(words["amount"], t.money(sale.amount_minor)),
        words["reversed"],
    ]
    return tuple(lines)


def end_of_day_slip(t: Terminal) -> tuple[str, ...]:
    words, totals = t.words, t.journal.totals
    lines = _head(t, "end-of-day")
    lines += [
        _row(words["batch"], t.journal.batch),
        _row(words["sales"], f"{totals.sales}  {t.money(totals.sales_minor)}"),
        _row(words["reversals"], f"{totals.reversals}  {t.money(totals.reversals_minor)}"),
    ]
    return tuple(lines)
