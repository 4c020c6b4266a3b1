"""What cardholders do wrong at the PIN pad."""

from __future__ import annotations

from itertools import islice
from typing import Any

from posemu.scenario.people import built_in_people, load_built_in
from posemu.shop.cashier import FORGOTTEN_PIN

PIN = "836194027715"


def asked_again(shop: Any, prompts: list[str]) -> Any:
    """The terminal asks for the PIN with each of these screens in turn, then approves."""
    later = iter(prompts)

    def entered() -> None:
        prompt = next(later, "")
        if prompt:
            shop.terminal.show(prompt)
        else:
            shop.approve()

    for prompt in ("enter-pin", "wrong-pin", "last-pin-try"):
        shop.terminal.on[(prompt, "ENTER")] = entered
    return shop


def pins(shop: Any) -> list[str]:
    """What was typed before each ENTER at the PIN pad."""
    prompts = ("enter-pin", "wrong-pin", "last-pin-try")
    keys = [key for _, at, key in shop.terminal.done if at in prompts]
    return "".join("/" if key == "ENTER" else key for key in keys).split("/")[:-1]


def test_a_wrong_pin_and_then_the_right_one(shop: Any) -> None:
    """So many wrong ones as was said, at whichever screen asks, then the right one; the next
    customer begins anew."""
    shop.cashier.forget_pin(2)
    asked_again(shop, ["wrong-pin", "last-pin-try", "", "wrong-pin"]).serve(100, 200)
    assert pins(shop) == [FORGOTTEN_PIN, FORGOTTEN_PIN, PIN, FORGOTTEN_PIN, FORGOTTEN_PIN]


def test_a_pin_is_remembered_again(shop: Any) -> None:
    """Healed, the first PIN is the right one."""
    shop.cashier.forget_pin(2)
    shop.cashier.remember_pin()
    shop.serve(100)
    assert pins(shop) == [PIN]


def test_the_forgotten_pin_is_nobodys() -> None:
    """It has twelve digits like the others, and no built-in person has it: it is no canary."""
    people = [person for name in built_in_people() for person in load_built_in(name)]
    assert people
    assert len(FORGOTTEN_PIN) == len(people[0].pin) == 12
    assert all(person.pin != FORGOTTEN_PIN for person in people)


def test_enter_without_digits(shop: Any) -> None:
    """A terminal that goes on without a PIN gets none."""
    shop.cashier.bypass_pin()
    shop.serve(100)
    assert pins(shop) == [""]
    assert shop.left() == [(0, "approved")]


def test_who_is_still_asked_types_the_pin(shop: Any) -> None:
    """A terminal that does not go on gets the PIN after all."""
    shop.cashier.bypass_pin()
    presses = iter([lambda: None, shop.approve])
    shop.terminal.on[("enter-pin", "ENTER")] = lambda: next(islice(presses, 1))()
    shop.serve(100)
    assert pins(shop) == ["", PIN]
    assert shop.left() == [(0, "approved")]


def test_a_pin_is_given_again(shop: Any) -> None:
    """Healed, the PIN is typed at once."""
    shop.cashier.bypass_pin()
    shop.cashier.give_pin()
    shop.serve(100)
    assert pins(shop) == [PIN]
