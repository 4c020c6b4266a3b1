"""What a chip approved offline is booked once, whatever the host thinks of it, and whatever becomes
of its messages on the way."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.host.chip_answer import Order, Script
from posemu.terminal.kernel.outcome import Result
from posemu.wire import tlv_pairs

from .chip_counter import ALWAYS, HOLDER, LARGE, SMALL, Counter, final, packed, used_card

PROFILES = pytest.mark.parametrize("profile", ["credit-cda", "debit-dda", "basic-sda"])
PAN, STRIPE_PAN, NOBODY = HOLDER.pan, "9999075123741247", "9999080000000034"
BALANCE = 100_000


@pytest.fixture(scope="module")
def certificate(make_till: Any) -> bytes:
    """Field 55 with a TC of our card, over `SMALL`."""
    outcome = Counter(make_till()).sell(1, SMALL)
    assert outcome.result is Result.APPROVED_OFFLINE
    field_55: bytes = final(outcome)
    return field_55


def postings(result: Any) -> list[tuple[Any, ...]]:
    return [tuple(posting) for posting in result.postings]


# --- it is booked ---------------------------------------------------------------------------------


@PROFILES
def test_an_offline_approval_is_booked(till: Any, as_totals: Any, profile: str) -> None:
    """Real card, real TC: debited, posted under the sale's own trace number, counted; the answer
    echoes it with a reference, without authorisation code, and says nothing to a card."""
    counter = Counter(till, used_card(profile))
    outcome = counter.sell(7, SMALL)
    assert (outcome.response_code, counter.said) == ("Y1", {})
    result = till.ask(counter.upload(7, outcome))
    said = till.said(result)
    assert {3, 4, 11, 12, 13, 37, 39, 41, 42, 49, 60, 62, 64} == said.keys()
    assert (said[39], said[11], said[12], said[13]) == ("00", "000007", "090000", "0302")
    assert postings(result) == [("T0000001", "000007", "0302", SMALL)]
    assert result.note == "00, issuer 00"
    assert till.balance(PAN) == BALANCE - SMALL
    assert till.books.totals.as_field() == as_totals(1, SMALL)
    assert till.code(till.reconciliation(as_totals(1, SMALL))) == "00"


@pytest.mark.parametrize("first", ["reversal", "advice"])
def test_approved_offline_after_no_answer(till: Any, first: str) -> None:
    """Y3: the request was booked and its answer lost. Its reversal and the advice, of a trace
    number of its own, leave the amount booked once, in either order."""
    counter = Counter(till, lost=True)
    outcome = counter.sell(1, SMALL, draw=ALWAYS)
    assert (counter.said[39], outcome.response_code) == ("00", "Y3")
    assert till.balance(PAN) == BALANCE - SMALL
    moved = []
    for what in ("reversal", "advice") if first == "reversal" else ("advice", "reversal"):
        message = till.reversal(1, SMALL) if what == "reversal" else counter.upload(2, outcome)
        result = till.ask(message)
        assert till.said(result)[39] == "00"
        moved += postings(result)
    assert sorted(moved) == [
        ("T0000001", "000001", "0302", -SMALL), ("T0000001", "000002", "0302", SMALL)
    ]  # fmt: skip
    assert till.balance(PAN) == BALANCE - SMALL


@pytest.mark.parametrize("first", ["0220", "0221"])
def test_it_is_booked_once(till: Any, certificate: bytes, first: str) -> None:
    """Sent again under other keys, as an advice or as a repeat, it has the same reference and moves
    nothing: the answers before were lost."""
    said = till.said(till.ask(till.advice(1, certificate, SMALL, mti=first)))
    before = till.snapshot()
    for mti in ("0221", "0220", "0221"):
        result = till.ask(till.advice(1, certificate, SMALL, mti=mti))
        again = till.said(result)
        assert (again[39], again[37], result.postings) == ("00", said[37], ())
    assert till.snapshot() == before


def test_an_upload_does_not_stop_the_card(till: Any) -> None:
    """It comes late: the card was online since. Either is fine."""
    counter = Counter(till)
    offline = counter.sell(1, SMALL)
    assert counter.sell(2, LARGE).result is Result.APPROVED_ONLINE
    assert till.ask(counter.upload(1, offline)).note == "00, issuer 00"
    assert counter.sell(3, LARGE).result is Result.APPROVED_ONLINE


def test_what_was_ordered_for_the_card_waits(till: Any) -> None:
    """An advice is answered when the card has long gone; its next request gets the script."""
    till.host.chip.order(PAN, HOLDER.sequence, Script((Order("unblock-pin"),)))
    counter = Counter(till)
    assert 55 not in till.said(till.ask(counter.upload(1, counter.sell(1, SMALL))))
    counter.sell(2, LARGE)
    assert [tag for tag, _ in tlv_pairs(counter.said[55])] == ["91", "72"]


# --- whatever the issuer thinks -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "opinion"),
    [
        ({}, "00"),
        ({"field_55": b""}, "30"),
        ({"spoilt": True}, "59"),
        ({"amount_minor": SMALL + 1}, "30"),
        ({"spoilt": True, "amount_minor": BALANCE + 1}, "59"),
        ({"date": "2602"}, "54"),
        ({"poor": True}, "51"),
        ({"pan": STRIPE_PAN}, "59"),
        ({"nobody": True}, "14"),
        ({"pan": NOBODY}, "59"),
    ],
)
def test_it_is_booked_whatever_the_issuer_thinks(
    till: Any, certificate: bytes, how: dict[str, Any], opinion: str
) -> None:
    """A wrong cryptogram, another amount, too little money, an old card, a card of no account: the
    cardholder was told. The note says what the issuer would have answered."""
    pan, amount_minor = how.get("pan", PAN), how.get("amount_minor", SMALL)
    field_55 = how.get("field_55", certificate)
    if "spoilt" in how:
        field_55 = packed({**dict(tlv_pairs(certificate)), "9F26": bytes(8)})
    if "poor" in how:
        till.issuer._accounts[PAN].balance_minor = SMALL - 1
    if "nobody" in how:
        del till.issuer._accounts[PAN]
    expiry = how.get("date", "2910")
    before = till.issuer.total_minor()
    result = till.ask(till.advice(1, field_55, amount_minor, pan=pan, expiry=expiry))
    assert till.said(result)[39] == "00"
    assert postings(result) == [("T0000001", "000001", "0302", amount_minor)]
    assert result.note == f"00, issuer {opinion}"
    assert till.issuer.total_minor() == before - amount_minor
    again = till.ask(till.advice(1, field_55, amount_minor, pan=pan, expiry=expiry, mti="0221"))
    assert (again.note, again.postings) == (f"00, issuer {opinion}", ())


def test_an_account_may_be_overdrawn_offline_and_not_online(till: Any, certificate: bytes) -> None:
    """Below zero by the chip's word; then nothing is left to spend."""
    till.issuer._accounts[PAN].balance_minor = 1
    assert till.code(till.advice(1, certificate, SMALL)) == "00"
    assert till.balance(PAN) == 1 - SMALL
    assert till.code(till.sale(2, 1, pan=PAN, expiry="2910")) == "51"
    assert till.balance(PAN) == 1 - SMALL


