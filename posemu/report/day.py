"""A day as it went: the faults and the sales of one world, for the timeline.

A world is deterministic, so it is simply run again; its digest must be the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from posemu.faults import load_catalogue
from posemu.scenario import Scenario
from posemu.sim import Event
from posemu.study import Failure, WorldRecord, run_world


class NotTheSameError(Exception):
    """A world that was run again came out differently: something in it is not deterministic."""


@dataclass(frozen=True, slots=True)
class Band:
    """A fault that lasted, at one till or (None) at all of them; µs since opening."""

    mode: str
    till: str | None
    from_us: int
    to_us: int


@dataclass(slots=True)
class Day:
    """`sales` are (till, start) of all that were started; `failures` those of them that failed."""

    variant: str
    close_us: int
    sales: list[tuple[str, int]] = field(default_factory=list)
    failures: tuple[Failure, ...] = ()
    bands: list[Band] = field(default_factory=list)

    def all_day(self) -> list[Band]:
        """Faults that were there from opening to closing."""
        return [band for band in self.bands if self._is_all_day(band)]

    def spells(self) -> list[Band]:
        """Faults that came and went."""
        return [band for band in self.bands if not self._is_all_day(band)]

    def _is_all_day(self, band: Band) -> bool:
        return band.from_us == 0 and band.to_us >= self.close_us


def live(scenario: Scenario, stored: WorldRecord) -> Day:
    """The day of a world. Raises `NotTheSameError`."""
    day = Day(stored.variant, scenario.day.to_us - scenario.day.from_us)
    begun: dict[int, tuple[str, str | None, int]] = {}

    def see(event: Event) -> None:
        data = event.data
        if event.kind == "sale-started":
            day.sales.append((event.source, event.t_us))
        elif event.kind == "fault" and data["what"] == "begins":
            begun[data["number"]] = (data["fault"], data.get("terminal"), event.t_us)
        elif event.kind == "fault" and data["number"] in begun:
            day.bands.append(Band(*begun.pop(data["number"]), min(event.t_us, day.close_us)))

    record = run_world(
        scenario, stored.replication,
        variant=stored.variant, schedule=stored.schedule, observers=[see],
    )  # fmt: skip
    if record.digest != stored.digest:
        raise NotTheSameError(
            f"world {stored.variant}/{stored.replication} was {stored.digest} and is now "
            f"{record.digest}: it is not deterministic"
        )
    day.bands += [Band(*band, day.close_us) for band in begun.values()]
    day.sales = [(till, t_us) for till, t_us in day.sales if t_us < day.close_us]
    day.failures = record.failures
    return day


def mode_name(mode: str, lang: str) -> str:
    """What a failure mode is called."""
    return load_catalogue()[mode].name.of(lang)
