"""Runs the worlds of a study: replications, in this process or on several cores. The result does
not depend on how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from posemu.faults import FaultSpec
from posemu.scenario import Scenario, World
from posemu.sim import Event, Observer
from posemu.study.expectations import find
from posemu.study.metrics import MetricsCollector
from posemu.study.results import StudyResult, WorldRecord

Done = Callable[[WorldRecord], object]


def run_study(
    scenario: Scenario,
    *,
    replications: int | None = None,
    jobs: int = 1,
    on_done: Done | None = None,
) -> StudyResult:
    """All replications of a scenario on `jobs` processes; `on_done` hears of each world as it
    comes, in order."""
    count = scenario.replications if replications is None else replications
    result = StudyResult(scenario.name, scenario.seed, count)
    for record in _records(scenario, count, jobs):
        result.worlds.append(record)
        if on_done is not None:
            on_done(record)
    result.findings = find(scenario.expectations, result.worlds)
    return result


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
    )


def _count(event: Event, struck: Counter[str]) -> None:
    if event.data["what"] == "begins":
        struck[event.data["fault"]] += 1


_scenario: Scenario | None = None  # in a worker process: what it inherited from its parent
_Place = tuple[int, int]  # number of the variant, replication


def _work(place: _Place) -> WorldRecord:
    assert _scenario is not None
    return _run_at(_scenario, place)


def _run_at(scenario: Scenario, place: _Place) -> WorldRecord:
    return run_world(scenario, place[1], variant=scenario.variants[place[0]].name)


def _records(scenario: Scenario, count: int, jobs: int) -> Iterator[WorldRecord]:
    """All worlds, replication by replication, in each all variants."""
    global _scenario
    places = [(v, n) for n in range(count) for v in range(len(scenario.variants))]
    if jobs <= 1 or len(places) <= 1:
        for place in places:
            yield _run_at(scenario, place)
        return
    _scenario = (
        scenario  # forked workers inherit it: cardholders are secret values, and are not pickled
    )
    try:
        with ProcessPoolExecutor(min(jobs, len(places)), get_context("fork")) as pool:
            yield from pool.map(_work, places)
    finally:
        _scenario = None