def test_a_cryptogram_that_was_uploaded_before(till: Any, certificate: bytes) -> None:
    """The same TC under another trace number is another sale to the acquirer: booked, and the
    issuer would have declined it (59)."""
    assert till.ask(till.advice(1, certificate, SMALL)).note == "00, issuer 00"
    result = till.ask(till.advice(2, certificate, SMALL))
    assert (result.note, len(result.postings)) == ("00, issuer 59", 1)


# --- what stays unbooked --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"amount_minor": SMALL + 1}, {"time": "090001"}, {"pan": STRIPE_PAN}, {"pan": NOBODY},
        {"amount_minor": SMALL + 1, "mti": "0221"}, {"time": "090001", "mti": "0221"},
    ],
)  # fmt: skip
def test_another_approval_under_its_trace_number(
    till: Any, certificate: bytes, other: dict[str, Any]
) -> None:
    """Another amount, time or card than the one that was booked: a duplicate (94)."""
    till.ask(till.advice(1, certificate, SMALL))
    before = till.snapshot()
    result = till.ask(till.advice(1, certificate, **{"amount_minor": SMALL, **other}))
    assert (till.said(result)[39], result.postings) == ("94", ())
    assert till.snapshot() == before
    assert till.code(till.advice(1, certificate, SMALL, date="0303")) == "00"


@pytest.mark.parametrize("earlier", ["booked", "declined", "reversed", "code"])
def test_the_trace_number_of_an_online_sale(till: Any, certificate: bytes, earlier: str) -> None:
    """Whatever became of the sale, and though card, time and amount are the same: 94. The other way
    round too."""
    pin = "000000000000" if earlier == "declined" else None
    sale = till.pay(1, SMALL) if earlier == "code" else till.sale(1, SMALL, pan=PAN, pin=pin)
    till.ask(sale)
    if earlier == "reversed":
        till.ask(till.reversal(1, SMALL))
    before = till.snapshot()
    for mti in ("0220", "0221"):
        result = till.ask(till.advice(1, certificate, SMALL, mti=mti))
        assert (till.said(result)[39], result.postings) == ("94", ())
    assert till.snapshot() == before
    assert till.ask(till.advice(2, certificate, SMALL)).note == "00, issuer 00"
    assert till.code(till.sale(2, SMALL, pan=PAN)) == "94"


