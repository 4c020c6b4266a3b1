"""One call for QA: run a world under a schedule of faults, and say which rules it broke.

    schedule = [fault("transmission-loss", on={"message": "0210"})]
    outcome = try_schedule(small_shop(), schedule, build=mine)
    assert not outcome.violations

The scenario gives the shop; the schedule takes the place of the scenario's own faults; the build
says whose terminal, secure module and host are tried (see `posemu.scenario.Build`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from posemu.faults import FaultSpec
from posemu.oracle import INVARIANTS, Violation
from posemu.scenario import Build, Outcome, Scenario, World, load_text
from posemu.scenario.fault_entries import build_fault, entry_model
from posemu.sim import Observer


@cache
def small_shop() -> Scenario:
    """One till, four cardholders, ten minutes: the smallest shop in which every flow happens."""
    name = "small_shop.yaml"
    return load_text((files("posemu.testing") / name).read_text("utf-8"), name)


def fault(mode: str, *, scenario: Scenario | None = None, **entry: Any) -> FaultSpec:
    """One entry of a scenario's `faults:` list, in the file's own words and with the catalogue's
    defaults.

    `fault("power-unstable", on={"state": "reversal-pending", "after": "300ms"}, for_="3s")`: `for`
    is a word of Python's and takes an underscore. A time of day (`at=`) counts within the day of
    `scenario` (default: that of `small_shop`). Raises `posemu.faults.catalogue.CatalogueError` for
    an unknown failure mode, pydantic's ValidationError for a wrong value.
    """
    if "for_" in entry:
        entry["for"] = entry.pop("for_")
    day = (scenario or small_shop()).day
    return build_fault(mode, entry_model(mode).model_validate(entry), day)


def try_schedule(
    scenario: Scenario, schedule: Iterable[FaultSpec], *, build: Build | None = None,
    replication: int = 0, observers: Iterable[Observer] = (),
) -> Outcome:  # fmt: skip
    """Runs one world of `scenario` under `schedule` alone and has it judged. Each observer is
    called with every event."""
    world = World(replace(scenario, faults=tuple(schedule)), replication, build=build)
    for observer in observers:
        world.trace.observe(observer)
    return world.run()


def broken_rules(outcome: Outcome) -> list[str]:
    """The names of the rules that were broken, each once, in order of time."""
    return list(dict.fromkeys(violation.invariant for violation in outcome.violations))


def assert_safe(
    scenario: Scenario, schedule: Iterable[FaultSpec], *, build: Build | None = None,
    replication: int = 0,
) -> Outcome:  # fmt: skip
    """As `try_schedule`, but raises AssertionError with the story of all violations, if any.

    For the body of a property-based test.
    """
    outcome = try_schedule(scenario, schedule, build=build, replication=replication)
    assert not outcome.violations, story(outcome.violations)
    return outcome


def story(violations: Sequence[Violation]) -> str:
    """Violations as a person reads them: the rule, what it says, when, where, and what happened."""
    lines = []
    for v in violations:
        rule = f"{v.invariant} ({INVARIANTS[v.invariant][0]})"
        lines.append(f"{v.t_us / 1e6:.6f} s, {v.till}: {rule}: {v.text}")
    return "\n".join(lines)
