"""How things get better: the few mechanisms behind the interventions. Each changes what it is about
for good, by verbs of the parts or of the injector; what a world has suffered before stays so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from posemu.faults.site import Site, Till


class Faults(Protocol):
    """What a remedy can do about failure modes themselves."""

    def remove(self, mode_ids: tuple[str, ...], tills: tuple[str, ...]) -> None: ...

    def shorten(self, mode_ids: tuple[str, ...], left: float, tills: tuple[str, ...]) -> None: ...


class Remedy(NamedTuple):
    """One intervention at work: the tills it is for, and the failure modes it acts on."""

    site: Site
    faults: Faults
    acts_on: tuple[str, ...]
    till_names: tuple[str, ...]

    @property
    def tills(self) -> list[Till]:
        return [self.site.tills[name] for name in self.till_names or self.site.tills]


def boost_signal(remedy: Remedy, gain: float) -> None:
    for till in remedy.tills:
        till.access.boost(gain)


def shorten(remedy: Remedy, left: float) -> None:
    """Spells of the failure modes last only this share of their time."""
    remedy.faults.shorten(remedy.acts_on, left, remedy.till_names)


def remove(remedy: Remedy) -> None:
    """The failure modes end, and strike no more."""
    remedy.faults.remove(remedy.acts_on, remedy.till_names)


def offer_cash(remedy: Remedy, takes: int) -> None:
    for till in remedy.tills:
        till.cashier.offer_cash(takes)


REMEDIES: dict[str, Callable[..., None]] = {
    remedy.__name__: remedy for remedy in (boost_signal, shorten, remove, offer_cash)
}