@pytest.mark.parametrize("how", [{"de63": bytes(32)}, {"de63": b"\x01"}, {"track": "no track"}])
def test_a_track_that_cannot_be_read_is_booked_when_it_can(
    till: Any, certificate: bytes, how: dict[str, Any]
) -> None:
    """Whose money it is nobody knows: 30, and nothing is remembered against the repeat."""
    before = till.snapshot()
    assert till.code(till.advice(1, certificate, SMALL, **how)) == "30"
    assert till.snapshot() == before
    result = till.ask(till.advice(1, certificate, SMALL, mti="0221"))
    assert (result.note, len(result.postings)) == ("00, issuer 00", 1)


@pytest.mark.parametrize("code", ["91", "96"])
def test_a_host_in_trouble_books_it_later(till: Any, certificate: bytes, code: str) -> None:
    """Its code, nothing booked; the repeat is booked, once. The same bytes stay failed."""
    till.host.fail(code)
    before, message = till.snapshot(), till.advice(1, certificate, SMALL)
    assert till.code(message) == code
    assert till.snapshot() == before
    till.host.recover()
    assert till.code(message) == code
    results = [till.ask(till.advice(1, certificate, SMALL, mti="0221")) for _ in range(2)]
    assert [len(result.postings) for result in results] == [1, 0]


@pytest.mark.parametrize("code", ["Z1", "Z3", "00", "y1", "  "])
def test_what_was_not_approved_offline(till: Any, certificate: bytes, code: str) -> None:
    """An advice of anything else is invalid (12)."""
    before = till.snapshot()
    assert till.code(till.advice(1, certificate, SMALL, code=code)) == "12"
    assert till.snapshot() == before


@pytest.mark.parametrize("number", [3, 4, 11, 12, 13, 39, 55, 63])
def test_an_advice_that_does_not_say_enough(till: Any, certificate: bytes, number: int) -> None:
    """No answer, and a note that names the field."""
    result = till.ask(till.advice(1, certificate, SMALL, **{f"de{number}": None}))
    assert (result.answer, result.note) == (None, f"incomplete: [{number}]")


# --- keys and reversals ---------------------------------------------------------------------------


def test_keys_of_advices(till: Any, certificate: bytes) -> None:
    """A late key or one that is used is refused (63), a wrong MAC is said (A0); under a fresh key
    it is booked, and the same bytes again get the same answer."""
    early, late = till.next_keys(), till.next_keys()
    till.ask(till.sale(9, keys=late))
    before = till.snapshot()
    assert till.code(till.advice(1, certificate, SMALL, keys=early)) == "63"
    assert till.code(till.advice(1, certificate, SMALL, keys=late)) == "63"
    message = till.advice(1, certificate, SMALL, mti="0221")
    assert till.code(message[:-8] + bytes(8)) == "A0"
    assert till.snapshot() == before
    first = till.ask(message)
    again = till.ask(message)
    assert (again.answer, again.postings, again.note) == (first.answer, (), "repeated")
    assert [len(first.postings), till.balance(PAN)] == [1, BALANCE - SMALL]


def test_a_late_advice_of_a_known_reversal_is_refused_too(till: Any, certificate: bytes) -> None:
    """Only requests may be late: an advice is sent again under another key."""
    early, late = till.next_keys(), till.next_keys()
    assert till.code(till.reversal(1, SMALL, keys=late)) == "25"
    assert till.code(till.advice(1, certificate, SMALL, keys=early)) == "63"
    assert till.code(till.advice(1, certificate, SMALL)) == "68"
    assert till.balance(PAN) == BALANCE


@pytest.mark.parametrize("pan", [PAN, NOBODY])
def test_a_reversal_takes_an_advice_back(till: Any, certificate: bytes, pan: str) -> None:
    """No terminal of ours asks for it; one that does gets the money back, once, also for a card of
    no account. A repeat of the advice is told that it was booked, and moves nothing."""
    before = till.issuer.total_minor()
    till.ask(till.advice(1, certificate, SMALL, pan=pan))
    results = [till.ask(till.reversal(1, SMALL)) for _ in range(2)]
    assert [till.said(result)[39] for result in results] == ["00", "00"]
    assert [postings(result) for result in results] == [
        [("T0000001", "000001", "0302", -SMALL)], []
    ]  # fmt: skip
    assert till.issuer.total_minor() == before
    again = till.ask(till.advice(1, certificate, SMALL, pan=pan, mti="0221"))
    assert (till.said(again)[39], again.postings) == ("00", ())
    assert till.issuer.total_minor() == before


def test_nothing_of_the_card_is_shown(till: Any, certificate: bytes) -> None:
    """Neither result nor books have the PAN in them."""
    result = till.ask(till.advice(1, certificate, SMALL))
    shown = repr(result) + repr(till.books) + (result.answer or b"").hex()
    assert "1000" in shown
    assert PAN not in shown
    assert PAN.encode().hex() not in shown
