"""What the zoo knows about one planted bug."""

from __future__ import annotations

from dataclasses import dataclass, replace

from posemu.faults import FaultSpec
from posemu.faults.catalogue import Text
from posemu.scenario import Build, Scenario
from posemu.testing.trial import small_shop

_HAS_CHIP = "201"  # service code: a card with a chip, without restriction (ISO/IEC 7813)


@dataclass(frozen=True, slots=True)
class Planted:
    """A faulty build: what is wrong with it, the faults of `schedule` that bring it out in the
    shop (none if it is wrong on a good day too; no fewer would do), and the rule of
    `posemu.oracle.INVARIANTS` that names it. `p_code` is the share of its customers that pays by
    code; with `chip`, the profile of a card's chip, all have such a card instead of a stripe."""

    name: str
    wrong: Text
    build: Build
    schedule: tuple[FaultSpec, ...]
    invariant: str
    p_code: float = 0.0
    chip: str = ""

    @property
    def shop(self) -> Scenario:
        """The small shop, with customers who pay as it takes to bring the bug out."""
        shop = small_shop()
        if self.chip:
            people = (replace(p, chip=self.chip, service_code=_HAS_CHIP) for p in shop.people)
            shop = replace(shop, people=tuple(people))
        if not self.p_code or shop.cardholders is None:
            return shop
        return replace(shop, cardholders=replace(shop.cardholders, p_code=self.p_code))
