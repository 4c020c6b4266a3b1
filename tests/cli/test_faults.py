"""`posemu faults`: a table for people, a list for programs, one entry in full."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len
from ruamel.yaml import YAML
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.faults import command
from posemu.faults.catalogue import failure_modes, load_failure_mode
from posemu.scenario.load import load_text

APP = Typer()
APP.command()(command)


def output(*arguments: str) -> str:
    result = CliRunner().invoke(APP, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_a_terminal(lang: str) -> None:
    """Every failure mode has one row with its name, and no line is wider than 80 columns."""
    lines = output("--lang", lang).splitlines()
    assert max(map(cell_len, lines)) <= 80
    rows = {line.split()[0]: line for line in lines[1:]}
    assert tuple(rows) == failure_modes()
    for mode_id, row in rows.items():
        assert load_failure_mode(mode_id).name.of(lang) in row


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("mode_id", failure_modes())
def test_one_entry_is_explained(mode_id: str, lang: str) -> None:
    """An entry is shown with its seeds, defaults, sources and correct behaviour, in 80 columns."""
    text = output(mode_id, "--lang", lang)
    mode = load_failure_mode(mode_id)
    flat = "".join(text.split())
    shown = [*mode.seeds, mode.correct.of(lang), mode.span_text, mode.span_source]
    for param in mode.params.values():
        shown += [param.name, param.default_text, param.text.of(lang), param.source]
    for part in shown:
        assert "".join(part.split()) in flat
    head, _, example = text.partition("faults:\n")
    assert max(map(cell_len, head.splitlines())) <= 80
    scenario = f"posemu: 1\ntills: {{till-1: }}\ncardholders: {{each: 1}}\nfaults:\n{example}"
    assert load_text(scenario, "x.yaml").faults[0].id == mode_id


def test_json() -> None:
    """--json prints a list of objects with `id`, whose defaults are valid in a scenario."""
    document = json.loads(output("--json"))
    assert [entry["id"] for entry in document] == list(failure_modes())
    for entry in document:
        mode = load_failure_mode(entry["id"])
        assert {name: p["default"] for name, p in entry["params"].items()} == {
            name: p.written for name, p in mode.params.items()
        }
        assert set(entry["name"]) == set(entry["correct"]) == {"en", "zh"}
        if entry["default_for"]:
            assert YAML(typ="safe", pure=True).load(entry["default_for"]["value"])


def test_json_of_one() -> None:
    """--json of one failure mode is a list of one."""
    assert [entry["id"] for entry in json.loads(output("dns-fail", "--json"))] == ["dns-fail"]


@pytest.mark.parametrize(
    ("word", "hint"), [("wifi-weka", "did you mean wifi-weak?"), ("meteorite", "lists them")]
)
def test_an_unknown_failure_mode(word: str, hint: str) -> None:
    """An unknown id is wrong usage; the nearest one is offered."""
    result = CliRunner().invoke(APP, [word])
    assert (result.exit_code, result.stdout) == (2, "")
    assert hint in result.stderr
