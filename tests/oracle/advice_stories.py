"""Stories about advices: what a chip approved alone, on its way to the host's books."""

from __future__ import annotations

from typing import Any

from .stories import booked, breaks, chip_sending, keeps, offline_sale, rest, settled

# --- booked in the end ----------------------------------------------------------------------------


@keeps("advice-booked")
@keeps("advice-matches-approval")
@keeps("advice-in-order")
@keeps("told-matches-booked")
@keeps("end-of-day-clean")
@keeps("single-capture")
def _approved_told_and_booked(c: Any) -> None:
    offline_sale(c)
    c.state("idle")
    booked(c)
    rest(c)


@keeps("advice-booked")
def _booked_without_any_probe(c: Any) -> None:
    """The host's word on the wire counts, and the date comes with the advice."""
    c.approved()
    c.slips()
    c.advice()
    c.answer(mti="0230")
    rest(c)


@breaks("advice-booked")
def _never_uploaded(c: Any) -> None:
    """Planted bug: an offline approval is lost."""
    offline_sale(c)
    c.drain()
    settled_without_a_word(c)


@breaks("advice-booked")
def _called_approved_by_nobody_and_never_uploaded(c: Any) -> None:
    """Where the chip is not seen, this is how an approval out of nothing shows."""
    c.approved()
    c.slips()
    c.drain()
    settled_without_a_word(c)


