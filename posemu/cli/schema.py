"""`posemu schema`: the JSON Schema of the scenario file, for editors."""

from __future__ import annotations

import json

import typer

from posemu.scenario.json_schema import scenario_schema


def command() -> None:
    """Print the JSON Schema of the scenario file: keys, states, failure modes and their parameters.

    An editor that knows it completes and checks scenarios while you write them.
    """
    typer.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))
