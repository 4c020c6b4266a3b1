"""Writes the tables of the scenario format from the JSON Schema that `posemu schema` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from posemu.scenario import METRICS
from posemu.scenario.json_schema import scenario_schema

_Schema = dict[str, Any]

UNITS = {
    # the beginning of a pattern's alternatives: what it is called
    "(us|": "duration",
    "(s|min": "rate",
    "dBm": "signal",
    "dB": "gain",
    "[A-Z]{3}": "amount",
    "CNY": "amount",
    "%": "probability",
    "[0-5]": "time of day",
    "[0-2]": "message type",
}


def page() -> str:
    """The tables, in MyST Markdown."""
    return "\n".join(_lines(scenario_schema())) + "\n"


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(), "utf-8")


def _lines(schema: _Schema) -> Iterator[str]:
    yield "## The file"
    yield from _table(schema, schema)
    for section, part in _sections(schema, schema, ""):
        yield f"## `{section}`"
        if "description" in part:
            yield f"\n{_words(part['description'])}"
        yield from _table(schema, part)
    yield "## `faults`"
    yield (
        "\nEach entry is a map of one failure mode. `at`, `on`, `rate` and `spells` say when it "
        "strikes, at most one of them; without one it holds from the start. `for` says how long.\n"
    )
    yield "### `on`"
    yield from _table(schema, schema["$defs"]["OnSection"])
    for name, mode in schema["properties"]["faults"]["items"]["properties"].items():
        yield f"### `{name}`"
        yield f"\n{_words(mode['description'])}"
        yield from _table(schema, mode)
    yield "## `interventions`"
    yield (
        "\nUnder each name of the shop's own, a list of maps of one intervention each. `tills` "
        "says where, `at` from when.\n"
    )
    [factor] = schema["properties"]["interventions"]["patternProperties"].values()
    for name, entry in factor["items"]["properties"].items():
        yield f"### `{name}`"
        yield f"\n{_words(entry['description'])}"
        yield from _table(schema, entry)
    yield "## `expect`"
    expectation = schema["properties"]["expect"]["items"]
    yield f"\n{_words(expectation['description'])}"
    yield from _table(schema, expectation)
    yield "## Metrics"
    yield "\n| metric | unit | meaning |\n|---|---|---|"
    for name, metric in METRICS.items():
        yield f"| `{name}` | {metric.unit} | {metric.en} |"
    yield "\n## States"
    states = schema["$defs"]["OnSection"]["properties"]["state"]["anyOf"][0]["enum"]
    yield "\n" + ", ".join(f"`{state}`" for state in states) + "\n"


def _sections(root: _Schema, part: _Schema, prefix: str) -> Iterator[tuple[str, _Schema]]:
    """Every map below, by its path, depth first."""
    for key, value in part.get("properties", {}).items():
        for kind in _kinds(root, value):
            below, name = kind, f"{prefix}{key}"
            if "patternProperties" in kind:
                below = _resolved(root, next(iter(kind["patternProperties"].values())))
                name += ".NAME"
            if "properties" in below and below.get("title", "").endswith("Section"):
                yield name, below
                yield from _sections(root, below, f"{name}.")


def _table(root: _Schema, part: _Schema) -> Iterator[str]:
    yield "\n| key | value | default | meaning |\n|---|---|---|---|"
    for key, value in part.get("properties", {}).items():
        kinds = [_kind(kind) for kind in _kinds(root, value)]
        text = " or ".join(dict.fromkeys(kind for kind in kinds if kind))
        if key in part.get("required", ()):
            default = "required"
        else:
            given = value.get("default")
            default = "" if given in (None, {}, []) else f"`{_written(given)}`"
        yield f"| `{key}` | {text} | {default} | {_words(value.get('description', ''))} |"
    yield ""


def _kinds(root: _Schema, value: _Schema) -> list[_Schema]:
    """The alternatives of a value, references followed; null is left out."""
    found = []
    for kind in value.get("anyOf", [value]):
        kind = _resolved(root, kind)
        if "anyOf" in kind:
            found += _kinds(root, kind)
        elif kind.get("type") != "null":
            found.append(kind)
    return found


def _resolved(root: _Schema, part: _Schema) -> _Schema:
    reference = part.get("$ref", "")
    return root["$defs"][reference.rpartition("/")[2]] if reference else part


def _kind(kind: _Schema) -> str:
    if "const" in kind:
        return f"`{kind['const']}`"
    if "enum" in kind:
        few = len(kind["enum"]) <= 6
        return ", ".join(f"`{value}`" for value in kind["enum"]) if few else "one of the list below"
    if "pattern" in kind:
        return next((name for unit, name in UNITS.items() if unit in kind["pattern"]), "text")
    if kind.get("format"):
        return str(kind["format"])
    if "properties" in kind and not kind.get("title", "").endswith("Section"):
        return "distribution"
    names = {"integer": "whole number", "string": "text", "array": "list", "boolean": "yes or no"}
    known = kind.get("type", "")
    return "map" if isinstance(known, list) or known == "object" else names.get(known, known)


def _written(value: Any) -> str:
    """A default as a scenario has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)


def _words(text: str) -> str:
    return text.replace("|", "\\|")
