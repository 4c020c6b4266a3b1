"""Stories about chip sales that are sent: what the card said to the host's answer."""

from __future__ import annotations

from typing import Any

from .stories import breaks, chip_sale, chip_sending, committed, keeps, refused, rest, sending

# --- the host, then the chip ----------------------------------------------------------------------


@keeps("chip-agrees")
def _host_and_card_approve(c: Any) -> None:
    chip_sale(c)
    c.approved()
    c.slips()
    rest(c)


@keeps("chip-agrees")
def _told_after_a_restart_when_another_card_is_in(c: Any) -> None:
    chip_sale(c)
    c.cut()
    c.slot(False)
    c.slot()
    c.says("ARQC")
    c.approved()


@keeps("chip-agrees")
def _the_host_declines_and_so_does_the_card(c: Any) -> None:
    chip_sending(c)
    c.answer(code="51")
    c.says("AAC")
    c.declined()


@keeps("chip-agrees")
def _a_stripe_needs_no_cryptogram(c: Any) -> None:
    """Fallback: the chip was tried before."""
    c.slot()
    c.says("ARQC")
    c.slot(False)
    sending(c)
    c.request(mode="801")
    c.posting()
    c.answer()
    c.journal("approved", "000001", "1", "2")
    c.flush()
    c.approved()


@keeps("chip-agrees")
def _a_late_answer_of_another_sale_takes_no_cryptogram(c: Any) -> None:
    """It comes between this sale's answer and the card's last word."""
    chip_sending(c)
    c.unknown()
    c.reversal()
    c.answer(code="25", mti="0410")
    c.reversed()
    chip_sending(c, 2)
    c.posting(2)
    c.answer(2)
    c.answer(1, "68")
    c.says("TC")
    c.journal("approved", "000002", "1", "2")
    c.flush()
    c.approved(2)


@breaks("chip-agrees")
def _the_approval_of_the_host_is_kept_although_the_card_declined(c: Any) -> None:
    """Planted bug: nobody looks at the card's last word."""
    chip_sale(c, last="AAC")
    c.approved()


@breaks("chip-agrees")
def _the_card_was_not_asked_again(c: Any) -> None:
    chip_sending(c)
    c.posting()
    c.answer()
    c.journal("approved", "000001", "1", "2")
    c.flush()
    c.approved()


@breaks("chip-agrees")
def _the_card_was_pulled_before_its_last_word(c: Any) -> None:
    chip_sale(c, heard=False)
    c.slot(False)
    c.approved()


@keeps("chip-agrees")
def _a_terminal_that_does_not_show_what_its_card_says(c: Any) -> None:
    c.request(mode="051")
    c.posting()
    c.answer()
    c.approved()


@keeps("chip-agrees")
def _a_late_slip_where_no_slot_is_seen(c: Any) -> None:
    """What the next card says is no word about the sale before."""
    chip_sale(c)
    c.approved()
    c.says("TC")
    committed(c, 2)
    c.approved(2)
    c.slips(1)


@breaks("chip-agrees")
def _the_second_card_said_yes_before_the_host_had(c: Any) -> None:
    chip_sale(c)
    c.approved()
    chip_sending(c, 2)
    c.says("TC")
    c.posting(2)
    c.answer(2)
    c.journal("approved", "000002", "1", "2")
    c.flush()
    c.approved(2)


@breaks("chip-agrees")
def _the_card_said_yes_to_the_late_answer_of_another_sale(c: Any) -> None:
    refused(c, 1)
    chip_sending(c, 2)
    c.answer(1, "51")
    c.says("TC")
    c.posting(2)
    c.answer(2)
    c.journal("approved", "000002", "1", "2")
    c.flush()
    c.approved(2)


@breaks("chip-agrees")
def _the_card_said_yes_before_the_host_had(c: Any) -> None:
    chip_sending(c)
    c.says("TC")
    c.posting()
    c.answer()
    c.journal("approved", "000001", "1", "2")
    c.flush()
    c.approved()


# --- the host had approved, and the sale is taken back --------------------------------------------


@keeps("reversal-reason")
def _the_card_refused_what_the_host_had_approved(c: Any) -> None:
    chip_sending(c)
    c.posting()
    c.answer()
    c.says("AAC")
    c.reversing("96")
    c.unknown()
    c.reversal(reason="96")


@keeps("reversal-reason")
def _the_card_was_pulled_while_the_host_was_asked(c: Any) -> None:
    chip_sending(c)
    c.slot(False)
    c.reversing("96")
    c.unknown()
    c.reversal(reason="96")


@breaks("reversal-reason")
def _no_answer_although_the_card_refused_the_approval(c: Any) -> None:
    chip_sending(c)
    c.state("sale-waiting")
    c.posting()
    c.answer()
    c.state("sale-finishing")
    c.says("AAC")
    c.reversing("98")
    c.unknown()
    c.reversal(reason="98")


@keeps("reversal-reason")
def _the_answer_came_while_the_card_was_told_that_there_was_none(c: Any) -> None:
    chip_sending(c)
    c.state("sale-waiting")
    c.state("sale-finishing")
    c.posting()
    c.answer()
    c.says("AAC")
    c.reversing("98")
    c.unknown()
    c.reversal(reason="98")


@breaks("reversal-reason")
def _a_stripe_that_waits_for_no_card(c: Any) -> None:
    c.says("ARQC")
    sending(c)
    c.request()
    c.state("sale-waiting")
    c.posting()
    c.answer()
    c.reversing("98")
    c.unknown()
    c.reversal(reason="98")


@breaks("reversal-reason")
def _no_answer_although_the_power_failed_at_the_card(c: Any) -> None:
    chip_sending(c)
    c.state("sale-waiting")
    c.cut()
    c.state("starting")
    c.reversing("98")
    c.unknown()
    c.reversal(reason="98")
