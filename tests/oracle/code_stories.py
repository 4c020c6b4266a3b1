"""Stories about code payments: one order at a time, asked for, closed, and never reversed."""

from __future__ import annotations

from typing import Any

from posemu.wire import frame

from .conftest import BACK, DATE, TIME
from .stories import breaks, keeps, refused, sending

PAY, QUERY, CLOSE = "190000", "390000", "990000"


def number(stan: int) -> str:
    return f"T0000001{DATE}{stan:06d}"


def pay(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """The pay message leaves the terminal and reaches the host."""
    fields = {3: PAY, 4: f"{amount:012d}", 11: f"{stan:06d}", 12: TIME, 13: DATE, 59: number(stan)}
    c.sent = c.out("0200", fields)
    c.arrival()


def ask(c: Any, code: str = QUERY, stan: int = 1, amount: int = 3_800, mti: str = "0600") -> None:
    """A query or a close of the order of sale `stan`."""
    c.out(mti, {3: code, 4: f"{amount:012d}", 11: "000070", 59: number(stan)})


def says(c: Any, code: str, to: str = QUERY, stan: int = 1, mac: bytes = bytes(8)) -> None:
    """What the host answers to a query or a close, and how it arrives."""
    fields = {3: to, 4: f"{3_800:012d}", 11: "000070", 39: code, 59: number(stan)}
    data = frame(c.message("0610", fields, 1, bytes(8)), BACK)
    c.emit("gateway", "frame-sent", end="host", terminal=c.till, bytes=data)
    c.emit(c.till, "frame-received", end="terminal", connection=1, bytes=data[:-8] + mac)


def unknown(c: Any, stan: int = 1) -> None:
    c.screen(f"RESULT UNKNOWN. BEING ASKED FOR TRACE {stan:06d}")


def closed(c: Any, stan: int = 1) -> None:
    c.screen(f"ORDER CLOSED, NOT CHARGED TRACE {stan:06d}")


# --- one at a time --------------------------------------------------------------------------------


@keeps("one-open-order")
def _the_next_order_after_the_first_is_closed(c: Any) -> None:
    pay(c)
    unknown(c)
    ask(c, CLOSE)
    says(c, "17", CLOSE)
    closed(c)
    pay(c, 2)


@keeps("one-open-order")
def _a_pending_reversal_does_not_hold_up_a_code_payment(c: Any) -> None:
    c.request()
    c.unknown()
    pay(c, 2)


@breaks("one-open-order")
def _a_second_order_while_the_first_is_open(c: Any) -> None:
    pay(c)
    unknown(c)
    pay(c, 2)


# --- query and close ------------------------------------------------------------------------------


@keeps("order-matches-sale")
@keeps("told-matches-booked")
def _a_query_finds_it_paid(c: Any) -> None:
    pay(c)
    unknown(c)
    c.posting()
    ask(c)
    says(c, "00")
    c.approved()


@keeps("order-matches-sale")
def _a_close_of_a_pay_that_power_kept_from_leaving(c: Any) -> None:
    sending(c)
    c.cut()
    ask(c, CLOSE)


@breaks("order-matches-sale")
def _a_query_over_another_amount(c: Any) -> None:
    pay(c)
    ask(c, amount=3_801)


@breaks("order-matches-sale")
def _a_query_of_an_order_that_was_never_made(c: Any) -> None:
    c.prepared()
    c.flush()
    ask(c, stan=2)


@keeps("repeat-marked")
def _a_close_that_goes_out_again(c: Any) -> None:
    pay(c)
    ask(c, CLOSE)
    ask(c, CLOSE, mti="0601")


@breaks("repeat-marked")
def _a_second_close_that_looks_new(c: Any) -> None:
    pay(c)
    ask(c)
    ask(c, CLOSE)
    ask(c, CLOSE)


# --- how it ends ----------------------------------------------------------------------------------


@keeps("not-charged-from-host")
def _a_close_of_what_the_host_does_not_know(c: Any) -> None:
    pay(c)
    unknown(c)
    ask(c, CLOSE)
    says(c, "25", CLOSE)
    closed(c)


@breaks("not-charged-from-host")
def _a_query_of_what_the_host_does_not_know_is_no_end(c: Any) -> None:
    """Its pay may still be on its way."""
    pay(c)
    unknown(c)
    ask(c)
    says(c, "25")
    closed(c)


@breaks("not-charged-from-host")
def _the_customer_still_types_a_password(c: Any) -> None:
    pay(c)
    c.answer(code="09")
    closed(c)


@breaks("not-charged-from-host")
def _a_damaged_answer_to_a_close_is_believed(c: Any) -> None:
    pay(c)
    unknown(c)
    ask(c, CLOSE)
    says(c, "17", CLOSE, mac=b"\1" * 8)
    closed(c)


@breaks("told-matches-booked")
def _a_paid_order_is_told_as_closed(c: Any) -> None:
    pay(c)
    c.posting()
    ask(c, CLOSE)
    says(c, "17", CLOSE)
    closed(c)


@keeps("told-matches-booked")
def _a_close_finds_it_paid(c: Any) -> None:
    pay(c)
    unknown(c)
    c.posting()
    ask(c, CLOSE)
    says(c, "00", CLOSE)
    c.approved()


@breaks("approval-authentic")
def _a_damaged_paid_is_believed(c: Any) -> None:
    pay(c)
    c.posting()
    ask(c)
    says(c, "00", mac=b"\1" * 8)
    c.approved()


@breaks("approval-granted")
def _approved_while_the_customer_still_types(c: Any) -> None:
    pay(c)
    c.posting()
    c.answer(code="09")
    c.approved()


@breaks("single-capture")
def _an_order_is_paid_twice(c: Any) -> None:
    pay(c)
    c.posting()
    c.posting()


# --- no reversal ----------------------------------------------------------------------------------


@keeps("order-not-reversed")
def _a_declined_card_sale_and_an_order(c: Any) -> None:
    refused(c)
    c.request(2)
    c.unknown(2)
    pay(c, 3)
    c.reversal(2)


@breaks("order-not-reversed")
def _an_order_is_reversed(c: Any) -> None:
    pay(c)
    unknown(c)
    c.reversal()
