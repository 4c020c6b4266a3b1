"""`posemu interventions`: a table for people, a list for programs, one entry in full."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.interventions import command
from posemu.faults import interventions, load_intervention
from posemu.scenario import load_text

APP = Typer()
APP.command()(command)
SHOP = "posemu: 1\ntills: {till-1: }\ncardholders: {each: 1}\n"


def output(*arguments: str) -> str:
    result = CliRunner().invoke(APP, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_a_terminal(lang: str) -> None:
    """Every intervention has a row with its name, and no line is wider than 80 columns."""
    lines = output("--lang", lang).splitlines()
    assert max(map(cell_len, lines)) <= 80
    rows = {line.split()[0]: line for line in lines[1:] if not line.startswith(" ")}
    assert tuple(rows) == interventions()
    for intervention_id, row in rows.items():
        assert load_intervention(intervention_id).name.of(lang)[:8] in row


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("intervention_id", interventions())
def test_one_entry_is_explained(intervention_id: str, lang: str) -> None:
    """An entry shows its seeds, defaults, sources and effect in 80 columns, and its example is a
    scenario that can be loaded."""
    text = output(intervention_id, "--lang", lang)
    entry = load_intervention(intervention_id)
    assert max(map(cell_len, text.splitlines())) <= 80
    flat = "".join(text.split())
    for part in (*entry.seeds, *entry.acts_on, entry.does.of(lang)):
        assert "".join(part.split()) in flat
    for param in entry.params.values():
        for part in (param.name, param.default_text, param.text.of(lang), param.source):
            assert "".join(part.split()) in flat
    example = text[text.index("interventions:\n") :]
    variants = load_text(SHOP + example, "example.yaml").variants
    assert [variant.name for variant in variants] == ["before", "after"]
    assert [spec.id for spec in variants[1].interventions] == [intervention_id]


def test_programs_get_a_list() -> None:
    """JSON: a list of objects with id, parameters and what it acts on."""
    found = json.loads(output("--json"))
    assert tuple(entry["id"] for entry in found) == interventions()
    keys = ["id", "name", "seeds", "mechanism", "acts_on", "params", "does"]
    assert [list(entry) for entry in found] == [keys] * len(found)


def test_a_wrong_id_is_refused() -> None:
    """An unknown id ends with exit code 2 and the nearest one."""
    result = CliRunner().invoke(APP, ["signal-boster"])
    assert result.exit_code == 2
    assert "did you mean signal-booster?" in result.output
