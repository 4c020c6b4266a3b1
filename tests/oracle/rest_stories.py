"""Stories about the end of the day, and about secrets."""

from __future__ import annotations

from typing import Any

from .conftest import CHIP, DATE, TIME
from .stories import DIFFER, DONE, breaks, keeps, refused, rest, sale, sending, settled


@keeps("comes-to-rest")
@keeps("totals-agree")
@keeps("nothing-unknown")
@keeps("approval-shown")
@keeps("receipt-printed")
def _a_good_end(c: Any) -> None:
    sale(c)
    c.approved()
    c.slips()
    rest(c)


@breaks("comes-to-rest")
def _still_busy(c: Any) -> None:
    rest(c, "reversal-waiting")


@keeps("comes-to-rest")
def _a_part_without_a_state_probe(c: Any) -> None:
    c.drain()
    settled(c)


@breaks("nothing-unknown")
def _unknown_to_the_end(c: Any) -> None:
    c.drain()
    settled(c)
    c.request()
    c.unknown()
    c.state("idle")


@breaks("nothing-unknown")
def _never_told_at_all(c: Any) -> None:
    c.request()
    c.drain()
    settled(c)


@breaks("nothing-unknown")
def _declined_and_unknown_again(c: Any) -> None:
    refused(c)
    c.unknown()
    c.drain()
    settled(c)


@breaks("nothing-unknown")
def _a_reversal_without_end_of_a_sale_cut_before_it_left(c: Any) -> None:
    sending(c)
    c.cut()
    c.reversal()
    c.drain()
    settled(c)


@breaks("totals-agree")
def _the_totals_differ(c: Any) -> None:
    c.drain()
    c.reconciliation()
    settled(c, "2", DIFFER)


@breaks("totals-agree")
def _no_end_of_day(c: Any) -> None:
    c.drain()
    c.state("idle")


@breaks("totals-agree")
def _an_end_of_day_that_nobody_was_told_of(c: Any) -> None:
    c.drain()
    c.reconciliation()
    c.answer(90, "00", "0510", totals="0" * 36 + "1")


@breaks("totals-agree")
def _an_end_of_day_without_an_answer_after_a_good_one(c: Any) -> None:
    c.drain()
    c.reconciliation()
    settled(c)
    c.reconciliation(91)


# --- the end of day: said and told ----------------------------------------------------------------


@keeps("end-of-day-from-host")
def _done_after_the_totals_had_differed(c: Any) -> None:
    c.reconciliation()
    settled(c, "2", DIFFER)
    c.reconciliation()
    settled(c)


@breaks("end-of-day-from-host")
def _called_done_although_the_totals_differ(c: Any) -> None:
    c.reconciliation()
    settled(c, "2")


@breaks("end-of-day-from-host")
def _said_to_differ_although_they_agree(c: Any) -> None:
    c.reconciliation()
    settled(c, "1", DIFFER)


@breaks("end-of-day-from-host")
def _called_done_without_an_answer(c: Any) -> None:
    c.reconciliation()
    c.screen(DONE)


@breaks("end-of-day-from-host")
def _the_answer_of_the_day_before_counts(c: Any) -> None:
    c.reconciliation()
    settled(c)
    c.reconciliation(91)
    c.screen(DONE)


@breaks("end-of-day-from-host")
def _a_damaged_answer_is_believed(c: Any) -> None:
    c.reconciliation()
    c.answer(90, "00", "0510", totals="0" * 36 + "1", mac=b"\1" * 8)
    c.screen(DONE)


# --- approved: shown and printed ------------------------------------------------------------------


@keeps("approval-shown")
@keeps("receipt-printed")
def _a_declined_sale_has_neither(c: Any) -> None:
    refused(c)
    rest(c)


@keeps("approval-shown")
def _printed_before_the_restart_and_shown_after_it(c: Any) -> None:
    sale(c)
    c.slips()
    c.cut()
    c.approved()
    rest(c)


