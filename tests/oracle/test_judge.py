"""The judge as a whole: what a violation says, several tills, frames in pieces."""

from __future__ import annotations

from typing import Any

from .conftest import DATE, TIME
from .stories import chip_sending, offline_sale


def test_a_violation_says_when_and_where(case: Any) -> None:
    """A violation has its rule, the moment of the event, the till, and words; in order of time."""
    case.posting(7)
    case.request(1, counter=5)
    case.answer(1, "51")
    case.declined(1)
    case.request(2, counter=5)
    case.judge.finish()
    found = [(v.invariant, v.t_us, v.till) for v in case.judge.violations]
    assert found == [
        ("single-capture", 1_000_000, "till-1"), ("ksn-advances", 7_000_000, "till-1")
    ]  # fmt: skip
    assert "000007" in case.judge.violations[0].text


def test_tills_are_judged_apart(make_case: Any) -> None:
    """Two tills may use the same trace number and KSN counter, and be unknown independently."""
    case = make_case()
    case.request(1, counter=5)
    case.unknown(1)
    case.till = "till-2"
    case.request(1, counter=5)
    case.answer(1, "51")
    case.declined(1)
    assert case.verdict() == []
    assert len(case.judge.ledger.transactions) == 2


def test_messages_cut_into_segments_are_read_too(make_case: Any) -> None:
    """A request that leaves in pieces is one request, once it is whole."""
    case = make_case()
    whole: list[bytes] = []
    emit = case.emit
    case.emit = lambda *a, **data: whole.append(data["bytes"])
    case.request()
    case.emit = emit
    for at in range(len(whole[0])):
        piece = whole[0][at : at + 1]
        case.emit("till-1", "frame-sent", end="terminal", connection=1, bytes=piece)
    case.posting()
    case.answer(code="51")
    case.declined()
    assert case.verdict() == ["told-matches-booked"]


def test_what_no_probe_showed_is_named(make_case: Any) -> None:
    """Without a journal, states or a screen that asks to confirm the amount, the rules that need
    them are not observed; with them, every rule is."""
    of_journal = {
        "record-before-send", "commit-before-told", "unsent-cancelled", "reversal-reason",
    }  # fmt: skip
    of_states = {"told-before-ready", "comes-to-rest", "no-crash"}
    case = make_case()
    case.request()
    assert set(case.judge.not_observed()) == of_journal | of_states | {"amount-confirmed"}
    case.confirm()
    assert set(case.judge.not_observed()) == of_journal | of_states
    case.prepared(2)
    assert set(case.judge.not_observed()) == of_states
    case.state("idle")
    assert case.judge.not_observed() == ()


def test_what_no_chip_showed_is_named(make_case: Any) -> None:
    """Of a till that does not tell what its card said, nobody can say whether the card agreed; nor,
    once it calls a sale approved that was never sent, whether a chip had approved it, nor whether
    its queue holds it. Another till's probes show nothing of this one."""
    case = make_case()
    offline_sale(case)
    case.confirm()
    case.state("idle")
    chip_sending(case, 2)
    assert case.judge.not_observed() == ()
    case.till = "till-2"
    case.request(1, mode="051")
    assert case.judge.not_observed() == ("chip-agrees",)
    case.approved(7)
    assert set(case.judge.not_observed()) == {
        "chip-agrees", "approval-granted", "record-before-send", "commit-before-told",
    }  # fmt: skip


def test_an_offline_approval_is_in_the_books_under_its_day(case: Any) -> None:
    """A screen names no date: where no journal is seen it comes with the advice, and the ledger has
    the sale once."""
    case.approved(1)
    case.advice(1)
    (tx,) = case.judge.ledger.transactions.values()
    assert case.judge.ledger.find("till-1", "000001", DATE) is tx
    assert (tx.date, tx.time, tx.amount_minor) == (DATE, TIME, 3_800)


def test_an_approval_that_names_no_amount_has_that_of_its_advice(case: Any) -> None:
    """What is booked and told is then compared with what the advice says."""
    case.screen("APPROVED TRACE 000001")
    case.advice(1, 100)
    case.posting(1, 100)
    assert case.verdict() == []
