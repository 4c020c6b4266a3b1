"""Reader or card: the rule, by stories of a few sales, and how often it errs, by a simulated
till."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posemu.sim import Keyed
from posemu.terminal.diagnosis import (
    CARDS_IN_A_ROW,
    CHIP,
    OTHERS_PASS,
    STRIPE,
    TRIES_FAIL,
    Alarm,
    Diagnosis,
)

READER, CARD = Alarm(STRIPE, "reader"), Alarm(STRIPE, "card")


class Till:
    """Sales of different amounts, unless one is said."""

    def __init__(self) -> None:
        self.diagnosis = Diagnosis()
        self.amount_minor = 1_000
        self.tokens_asked = 0

    def sale(
        self, card: str, tries: str, amount_minor: int = 0, reader: str = STRIPE
    ) -> tuple[Alarm, ...]:
        """`tries` are 0 and 1; the card is known once it was read."""
        self.amount_minor += 1
        self.diagnosis.begin(amount_minor or self.amount_minor)
        for one in tries:
            self.diagnosis.read(reader, good=one == "1")
        if "1" in tries:
            self.diagnosis.seen(lambda: self._token(card))
        return self.diagnosis.end()

    def others(self, count: int) -> None:
        for n in range(count):
            assert self.sale(f"other-{n}", "1") == ()

    def _token(self, card: str) -> bytes:
        self.tokens_asked += 1
        return card.encode("ascii")


def test_different_cards_in_a_row_point_to_the_reader() -> None:
    """The third of three is the alarm, read at last or not; then the count begins anew."""
    till = Till()
    for tries in ("001", "01", "000"):
        found = [till.sale(f"{tries}/{n}", tries) for n in range(2 * CARDS_IN_A_ROW)]
        assert found == [*[()] * (CARDS_IN_A_ROW - 1), (READER,)] * 2


def test_a_card_that_passes_ends_the_row() -> None:
    """One good read between them, and nobody is blamed."""
    till = Till()
    for n in range(30):
        assert till.sale(str(n), "1" if n % CARDS_IN_A_ROW == 2 else "01") == ()


@pytest.mark.parametrize("tries", ["01", "000"])
def test_one_card_again_and_again_is_one_card(tries: str) -> None:
    """The same card, known or by the same amount, is no row of different ones."""
    till = Till()
    for _ in range(10):
        assert READER not in till.sale("a", tries, amount_minor=5_000)


def test_a_purchase_that_is_tried_again_is_one_card() -> None:
    """Not read in one sale, and read in the next of the same amount: one card."""
    till = Till()
    assert (
        till.sale("a", "000", 700) == till.sale("a", "01", 700) == till.sale("b", "01", 900) == ()
    )
    assert till.sale("c", "01", 800) == (READER,)


def test_two_cards_of_one_amount_are_two_if_both_are_known() -> None:
    """Everybody buys the same coffee."""
    till = Till()
    found = [till.sale(card, "01", 700) for card in "abc"]
    assert found[-1] == (READER,)


def test_a_card_that_fails_again_while_others_pass_is_worn() -> None:
    """In one sale or in several; once it was blamed, it must fail anew."""
    till = Till()
    till.others(OTHERS_PASS)
    assert till.sale("a", "0" * TRIES_FAIL + "1") == (CARD,)
    assert till.sale("a", "01") == ()
    till.others(3)
    assert till.sale("a", "01") == (CARD,)
    assert till.sale("never-read", "0" * TRIES_FAIL) == (CARD,)


@pytest.mark.parametrize("passed", [OTHERS_PASS - 1, OTHERS_PASS])
def test_enough_others_must_have_passed(passed: int) -> None:
    """One too few, and the card is not blamed."""
    till = Till()
    till.others(passed)
    assert till.sale("a", "001") == ((CARD,) if passed == OTHERS_PASS else ())


def test_a_card_that_has_passed_since_is_good() -> None:
    """A failure before the last good read does not count; nor is a single one enough."""
    till = Till()
    till.others(OTHERS_PASS)
    assert till.sale("a", "01") == till.sale("a", "1") == till.sale("a", "01") == ()


def test_another_card_that_failed_speaks_for_the_card() -> None:
    """Where others fail too, nobody knows: no alarm."""
    till = Till()
    till.others(OTHERS_PASS)
    assert till.sale("b", "01") == till.sale("a", "001") == ()


def test_each_reader_has_its_own_history() -> None:
    """Three cards that fail as chips, and pass as stripes, point to the chip reader."""
    till = Till()
    for n in range(CARDS_IN_A_ROW):
        till.diagnosis.begin(1_000 + n)
        for _ in range(3):
            till.diagnosis.read(CHIP, good=False)
        till.diagnosis.read(STRIPE, good=True)
        till.diagnosis.seen(lambda n=n: bytes([n]))  # type: ignore[misc]
        expected = (Alarm(CHIP, "reader"),) if n == CARDS_IN_A_ROW - 1 else ()
        assert till.diagnosis.end() == expected


def test_a_sale_that_was_not_ended_leaves_nothing() -> None:
    """A power cut or a cancelled sale: the next one begins anew."""
    till = Till()
    for n in range(10):
        till.diagnosis.begin(n)
        till.diagnosis.read(STRIPE, good=False)
    assert till.sale("a", "01") == ()


def test_nobody_asks_who_a_card_is_while_all_pass() -> None:
    """No token without a failure: a shop without trouble draws no key for it."""
    till = Till()
    till.others(50)
    assert till.tokens_asked == 0
    till.sale("a", "01")
    assert till.tokens_asked == 1


# --- how often it errs ----------------------------------------------------------------------------


def alarms(p_reader: float, worn: int, sales: int = 20_000) -> Iterator[tuple[Alarm, bool]]:
    """Alarms at a till to which forty cards come, `worn` of which fail at 80 % of tries, with
    whether the card then there was worn."""
    till, draws = Till(), Keyed(7).sequence("test", "draws")
    ordinal = iter(range(10 * sales))
    for _ in range(sales):
        card = int(draws(next(ordinal)) * 40)
        tries = ""
        while len(tries) < 3 and "1" not in tries:
            bad = draws(next(ordinal)) < p_reader
            tries += "01"[not bad and not (card < worn and draws(next(ordinal)) < 0.8)]
        for alarm in till.sale(str(card), tries):
            yield alarm, card < worn


def per_cent(p_reader: float, worn: int) -> tuple[float, float, float]:
    """Of sales: the reader blamed, a worn card blamed, a good card blamed."""
    sales = 20_000
    found = list(alarms(p_reader, worn, sales))
    reader = sum(alarm == READER for alarm, _ in found)
    cards = [bad for alarm, bad in found if alarm == CARD]
    return 100 * reader / sales, 100 * sum(cards) / sales, 100 * (len(cards) - sum(cards)) / sales


def test_a_good_reader_among_worn_cards_is_not_blamed() -> None:
    """One card in ten worn: many alarms, all but a few name the card."""
    reader, worn, good = per_cent(0.0, worn=4)
    assert reader < 0.05
    assert good == 0.0
    assert 4.0 < worn < 7.0


def test_a_worn_reader_among_new_cards_is_found() -> None:
    """A reader that fails at every second try is blamed in 7 of 100 sales; a good card hardly."""
    reader, worn, good = per_cent(0.5, worn=0)
    assert 6.0 < reader < 8.0
    assert worn == 0.0
    assert good < 0.05 * reader


def test_where_the_rule_is_not_to_be_trusted() -> None:
    """A reader that fails at one try in ten: most alarms name a card, as the module says."""
    reader, _, good = per_cent(0.1, worn=0)
    assert good > reader
