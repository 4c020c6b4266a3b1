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
from posemu.study.metrics import MetricsCollector
from posemu.study.results import BASE, StudyResult, WorldRecord

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
    for record in _records(scenario, range(count), jobs):
        result.worlds.append(record)
        if on_done is not None:
            on_done(record)
    return result


def run_world(
    scenario: Scenario, replication: int, *, schedule: Iterable[FaultSpec] | None = None,
    observers: Iterable[Observer] = (), variant: str = BASE,
) -> WorldRecord:  # fmt: skip
    """One world, judged and measured; with `schedule`, under these faults instead of the
    scenario's."""
    if schedule is not None:
        scenario = replace(scenario, faults=tuple(schedule))
    world = World(scenario, replication)
    metrics = MetricsCollector(world.trace, world.profile.service_us, world.calendar.hour)
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
    )


def _count(event: Event, struck: Counter[str]) -> None:
    if event.data["what"] == "begins":
        struck[event.data["fault"]] += 1


_scenario: Scenario | None = None  # in a worker process: what it inherited from its parent


def _work(replication: int) -> WorldRecord:
    assert _scenario is not None
    return run_world(_scenario, replication)


def _records(scenario: Scenario, numbers: range, jobs: int) -> Iterator[WorldRecord]:
    global _scenario
    if jobs <= 1 or len(numbers) <= 1:
        for number in numbers:
            yield run_world(scenario, number)
        return
    _scenario = (
        scenario  # forked workers inherit it: cardholders are secret values, and are not pickled
    )
    try:
        with ProcessPoolExecutor(min(jobs, len(numbers)), get_context("fork")) as pool:
            yield from pool.map(_work, numbers)
    finally:
        _scenario = None
