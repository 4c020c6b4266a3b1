"""What the host decides about a sale: card, PIN, money, duplicates, trouble."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.crypto import Pin

PAN, POOR, EXPIRED = "9999075123741247", "9999080000000018", "9999080000000026"
WRONG = "000000000000"


def test_an_approval_debits_the_card_once(till: Any) -> None:
    """An approved sale moves its amount from the account to the books, with references."""
    before = till.issuer.total_minor()
    result = till.ask(till.sale(1, 3_800))
    said = till.said(result)
    assert (said[39], said[4], said[11]) == ("00", "000000003800", "000001")
    assert len(str(said[37])) == 12
    assert len(str(said[38])) == 6
    assert [tuple(p) for p in result.postings] == [("T0000001", "000001", "0302", 3_800)]
    assert till.issuer.total_minor() == before - 3_800
    assert till.books.totals.as_field() == f"{1:06d}{3800:012d}{0:06d}{0:012d}"


def test_an_answer_echoes_its_request(till: Any) -> None:
    """The answer names terminal, merchant, trace number, amount and batch of the request."""
    said = till.said(till.ask(till.sale(7, 12)))
    assert {n: said[n] for n in (3, 4, 11, 12, 13, 41, 42, 49, 60)} == {
        3: "000000", 4: "000000000012", 11: "000007", 12: "090000", 13: "0302", 41: "T0000001",
        42: "POSEMU000000001", 49: "156", 60: "22000001000",
    }  # fmt: skip
    assert not {52, 63} & said.keys()


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"pan": POOR, "amount_minor": 5_001}, "51"),
        ({"pan": EXPIRED, "expiry": "2602"}, "54"),
        ({"pan": PAN, "expiry": "2602"}, "54"),
        ({"pan": "9999080000000034", "pin": WRONG}, "14"),
        ({"pan": PAN, "pin": WRONG}, "55"),
    ],
)
def test_a_decline_books_nothing(till: Any, how: dict[str, Any], code: str) -> None:
    """Too little money, an expired card, an unknown card, a wrong PIN: declined, nothing moves."""
    before = till.issuer.total_minor()
    amount_minor = how.pop("amount_minor", 100)
    result = till.ask(till.sale(1, amount_minor, **how))
    assert till.said(result)[39] == code
    assert result.postings == ()
    assert till.issuer.total_minor() == before
    assert till.books.totals.as_field() == f"{0:06d}{0:012d}" * 2


def test_the_last_cent_can_be_spent(till: Any) -> None:
    """A sale of the whole balance is approved, and one of a cent more after it is not."""
    assert till.code(till.sale(1, 5_000, pan=POOR)) == "00"
    assert till.code(till.sale(2, 1, pan=POOR)) == "51"


def test_a_card_is_good_to_the_end_of_its_month(till: Any) -> None:
    """A card expires after its month: 2602 is good in February 2026 and not in March."""
    assert till.code(till.sale(1, pan=EXPIRED, expiry="2602"), "2602") == "00"
    assert till.code(till.sale(2, pan=EXPIRED, expiry="2602"), "2603") == "54"


def test_wrong_pins_count_and_block_the_card(till: Any) -> None:
    """The third wrong PIN blocks the card, for the right PIN too; other cards are not touched."""
    codes = [till.code(till.sale(n, pin=WRONG)) for n in range(1, 5)]
    assert codes == ["55", "55", "75", "75"]
    assert till.code(till.sale(5)) == "75"
    assert till.code(till.sale(6, 100, pan=POOR)) == "00"


def test_a_right_pin_gives_the_tries_back(till: Any) -> None:
    """After two wrong PINs a right one resets the count: two more wrong ones do not block."""
    pins = [WRONG, WRONG, None, WRONG, WRONG, None]
    codes = [till.code(till.sale(n, 1, pin=pin)) for n, pin in enumerate(pins, 1)]
    assert codes == ["55", "55", "00", "55", "55", "00"]


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_the_number_of_tries_is_the_issuers(make_till: Any, tries: int) -> None:
    """So many wrong PINs as the issuer allows, and the last of them blocks."""
    till = make_till(pin_tries=tries)
    codes = [till.code(till.sale(n, pin=WRONG)) for n in range(tries + 1)]
    assert codes == ["55"] * (tries - 1) + ["75", "75"]


def test_a_repeated_wrong_pin_message_costs_one_try(till: Any) -> None:
    """The same message twice, as the network may deliver it, costs one try, not two."""
    message = till.sale(1, pin=WRONG)
    assert [till.code(message) for _ in range(5)] == ["55"] * 5
    assert till.code(till.sale(2, pin=WRONG)) == "55"


@pytest.mark.parametrize("outcome", ["booked", "declined"])
@pytest.mark.parametrize("other", [{"amount_minor": 3_801}, {"time": "090001"}, {}])
def test_a_trace_number_serves_one_sale_a_day(
    till: Any, outcome: str, other: dict[str, Any]
) -> None:
    """A second sale of a trace number and date is declined (94), whatever became of the first."""
    till.ask(till.sale(1, pin=WRONG if outcome == "declined" else None))
    before = till.snapshot()
    result = till.ask(till.sale(1, **other))
    assert till.said(result)[39] == "94"
    assert result.postings == ()
    assert till.snapshot() == before
    assert till.code(till.sale(1, date="0303")) == "00"


def test_a_track_that_cannot_be_read_is_a_format_error(till: Any) -> None:
    """Data that does not decipher to a track, or a PIN block that is none, is declined with 30."""
    before = till.issuer.total_minor()
    keys = till.next_keys()
    assert till.code(till.sale(1, keys=keys, de63=bytes(32))) == "30"
    keys = till.next_keys()
    assert till.code(till.sale(2, keys=keys, de63=keys.encrypt(b"no track"))) == "30"
    keys = till.next_keys()
    assert till.code(till.sale(3, keys=keys, de63=keys.encrypt(b"\xff\xfe=29122010"))) == "30"
    assert till.code(till.sale(4, de52=bytes(16))) == "30"
    assert till.issuer.total_minor() == before


def test_a_pin_block_of_another_card_is_refused(till: Any) -> None:
    """A PIN block is bound to its PAN: moved to another card's sale it is no PIN at all."""
    keys = till.next_keys()
    block = keys.pin_block(Pin("836194027715"), POOR, bytes(8))
    assert till.code(till.sale(1, keys=keys, de52=block)) == "30"


