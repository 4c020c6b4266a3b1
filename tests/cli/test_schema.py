"""`posemu schema`: a JSON Schema on standard output."""

from __future__ import annotations

import json

from typer import Typer
from typer.testing import CliRunner

from posemu.cli.schema import command
from posemu.scenario.json_schema import scenario_schema

APP = Typer()
APP.command()(command)


def test_the_schema_is_printed() -> None:
    """The output is the schema and nothing else, with states and parameters by name."""
    result = CliRunner().invoke(APP, [])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == scenario_schema()
    for word in ("reversal-pending", "transmission-loss", "p_booked", "2020-12"):
        assert word in result.stdout
