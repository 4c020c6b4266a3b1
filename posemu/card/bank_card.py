"""A bank card as its holder carries it: a stripe, and perhaps a chip."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.card.chip import ChipCard
from posemu.card.stripe import StripeCard


@dataclass(slots=True, eq=False)
class BankCard:
    """`chip` is None on a card that has none."""

    stripe: StripeCard
    chip: ChipCard | None = None
    in_use: bool = False  # its holder is being served

    @property
    def worn(self) -> tuple[str, ...]:
        """Which of its parts are worn: "stripe", "chip"."""
        stripe = ("stripe",) if self.stripe.worn else ()
        chip = ("chip",) if self.chip is not None and self.chip.wear.contacts_worn else ()
        return stripe + chip
