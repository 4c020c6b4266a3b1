"""Stories about money and words: what was told, and what was booked."""

from __future__ import annotations

from typing import Any

from .stories import breaks, keeps, refused, reversal_ends, sale

# --- told and booked ------------------------------------------------------------------------------


@keeps("told-matches-booked")
@keeps("approval-granted")
def _an_approved_sale(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip()


@keeps("told-matches-booked")
@keeps("not-charged-from-host")
def _a_declined_sale(c: Any) -> None:
    refused(c)


@keeps("told-matches-booked")
def _unknown_then_reversed(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(arrives=False)
    c.unknown()
    c.reversal()
    c.posting(amount=-3_800)
    c.answer(mti="0410")
    c.reversed()


@keeps("told-matches-booked")
def _unknown_while_booked(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()


@breaks("told-matches-booked")
def _declined_but_booked(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(code="51")
    c.declined()


@breaks("told-matches-booked")
def _told_first_booked_after(c: Any) -> None:
    refused(c)
    c.posting()


@breaks("told-matches-booked")
def _approved_over_another_amount(c: Any) -> None:
    sale(c)
    c.approved(amount="83.00")


@breaks("told-matches-booked")
def _reversed_by_the_host_after_it_was_told(c: Any) -> None:
    sale(c)
    c.approved()
    c.posting(amount=-3_800)


@breaks("told-matches-booked")
def _without_postings_the_wire_is_believed(c: Any) -> None:
    c.request()
    c.answer(arrives=False)
    c.answer(code="51")
    c.declined()


@keeps("told-matches-booked")
def _without_postings_the_wire_takes_back(c: Any) -> None:
    c.request()
    c.answer(arrives=False)
    reversal_ends(c, 1, "00")


@breaks("told-matches-booked")
def _without_postings_the_wire_takes_nothing_back(c: Any) -> None:
    c.request()
    c.answer(arrives=False)
    reversal_ends(c, 1, "12")


@breaks("told-matches-booked", "approval-granted")
def _approved_after_a_decline(c: Any) -> None:
    c.request()
    c.answer(code="51")
    c.approved()


# --- booked once ----------------------------------------------------------------------------------


@keeps("single-capture")
def _booked_and_taken_back(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)


@breaks("single-capture")
def _booked_twice(c: Any) -> None:
    c.request()
    c.posting()
    c.posting()


@breaks("single-capture")
def _booked_again_after_its_reversal(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)
    c.posting()


@breaks("single-capture")
def _taken_back_twice(c: Any) -> None:
    c.request()
    c.posting()
    c.posting(amount=-3_800)
    c.posting(amount=-3_800)


@breaks("single-capture")
def _booked_with_another_amount(c: Any) -> None:
    c.request()
    c.posting(amount=3_801)


@breaks("single-capture")
def _booked_without_a_sale(c: Any) -> None:
    c.posting()


# --- approved -------------------------------------------------------------------------------------


@breaks("approval-granted")
def _approved_without_any_answer(c: Any) -> None:
    c.request()
    c.posting()
    c.approved()


@breaks("approval-granted")
def _the_approval_was_lost_on_the_way(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(arrives=False)
    c.approved()


@breaks("approval-authentic")
def _the_approval_was_damaged(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(mac=b"\1" * 8)
    c.approved()


@keeps("approval-authentic")
def _damaged_and_not_believed(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(mac=b"\1" * 8)
    c.unknown()


@keeps("approval-authentic")
def _damaged_and_then_whole(c: Any) -> None:
    c.request()
    c.posting()
    c.answer(mac=b"\1" * 8)
    c.answer()
    c.approved()


@breaks("approval-authentic", "told-matches-booked")
def _the_approval_was_forged(c: Any) -> None:
    c.request()
    c.answer(sent=False)
    c.approved()


# --- not charged ----------------------------------------------------------------------------------


@keeps("not-charged-from-host")
def _a_reversal_that_the_host_ended(c: Any) -> None:
    c.request()
    reversal_ends(c)


@keeps("not-charged-from-host")
def _a_reversal_of_a_sale_that_the_host_knew_and_had_not_booked(c: Any) -> None:
    c.request()
    reversal_ends(c, 1, "12")


@breaks("not-charged-from-host")
def _a_timeout_is_called_a_decline(c: Any) -> None:
    c.request()
    c.declined()


@breaks("not-charged-from-host")
def _a_damaged_decline_is_believed(c: Any) -> None:
    c.request()
    c.answer(code="51", mac=b"\1" * 8)
    c.declined()


@breaks("not-charged-from-host")
def _a_request_that_was_not_checked_is_called_declined(c: Any) -> None:
    """Another copy of it may still reach the host whole."""
    c.request()
    c.answer(code="A0")
    c.declined()


@breaks("not-charged-from-host")
def _a_reversal_that_was_only_sent(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.reversed()


@breaks("not-charged-from-host")
def _a_reversal_that_the_host_did_not_end(c: Any) -> None:
    c.request()
    reversal_ends(c, 1, "96")


@breaks("not-charged-from-host")
def _the_damaged_end_of_a_reversal_is_believed(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.answer(code="25", mti="0410", mac=b"\1" * 8)
    c.reversed()


@keeps("told-before-ready")
def _unknown_is_said_before_it_is_ready(c: Any) -> None:
    c.request()
    c.unknown()
    c.state("idle")


@keeps("told-before-ready")
def _a_sale_cut_before_it_left_was_told_as_cancelled(c: Any) -> None:
    c.reversal()
    c.state("idle")


@breaks("told-before-ready")
def _ready_without_a_word(c: Any) -> None:
    c.request()
    c.state("sale-waiting")
    c.state("idle")


# --- after the reversal ---------------------------------------------------------------------------


@keeps("late-answer-ignored")
def _the_late_answer_is_ignored(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()
    c.reversal()
    c.answer()
    c.posting(amount=-3_800)
    c.answer(mti="0410")
    c.reversed()


@breaks("late-answer-ignored")
def _the_late_answer_is_shown(c: Any) -> None:
    c.request()
    c.posting()
    c.unknown()
    c.reversal()
    c.answer()
    c.approved()


@breaks("slip-tells-truth", "late-answer-ignored")
def _a_slip_says_approved_after_the_reversal(c: Any) -> None:
    c.request()
    c.posting()
    c.answer()
    c.unknown()
    c.reversal()
    c.slip()


@keeps("slip-tells-truth")
def _the_slip_of_the_reversal(c: Any) -> None:
    c.request()
    reversal_ends(c)
    c.slip(1, "REVERSED, NOT CHARGED")


# --- slips ----------------------------------------------------------------------------------------


@keeps("reprint-marked")
def _printed_again_and_says_so(c: Any) -> None:
    sale(c)
    c.approved()
    c.slips()
    c.slips(1, "REPRINT")


@keeps("reprint-marked")
def _each_copy_once(c: Any) -> None:
    sale(c)
    c.approved()
    c.slips()


@breaks("reprint-marked")
def _printed_again_as_if_it_were_new(c: Any) -> None:
    sale(c)
    c.approved()
    c.slips()
    c.slip(1, "APPROVED", "38.00", "CUSTOMER COPY")


@keeps("pan-masked")
def _masks_as_they_should_be(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip(1, "APPROVED", "38.00", "CARD: 999907******1247", "MERCHANT COPY")
    c.slip(1, "APPROVED", "38.00", "CARD: ************1247", "CUSTOMER COPY")


@breaks("pan-masked")
def _seven_digits_in_front(c: Any) -> None:
    c.screen("CARD 9999075*****1247")


@breaks("pan-masked")
def _five_digits_at_the_end(c: Any) -> None:
    c.slip(1, "SIGN HERE", "38.00", "CARD: 999907*****41247", "MERCHANT COPY")


@breaks("pan-masked")
def _the_customer_sees_the_first_six(c: Any) -> None:
    sale(c)
    c.approved()
    c.slip(1, "APPROVED", "38.00", "CARD: 999907******1247", "CUSTOMER COPY")
