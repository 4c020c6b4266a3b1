"""The stored run: schema version, posemu's version, the scenario's text, the seed, and for each
world the expanded fault schedule.

It holds the occurrences of random processes, never the generator, so a world replays byte for byte
from this file (and the files of test cardholders and of a laboratory's test numbers, if the
scenario names them: card data is not copied).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posemu import __version__
from posemu.faults import FaultSpec, load_catalogue
from posemu.scenario import Scenario, load_text
from posemu.study.data import from_data, to_data
from posemu.study.results import StudyResult

SCHEMA = 1


class ReplayError(Exception):
    """A replay file that cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class StoredWorld:
    variant: str
    replication: int
    digest: str
    schedule: tuple[FaultSpec, ...]

    @property
    def name(self) -> str:
        return f"{self.variant}/{self.replication}"


@dataclass(frozen=True, slots=True)
class StoredRun:
    scenario: Scenario
    seed: int
    digest: str
    worlds: tuple[StoredWorld, ...]

    def world(self, name: str) -> StoredWorld:
        """The world called VARIANT/N. Raises `ReplayError`."""
        for world in self.worlds:
            if world.name == name:
                return world
        known = ", ".join(world.name for world in self.worlds[:8])
        raise ReplayError(f"there is no world {name!r} in this file; there are {known}")


def write_replay(result: StudyResult, scenario_file: Path, text: str, path: Path) -> None:
    """Writes the replay file of a study of the scenario `text`, which was read from
    `scenario_file`."""
    folder = os.path.relpath(scenario_file.resolve().parent, path.resolve().parent)
    document = {
        "posemu_replay": SCHEMA,
        "posemu": __version__,
        "seed": result.seed,
        "digest": result.digest,
        "scenario": {"file": scenario_file.name, "folder": Path(folder).as_posix(), "text": text},
        "worlds": [
            {
                "world": f"{world.variant}/{world.replication}",
                "digest": world.digest,
                "faults": [to_data(spec) for spec in world.schedule],
            }
            for world in result.worlds
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_replay(path: Path) -> StoredRun:
    """Raises `ReplayError` for a file of another kind or version, and `ScenarioError` for what is
    wrong in its scenario."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or "posemu_replay" not in document:
            raise ReplayError(
                f"{path}: this is not a replay file; `posemu run` writes one as replay.json"
            )
        if document["posemu_replay"] != SCHEMA or document["posemu"] != __version__:
            raise ReplayError(
                f"{path}: written by posemu {document['posemu']} (replay format "
                f"{document['posemu_replay']}); this is posemu {__version__} (format {SCHEMA}). "
                "Use that version, or run the scenario anew"
            )
        source = document["scenario"]
        place = path.parent / source["folder"] / source["file"]
        scenario = load_text(source["text"], os.path.normpath(place))
        worlds = tuple(_world(entry) for entry in document["worlds"])
        if not worlds:
            raise ReplayError(f"{path}: damaged: it holds no world")
        known = [variant.name for variant in scenario.variants]
        for world in worlds:
            if world.variant not in known:
                raise ReplayError(f"{path}: damaged: there is no variant {world.variant!r}")
            for spec in world.schedule:
                _check_fault(path, spec, scenario)
        return StoredRun(scenario, document["seed"], document["digest"], worlds)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ReplayError(f"{path}: cannot be read: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ReplayError(f"{path}: damaged: {type(error).__name__}: {error}") from None


def _check_fault(path: Path, spec: FaultSpec, scenario: Scenario) -> None:
    """A stored fault must be one that this catalogue and this scenario know. Raises
    `ReplayError`."""
    mode = load_catalogue().get(spec.id)
    tills = [till.name for till in scenario.tills]
    if mode is None:
        problem = f"there is no failure mode {spec.id!r}"
    elif set(spec.params) != set(mode.params):
        problem = f"{spec.id} has the parameters {sorted(mode.params)}, not {sorted(spec.params)}"
    elif spec.target is not None and spec.target not in tills:
        problem = f"{spec.id} strikes {spec.target!r}; the tills are {tills}"
    else:
        return
    raise ReplayError(f"{path}: damaged: {problem}")


def _world(entry: dict[str, Any]) -> StoredWorld:
    variant, _, number = entry["world"].rpartition("/")
    schedule = tuple(from_data(spec) for spec in entry["faults"])
    return StoredWorld(variant, int(number), entry["digest"], schedule)
