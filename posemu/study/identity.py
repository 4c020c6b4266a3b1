"""What decides whether stored worlds belong to a study: results of two scenarios, seeds or programs
must not be mixed.

A scenario counts by what its worlds are built of, people included: comments, words for people, the
file's path, the number of replications, what is expected of the figures and which file allows a
card number do not matter.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

from posemu import __version__
from posemu.scenario import Build, Scenario, find_build
from posemu.study.data import to_data

NOT_OF_A_WORLD = (
    "name", "title", "about", "seed", "replications", "until", "expectations", "test_pans",
)  # fmt: skip
"""Parts of a scenario that change no world; the seed does, but is told apart."""
_PROGRAM = (".py", ".yaml", ".json", ".sql")  # files that decide what a program does


@dataclass(frozen=True, slots=True)
class Identity:
    """Of one study. `name` is the scenario's and not compared; `scenario` and `program` are digests
    of its content and of the program's files."""

    name: str
    scenario: str
    seed: int
    posemu: str
    program: str


def identity_of(scenario: Scenario) -> Identity:
    return Identity(
        scenario.name,
        scenario_digest(scenario),
        scenario.seed,
        __version__,
        program_digest(None if scenario.build is None else find_build(scenario.build)),
    )


def scenario_digest(scenario: Scenario) -> str:
    """Over everything that the scenario's worlds are built of, except the seed."""
    parts = {
        f.name: to_data(getattr(scenario, f.name))
        for f in fields(scenario)
        if f.name not in NOT_OF_A_WORLD
    }
    text = json.dumps(parts, sort_keys=True, default=_date)
    return blake2b(text.encode(), digest_size=16).hexdigest().upper()


def _date(value: Any) -> str:
    if not isinstance(value, date):
        raise TypeError(f"a scenario holds a {type(value).__name__}, which has no digest")
    return value.isoformat()


def program_digest(build: Build | None) -> str:
    """Over posemu's own files, and those of the packages that the build's classes are from."""
    packages = {"posemu"}
    if build is not None:
        for part in (build.terminal, build.module, build.host):
            packages.add(part.__module__.partition(".")[0])
    h = blake2b(digest_size=16)
    for name, path in _files(sorted(packages)):
        h.update(f"{name}\x1f{path.stat().st_size}\n".encode() + path.read_bytes())
    return h.hexdigest().upper()


def _files(packages: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Every file of these packages or single modules, by a name that is the same on any machine."""
    for package in packages:
        module = sys.modules[package]
        for folder in map(Path, getattr(module, "__path__", ())):
            for path in sorted(folder.rglob("*")):
                if path.suffix in _PROGRAM and path.is_file():
                    yield f"{package}/{path.relative_to(folder).as_posix()}", path
        if not hasattr(module, "__path__") and module.__file__ is not None:
            yield package, Path(module.__file__)
