"""Runs the worlds of a study: replications, in this process or on several cores, at once or in
parts. The result does not depend on how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from posemu.faults import FaultSpec
from posemu.scenario import Scenario, World
from posemu.sim import Event, Observer
from posemu.study.expectations import find
from posemu.study.metrics import MetricsCollector
from posemu.study.pool import in_order
from posemu.study.results import StudyResult, WorldRecord
from posemu.study.stopping import next_count, too_wide


class Place(NamedTuple):
    """Which world of a study."""

    variant: str
    replication: int

    def __str__(self) -> str:
        return f"{self.variant}/{self.replication}"


def run_study(
    scenario: Scenario,
    *,
    replications: int | None = None,
    jobs: int = 1,
    known: Iterable[WorldRecord] = (),
    on_batch: Callable[[int, int], object] | None = None,
    on_done: Callable[[WorldRecord], object] | None = None,
) -> StudyResult:
    """All worlds of a scenario, on `jobs` processes: exactly so many replications, or as many as
    the scenario says.

    Worlds that are `known` are not run again. `on_batch` hears, before each batch, how many worlds
    there are up to its end, and how many of them are still to run; `on_done` hears of each world
    that was run as it comes, in order. Raises `WorkerDiedError`.
    """
    until = scenario.until if replications is None else None
    count: int | None = scenario.replications if replications is None else replications
    stored = {Place(world.variant, world.replication): world for world in known}
    result = StudyResult(scenario.name, scenario.seed, 0)
    while count is not None:
        variants = [variant.name for variant in scenario.variants]
        batch = [Place(v, n) for n in range(result.replications, count) for v in variants]
        missing = [place for place in batch if place not in stored]
        if on_batch is not None:
            on_batch(count * len(variants), len(missing))
        with closing(
            in_order(partial(_run_at, scenario), missing, min(jobs, len(missing)))
        ) as fresh:
            for place in batch:
                world = stored.get(place) or next(fresh)
                if on_done is not None and place not in stored:
                    on_done(world)
                result.worlds.append(world)
        result.replications = count
        count = None
        if until is not None:
            totals = {name: result.estimates(name, "total") for name in variants}
            result.wide = too_wide(until, totals)
            count = next_count(until, result.replications, result.wide)
    result.findings = find(scenario.expectations, result.worlds)
    return result


def _run_at(scenario: Scenario, place: Place) -> WorldRecord:
    return run_world(scenario, place.replication, variant=place.variant)


def run_world(
    scenario: Scenario, replication: int, *, schedule: Iterable[FaultSpec] | None = None,
    observers: Iterable[Observer] = (), variant: str | None = None,
) -> WorldRecord:  # fmt: skip
    """One world, judged and measured; with `schedule`, under these faults instead of the
    scenario's; of this variant (default: the first). Raises KeyError if there is no such
    variant."""
    variant = scenario.variants[0].name if variant is None else variant
    scenario = scenario.under(variant)
    if schedule is not None:
        scenario = replace(scenario, faults=tuple(schedule))
    world = World(scenario, replication)
    metrics = MetricsCollector(
        world.trace, world.profile.service_us, world.calendar.hour, scenario.day.from_us
    )
    struck: Counter[str] = Counter()
    world.trace.observe(lambda event: _count(event, struck), "fault")
    for observer in observers:
        world.trace.observe(observer)
    outcome = world.run()
    assert world.judge is not None
    return WorldRecord(
        variant=variant,
        replication=replication,
        digest=outcome.digest,
        events=outcome.events,
        values=metrics.values(world.judge, list(world.tills)),
        violations=outcome.violations,
        not_observed=world.judge.not_observed(),
        pairs=dict(world.judge.coverage.pairs),
        situations=dict(world.judge.coverage.situations),
        struck=dict(struck),
        schedule=outcome.schedule,
        failures=tuple(metrics.failures),
        steps_us=dict(sorted(metrics.steps_us.items())),
        sales=dict(sorted(metrics.sales.items())),
    )


def _count(event: Event, struck: Counter[str]) -> None:
    if event.data["what"] == "begins":
        struck[event.data["fault"]] += 1
