"""A bank card as its holder carries it: a stripe, and perhaps a chip."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.card.chip import ChipCard
from posemu.card.stripe import StripeCard


@dataclass(frozen=True, slots=True)
class BankCard:
    """`chip` is None on a card that has none."""

    stripe: StripeCard
    chip: ChipCard | None = None
