"""The flow of a chip sale where people, cards and PIN pads do not do what they should: whatever
happens, the sale ends with a screen that says so, and nothing is left open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from posemu.crypto import BadKey
from posemu.scenario import World
from posemu.scenario.people import load_built_in
from posemu.shop import Cashier
from posemu.sim import Event, Memory
from posemu.terminal.chip_secrets import SecureModuleError, check_field_55
from posemu.terminal.secure_module import SecureModule
from posemu.testing import small_shop
from posemu.wire import TrackError

CHIP = next(person for person in load_built_in("sixteen") if person.chip)


def sell(chip: str = "credit-cda", each: int = 1) -> list[Event]:
    """A shop whose customers have this card; no rule is broken, and the program does not fail."""
    shop = small_shop()
    assert shop.cardholders is not None
    scenario = replace(
        shop, people=(replace(CHIP, chip=chip),), cardholders=replace(shop.cardholders, each=each)
    )
    world = World(scenario)
    memory = Memory(world.trace)
    assert world.run().violations == ()
    assert not world.drivers["till-1"].terminal.module.holds_card
    return list(memory.events)


def ends(events: list[Event]) -> list[tuple[str, str]]:
    """How each sale ended, and the code or why."""
    return [
        (e.data["result"], e.data.get("why", e.data.get("code", "")))
        for e in events if e.kind == "sale-ended"
    ]  # fmt: skip


def requests(events: list[Event]) -> list[str]:
    """The types of the messages about money that the terminal sent."""
    sent = (e.data["bytes"][7:9].hex() for e in events
            if e.kind == "frame-sent" and e.data["end"] == "terminal")  # fmt: skip
    return [mti for mti in sent if mti[:2] in ("02", "04")]


def acting(act: Callable[[Any], None]) -> Any:
    """What a person does at the screen, instead of what is usual."""

    def do(cashier: Any, customer: Any) -> Any:
        yield 700_000
        act(cashier)

    return do


@pytest.mark.parametrize("chip", ["credit-cda", "basic-sda"])
@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("accept_chip", TrackError("tag 5A", 0, "the PAN is not that of tag 57")),
        ("check_clear", SecureModuleError("field 55 holds the PAN in clear")),
    ],
)
def test_a_card_that_contradicts_itself(
    chip: str, method: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked to go online or approved by itself: a card whose objects name two cards, or would show
    its number, is not accepted, and nothing leaves."""

    def refuse(_: object, said: Any) -> None:
        if method == "accept_chip" or 55 in said:
            raise error

    monkeypatch.setattr(SecureModule, method, refuse)
    events = sell(chip)
    assert [result for result, _ in ends(events)] in (["cancelled"], ["declined"])
    assert requests(events) == []
    assert not any(event.kind == "queue-write" for event in events)


def test_field_55_is_no_longer_than_a_message_carries() -> None:
    """A card that says too much is refused before anything was begun."""
    check_field_55(bytes.fromhex("9F1081FA") + bytes(250))
    with pytest.raises(SecureModuleError, match="256 bytes"):
        check_field_55(bytes.fromhex("9F1081FB") + bytes(251) + b"\x00")


def test_a_key_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PIN that cannot be enciphered for the card ends the dialogue, as a reader that fails."""

    def refuse(*_: object) -> None:
        raise BadKey("too short for a PIN")

    monkeypatch.setattr(SecureModule, "verify_command", refuse)
    events = sell()
    reasons = [e.data["reason"] for e in events if e.kind == "chip-read"]
    assert set(reasons) == {"transport"}
    assert requests(events) == ["0200"]  # by the stripe, after three tries


@pytest.mark.parametrize(
    ("prompt", "chip"), [("enter-pin", "credit-cda"), ("choose-application", "two-applications")]
)
def test_cancel(prompt: str, chip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """CANCEL at the PIN or at the choice ends the sale; nothing was sent."""
    act = acting(lambda cashier: cashier._terminal.press("CANCEL"))
    monkeypatch.setitem(Cashier.__init__.__globals__["_ACTS"], prompt, act)
    events = sell(chip)
    assert ends(events) == [("cancelled", "cancelled")]
    assert requests(events) == []


@pytest.mark.parametrize(
    ("prompt", "chip"), [("enter-pin", "credit-cda"), ("choose-application", "two-applications")]
)
def test_the_card_is_taken_out_while_somebody_is_asked(
    prompt: str, chip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found at once: no key has to be pressed, and the sale is cancelled."""
    act = acting(lambda cashier: cashier._take_out())
    monkeypatch.setitem(Cashier.__init__.__globals__["_ACTS"], prompt, act)
    events = sell(chip)
    ((result, why),) = ends(events)
    assert result == "cancelled"
    assert why in ("card-removed", "cancelled")
    assert requests(events) == []
    out_us = next(e.t_us for e in events if e.kind == "slot" and not e.data["card"])
    ended_us = next(e.t_us for e in events if e.kind == "sale-ended")
    assert ended_us - out_us < 1_000_000


@pytest.mark.parametrize("prompt", ["enter-pin", "choose-application"])
def test_nobody_answers(prompt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who types nothing is waited for as long as the rule book says; then the sale is cancelled."""
    monkeypatch.setitem(Cashier.__init__.__globals__["_ACTS"], prompt, acting(lambda cashier: None))
    events = sell("two-applications")
    assert ends(events) == [("cancelled", "cancelled")]


def test_a_card_left_in_must_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a card in the slot the terminal is not ready: it says so until the card is taken."""
    monkeypatch.setattr(Cashier, "_leave", lambda cashier, customer: None)
    taken = Cashier._take_out
    told: list[str] = []

    def take_out(cashier: Any) -> None:
        told.append(cashier._prompt)
        if cashier._prompt == "remove-card":
            taken(cashier)

    monkeypatch.setattr(Cashier, "_take_out", take_out)
    monkeypatch.setattr(Cashier, "_holder_comes", lambda cashier, customer: iter(()))
    events = sell(each=2)
    screens = [e.data["prompt"] for e in events if e.kind == "screen"]
    assert "remove-card" in screens
    assert [result for result, _ in ends(events)] == ["approved", "approved"]
    first_out = screens.index("remove-card")
    assert screens[first_out + 1] == "idle"
