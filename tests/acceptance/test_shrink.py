"""A search over schedules finds what no single fault shows, and cuts it down to its cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from typer import Typer
from typer.testing import CliRunner

import posemu.cli.run as run_module
from posemu.faults import FaultSpec
from posemu.scenario import load_scenario
from posemu.testing import broken_rules, small_shop, try_schedule
from posemu.testing.scenario_file import scenario_text
from posemu.testing.strategies import schedules
from posemu.testing.zoo import ZOO

ROOT = Path(__file__).resolve().parents[2]
SHOP = small_shop()
PLANTED = ZOO["forgets-reversal"]
ON_THE_WAY = (
    "transmission-loss", "power-unstable", "comms-outage", "dns-fail", "host-fault",
    "host-no-response",
)  # fmt: skip
Schedule = tuple[FaultSpec, ...]


def search(strategy: Any, wanted: Callable[[Schedule], bool], worlds: int = 2000) -> Schedule:
    """The simplest schedule that Hypothesis finds; the same in every run."""
    found: Schedule = find(
        strategy,
        wanted,
        settings=settings(
            max_examples=worlds, derandomize=True, database=None, deadline=None,
            phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
        ),
        random=Random(1),
    )  # fmt: skip
    return found


def shows_the_bug(schedule: Schedule) -> bool:
    return PLANTED.invariant in broken_rules(try_schedule(SHOP, schedule, build=PLANTED.build))


@cache
def shrunk() -> Schedule:
    return search(schedules(5, of=ON_THE_WAY), shows_the_bug)


def test_two_faults() -> None:
    """Of up to five faults the search keeps two, a power cut and what made a reversal necessary."""
    assert len(shrunk()) == 2
    assert "power-unstable" in {spec.id for spec in shrunk()}


def test_both_are_needed() -> None:
    """Neither of the two faults shows the bug alone."""
    for spec in shrunk():
        assert not shows_the_bug((spec,))


def test_the_correct_terminal_bears_them() -> None:
    """The correct terminal goes through the same two faults and breaks no rule."""
    assert not try_schedule(SHOP, shrunk()).violations


def test_scenario_file(tmp_path: Path) -> None:
    """Written as a scenario file the schedule gives the same world, to the byte."""
    path = tmp_path / "shrunk.yaml"
    path.write_text(scenario_text(SHOP, shrunk(), name="shrunk"), encoding="utf-8")
    read = load_scenario(path)
    assert read.faults == shrunk()
    outcome = try_schedule(read, read.faults, build=PLANTED.build)
    assert PLANTED.invariant in broken_rules(outcome)
    assert outcome.digest == try_schedule(SHOP, shrunk(), build=PLANTED.build).digest


def test_run_shows_it_violated(tmp_path: Path) -> None:
    """`posemu run` of the file, which names the faulty terminal, says that the rule is violated."""
    path = tmp_path / "shrunk.yaml"
    text = scenario_text(SHOP, shrunk(), name="shrunk", build=f"zoo/{PLANTED.name}")
    path.write_text(text, encoding="utf-8")
    app = Typer()
    app.command()(run_module.command)
    arguments = [str(path), "--json", "--no-report", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == run_module.VIOLATED, result.output
    document = json.loads(result.stdout)
    assert document["verdict"] == "violated"
    assert PLANTED.invariant in {found["invariant"] for found in document["violations"]}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "scenarios/regressions").glob("*.yaml")), ids=lambda path: path.stem
)
def test_regressions_hold(path: Path) -> None:
    """A schedule that once broke a rule breaks none any more."""
    scenario = load_scenario(path)
    assert scenario.faults
    assert broken_rules(try_schedule(scenario, scenario.faults)) == []


def test_regression_of_the_planted_bug() -> None:
    """The schedule kept for the planted bug still brings it out."""
    scenario = load_scenario(ROOT / "scenarios/regressions/lost-answer-then-power-cut.yaml")
    outcome = try_schedule(scenario, scenario.faults, build=PLANTED.build)
    assert PLANTED.invariant in broken_rules(outcome)
