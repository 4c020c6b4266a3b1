"""What each request of the terminal says, field by field, in the dialect `posemu-87-aes`.

KSN, PIN block, track data or payment code, and MAC are added by the secure module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from posemu.terminal.journal import FALLBACK, INSERTED, SCANNED, SWIPED
from posemu.wire import Value

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

Fields = dict[int, Value]

SALE, REVERSAL, REVERSAL_REPEAT = "0200", "0400", "0401"
ADVICE, ADVICE_REPEAT = "0220", "0221"  # of an offline approval (ISO 8583:1987, 4.2)
ORDER, ORDER_REPEAT = "0600", "0601"  # query or close of a code payment's order
SIGN_ON, RECONCILIATION, RECONCILIATION_REPEAT = "0800", "0500", "0501"
PURCHASE = "000000"  # DE3: goods and services
PAY_CODE, QUERY_CODE, CLOSE_CODE = "190000", "390000", "990000"  # DE3; private use; assumed
ENTRY_MODE: Final[Mapping[str, str]] = {
    SWIPED: "021",
    INSERTED: "051",
    FALLBACK: "801",
    SCANNED: "030",
}
"""DE22: stripe, chip, stripe because the chip failed, bar code. The last digit: PINs can be
entered; for a code it does not matter (ISO 8583:1987, 4.3.13; 80: Visa, Mastercard, UnionPay)."""
NORMAL = "00"  # DE25: normal presentment
PAYMENT, MANAGEMENT = "22", "00"  # first two digits of DE60
NO_CODE, SIGN_ON_CODE, END_OF_DAY_CODE = "000", "001", "201"  # last three digits of DE60


def sale_request(t: Terminal, sale: SaleRecord) -> Fields:
    return {
        3: PURCHASE,
        4: f"{sale.amount_minor:012d}",
        11: sale.stan,
        12: sale.time,
        13: sale.date,
        22: ENTRY_MODE[sale.entry],
        25: NORMAL,
        41: t.terminal_id,
        42: t.merchant_id,
        49: t.profile.currency,
        60: PAYMENT + t.journal.batch + NO_CODE,
    }


def chip_request(t: Terminal, sale: SaleRecord, field_55: bytes) -> Fields:
    """A sale by chip."""
    return sale_request(t, sale) | {55: field_55}


def advice_request(t: Terminal, sale: SaleRecord, field_55: bytes, code: str) -> Fields:
    """An offline approval: as the request, and why there was none (DE39: Y1, the card approved by
    itself; Y3, the host was not reached). EMV 4.4 Book 4, annex A6."""
    return chip_request(t, sale, field_55) | {39: code}


def order_number(t: Terminal, order: SaleRecord) -> str:
    """Of a code payment: terminal, date and trace number of its pay message, so that no other order
    of the year has it."""
    return t.terminal_id + order.date + order.stan


def pay_request(t: Terminal, order: SaleRecord) -> Fields:
    """The payment code is added by the secure module, enciphered."""
    return sale_request(t, order) | {3: PAY_CODE, 59: order_number(t, order)}


def order_request(t: Terminal, order: SaleRecord, stan: str, code: str) -> Fields:
    """A query or a close, as `code` says (DE3). It names the order, and carries no payment code."""
    time, date = t.calendar()
    return {
        3: code,
        4: f"{order.amount_minor:012d}",
        11: stan,
        12: time,
        13: date,
        41: t.terminal_id,
        42: t.merchant_id,
        49: t.profile.currency,
        59: order_number(t, order),
        60: PAYMENT + t.journal.batch + NO_CODE,
    }


def reversal_request(t: Terminal, sale: SaleRecord) -> Fields:
    """Carries no card data: the host finds the original by terminal, merchant, trace number, time
    and date, and amount."""
    time, date = t.calendar()
    return {
        3: PURCHASE,
        4: f"{sale.amount_minor:012d}",
        11: sale.stan,
        12: time,
        13: date,
        25: NORMAL,
        39: sale.reason,
        41: t.terminal_id,
        42: t.merchant_id,
        49: t.profile.currency,
        60: PAYMENT + t.journal.batch + NO_CODE,
        61: sale.stan + sale.time + sale.date,
    }


def sign_on_request(t: Terminal, stan: str) -> Fields:
    time, date = t.calendar()
    return {
        11: stan,
        12: time,
        13: date,
        41: t.terminal_id,
        42: t.merchant_id,
        60: MANAGEMENT + "000000" + SIGN_ON_CODE,
    }


def reconciliation_request(t: Terminal, stan: str) -> Fields:
    time, date = t.calendar()
    totals = t.journal.totals
    return {
        11: stan,
        12: time,
        13: date,
        41: t.terminal_id,
        42: t.merchant_id,
        48: f"{totals.sales:06d}{totals.sales_minor:012d}"
        f"{totals.reversals:06d}{totals.reversals_minor:012d}",
        49: t.profile.currency,
        60: MANAGEMENT + t.journal.batch + END_OF_DAY_CODE,
    }
