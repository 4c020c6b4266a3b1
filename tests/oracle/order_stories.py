"""Stories about records and messages: what comes before what, and under which number."""

from __future__ import annotations

from typing import Any

from .conftest import DATE, TIME
from .stories import breaks, keeps, refused, reversal_ends, sale, sending

# --- records --------------------------------------------------------------------------------------


@breaks("record-before-send")
def _sent_before_the_flush(c: Any) -> None:
    c.prepared()
    c.journal("sending", "000001")
    c.request()
    c.flush()


@breaks("record-before-send")
def _sent_with_only_prepared_flushed(c: Any) -> None:
    c.prepared()
    c.flush()
    c.request()


@breaks("record-before-send")
def _sent_without_a_record_and_reversed(c: Any) -> None:
    """It was sent: so the reversal is right."""
    c.prepared()
    c.flush()
    c.request()
    c.unknown()
    c.reversal()


@keeps("record-before-send")
def _no_probe_no_verdict(c: Any) -> None:
    c.request()


@keeps("record-before-send")
def _flushed_then_sent(c: Any) -> None:
    sending(c)
    c.request()


@keeps("commit-before-told")
def _flushed_then_told(c: Any) -> None:
    sale(c)
    c.approved()


@breaks("commit-before-told")
def _told_before_the_flush(c: Any) -> None:
    sending(c)
    c.request()
    c.posting()
    c.answer()
    c.journal("approved", "000001", "1", "2")
    c.approved()
    c.flush()


# --- records of what a chip approved alone --------------------------------------------------------


@breaks("record-before-send", "commit-before-told")
def _uploaded_from_memory(c: Any) -> None:
    """Its record is written, and not yet durable."""
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.waiting()
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()
    c.advice()


@breaks("commit-before-told")
def _told_before_the_queue_is_flushed(c: Any) -> None:
    """Planted bug: the record is written, and not yet durable."""
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.waiting()
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()
    c.queue_flush()


@breaks("commit-before-told")
def _told_before_anything_is_in_the_queue(c: Any) -> None:
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()
    c.waiting()
    c.queue_flush()


@breaks("commit-before-told")
def _told_before_the_journal_says_approved(c: Any) -> None:
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.waiting()
    c.queue_flush()
    c.approved()


@keeps("commit-before-told")
def _the_power_failed_in_the_flush_of_the_queue(c: Any) -> None:
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.flush()
    c.waiting()
    c.cut()
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()


# --- requests -------------------------------------------------------------------------------------


@keeps("amount-confirmed")
def _the_amount_of_the_last_screen(c: Any) -> None:
    c.confirm("83.00")
    c.confirm("38.00")
    c.request()


@keeps("amount-confirmed")
def _a_terminal_that_asks_for_no_confirmation(c: Any) -> None:
    c.confirm("38.00")
    refused(c, 1)
    c.request(2, 100)


@breaks("amount-confirmed")
def _another_amount_than_confirmed(c: Any) -> None:
    c.confirm("38.00")
    c.request(amount=8_300)


@keeps("stan-unique")
def _the_same_number_another_day(c: Any) -> None:
    refused(c)
    c.request(date="0303")


@breaks("stan-unique")
def _one_number_two_sales(c: Any) -> None:
    refused(c)
    c.request(amount=100, time="100000")


@keeps("no-resend")
def _one_request_each(c: Any) -> None:
    refused(c, 1)
    c.request(2)


@breaks("no-resend")
def _the_request_goes_out_again(c: Any) -> None:
    c.request()
    c.request()


@breaks("no-resend")
def _a_request_that_calls_itself_a_repeat(c: Any) -> None:
    c.out("0201", {4: f"{3_800:012d}", 11: "000001", 12: TIME, 13: DATE})


@keeps("ksn-advances")
def _skipped_ksns(c: Any) -> None:
    refused(c, counter=5)
    c.request(2, counter=9)


@breaks("ksn-advances")
def _one_ksn_twice(c: Any) -> None:
    refused(c, counter=5)
    c.request(2, counter=5)


@breaks("ksn-advances")
def _a_ksn_going_back(c: Any) -> None:
    refused(c, counter=5)
    c.request(2, counter=4)


@keeps("request-authentic")
def _a_damaged_request_and_then_a_whole_one(c: Any) -> None:
    c.request(mac=b"\1" * 8)
    c.arrival()
    c.answer()


@keeps("request-authentic")
def _a_damaged_request_is_refused(c: Any) -> None:
    c.request(mac=b"\1" * 8)
    c.answer(code="A0")


@breaks("request-authentic")
def _a_damaged_request_is_approved(c: Any) -> None:
    c.request(mac=b"\1" * 8)
    c.answer()


@breaks("request-authentic")
def _a_request_that_did_not_arrive_is_approved(c: Any) -> None:
    c.request(arrives=False)
    c.answer()


@keeps("reversal-first")
def _the_next_sale_waits(c: Any) -> None:
    c.request(1)
    reversal_ends(c)
    c.request(2)


@breaks("reversal-first")
def _the_next_sale_does_not_wait(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.request(2)


@keeps("end-of-day-clean")
def _the_end_of_day_after_the_reversal(c: Any) -> None:
    c.request(1)
    reversal_ends(c)
    c.reconciliation()


@breaks("end-of-day-clean")
def _the_end_of_day_while_unknown(c: Any) -> None:
    c.request(1)
    c.unknown(1)
    c.reconciliation()


@keeps("no-crash")
def _power_fails_and_comes_back(c: Any) -> None:
    c.state("sale-amount")
    c.cut()
    c.state("starting")


@breaks("no-crash")
def _the_program_crashed(c: Any) -> None:
    c.emit("till-1", "crash", text="KeyError in _authorise")
