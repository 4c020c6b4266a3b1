"""Which cards are worn: for the trace, which measures reads by it."""

from __future__ import annotations

from typing import Any

from .conftest import CHIP_CARD


def called(shop: Any) -> list[dict[str, Any]]:
    return [data for _, kind, data in shop.events if kind == "customer-called"]


def test_a_worn_card_is_told_when_its_holder_is_called(shop: Any) -> None:
    """By part; of a card that is not worn nothing is said, so a shop without any is as before."""
    shop.serve(100)
    shop.card.stripe.degrade(0.5)
    shop.open(200)
    shop.clock.run()
    shop.card.stripe.restore()
    shop.open(300)
    shop.clock.run()
    assert called(shop) == [{"ordinal": 0}, {"ordinal": 0, "worn": ("stripe",)}, {"ordinal": 0}]


def test_stripe_and_chip_wear_by_themselves() -> None:
    """A card is worn in the one, the other, both, or neither."""
    chip = CHIP_CARD.chip
    assert chip is not None
    assert CHIP_CARD.worn == ()
    flaw = chip.wear.wear_contacts(0.5, 0.0)
    assert CHIP_CARD.worn == ("chip",)
    CHIP_CARD.stripe.degrade(0.5)
    assert CHIP_CARD.worn == ("stripe", "chip")
    chip.wear.mend(flaw)
    assert CHIP_CARD.worn == ("stripe",)
    CHIP_CARD.stripe.restore()
