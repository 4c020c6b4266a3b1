"""A world as rows of the tables of `results.sqlite`, and back: nothing is lost either way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from posemu.oracle import Violation
from posemu.study.causes import Failure
from posemu.study.data import from_data, to_data
from posemu.study.figures import Values
from posemu.study.results import WorldRecord

Row = tuple[Any, ...]

TABLES: dict[str, str] = {
    "world": "digest TEXT, events INTEGER",
    # without a type: what was a whole number comes back as one
    "value": "breakdown TEXT, item TEXT, metric TEXT, value",
    "violation": "t_us INTEGER, invariant TEXT, till TEXT, text TEXT",
    "not_observed": "invariant TEXT",
    "coverage": "state TEXT, fault TEXT, times INTEGER",
    "situation": "situation TEXT, times INTEGER",
    "struck": "fault TEXT, times INTEGER",
    "occurrence": "fault TEXT, till TEXT, json TEXT",
    "failure": "t_us INTEGER, till TEXT, method TEXT, symptom TEXT, step TEXT, cause TEXT",
    "step": "till TEXT, in_time INTEGER, state TEXT, us INTEGER",
    "sale": "till TEXT, in_time INTEGER, times INTEGER",
}
"""The tables that have rows of worlds, and their columns behind `variant` and `replication`."""


def rows_of(world: WorldRecord) -> dict[str, list[Row]]:
    """The rows of each table, without variant and replication."""
    return {
        "world": [(world.digest, world.events)],
        "value": [
            (*split(breakdown), metric, value)
            for breakdown, values in world.values.items()
            for metric, value in values.items()
        ],
        "violation": [(v.t_us, v.invariant, v.till, v.text) for v in world.violations],
        "not_observed": [(invariant,) for invariant in world.not_observed],
        "coverage": [(*pair, times) for pair, times in sorted(world.pairs.items())],
        "situation": sorted(world.situations.items()),
        "struck": sorted(world.struck.items()),
        "occurrence": [
            (spec.id, spec.target, json.dumps(to_data(spec), ensure_ascii=False))
            for spec in world.schedule
        ],
        "failure": [astuple(failure) for failure in world.failures],
        "step": [(*key, us) for key, us in world.steps_us.items()],
        "sale": [(*key, times) for key, times in world.sales.items()],
    }


def world_of(variant: str, replication: int, rows: Mapping[str, Sequence[Row]]) -> WorldRecord:
    """The world that these rows were made of; a table without any may be left out. Raises KeyError,
    TypeError or ValueError if they were not made of one."""
    [(digest, events)] = rows["world"]
    values: dict[str, Values] = {}
    for kind, item, metric, value in rows.get("value", ()):
        values.setdefault(f"{kind}:{item}" if item else kind, {})[metric] = value
    return WorldRecord(
        variant=variant,
        replication=replication,
        digest=digest,
        events=events,
        values=values,
        violations=tuple(
            Violation(invariant, t_us, till, text)
            for t_us, invariant, till, text in rows.get("violation", ())
        ),
        not_observed=tuple(invariant for (invariant,) in rows.get("not_observed", ())),
        pairs={(state, fault): times for state, fault, times in rows.get("coverage", ())},
        situations=dict(rows.get("situation", ())),
        struck=dict(rows.get("struck", ())),
        schedule=tuple(from_data(json.loads(text)) for *_, text in rows.get("occurrence", ())),
        failures=tuple(Failure(*row) for row in rows.get("failure", ())),
        steps_us={
            (till, bool(in_time), state): us for till, in_time, state, us in rows.get("step", ())
        },
        sales={(till, bool(in_time)): times for till, in_time, times in rows.get("sale", ())},
    )


def split(breakdown: str) -> tuple[str, str]:
    """Kind and item: ("total", "") or ("terminal", "till-1")."""
    kind, _, item = breakdown.partition(":")
    return kind, item
