"""Receipts and other slips, line by line. The PAN comes masked from the secure module; the
customer's copy shows four digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from posemu.terminal.journal import CODE, ChipSlip
from posemu.terminal.requests import order_number
from posemu.wire import mask_pan_customer

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

WIDTH = 32  # characters of a 58 mm roll


def _row(name: str, value: str) -> str:
    return f"{name}: {value}"


def _long_row(name: str, value: str) -> list[str]:
    """On two lines if one is too short, wherever the letters of the name are wide ones."""
    row = _row(name, value)
    return [row] if len(row) + len(name) <= WIDTH else [f"{name}:", value]


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
    ]
    offline = sale.chip is not None and not sale.rrn
    if sale.rrn:
        lines.append(_row(words["authorisation"], sale.authorisation))
        lines.append(_row(words["reference"], sale.rrn))
    lines.append(words["approved-offline" if offline else "approved"])
    if copy == "merchant-copy" and sale.chip is not None and sale.chip.verified in SIGNED:
        lines.append(_row(words["signature"], "_" * 18))
    lines.append(words[copy])
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
    if sale.chip is None:
        return [_row(words["card"], pan), _row(words["entry"], words[sale.entry])]
    return [
        _row(words["card"], pan),
        _row(words["entry"], words[sale.chip.verified]),
        _row(words["application"], sale.chip.name),
        *_long_row(words["aid"], sale.chip.aid),
        _row(words["cryptogram"], sale.chip.cryptogram),
        _row(words["atc"], sale.chip.atc),
        _row(words["tvr"], sale.chip.tvr),
    ]


SLIP_LINES_MAX = 20
"""Lines of the longest copy of a receipt: a chip sale's with signature, approved online and
reprinted."""
SIGNED = ("pin-and-signature", "signature-only")
_VERIFIED: Final[Mapping[int, str]] = {
    0x01: "offline-pin", 0x02: "online-pin", 0x03: "pin-and-signature", 0x04: "offline-pin",
    0x05: "pin-and-signature", 0x1E: "signature-only",
}  # fmt: skip
_METHOD, _FAILED, _NAME_MAX, _AID_MAX = 0x3F, 0x01, 16, 16


def chip_slip(data: Mapping[str, bytes]) -> ChipSlip:
    """What a receipt shows of a chip transaction, out of its objects (tag -> value): application,
    last cryptogram and how the cardholder was verified (EMV 4.4 Book 4, 11.4; Book 3, 10.5 and
    annex C3). A cardholder whose PIN was wrong was not verified."""
    method, _, result = data.get("9F34", b"\x1f\x00\x00")
    verified = _VERIFIED.get(method & _METHOD, "not-verified")
    name = data.get("9F12") or data.get("50", b"")
    return ChipSlip(
        aid=data.get("84", data.get("9F06", b""))[:_AID_MAX].hex().upper(),
        name=_readable(name),
        cryptogram=data.get("9F26", b"").hex().upper(),
        atc=data.get("9F36", b"").hex().upper(),
        tvr=data.get("95", b"").hex().upper(),
        verified="not-verified" if result == _FAILED else verified,
    )


def _readable(name: bytes) -> str:
    """A card's name of itself, as far as every printer has the letters."""
    text = name.decode("ascii", "replace")
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:_NAME_MAX]


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
    if sale.chip is not None:
        lines[-2:-2] = _long_row(words["aid"], sale.chip.aid)
    if sale.replaced:
        lines.append(words["replaced"])
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
