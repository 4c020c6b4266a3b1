"""A scenario ready to run: what the file says, checked, in whole µs, minor units and distributions.

The faults are `posemu.faults.triggers.FaultSpec`, with the catalogue's defaults filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from posemu.faults.catalogue import Text
from posemu.faults.triggers import FaultSpec
from posemu.scenario.people import Person
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
class Cardholders:
    """Who comes to each till, one after another. `gap` is in µs, `basket` in minor units."""

    each: int
    gap: Distribution
    basket: Distribution
    patience_us: int
    key_us: int
    swipe_us: int
    look_us: int


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
    cardholders: Cardholders
    line: LineSpec
    dns: DnsSpec
    host: HostSpec
    faults: tuple[FaultSpec, ...]
    drain_us: int
    build: str | None = None
    """What is tried instead of posemu's own terminal and host: see `posemu.scenario.build`."""
