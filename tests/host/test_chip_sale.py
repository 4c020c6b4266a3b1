"""What the host decides about a sale by chip: first the chip, then PIN and money; and what it tells
the card, which is the real one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from posemu.host.chip_answer import Order, Script
from posemu.terminal.kernel.outcome import Result
from posemu.wire import tlv_pairs

from .chip_counter import HOLDER, LARGE, Counter, packed, used_card

PROFILES = pytest.mark.parametrize("profile", ["credit-cda", "debit-dda", "basic-sda"])
PAN, PIN, WRONG = HOLDER.pan, "134900971134", "000000000000"
BALANCE = 100_000


@pytest.fixture
def asked(make_till: Any) -> Callable[[], bytes]:
    """Field 55 of a request over `LARGE`, each with the next transaction counter of one card. They
    were asked at another host."""
    counter, stans = Counter(make_till(), lost=True), count(1)

    def request() -> bytes:
        counter.sell(next(stans))
        field_55: bytes = counter.asked
        return field_55

    return request


def tags(said: dict[int, Any]) -> list[str]:
    return [tag for tag, _ in tlv_pairs(said.get(55, b""))]


# --- card, kernel and host ------------------------------------------------------------------------


@PROFILES
def test_a_chip_sale_is_approved_and_the_card_believes_it(till: Any, profile: str) -> None:
    """No PIN block: the chip has seen to the cardholder. The sale is booked, the answer has the
    issuer's proof, and the card gives its TC for it."""
    counter = Counter(till, used_card(profile))
    assert counter.sell(1).result is Result.APPROVED_ONLINE
    assert (counter.said[39], tags(counter.said)) == ("00", ["91"])
    assert {37, 38} <= counter.said.keys()
    assert till.balance(PAN) == BALANCE - LARGE
    assert till.books.totals.as_field() == f"{1:06d}{LARGE:012d}" + "0" * 18


@PROFILES
def test_a_decline_is_proved_to_the_card_too(till: Any, profile: str) -> None:
    """Too little money: nothing moves, and the card is told by its issuer."""
    counter = Counter(till, used_card(profile))
    assert counter.sell(1, BALANCE + 1).result is Result.DECLINED_ONLINE
    assert (counter.said[39], tags(counter.said)) == ("51", ["91"])
    assert till.balance(PAN) == BALANCE
    assert till.books.totals.as_field() == "0" * 36


def test_what_was_ordered_for_a_card_comes_with_the_answer(till: Any) -> None:
    """A script goes out once, with a decline as with an approval, and the card does it."""
    till.host.chip.order(PAN, HOLDER.sequence, Script((Order("block-application"),)))
    counter = Counter(till)
    outcome = counter.sell(1, BALANCE + 1)
    assert tags(counter.said) == ["91", "72"]
    assert outcome.data["9F5B"][0] == 0x20
    assert counter.sell(2).result is not Result.APPROVED_ONLINE


# --- the chip's word, and the account's -----------------------------------------------------------


def test_a_wrong_cryptogram_is_declined_and_not_answered(till: Any, asked: Any) -> None:
    """59, no field 55, no money; the PIN was not looked at."""
    objects = dict(tlv_pairs(asked()))
    spoilt = packed({**objects, "9F26": bytes(8)})
    for stan in range(1, 5):
        said = till.said(till.ask(till.chip_sale(stan, spoilt, LARGE, pin=WRONG)))
        assert (said[39], 55 in said) == ("59", False)
    assert till.code(till.chip_sale(5, asked(), LARGE, pin=PIN)) == "00"
    assert till.balance(PAN) == BALANCE - LARGE


def test_the_chips_reason_comes_before_the_accounts(till: Any, asked: Any) -> None:
    """Another amount than the chip signed: 30, though the account lacks the money, and the card is
    told so."""
    said = till.said(till.ask(till.chip_sale(1, asked(), BALANCE + 1)))
    assert (said[39], tags(said)) == ("30", ["91"])
    assert till.balance(PAN) == BALANCE


@pytest.mark.parametrize("field_55", [b"", b"\x9f", bytes.fromhex("9F2608" + "11" * 8)])
def test_a_field_55_of_nothing_is_no_way_around_the_pin(till: Any, field_55: bytes) -> None:
    """What cannot be judged is a format error (30), with or without a PIN block."""
    for stan, pin in ((1, None), (2, PIN)):
        assert till.code(till.chip_sale(stan, field_55, LARGE, pin=pin)) == "30"
    assert till.balance(PAN) == BALANCE


def test_a_cryptogram_serves_one_message(till: Any, asked: Any) -> None:
    """Under another trace number it is fraud (59), and nothing is answered to it; the same bytes
    again get the first answer."""
    request = asked()
    message = till.chip_sale(1, request, LARGE)
    first = till.ask(message)
    said = till.said(till.ask(till.chip_sale(2, request, LARGE)))
    assert (said[39], 55 in said) == ("59", False)
    assert till.ask(message).answer == first.answer
    assert till.balance(PAN) == BALANCE - LARGE


# --- the PIN --------------------------------------------------------------------------------------