def test_a_track_in_clear_is_taken_only_when_allowed(till: Any) -> None:
    """The negative control: a host takes a track in clear only while it is told to."""
    clear = f"{PAN}=29122010000000000".encode()
    assert till.code(till.sale(1, de63=clear)) == "30"
    till.host.accept_clear_track(True)
    assert till.code(till.sale(2, de63=clear)) == "00"
    assert till.code(till.sale(3)) == "00"
    till.host.accept_clear_track(False)
    assert till.code(till.sale(4, de63=clear)) == "30"


@pytest.mark.parametrize("code", ["91", "96"])
def test_a_host_in_trouble_books_nothing(till: Any, code: str) -> None:
    """While the host fails, every request gets that code and nothing moves; then it recovers."""
    till.host.fail(code)
    before = till.snapshot()
    for message in (till.sale(1), till.reversal(1), till.sign_on(), till.reconciliation("0" * 36)):
        assert till.code(message) == code
    assert till.snapshot() == before
    till.host.recover()
    assert till.code(till.sale(2)) == "00"


def test_a_failed_request_stays_failed(till: Any) -> None:
    """A request that was answered in the trouble gets that answer again after it."""
    till.host.fail("96")
    message = till.sale(1)
    till.ask(message)
    till.host.recover()
    assert till.code(message) == "96"
