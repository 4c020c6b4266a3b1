"""The catalogue of interventions: what a shop can do about its failures, one small file each in
`interventions/`.

An intervention is data, like a failure mode: one change of a parameter or a policy, by one of a few
mechanisms, from a moment on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from posemu.faults.catalogue import (
    CatalogueEntry,
    CatalogueError,
    Param,
    Text,
    TextEntry,
    build_params,
    failure_modes,
    read_entry,
)
from posemu.profiles.data_files import SUFFIX, names_in

_FOLDER = files("posemu.faults") / "interventions"


@dataclass(frozen=True, slots=True)
class Intervention:
    """An entry, ready for use. `acts_on` are the failure modes that it changes."""

    id: str
    name: Text
    seeds: tuple[str, ...]
    mechanism: str
    acts_on: tuple[str, ...]
    params: Mapping[str, Param]
    does: Text


@dataclass(frozen=True, slots=True)
class InterventionSpec:
    """One intervention of a scenario: where (no tills: at every till), its typed parameters, and
    from when on, in µs of the world's clock."""

    id: str
    tills: tuple[str, ...]
    params: dict[str, Any]
    at_us: int = 0


class _Entry(CatalogueEntry):
    acts_on: tuple[str, ...]
    does: TextEntry


def interventions() -> tuple[str, ...]:
    """The ids of all interventions, in order."""
    return names_in(_FOLDER)


@cache
def load_intervention(intervention_id: str) -> Intervention:
    """One entry; read once. Raises `CatalogueError`, also for an id there is no file of."""
    file = f"{intervention_id}{SUFFIX}"
    if intervention_id not in interventions():
        raise CatalogueError(file, "id", "the catalogue has no such entry")
    return parse_intervention((_FOLDER / file).read_text("utf-8"), file)


def parse_intervention(text: str, file: str) -> Intervention:
    """The entry written in `text`; `file` is what errors call it. Raises `CatalogueError`."""
    entry = read_entry(_Entry, text, file)
    for mode_id in entry.acts_on:
        if mode_id not in failure_modes():
            raise CatalogueError(file, "acts_on", f"{mode_id!r} is no failure mode")
    return Intervention(
        id=entry.id,
        name=Text(entry.name.en, entry.name.zh),
        seeds=entry.seeds,
        mechanism=entry.mechanism,
        acts_on=entry.acts_on,
        params=build_params(entry.params, file),
        does=Text(entry.does.en, entry.does.zh),
    )
