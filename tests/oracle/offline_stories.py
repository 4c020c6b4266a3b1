"""Stories about what a chip approved alone: in whose name it is told, and what becomes of the
money."""

from __future__ import annotations

from typing import Any

from .stories import (
    booked,
    breaks,
    chip_approves,
    chip_sale,
    chip_sending,
    committed,
    keeps,
    offline_sale,
    rest,
    sale,
    sending,
)

# --- the chip alone -------------------------------------------------------------------------------


@keeps("approval-granted")
@keeps("commit-before-told")
def _the_chip_approves_alone(c: Any) -> None:
    offline_sale(c)


@keeps("approval-granted")
def _the_cryptogram_in_the_other_form(c: Any) -> None:
    c.slot()
    c.says("TC", form=1)
    committed(c)
    c.approved()


@keeps("approval-granted")
def _a_terminal_that_does_not_show_what_its_card_says(c: Any) -> None:
    """It has no such probe: the advice must prove it."""
    c.approved()
    c.advice()
    c.posting()
    c.answer(mti="0230")


@keeps("approval-granted")
@keeps("advice-matches-approval")
def _told_after_a_cut_of_what_the_queue_holds(c: Any) -> None:
    """Power fails between the record in the queue and that in the journal; another card may be in
    the slot when the terminal is up again."""
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.flush()
    c.waiting()
    c.cut()
    c.slot(False)
    c.slot()
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()
    c.slips()
    booked(c)


@keeps("approval-granted")
def _a_slip_that_comes_when_the_next_card_is_in(c: Any) -> None:
    chip_approves(c)
    c.approved()
    c.slot(False)
    c.slot()
    c.slips()


@keeps("approval-granted")
def _the_chip_declines_alone(c: Any) -> None:
    """Nothing was sent and nothing is charged: nothing is left to follow."""
    c.slot()
    c.says("AAC")
    c.prepared(1, 3_800, "card", "inserted")
    c.screen("DECLINED Z1: offline declined. NOT CHARGED TRACE 000001")
    c.journal("declined", "000001", "Z1")
    rest(c)


@breaks("approval-granted")
def _approved_without_a_request(c: Any) -> None:
    """The till's card has said something, but no sale of it was ever sent."""
    c.says("ARQC")
    c.approved()


@breaks("approval-granted")
def _a_swiped_card_cannot_approve(c: Any) -> None:
    """No probe of a chip, but the journal says how the card was read."""
    c.prepared(1, 3_800, "card", "swiped")
    c.journal("approved", "000001", "", "")
    c.flush()
    c.approved()


@breaks("approval-granted")
def _approved_although_the_card_declined(c: Any) -> None:
    """Planted bug: an AAC is taken for an approval."""
    c.slot()
    c.says("AAC")
    committed(c)
    c.approved()


@breaks("approval-granted")
def _approved_although_the_card_wants_the_host(c: Any) -> None:
    c.slot()
    c.says("ARQC", form=1)
    committed(c)
    c.approved()


@breaks("approval-granted")
def _the_approval_was_not_heard(c: Any) -> None:
    """The card was pulled before its answer was out."""
    c.slot()
    c.says("TC", heard=False)
    committed(c)
    c.approved()


@breaks("approval-granted")
def _the_card_refused_to_answer(c: Any) -> None:
    c.slot()
    c.says("TC", status="6985")
    committed(c)
    c.approved()


@breaks("approval-granted")
def _the_answer_is_not_readable(c: Any) -> None:
    c.slot()
    c.says("TC", data=b"\x77\x09\x9f\x27\x01")
    committed(c)
    c.approved()


@breaks("approval-granted")
def _another_command_is_no_approval(c: Any) -> None:
    c.slot()
    data = bytes.fromhex("77049F270140")
    c.emit(c.till, "apdu", n=1, command=bytes.fromhex("00B2010C"), status="9000", heard=True,
           data=data)  # fmt: skip
    committed(c)
    c.approved()


@breaks("approval-granted")
def _the_card_before_had_approved(c: Any) -> None:
    c.slot()
    c.says("TC")
    c.slot(False)
    c.slot()
    committed(c)
    c.approved()


@breaks("approval-granted")
def _one_approval_two_sales(c: Any) -> None:
    offline_sale(c)
    committed(c, 2)
    c.approved(2)


@breaks("approval-granted")
def _the_approval_was_of_the_sale_before(c: Any) -> None:
    """Its TC belongs to the sale that the host approved."""
    chip_sale(c)
    c.approved()
    committed(c, 2)
    c.approved(2)


@breaks("approval-granted")
def _the_request_that_was_lost_is_called_approved(c: Any) -> None:
    """An approval of the chip alone has a number of its own: under this one it is reversed."""
    chip_sending(c)
    c.says("TC")
    c.waiting()
    c.queue_flush()
    c.journal("approved", "000001", "", "")
    c.flush()
    c.posting()
    c.approved()