@breaks("advice-booked")
def _the_host_refuses_it_for_ever(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.answer(code="94", mti="0230")
    c.drain()
    settled_without_a_word(c)


@breaks("advice-booked")
def _the_damaged_answer_is_believed(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting()
    c.answer(mti="0230", mac=b"\1" * 8)
    c.drain()
    settled_without_a_word(c)


@breaks("advice-booked")
def _the_host_says_booked_and_books_nothing(c: Any) -> None:
    offline_sale(c, 1)
    booked(c, 1)
    offline_sale(c, 2)
    c.advice(2)
    c.answer(2, mti="0230")
    rest(c)


def settled_without_a_word(c: Any) -> None:
    """An end of day whose totals the host agrees to, though none is seen to be sent."""
    settled(c)
    c.state("idle")


# --- which sale -----------------------------------------------------------------------------------


@keeps("advice-matches-approval")
def _approved_because_the_host_was_not_reached(c: Any) -> None:
    offline_sale(c)
    booked(c, reason="Y3")


@breaks("advice-matches-approval")
def _an_advice_with_another_amount(c: Any) -> None:
    """Planted bug; the host has not booked it yet."""
    offline_sale(c)
    c.advice(1, 3_801)


@breaks("advice-matches-approval")
def _another_amount_also_where_no_journal_is_seen(c: Any) -> None:
    c.slot()
    c.says("TC")
    c.approved()
    c.advice(1, 3_801)


@breaks("advice-matches-approval")
def _a_repeat_of_another_amount(c: Any) -> None:
    c.approved()
    c.advice()
    c.advice(1, 3_801, mti="0221")


@breaks("advice-matches-approval")
def _an_advice_with_another_time(c: Any) -> None:
    offline_sale(c)
    c.advice(time="090001")


@breaks("advice-matches-approval")
def _an_advice_of_another_day(c: Any) -> None:
    offline_sale(c)
    c.advice(date="0303")


@breaks("advice-matches-approval")
def _an_advice_that_does_not_say_why(c: Any) -> None:
    offline_sale(c)
    c.advice(reason="00")


@breaks("advice-matches-approval")
def _an_advice_of_no_sale(c: Any) -> None:
    c.advice()
    c.posting()
    c.answer(mti="0230")


@breaks("advice-matches-approval")
def _nobody_was_told_of_it_after_the_restart(c: Any) -> None:
    """The journal says prepared, and the terminal takes it for cancelled."""
    c.slot()
    c.says("TC")
    c.prepared(1, 3_800, "card", "inserted")
    c.flush()
    c.waiting()
    c.queue_flush()
    c.cut()
    c.screen("CANCELLED, NOT CHARGED")
    c.advice()


@breaks("advice-matches-approval")
def _it_is_called_unknown_again(c: Any) -> None:
    offline_sale(c)
    c.unknown()
    c.advice()


@breaks("advice-matches-approval")
def _an_advice_of_the_request_that_was_lost(c: Any) -> None:
    chip_sending(c)
    c.unknown()
    c.advice(reason="Y3")


# --- in which order -------------------------------------------------------------------------------


def two(c: Any) -> None:
    offline_sale(c, 1)
    offline_sale(c, 2)


@keeps("advice-in-order")
def _two_in_their_order(c: Any) -> None:
    two(c)
    booked(c, 1)
    booked(c, 2)


@keeps("advice-in-order")
@keeps("repeat-marked")
def _the_first_again_until_it_is_booked(c: Any) -> None:
    two(c)
    c.advice(1)
    c.answer(1, "96", mti="0230")
    c.advice(1, mti="0221", arrives=False)
    booked(c, 1, mti="0221")
    booked(c, 2)


@breaks("advice-in-order")
def _the_second_before_the_first(c: Any) -> None:
    """Planted bug: the last one in goes out first."""
    two(c)
    c.advice(2)


@breaks("advice-in-order")
def _the_second_before_the_first_is_answered(c: Any) -> None:
    two(c)
    c.advice(1)
    c.advice(2)


@breaks("advice-in-order")
def _the_second_though_the_first_was_refused(c: Any) -> None:
    two(c)
    c.advice(1)
    c.answer(1, "96", mti="0230")
    c.advice(2)


@breaks("advice-in-order")
def _sent_again_though_it_was_booked(c: Any) -> None:
    offline_sale(c)
    booked(c)
    c.advice(mti="0221")


@keeps("advice-in-order")
def _power_failed_before_the_answer_was_noted(c: Any) -> None:
    two(c)
    c.advice(1)
    c.posting(1)
    c.answer(1, mti="0230")
    c.cut()
    c.advice(1, mti="0221")
    c.answer(1, mti="0230")
    booked(c, 2)


@keeps("advice-in-order")
def _power_failed_while_the_answer_was_noted(c: Any) -> None:
    """How far the flush came, only the terminal can know."""
    offline_sale(c)
    c.advice()
    c.posting()
    c.answer(mti="0230")
    c.queue("answered", "1")
    c.cut()
    c.advice(mti="0221")


@keeps("advice-in-order")
def _power_failed_and_the_queue_is_not_seen(c: Any) -> None:
    c.approved()
    c.advice()
    c.posting()
    c.answer(mti="0230")
    c.cut()
    c.advice(mti="0221")


@breaks("advice-in-order")
def _power_failed_long_after_the_first_was_booked(c: Any) -> None:
    """Before it sent the second, the terminal had noted what became of the first."""
    for stan in (1, 2):
        c.approved(stan)
        c.advice(stan)
        c.posting(stan)
        c.answer(stan, mti="0230")
    c.cut()
    c.advice(1, mti="0221")


@breaks("advice-in-order")
def _power_failed_after_the_answer_was_noted(c: Any) -> None:
    offline_sale(c)
    booked(c)
    c.cut()
    c.advice(mti="0221")


@breaks("advice-in-order")
def _twice_more_after_one_power_cut(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting()
    c.answer(mti="0230")
    c.cut()
    c.advice(mti="0221")
    c.answer(mti="0230")
    c.advice(mti="0221")


@breaks("repeat-marked")
def _sent_as_new_after_the_power_cut(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.cut()
    c.advice()


@keeps("repeat-marked")
def _a_first_advice_that_never_got_onto_the_wire(c: Any) -> None:
    offline_sale(c)
    c.cut()
    c.advice(mti="0221")


# --- what the host takes --------------------------------------------------------------------------


@breaks("request-authentic")
def _a_damaged_advice_is_booked(c: Any) -> None:
    offline_sale(c)
    c.advice(arrives=False)
    c.arrival(b"\1" * 8)
    c.posting()
    c.answer(mti="0230")


@keeps("request-authentic")
def _a_damaged_advice_is_refused_and_a_whole_one_booked(c: Any) -> None:
    offline_sale(c)
    c.advice(arrives=False)
    c.arrival(b"\1" * 8)
    c.answer(code="A0", mti="0230")
    booked(c, mti="0221")


# --- the end of the day ---------------------------------------------------------------------------


@breaks("end-of-day-clean")
def _the_end_of_day_while_an_advice_waits(c: Any) -> None:
    """Planted bug."""
    offline_sale(c, 1)
    booked(c, 1)
    offline_sale(c, 2)
    c.reconciliation()


@breaks("end-of-day-clean")
def _the_end_of_day_while_an_advice_is_not_answered(c: Any) -> None:
    offline_sale(c)
    c.advice()
    c.posting()
    c.reconciliation()
