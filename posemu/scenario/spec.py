"""A scenario ready to run: what the file says, checked, in whole µs, minor units and distributions.

The faults are `posemu.faults.triggers.FaultSpec`, with the catalogue's defaults filled in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from posemu.faults.catalogue import Text
from posemu.faults.interventions import InterventionSpec
from posemu.faults.triggers import FaultSpec
from posemu.profiles.pans import TestPans, load_test_pans
from posemu.scenario.expectation import Expectation
from posemu.scenario.people import Person
from posemu.shop.arrivals import Spell
from posemu.sim.distributions import Distribution


@dataclass(frozen=True, slots=True)
class Day:
    """The shop's day; the world's clock starts at `from_us`. Times are µs since midnight;
    `settle_us` is that of an end of day within the day."""

    date: date
    from_us: int
    to_us: int
    settle_us: int | None = None


@dataclass(frozen=True, slots=True)
class TillSpec:
    name: str
    rssi_dbm: float


@dataclass(frozen=True, slots=True)
class Buyers:
    """How those who come pay. `basket` is in minor units; `p_code` is the share that pays by code,
    `p_cash` the share that could pay in cash; `patience_us` is the patience with one payment, the
    other times are those of `shop.Pace`. `queue` is the patience in the queue and `order` the time
    the order takes, both in µs (None: endless, and none)."""

    basket: Distribution
    p_code: float
    patience_us: int
    key_us: int
    swipe_us: int
    scan_us: int
    insert_us: int
    look_us: int
    p_cash: float
    queue: Distribution | None
    order: Distribution | None


@dataclass(frozen=True, slots=True)
class Cardholders(Buyers):
    """They come to each till one after another, `gap` [µs] after the last one has left."""

    each: int
    gap: Distribution


@dataclass(frozen=True, slots=True)
class Customers(Buyers):
    """They come by themselves, at a rate that follows the clock, and choose a till by its share."""

    spells: tuple[Spell, ...]
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class LineSpec:
    delay_us: int
    jitter_us: int
    p_loss: float


@dataclass(frozen=True, slots=True)
class DnsSpec:
    delay_us: int
    ttl_us: int


@dataclass(frozen=True, slots=True)
class HostSpec:
    """`service` is in µs; `balance_minor` is what an account holds unless its person says so."""

    servers: int
    service: Distribution
    balance_minor: int
    pin_tries: int


BASE = "base"  # the variant of a scenario that names none


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run the shop: `factors` are the names of what is done in it."""

    name: str
    factors: tuple[str, ...]
    interventions: tuple[InterventionSpec, ...]


@dataclass(frozen=True, slots=True)
class Until:
    """When a study stops: every interval is no wider than this to either side, by metric in its
    unit, or `budget` replications are done. It is looked at after the first replications, and then
    every `batch`."""

    half_widths: tuple[tuple[str, float], ...]
    budget: int
    batch: int


class CardNumbers(NamedTuple):
    """How many people bear a number of a file of test numbers: its name, without its folder, and
    whether it is a laboratory's."""

    file: str
    people: int
    laboratory: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a world is built from. `profile` names a rule book, `lang` is "en" or "zh"."""

    name: str
    title: Text | None
    about: Text | None
    seed: int
    replications: int
    day: Day
    profile: str
    lang: str
    people: tuple[Person, ...]
    tills: tuple[TillSpec, ...]
    cardholders: Cardholders | None
    customers: Customers | None
    line: LineSpec
    dns: DnsSpec
    host: HostSpec
    faults: tuple[FaultSpec, ...]
    drain_us: int
    build: str | None = None
    """What is tried instead of posemu's own terminal and host: see `posemu.scenario.build`."""
    interventions: tuple[InterventionSpec, ...] = ()
    """Those of the variant that runs."""
    variants: tuple[Variant, ...] = (Variant(BASE, (), ()),)
    expectations: tuple[Expectation, ...] = ()
    until: Until | None = None
    """Without it, a study stops after `replications`."""
    test_pans: TestPans | None = field(default=None, repr=False, compare=False)
    """Posemu's test numbers with those of a laboratory's file, if it names one. They allow what
    people bear, and change no world."""

    def under(self, variant: str) -> Scenario:
        """The scenario as this variant has it. Raises KeyError."""
        by_name = {each.name: each for each in self.variants}
        return replace(self, interventions=by_name[variant].interventions)

    @property
    def card_numbers(self) -> tuple[CardNumbers, ...]:
        """The files that allow the people's card numbers: posemu's own first."""
        posemus = load_test_pans()
        test_pans = self.test_pans or posemus
        counts = Counter(test_pans.check(person.pan).file for person in self.people)
        return tuple(
            CardNumbers(Path(file).name, counts[file], file not in posemus.files)
            for file in test_pans.files
        )

    @property
    def buyers(self) -> Cardholders | Customers:
        """Who comes: one of the two."""
        buyers = self.cardholders or self.customers
        assert buyers is not None, "a scenario has cardholders or customers"
        return buyers