@breaks("stan-unique")
def _the_number_of_an_offline_sale_is_sent(c: Any) -> None:
    offline_sale(c)
    booked(c)
    sending(c, 1, 100)
    c.request(1, 100)


@breaks("amount-confirmed")
def _the_chip_approves_another_amount_than_confirmed(c: Any) -> None:
    c.confirm("83.00")
    offline_sale(c)


@keeps("amount-confirmed")
def _the_chip_approves_what_was_confirmed(c: Any) -> None:
    c.confirm()
    offline_sale(c)
    sale(c, 2, 100)


# --- money ----------------------------------------------------------------------------------------


@keeps("told-matches-booked")
def _told_as_approved_and_not_yet_booked(c: Any) -> None:
    offline_sale(c, 1)
    booked(c, 1)
    offline_sale(c, 2)


@keeps("single-capture")
def _repeated_and_booked_once(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting()
    c.answer(mti="0230", arrives=False)
    c.advice(mti="0221")
    c.answer(mti="0230")


@breaks("single-capture", "repeat-marked", "told-matches-booked")
def _uploaded_twice_as_new_and_booked_twice(c: Any) -> None:
    """Planted bug."""
    offline_sale(c)
    c.advice()
    c.posting()
    c.answer(mti="0230", arrives=False)
    c.advice()
    c.posting()


@breaks("told-matches-booked")
def _booked_with_less(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting(1, 3_799)


@breaks("single-capture", "told-matches-booked")
def _booked_with_more(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting(1, 3_801)


@breaks("told-matches-booked")
def _taken_back_after_it_was_booked(c: Any) -> None:
    offline_sale(c)
    booked(c)
    c.posting(1, -3_800)


@breaks("outcome-stands", "late-answer-ignored", "unsent-cancelled")
def _reversed_instead_of_uploaded(c: Any) -> None:
    offline_sale(c)
    c.reversal()
    c.approved()


@breaks("not-charged-from-host")
def _called_not_charged_afterwards(c: Any) -> None:
    offline_sale(c)
    c.declined()


# --- the host did not answer, and the chip approves (Y3) ------------------------------------------


def unanswered(c: Any) -> None:
    """The request of sale 1 is lost, and its reversal is on record; the chip approves sale 2 in its
    place."""
    chip_sending(c)
    c.reversing("98")
    c.says("TC")
    committed(c, 2)
    c.approved(2)
    c.slips(2)


@keeps("told-before-ready")
@keeps("nothing-unknown")
@keeps("approval-granted")
@keeps("advice-booked")
def _approved_in_place_of_a_lost_request(c: Any) -> None:
    """The cardholder was told of one purchase. What became of the request is told when its reversal
    ends."""
    unanswered(c)
    c.state("idle")
    c.reversal()
    c.answer(code="25", mti="0410")
    c.reversed()
    booked(c, 2, reason="Y3")
    rest(c)


@keeps("approval-granted")
def _a_late_answer_of_the_lost_request_takes_no_cryptogram(c: Any) -> None:
    """The host's answer comes when nobody waits for it any more, and before the card's last
    word."""
    chip_sending(c)
    c.posting()
    c.reversing("98")
    c.answer()
    c.says("TC")
    committed(c, 2)
    c.approved(2)


@breaks("chip-agrees")
def _approved_twice_for_one_approval_of_the_card(c: Any) -> None:
    """Planted bug: the late answer is taken too; its TC is the offline approval's."""
    chip_sending(c)
    c.posting()
    c.answer()
    c.says("TC")
    committed(c, 2)
    c.approved(2)
    c.journal("approved", "000001", "1", "2")
    c.flush()
    c.approved(1)


@breaks("nothing-unknown")
def _the_lost_request_is_never_reversed(c: Any) -> None:
    unanswered(c)
    booked(c, 2, reason="Y3")
    c.drain()
    c.answer(90, "00", "0510", totals="0" * 36 + "1")
    c.screen("END OF DAY DONE. BATCH 000001")
    c.state("idle")


@breaks("reversal-first")
def _the_next_sale_goes_out_before_the_reversal(c: Any) -> None:
    unanswered(c)
    sending(c, 3)
    c.request(3)


@breaks("told-before-ready")
def _an_approval_of_another_amount_does_not_answer_it(c: Any) -> None:
    chip_sending(c)
    c.reversing("98")
    c.says("TC")
    committed(c, 2, 100)
    c.approved(2, "1.00")
    c.state("idle")


@breaks("told-before-ready")
def _a_stripe_is_not_answered_by_the_next_card(c: Any) -> None:
    sending(c)
    c.request()
    offline_sale(c, 2)
    c.state("idle")


@breaks("told-before-ready", "approval-granted")
def _what_no_chip_approved_does_not_answer_it(c: Any) -> None:
    chip_sending(c)
    c.reversing("98")
    c.says("AAC")
    committed(c, 2)
    c.approved(2)
    c.state("idle")