@breaks("approval-shown")
def _only_the_slips_say_approved(c: Any) -> None:
    sale(c)
    c.cut()
    c.slips(1, "REPRINT")
    rest(c)


@breaks("approval-shown")
def _another_sale_was_shown(c: Any) -> None:
    sale(c, 1)
    c.approved(1)
    c.slips(1)
    sale(c, 2)
    c.slips(2)
    rest(c)


@keeps("receipt-printed")
def _the_slips_come_in_the_drain(c: Any) -> None:
    sale(c)
    c.approved()
    rest(c)
    c.slips(1, "REPRINT")


@keeps("receipt-printed")
def _one_copy_before_the_paper_ended_and_both_after(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip(1, "APPROVED", "38.00", "MERCHANT COPY")
    c.slips(1, "REPRINT")
    rest(c)


@breaks("receipt-printed")
def _told_on_the_screen_only(c: Any) -> None:
    sale(c)
    c.approved()
    rest(c)


@breaks("receipt-printed")
def _the_customer_gets_none(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip(1, "APPROVED", "38.00", "MERCHANT COPY")
    c.slip(1, "APPROVED", "38.00", "MERCHANT COPY", "REPRINT")
    rest(c)


@breaks("receipt-printed")
def _the_merchant_gets_none(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip(1, "APPROVED", "38.00", "CUSTOMER COPY")
    rest(c)


def named_approval(c: Any, *names: str) -> None:
    """Approved under reference 000000000007 and authorisation code 123456; the slips name these."""
    c.request()
    c.posting()
    c.answer(names=("000000000007", "123456"))
    c.approved()
    c.slips(1, *names)
    rest(c)


@keeps("receipt-printed")
def _slips_with_reference_and_authorisation_code(c: Any) -> None:
    named_approval(c, "AUTHORISATION: 123456", "REFERENCE: 000000000007")


@breaks("receipt-printed")
def _slips_with_another_authorisation_code(c: Any) -> None:
    named_approval(c, "AUTHORISATION: 123450", "REFERENCE: 000000000007")


@breaks("receipt-printed")
def _slips_without_the_reference(c: Any) -> None:
    named_approval(c, "AUTHORISATION: 123456")


@breaks("receipt-printed")
def _slips_without_the_amount(c: Any) -> None:
    sale(c)
    c.approved()
    for copy in ("MERCHANT COPY", "CUSTOMER COPY"):
        lines = ("SALE", "TRACE: 000001", "APPROVED", copy)
        c.emit(c.till, "receipt", slip="slip", stan="000001", lines=lines)
    rest(c)


@breaks("receipt-printed")
def _slips_that_do_not_say_whose_they_are(c: Any) -> None:
    """What the event is called does not count: people read what is printed."""
    sale(c)
    c.approved()
    for tag in ("merchant-copy", "customer-copy"):
        lines = ("SALE", "TRACE: 000001", "AMOUNT: 38.00 CNY", "APPROVED")
        c.emit(c.till, "receipt", slip=tag, stan="000001", lines=lines)
    rest(c)


# --- secrets --------------------------------------------------------------------------------------


@keeps("no-card-data")
def _a_masked_pan(c: Any) -> None:
    c.screen("CARD 999907******1247 AND ************1247")


@breaks("no-card-data")
def _a_whole_pan(c: Any) -> None:
    c.screen("CARD 9999075123741247")


@breaks("no-card-data")
def _a_pan_in_the_data_of_the_chip(c: Any) -> None:
    """Tag 5A."""
    c.out("0200", {4: f"{3_800:012d}", 11: "000001", 12: TIME, 13: DATE, 22: CHIP,
                   55: bytes.fromhex("5A08" + "9999075123741247" + "9F36020007")})  # fmt: skip


@breaks("no-card-data")
def _a_track_in_what_a_card_said(c: Any) -> None:
    """Tag 57."""
    c.says("ARQC", data=bytes.fromhex("770A5708" + "9999075123741247"))
