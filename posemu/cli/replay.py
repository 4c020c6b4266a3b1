"""`posemu replay`: run a stored run again and compare digests, world by world."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from posemu.scenario import ScenarioError
from posemu.sim import Event, as_json_line
from posemu.study import (
    ReplayError,
    StoredRun,
    StoredWorld,
    WorldRecord,
    read_replay,
    run_world,
    study_digest,
)

SAME, BAD_FILE, DIFFERENT = 0, 2, 4


def command(
    file: Annotated[Path, typer.Argument(help="a replay.json that `posemu run` wrote")],
    world: Annotated[str | None, typer.Option(help="only this world", metavar="VARIANT/N")] = None,
    until: Annotated[
        int | None, typer.Option(help="print the world's first N events as JSON lines", min=1)
    ] = None,
    diff: Annotated[
        Path | None, typer.Option(help="another replay file: print the first event that differs")
    ] = None,
) -> None:
    """Replay a stored run. Exit code 0: every digest is the same; 4: one is not; 2: the file cannot
    be used."""
    try:
        stored = read_replay(file)
        chosen = [stored.world(world)] if world is not None else list(stored.worlds)
        other = read_replay(diff) if diff is not None else None
        if other is not None:
            code = _diff(stored, chosen[0], other, other.world(chosen[0].name))
        elif until is not None:
            code = _show(stored, chosen[0], until)
        else:
            code = _compare(stored, chosen)
    except (ReplayError, ScenarioError) as error:
        print(error, file=sys.stderr)
        code = BAD_FILE
    raise typer.Exit(code)


def _run(stored: StoredRun, world: StoredWorld, events: list[Event] | None = None) -> WorldRecord:
    scenario = replace(stored.scenario, seed=stored.seed)
    observers = [events.append] if events is not None else []
    return run_world(
        scenario,
        world.replication,
        schedule=world.schedule,
        observers=observers,
        variant=world.variant,
    )


def _compare(stored: StoredRun, worlds: list[StoredWorld]) -> int:
    """Each world's digest; when all of them ran, the digest that `posemu run` printed, too."""
    rows = []
    for world in worlds:
        record = _run(stored, world)
        rows.append((world.variant, world.replication, record.digest))
        print(f"world {world.name}  {record.digest}  {_verdict(record.digest, world.digest)}")
        for v in record.violations:
            print(f"  {v.invariant}: {v.till}: {v.text} (t = {v.t_us / 1e6:.6f} s)")
    same = all(row[2] == world.digest for row, world in zip(rows, worlds, strict=True))
    if len(worlds) == len(stored.worlds):
        digest = study_digest(rows)
        print(f"digest  {digest}  {_verdict(digest, stored.digest)}")
        same = same and digest == stored.digest
    return SAME if same else DIFFERENT


def _verdict(digest: str, stored: str) -> str:
    return "the same" if digest == stored else f"DIFFERENT, stored {stored}"


def _show(stored: StoredRun, world: StoredWorld, until: int) -> int:
    events: list[Event] = []
    record = _run(stored, world, events)
    for event in events[:until]:
        print(as_json_line(event))
    return SAME if record.digest == world.digest else DIFFERENT


def _diff(stored: StoredRun, world: StoredWorld, other: StoredRun, other_world: StoredWorld) -> int:
    """Prints the first event in which two worlds differ, with its number."""
    ours: list[Event] = []
    theirs: list[Event] = []
    _run(stored, world, ours)
    _run(other, other_world, theirs)
    for number, (a, b) in enumerate(zip_longest(ours, theirs), start=1):
        if a != b:
            print(f"event {number} is the first that differs")
            print(f"- {as_json_line(a) if a is not None else '(the trace ends)'}")
            print(f"+ {as_json_line(b) if b is not None else '(the trace ends)'}")
            return DIFFERENT
    print(f"the same, {len(ours)} events")
    return SAME
