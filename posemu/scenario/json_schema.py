"""JSON Schema of the scenario file: the models of the file, of each failure mode, of each
intervention and of an expectation together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from posemu.faults.catalogue import failure_modes
from posemu.faults.interventions import interventions
from posemu.scenario.expectation_entries import ExpectSection
from posemu.scenario.fault_entries import entry_model
from posemu.scenario.intervention_entries import intervention_model
from posemu.scenario.schema import ScenarioFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Schema = dict[str, Any]


@cache
def scenario_schema() -> _Schema:
    """The whole schema, failure modes with their parameters and the names of states included."""
    schema = file_schema()
    faults = _choice(schema, {mode_id: entry_model(mode_id) for mode_id in failure_modes()})
    done = _choice(schema, {name: intervention_model(name) for name in interventions()})
    schema["properties"]["faults"]["items"] = faults
    [factor] = schema["properties"]["interventions"]["patternProperties"].values()
    factor["items"] = done
    schema["properties"]["expect"]["items"] = _with_defs(schema, ExpectSection)
    schema["properties"]["tills"]["additionalProperties"] = False
    entries = (*faults["properties"].values(), *done["properties"].values())
    for part in (schema, *schema["$defs"].values(), *entries):
        if part.get("type") == "object" and not part.get("required"):
            part["type"] = ["object", "null"]
    return {"$schema": DIALECT, **schema}


def _choice(schema: _Schema, models: Mapping[str, type[BaseModel]]) -> _Schema:
    """A map of one entry: its id, and what it may say."""
    return {
        "type": "object",
        "properties": {name: _with_defs(schema, model) for name, model in models.items()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _with_defs(schema: _Schema, model: type[BaseModel]) -> _Schema:
    """The schema of a model; what it refers to goes into the whole."""
    entry = model.model_json_schema(by_alias=True)
    schema["$defs"] |= entry.pop("$defs", {})
    return entry


def file_schema() -> _Schema:
    """The schema without failure modes, interventions and expectations."""
    return ScenarioFile.model_json_schema(by_alias=True)


def entry_schema(mode_id: str) -> _Schema:
    """The schema of one failure mode's map."""
    return entry_model(mode_id).model_json_schema(by_alias=True)


def keys_at(schema: _Schema, path: tuple[str | int, ...]) -> tuple[list[str], list[str]]:
    """The keys that the map at `path` may have, and those it must have."""
    parts = list(_resolved(schema, schema))
    for step in path:
        parts = [below for part in parts for below in _below(schema, part, step)]
    keys: list[str] = []
    required: list[str] = []
    for part in parts:
        keys += [key for key in part.get("properties", {}) if key not in keys]
        required += [key for key in part.get("required", ()) if key not in required]
    return keys, required


def _below(root: _Schema, part: _Schema, step: str | int) -> Iterator[_Schema]:
    if isinstance(step, int):
        found = part.get("items")
    else:
        patterns = list(part.get("patternProperties", {}).values())
        found = part.get("properties", {}).get(step, patterns[0] if patterns else None)
    if isinstance(found, dict):
        yield from _resolved(root, found)


def _resolved(root: _Schema, part: _Schema) -> Iterator[_Schema]:
    """`part` itself, or what it refers to, or its alternatives."""
    if "$ref" in part:
        yield from _resolved(root, root["$defs"][part["$ref"].rsplit("/", 1)[1]])
    elif "anyOf" in part:
        for alternative in part["anyOf"]:
            yield from _resolved(root, alternative)
    else:
        yield part
