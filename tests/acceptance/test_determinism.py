"""The same file and seed give the same digest: whatever the hash seed, the Python version, the
number of jobs, the judge, the sinks and the name of the file. And a fault changes nothing before it
strikes.

Other Python versions need environments of their own, because compiled dependencies belong to one
version. A test does not fetch them: it takes those that are there, the one it runs in and
`.venv-3.11`, `.venv-3.12`, `.venv-3.13` beside the project's `pyproject.toml` (`make pythons`).
Where one is missing, its test is skipped and says so.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from posemu.faults import (
    Always,
    AtRate,
    AtTimes,
    OnJournal,
    OnMessage,
    OnState,
    Trigger,
)
from posemu.faults.catalogue import Text
from posemu.scenario import World, load_scenario, load_text, read_text
from posemu.sim import Event, JsonLines, Memory
from posemu.study import run_study, run_world

from .worlds import VARIANTS, Variant, base_run, run

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "first-sale.yaml"
HASH_SEEDS = ("0", "1", "random")
VERSIONS = ("3.11", "3.12", "3.13")
THIS_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# Runs a scenario and prints the world's digest. `disturb` may add a part that speaks in the world.
_PROGRAM = """
import os, sys
from posemu.scenario import World, load_scenario

world = World(load_scenario(sys.argv[1]))
emit = world.trace.emit

def disturb(event):
    {disturb}

world.trace.observe(disturb, "sale-started")
print(world.run().digest)
"""
_NOTHING = "pass"

# Parts that break the rule in the ways that are easiest to fall into.
NOT_DETERMINISTIC = {
    "the order of a set of strings": (
        'emit("part", "tills", {"names": tuple({"till-1", "till-2", "till-3", "till-4"})})'
    ),
    "the hash of a string": (
        'world.clock.call_in(hash("till-1") % 1_000_000, emit, "part", "late", {})'
    ),
    "the system's randomness": 'emit("part", "nonce", {"bytes": os.urandom(8)})',
}


def interpreter(version: str) -> Path | None:
    """An interpreter of this version that has posemu's dependencies, if there is one."""
    if version == THIS_VERSION:
        return Path(sys.executable)
    for name in ("bin/python", "Scripts/python.exe"):
        path = ROOT / f".venv-{version}" / name
        if path.exists():
            return path
    return None


def printed_by(python: Path, hash_seed: str, *arguments: str) -> str:
    """Standard output of a fresh process."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(python), *arguments],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def digests(disturb: str = _NOTHING, python: Path = Path(sys.executable)) -> set[str]:
    """The check: a scenario's digests under several hash seeds. Deterministic means: only one."""
    program = _PROGRAM.replace("{disturb}", disturb)
    return {printed_by(python, seed, "-c", program, str(SCENARIO)) for seed in HASH_SEEDS}


