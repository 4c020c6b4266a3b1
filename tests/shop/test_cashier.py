"""The person at the till, in front of a fake terminal: knows it only by its ports."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import CHIP_CARD

S = 1_000_000
PIN = "836194027715"


def test_a_sale_from_the_ready_screen_to_the_next(shop: Any) -> None:
    """SALE, the amount, ENTER to confirm, a swipe, the PIN and ENTER; then the outcome."""
    shop.serve(3_800)
    assert [key for _, _, key in shop.terminal.done] == [
        "SALE", *"3800", "ENTER", "ENTER", "swipe", *PIN, "ENTER",
    ]  # fmt: skip
    assert shop.terminal.keys_at("enter-pin") == [*PIN, "ENTER"]
    assert shop.left() == [(0, "approved")]


def test_a_person_takes_time(shop: Any) -> None:
    """Customers come after their gap; keys, swipe and looking take the times of the pace."""
    shop.serve(38)
    arrival_us = 5 * S
    sale_us = arrival_us + 700_000
    times = {(at, key): t for t, at, key in reversed(shop.terminal.done)}
    assert shop.events[0] == (
        arrival_us,
        "customer-arrives",
        {"ordinal": 0, "amount_minor": 38, "method": "card"},
    )
    assert times[("idle", "SALE")] == sale_us
    assert times[("enter-amount", "3")] == sale_us + 700_000
    assert times[("enter-amount", "8")] == sale_us + 950_000
    assert times[("enter-amount", "ENTER")] == sale_us + 1_200_000
    confirmed_us = times[("confirm-amount", "ENTER")]
    assert confirmed_us >= times[("enter-amount", "ENTER")] + 700_000
    assert times[("present-card", "swipe")] == confirmed_us + 900_000


def test_customers_come_one_after_another(shop: Any) -> None:
    """The next customer comes a gap after the last one has left, in order, each once."""
    shop.serve(100, 200, 300)
    kinds = [(kind, data["ordinal"]) for _, kind, data in shop.events]
    expected = [
        (f"customer-{what}", n) for n in range(3) for what in ("arrives", "called", "leaves")
    ]
    assert kinds == expected
    leaves = [t for t, kind, _ in shop.events if kind == "customer-leaves"]
    arrives = [t for t, kind, _ in shop.events if kind == "customer-arrives"]
    assert arrives[1:] == [t + 5 * S for t in leaves[:-1]]


# --- wrong amounts -------------------------------------------------------------------------------


def misheard(make_shop: Any, attention: float, u: float, amount: int, shown: int) -> Any:
    """A shop that has served a customer whose amount was at first shown as another one."""
    shop = make_shop(lambda n: u)
    first = iter([shown])
    shop.terminal.shown_amount = lambda a: next(first, a)
    shop.cashier.set_attention(attention)
    shop.serve(amount)
    return shop


@pytest.mark.parametrize(("attention", "u"), [(1.0, 0.999), (0.9, 0.89)])
def test_a_wrong_amount_that_is_noticed_is_typed_again(
    make_shop: Any, attention: float, u: float
) -> None:
    """A wrong amount on the screen that is noticed is cleared, typed again, and then confirmed."""
    shop = misheard(make_shop, attention, u, 3_800, 38_000)
    assert shop.terminal.keys_at("confirm-amount") == ["CLEAR", "ENTER"]
    assert shop.terminal.keys_at("enter-amount") == [*"3800", "ENTER"] * 2
    assert shop.left() == [(0, "approved")]


@pytest.mark.parametrize(("attention", "u"), [(0.0, 0.0), (0.9, 0.9)])
def test_a_wrong_amount_that_is_not_noticed_is_confirmed(
    make_shop: Any, attention: float, u: float
) -> None:
    """Who does not look confirms the wrong amount."""
    shop = misheard(make_shop, attention, u, 3_800, 38_000)
    assert shop.terminal.keys_at("confirm-amount") == ["ENTER"]


@pytest.mark.parametrize(
    ("amount", "shown"), [(3_800, 380), (5, 50), (3_800, 13_800), (100, 1), (180, 80)]
)
def test_a_wrong_amount_is_wrong_also_if_it_looks_alike(
    make_shop: Any, amount: int, shown: int
) -> None:
    """An amount that only contains, or is contained in, the right one is noticed as wrong."""
    shop = misheard(make_shop, 1.0, 0.0, amount, shown)
    assert shop.terminal.keys_at("confirm-amount") == ["CLEAR", "ENTER"]


def test_each_wrong_amount_has_a_chance_of_its_own(make_shop: Any) -> None:
    """The n-th wrong amount that a person looks at is decided by the n-th draw."""
    drawn: list[int] = []
    shop = make_shop(lambda n: drawn.append(n) or 0.5)  # type: ignore[func-returns-value]
    wrong = iter([380, 38, 3])
    shop.terminal.shown_amount = lambda a: next(wrong, a)
    shop.serve(3_800)
    assert drawn == [1, 2, 3]


def test_a_right_amount_draws_no_chance(make_shop: Any) -> None:
    """Attention is drawn for wrong amounts only, so that a fault that never fires moves nothing."""
    drawn: list[int] = []
    shop = make_shop(lambda n: drawn.append(n) or 0.999)  # type: ignore[func-returns-value]
    shop.cashier.set_attention(0.0)
    shop.serve(1, 9, 10, 99, 100, 101, 123_456)
    assert drawn == []
    assert shop.terminal.keys_at("confirm-amount") == ["ENTER"] * 7


# --- patience and trouble ------------------------------------------------------------------------


def test_patience_ends(shop: Any) -> None:
    """A customer whose sale goes nowhere presses CANCEL when the patience is over, and leaves."""
    shop.terminal.on[("enter-pin", "ENTER")] = lambda: shop.terminal.show("please-wait")
    shop.serve(3_800)
    assert shop.terminal.done[-1] == (5 * S + 60 * S, "please-wait", "CANCEL")
    assert shop.left() == [(0, "gave-up")]


def test_who_has_seen_an_outcome_leaves_with_it(shop: Any) -> None:
    """If the ready screen does not come back, the customer still leaves with what was seen."""
    shop.terminal.on[("enter-pin", "ENTER")] = lambda: shop.terminal.show("declined")
    shop.serve(3_800)
    assert shop.left() == [(0, "declined")]


@pytest.mark.parametrize("screen", [None, "not-signed-on"])
def test_a_terminal_that_never_gets_ready_serves_nobody(shop: Any, screen: str | None) -> None:
    """Nothing is pressed on a terminal that is dark or not ready; each customer leaves unserved
    when the patience is over."""
    if screen is not None:
        shop.terminal.show(screen)
    shop.open(3_800, 100)
    shop.clock.run()
    assert shop.terminal.done == []
    assert shop.left() == [(0, "not-served"), (1, "not-served")]
    leaves = [t for t, kind, _ in shop.events if kind == "customer-leaves"]
    assert leaves == [65 * S, 130 * S]  # the gap and the patience, twice


def test_a_terminal_that_gets_ready_in_time_serves(shop: Any) -> None:
    """A customer waits for the ready screen as long as patience lasts."""
    shop.terminal.show("signing-on")
    shop.terminal.later(40 * S, "idle")
    shop.open(3_800)
    shop.clock.run()
    assert shop.left() == [(0, "approved")]


def test_a_key_that_was_not_heard_is_pressed_again(shop: Any) -> None:
    """If the ready screen stays, SALE is pressed again."""
    t = shop.terminal
    deaf = iter([True, True])
    t.on[("idle", "SALE")] = lambda: None if next(deaf, False) else t.show("enter-amount")
    shop.serve(3_800)
    assert t.keys_at("idle") == ["SALE"] * 3
    assert shop.left() == [(0, "approved")]


def test_a_terminal_that_hears_no_key_serves_nobody(shop: Any) -> None:
    """If SALE is never heard, it is pressed no longer than patience lasts; the customer leaves
    unserved."""
    shop.terminal.on[("idle", "SALE")] = lambda: None
    shop.serve(3_800)
    assert shop.left() == [(0, "not-served")]
    assert set(shop.terminal.keys_at("idle")) == {"SALE"}
    assert 60 * S < shop.terminal.done[-1][0] <= 65 * S


@pytest.mark.parametrize("amounts", [(), (3_800,)])
def test_a_terminal_that_takes_a_moment_is_not_asked_twice(
    shop: Any, amounts: tuple[int, ...]
) -> None:
    """A person waits for the answer to a key as long as a look takes before pressing it again."""
    t = shop.terminal
    t.on[("idle", "SALE")] = lambda: t.later(600_000, "enter-amount")
    t.on[("idle", "SETTLE")] = lambda: t.later(600_000, "settling")
    shop.serve(*amounts)
    shop.close()
    shop.clock.run()
    keys = [key for _, _, key in t.done if key in ("SALE", "SETTLE")]
    assert keys == ["SALE"] * len(amounts) + ["SETTLE"]


def test_a_card_is_swiped_once_at_a_screen(shop: Any) -> None:
    """Who has swiped waits for another screen: at a reader that is dead the card is swiped once,
    and patience ends it."""
    del shop.terminal.on[("present-card", "swipe")]
    shop.serve(3_800)
    assert shop.terminal.keys_at("present-card") == ["swipe", "CANCEL"]
    assert shop.left() == [(0, "gave-up")]


def test_typing_stops_when_the_screen_changes(shop: Any) -> None:
    """Digits of a PIN are not typed on into another screen (they would be heard as keys)."""
    t = shop.terminal
    t.on[("present-card", "swipe")] = lambda: (
        t.show("enter-pin"), t.later(2 * S, "cancelled"), t.later(4 * S, "idle"),
    )  # fmt: skip
    shop.serve(3_800)
    assert 0 < len(t.keys_at("enter-pin")) < 12
    assert t.keys_at("cancelled") == []
    assert shop.left() == [(0, "cancelled")]


def test_a_bad_swipe_is_tried_again(shop: Any) -> None:
    """At "swipe again" the card is swiped again."""
    t = shop.terminal
    t.on[("present-card", "swipe")] = lambda: t.show("swipe-again")
    t.on[("swipe-again", "swipe")] = lambda: t.show("enter-pin")
    shop.serve(3_800)
    assert t.keys_at("present-card") + t.keys_at("swipe-again") == ["swipe", "swipe"]
    assert shop.left() == [(0, "approved")]


def test_the_last_outcome_counts(shop: Any) -> None:
    """What a customer leaves with is the last outcome on the screen: unknown, then reversed."""
    t = shop.terminal
    t.on[("enter-pin", "ENTER")] = lambda: (
        t.show("unknown"), t.later(S, "reversed"), t.later(3 * S, "idle"),
    )  # fmt: skip
    shop.serve(3_800)
    assert shop.left() == [(0, "reversed")]


# --- paper, closing ------------------------------------------------------------------------------


def test_the_roll_is_changed_when_it_is_low(shop: Any) -> None:
    """Between two customers a low roll is changed, which takes its time; a full one is left."""
    t = shop.terminal
    t.on[("enter-pin", "ENTER")] = lambda: (shop.approve(), setattr(t, "paper_low", t.rolls == 0))
    shop.serve(100, 200, 300)
    assert t.rolls == 1
    leaves = [at for at, kind, _ in shop.events if kind == "customer-leaves"]
    called = [at for at, kind, _ in shop.events if kind == "customer-called"]
    assert called[1] == leaves[0] + 20 * S
    assert called[2] == leaves[1] + 5 * S


@pytest.mark.parametrize("at_us", [0, 6 * S, 12 * S, 40 * S])
def test_after_closing_the_end_of_day_is_asked_for_once(shop: Any, at_us: int) -> None:
    """Whenever the shop closes, the customer who is there is served, no further one comes, and then
    SETTLE is pressed, once, on the ready screen."""
    shop.terminal.show("idle")
    shop.open(100, 200)
    shop.clock.run_until(at_us)
    came = sum(kind == "customer-arrives" for _, kind, _ in shop.events)
    shop.close()
    shop.clock.run()
    assert [(at, key) for _, at, key in shop.terminal.done if key == "SETTLE"] == [
        ("idle", "SETTLE")
    ]
    assert sum(kind == "customer-arrives" for _, kind, _ in shop.events) == came
    assert len(shop.left()) == came


def test_the_end_of_day_waits_for_the_ready_screen(shop: Any) -> None:
    """SETTLE is not pressed on a terminal that is busy, however long that takes."""
    shop.terminal.show("not-signed-on")
    shop.terminal.later(500 * S, "idle")
    shop.close()
    shop.clock.run()
    assert [(at, key) for _, at, key in shop.terminal.done] == [("idle", "SETTLE")]
    assert shop.terminal.done[0][0] > 500 * S


def test_the_end_of_day_is_asked_for_until_the_terminal_takes_it(shop: Any) -> None:
    """If the terminal is busy again by the time the key is pressed, SETTLE is pressed anew when it
    is ready: an end of day is not lost to a moment."""
    t = shop.terminal
    t.show("idle")
    t.later(300_000, "reversing-first")
    t.later(9 * S, "idle")
    shop.close()
    shop.clock.run()
    assert ("idle", "SETTLE") in [(at, key) for _, at, key in t.done]


def test_a_customer_does_not_show_the_pin(shop: Any) -> None:
    """The repr of a customer, as in an error, holds neither the PIN nor the PAN."""
    customer = shop.customer(0, 100)
    assert "100" in repr(customer)
    assert PIN not in repr(customer) + str(customer)
    assert "9999075123741247" not in repr(customer)


def test_a_chip_goes_into_the_slot_and_comes_out_at_the_outcome(shop: Any) -> None:
    """A card with a chip is inserted where another one is swiped, and is taken out when the screen
    tells an outcome."""
    shop.card = CHIP_CARD
    t = shop.terminal
    t.on[("present-card", "insert")] = lambda: t.show("enter-pin")
    shop.serve(3_800)
    assert t.keys_at("present-card") == ["insert"]
    assert t.keys_at("approved") == ["remove"]
    assert shop.left() == [(0, "approved")]
    assert not t.holds_card


def test_a_chip_that_was_not_read_is_inserted_again_and_then_swiped(shop: Any) -> None:
    """As the screens say: out and in again, then the stripe."""
    shop.card = CHIP_CARD
    t = shop.terminal
    t.on[("present-card", "insert")] = lambda: t.show("insert-again")
    t.on[("insert-again", "insert")] = lambda: t.show("swipe-instead")
    t.on[("swipe-instead", "swipe")] = lambda: t.show("enter-pin")
    shop.serve(3_800)
    assert t.keys_at("insert-again") == ["remove", "insert"]
    assert t.keys_at("swipe-instead") == ["remove", "swipe"]
    assert shop.left() == [(0, "approved")]


def test_who_gives_up_takes_the_card_along(shop: Any) -> None:
    """A terminal that says nothing more keeps no card."""
    shop.card = CHIP_CARD
    shop.serve(3_800)
    assert shop.left() == [(0, "gave-up")]
    assert not shop.terminal.holds_card


@pytest.mark.parametrize(
    ("prompt", "key"), [("choose-application", "1"), ("confirm-application", "ENTER")]
)
def test_the_first_application_is_taken(shop: Any, prompt: str, key: str) -> None:
    """A cardholder who may choose takes what the card prefers."""
    shop.card = CHIP_CARD
    t = shop.terminal
    t.on[("present-card", "insert")] = lambda: t.show(prompt)
    t.on[(prompt, key)] = lambda: t.show("enter-pin")
    shop.serve(3_800)
    assert t.keys_at(prompt) == [key]
    assert shop.left() == [(0, "approved")]


def test_a_chip_is_at_one_till_at_a_time(make_shop: Any) -> None:
    """Somebody whose chip card is being used at another till is served when that is over."""
    shop = make_shop()
    shop.card = CHIP_CARD
    t = shop.terminal
    t.on[("present-card", "insert")] = lambda: t.show("enter-pin")
    CHIP_CARD.in_use = True
    shop.clock.call_in(30 * S, setattr, CHIP_CARD, "in_use", False)
    shop.serve(3_800)
    assert t.done[0][0] > 30 * S
    assert shop.left() == [(0, "approved")]
    assert not CHIP_CARD.in_use
