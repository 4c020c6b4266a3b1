"""JSON Schema of the scenario file: the models of the file and of each failure mode together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from posemu.faults.catalogue import failure_modes
from posemu.scenario.fault_entries import entry_model
from posemu.scenario.schema import ScenarioFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Schema = dict[str, Any]


@cache
def scenario_schema() -> _Schema:
    """The whole schema, failure modes with their parameters and the names of states included."""
    schema = file_schema()
    entries: _Schema = {}
    for mode_id in failure_modes():
        entry = entry_schema(mode_id)
        schema["$defs"] |= entry.pop("$defs", {})
        entries[mode_id] = entry
    schema["properties"]["faults"]["items"] = {
        "type": "object",
        "properties": entries,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    schema["properties"]["tills"]["additionalProperties"] = False
    for part in (schema, *schema["$defs"].values(), *entries.values()):
        if part.get("type") == "object" and not part.get("required"):
            part["type"] = ["object", "null"]
    return {"$schema": DIALECT, **schema}


def file_schema() -> _Schema:
    """The schema without the failure modes."""
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
