"""Stories about reversals: of which sale, when, and what they say."""

from __future__ import annotations

from typing import Any

from .stories import breaks, keeps, refused, sale, sending

# --- of which sale --------------------------------------------------------------------------------


@keeps("reversal-matches-original")
@keeps("repeat-marked")
@keeps("reversal-without-card")
def _the_reversal_names_its_sale(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.reversal(mti="0401")
    c.reversal(mti="0401")


@breaks("reversal-matches-original")
def _a_reversal_of_another_amount(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(amount=3_801)


@breaks("reversal-matches-original")
def _a_reversal_of_another_time(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(time="090001")


@breaks("reversal-matches-original")
def _a_reversal_of_another_day(c: Any) -> None:
    sending(c)
    c.cut()
    c.reversal(date="0303")


@breaks("reversal-matches-original", "unsent-cancelled")
def _a_reversal_of_no_sale(c: Any) -> None:
    sending(c)
    c.request()
    c.unknown()
    c.reversal(2)


@keeps("reversal-matches-original")
@keeps("unsent-cancelled")
def _a_reversal_of_a_sale_cut_before_it_left(c: Any) -> None:
    sending(c)
    c.cut()
    c.reversal()


@keeps("unsent-cancelled")
def _a_reversal_of_a_sale_cut_while_its_record_was_flushed(c: Any) -> None:
    """How far the flush came, only the terminal can know."""
    c.prepared()
    c.journal("sending", "000001")
    c.cut()
    c.reversal()


@keeps("unsent-cancelled")
def _a_record_that_is_written_and_not_yet_durable(c: Any) -> None:
    c.prepared()
    c.journal("sending", "000001")
    c.reversal()


@keeps("unsent-cancelled")
def _a_sale_that_was_sent_and_of_which_there_is_no_record(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()


@keeps("unsent-cancelled")
def _neither_a_request_nor_a_journal_to_look_at(c: Any) -> None:
    c.reversal()


@breaks("unsent-cancelled")
def _a_reversal_instead_of_a_cancellation(c: Any) -> None:
    c.prepared()
    c.screen("NO CONNECTION. CANCELLED, NOT CHARGED")
    c.reversing()
    c.reversal()


@breaks("unsent-cancelled")
def _a_prepared_sale_is_reversed_after_a_restart(c: Any) -> None:
    c.prepared()
    c.flush()
    c.cut()
    c.reversing("96")
    c.reversal(reason="96")


@breaks("unsent-cancelled")
def _another_sale_was_about_to_be_sent(c: Any) -> None:
    sending(c, 1)
    c.request(1)
    c.answer(1, "51")
    c.declined(1)
    c.prepared(2)
    c.reversal(2)


# --- when -----------------------------------------------------------------------------------------


@keeps("outcome-stands")
def _told_as_declined_and_unknown_again_after_a_restart(c: Any) -> None:
    """Power failed before the terminal had noted the decline: it cannot know of it any more."""
    refused(c)
    c.cut()
    c.unknown()
    c.reversal()


@breaks("outcome-stands")
def _a_declined_sale_is_reversed(c: Any) -> None:
    refused(c)
    c.reversal()


@breaks("outcome-stands")
def _an_approved_sale_is_reversed(c: Any) -> None:
    sale(c)
    c.approved()
    c.reversal()


@breaks("repeat-marked")
def _a_repeat_that_looks_new(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal()
    c.reversal()


@keeps("repeat-marked")
def _an_attempt_that_never_got_onto_the_wire(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(mti="0401")


# --- what it says ---------------------------------------------------------------------------------


@breaks("reversal-without-card")
def _a_reversal_with_the_track(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(card={63: bytes(48)})


@breaks("reversal-without-card")
def _a_reversal_with_the_pin_block(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(card={52: bytes(16)})


@breaks("reversal-without-card")
def _a_reversal_with_the_data_of_the_chip(c: Any) -> None:
    c.request()
    c.unknown()
    c.reversal(card={55: bytes.fromhex("9F360200079F2701")})


def decided(c: Any, reason: str) -> None:
    """The decision to reverse is taken now, and its reversal goes out."""
    c.reversing(reason)
    c.unknown()
    c.reversal(reason=reason)


def sent(c: Any) -> None:
    sending(c)
    c.request()


@keeps("reversal-reason")
def _no_answer(c: Any) -> None:
    sent(c)
    decided(c, "98")


@keeps("reversal-reason")
def _the_answer_came_after_the_decision(c: Any) -> None:
    sent(c)
    c.reversing("98")
    c.answer()
    c.unknown()
    c.reversal(reason="98")


@keeps("reversal-reason")
def _the_answer_came_damaged(c: Any) -> None:
    sent(c)
    c.answer(mac=b"\1" * 8)
    decided(c, "A0")


@keeps("reversal-reason")
def _the_host_could_not_check_it(c: Any) -> None:
    sent(c)
    c.answer(code="A0")
    decided(c, "A0")


@keeps("reversal-reason")
def _approved_over_another_amount(c: Any) -> None:
    sent(c)
    c.answer(amount=100)
    decided(c, "06")


@keeps("reversal-reason")
def _approved_without_an_amount(c: Any) -> None:
    sent(c)
    c.answer(amount=None)
    decided(c, "06")


@keeps("reversal-reason")
def _approved_and_the_power_failed(c: Any) -> None:
    sent(c)
    c.answer()
    c.cut()
    decided(c, "96")


@keeps("reversal-reason")
def _a_terminal_that_shows_no_journal(c: Any) -> None:
    c.request()
    c.answer()
    c.unknown()
    c.reversal(reason="98")


@breaks("reversal-reason")
def _no_answer_although_it_was_approved(c: Any) -> None:
    sent(c)
    c.answer()
    decided(c, "98")


@breaks("reversal-reason")
def _another_reason_although_it_was_approved(c: Any) -> None:
    sent(c)
    c.answer()
    decided(c, "06")


@breaks("reversal-reason")
def _another_reason_although_it_was_declined(c: Any) -> None:
    sent(c)
    c.answer(code="51")
    decided(c, "06")


@breaks("reversal-reason")
def _a_wrong_mac_although_nothing_came(c: Any) -> None:
    sent(c)
    decided(c, "A0")


@breaks("reversal-reason")
def _no_answer_although_the_power_failed(c: Any) -> None:
    sent(c)
    c.cut()
    decided(c, "98")


@breaks("reversal-reason")
def _no_answer_although_the_host_could_not_check_it(c: Any) -> None:
    sent(c)
    c.answer(code="A0")
    decided(c, "98")


@breaks("reversal-reason")
def _no_answer_although_another_amount_was_approved(c: Any) -> None:
    sent(c)
    c.answer(amount=100)
    decided(c, "98")


@breaks("reversal-reason")
def _a_reason_that_is_none(c: Any) -> None:
    sent(c)
    c.answer(mac=b"\1" * 8)
    decided(c, "17")