def test_an_online_pin_is_checked(till: Any) -> None:
    """The chip's own PIN is blocked, so it goes online: right approves, wrong declines (55)."""
    for stan, pin, code in ((1, WRONG, "55"), (2, PIN, "00")):
        counter = Counter(till, used_card(tries_left=0, atc=5 * stan), pin)
        counter.sell(stan)
        assert (counter.said[39], tags(counter.said)) == (code, ["91"])
    assert till.balance(PAN) == BALANCE - LARGE


def test_wrong_online_pins_count_and_do_not_stop_the_chips_own(till: Any, asked: Any) -> None:
    """The third wrong one blocks the online PIN (75); without a PIN block nothing is counted, and
    the sale is the chip's matter."""
    codes = [till.code(till.chip_sale(n, asked(), LARGE, pin=WRONG)) for n in (1, 2, 3)]
    assert codes == ["55", "55", "75"]
    assert till.code(till.chip_sale(4, asked(), LARGE, pin=PIN)) == "75"
    assert till.code(till.chip_sale(5, asked(), LARGE)) == "00"
    assert till.code(till.chip_sale(6, asked(), LARGE, pin=PIN)) == "75"


def test_a_pin_block_that_is_none(till: Any, asked: Any) -> None:
    """30, and the card is told, for the chip itself was right."""
    said = till.said(till.ask(till.chip_sale(1, asked(), LARGE, pin=PIN, de52=bytes(16))))
    assert (said[39], tags(said)) == ("30", ["91"])


# --- the track ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["=2910=", "D2910D", "=29102010000000000", "=2910201"])
def test_tracks_of_a_chip(till: Any, asked: Any, tail: str) -> None:
    """A chip without tag 57 has no service code: PAN and expiry are enough."""
    assert till.code(till.chip_sale(1, asked(), LARGE, track=PAN + tail)) == "00"


@pytest.mark.parametrize("tail", ["=2602=", "=="])
def test_a_date_that_is_past_or_none(till: Any, asked: Any, tail: str) -> None:
    """The track's date counts as it does for a stripe (54)."""
    said = till.said(till.ask(till.chip_sale(1, asked(), LARGE, track=PAN + tail + "=")))
    assert (said[39], tags(said)) == ("54", ["91"])


def test_without_a_track_the_chip_is_not_judged(till: Any, asked: Any) -> None:
    """What does not decipher is a format error, and the cryptogram is still good afterwards."""
    request = asked()
    said = till.said(till.ask(till.chip_sale(1, request, LARGE, de63=bytes(32))))
    assert (said[39], 55 in said) == ("30", False)
    assert till.code(till.chip_sale(2, request, LARGE, track="no track")) == "30"
    assert till.code(till.chip_sale(3, request, LARGE)) == "00"


def test_the_chip_of_another_card(till: Any, asked: Any) -> None:
    """A cryptogram under another PAN proves nothing (59); of no account, 14."""
    assert till.code(till.chip_sale(1, asked(), LARGE, pan="9999080000000018")) == "59"
    del till.issuer._accounts[PAN]
    said = till.said(till.ask(till.chip_sale(2, asked(), LARGE)))
    assert (said[39], tags(said)) == ("14", ["91"])


# --- the rest is as for the stripe ----------------------------------------------------------------


def test_one_sale_a_trace_number(till: Any, asked: Any) -> None:
    """A second one is a duplicate (94) and is not judged."""
    assert till.code(till.chip_sale(1, asked(), LARGE)) == "00"
    request = asked()
    said = till.said(till.ask(till.chip_sale(1, request, LARGE)))
    assert (said[39], 55 in said) == ("94", False)
    assert till.code(till.chip_sale(2, request, LARGE)) == "00"


def test_a_chip_sale_is_reversed_like_any_other(till: Any, asked: Any) -> None:
    """The money goes back; a late original of a known reversal is declined (68)."""
    till.ask(till.chip_sale(1, asked(), LARGE))
    result = till.ask(till.reversal(1, LARGE))
    assert (till.said(result)[39], result.postings[0].amount_minor) == ("00", -LARGE)
    assert till.balance(PAN) == BALANCE
    early, late = till.next_keys(), till.next_keys()
    assert till.code(till.reversal(2, LARGE, keys=late)) == "25"
    said = till.said(till.ask(till.chip_sale(2, asked(), LARGE, keys=early)))
    assert (said[39], 55 in said) == ("68", False)
    assert till.balance(PAN) == BALANCE


def test_a_host_in_trouble_does_not_look_at_the_chip(till: Any, asked: Any) -> None:
    """Its code, no field 55; the cryptogram is still good afterwards."""
    request = asked()
    till.host.fail("91")
    said = till.said(till.ask(till.chip_sale(1, request, LARGE)))
    assert (said[39], 55 in said) == ("91", False)
    till.host.recover()
    assert till.code(till.chip_sale(2, request, LARGE)) == "00"


def test_a_stripe_still_needs_its_pin(till: Any) -> None:
    """Neither PIN block nor field 55: no answer."""
    result = till.ask(till.sale(1, de52=None))
    assert (result.answer, result.note) == (None, "incomplete: [52]")