# --- processes and versions -----------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_same_digest_under_every_hash_seed_and_python(version: str) -> None:
    """A scenario has one digest, under every PYTHONHASHSEED and every Python that is supported."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no environment .venv-{version} with posemu's dependencies (make pythons)")
    here = World(load_scenario(SCENARIO)).run().digest
    assert digests(python=python) == {here}


@pytest.mark.parametrize("part", NOT_DETERMINISTIC)
def test_a_part_that_is_not_deterministic_is_caught(part: str) -> None:
    """The same check sees several digests when a part takes order or numbers from its process."""
    assert len(digests(NOT_DETERMINISTIC[part])) > 1


def test_the_command_prints_the_same_digest_for_any_number_of_jobs(tmp_path: Path) -> None:
    """`posemu run` gives one study digest whatever the number of jobs and the hash seed."""
    found = set()
    for jobs, seed in (("1", "1"), ("2", "2"), ("3", "random")):
        said = printed_by(
            Path(sys.executable), seed, "-c", "from posemu.cli.main import main; main()",
            "run", str(SCENARIO), "--replications", "3", "--jobs", jobs, "--no-report",
            "--json", "--out", str(tmp_path / jobs),
        )  # fmt: skip
        found.add(json.loads(said)["digest"])
    assert found == {run_study(load_scenario(SCENARIO), replications=3).digest}


# --- what must not matter -------------------------------------------------------------------------


def test_the_judge_changes_nothing() -> None:
    """A world has the same digest whether it is judged, measured or neither."""
    scenario = load_scenario(SCENARIO)
    judged = World(scenario).run().digest
    assert World(scenario, judged=False).run().digest == judged
    assert run_world(scenario, 0).digest == judged


def test_sinks_change_nothing() -> None:
    """A world has the same digest with no sink, in memory, and written out as JSON lines."""
    scenario = load_scenario(SCENARIO)
    silent = World(scenario).run().digest
    world, file = World(scenario), io.StringIO()
    memory = Memory(world.trace)
    JsonLines(world.trace, file)
    assert world.run().digest == silent
    assert len(memory.events) == file.getvalue().count("\n")


def test_the_files_name_and_words_change_nothing(tmp_path: Path) -> None:
    """The digest covers what happens, not the path, the name or the title of the scenario."""
    scenario = load_scenario(SCENARIO)
    digest = run_study(scenario).digest
    elsewhere = tmp_path / "another name.yaml"
    elsewhere.write_text("# a remark\n" + read_text(SCENARIO), encoding="utf-8")
    assert run_study(load_scenario(elsewhere)).digest == digest
    assert run_study(load_text(read_text(SCENARIO), "no/such/file.yaml")).digest == digest
    words = Text("another title", "另一个标题")
    assert run_study(replace(scenario, name="renamed", title=words, about=words)).digest == digest


def test_another_seed_is_another_run() -> None:
    """The digest does depend on the seed, and on the replication."""
    scenario = load_scenario(SCENARIO)
    found = [World(scenario), World(replace(scenario, seed=scenario.seed + 1)), World(scenario, 1)]
    assert len({world.run().digest for world in found}) == 3


# --- faults ---------------------------------------------------------------------------------------

NEVER: dict[str, Trigger] = {
    "a state that is not entered so often": OnState("sale-waiting", nth=1_000),
    "a message that is not sent so often": OnMessage("0200", "terminal", nth=1_000),
    "a flush that does not come": OnJournal("flush", nth=1_000),
    "a moment after the day": AtTimes(((86_400_000_000, None),)),
    "no moment at all": AtTimes(()),
    "a rate that gives none in a day": AtRate(1e-30),
}


@pytest.mark.parametrize("when", NEVER)
def test_a_fault_that_never_fires_changes_nothing(when: str) -> None:
    """Any failure mode that waits for what does not come leaves the digest as it is."""
    digest = base_run("reversal-repeats").digest
    for variant in VARIANTS.values():
        assert run("reversal-repeats", variant.at(NEVER[when])).digest == digest, variant.name


def test_a_run_can_be_repeated_in_one_process() -> None:
    """Two runs of one world in one process are the same, event for event."""
    assert run("sale").events == base_run("sale").events


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_a_fault_changes_nothing_before_it_strikes(variant: Variant) -> None:
    """Whatever a fault changes later, every event before its first effect is as without it."""
    base = base_run("two-sales-one-reversed")
    moment = AtTimes(((40_000_000, None),))
    for trigger in (OnState("sale-waiting", 2), OnMessage("0400", "terminal"), moment):
        found = run("two-sales-one-reversed", variant.at(trigger))
        struck = _first_new_strike(found.events, base.events)
        assert found.events[struck].data["fault"] == variant.mode.id
        assert found.events[:struck] == base.events[:struck]


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_a_fault_that_holds_all_day_moves_no_customer(variant: Variant) -> None:
    """With a fault from the start, the same customers come with the same baskets."""
    base = base_run("two-sales")
    found = run("two-sales", replace(variant.at(Always()), span=None))
    assert _baskets(found.events) == _baskets(base.events)[: len(_baskets(found.events))]


def _baskets(events: tuple[Event, ...]) -> list[int]:
    return [e.data["amount_minor"] for e in events if e.kind == "customer-arrives"]


def _first_new_strike(events: tuple[Event, ...], base: tuple[Event, ...]) -> int:
    """The index of the first fault that begins where none begins in the base."""
    known = {event.t_us for event in base if event.kind == "fault"}
    return next(
        i for i, event in enumerate(events)
        if event.kind == "fault" and event.data["what"] == "begins" and event.t_us not in known
    )  # fmt: skip
