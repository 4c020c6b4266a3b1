"""`posemu people`: makes a file that a scenario can use."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.people import command
from posemu.scenario.load import load_scenario
from posemu.scenario.people import parse_people

APP = Typer()
APP.command()(command)


def test_people_on_standard_output() -> None:
    """As many people as asked for, the same for the same seed."""
    arguments = ["--count", "5", "--locale", "zh_CN", "--seed", "3"]
    first, second = (CliRunner().invoke(APP, arguments) for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout == second.stdout
    assert len(parse_people(first.stdout, "x")) == 5


def test_people_in_a_file(tmp_path: Path) -> None:
    """The file written can be named by a scenario beside it."""
    out = tmp_path / "people.yaml"
    result = CliRunner().invoke(APP, ["--count", "3", "--out", str(out)])
    assert (result.exit_code, result.stdout) == (0, "")
    scenario = tmp_path / "shop.yaml"
    scenario.write_text(
        "posemu: 1\ntills: {till-1: {}}\ncardholders: {each: 1}\npeople: people.yaml\n", "utf-8"
    )
    assert len(load_scenario(scenario).people) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--locale", "xx"], "no locale 'xx'"),
        (["--count", "0"], "the count is 1 to"),
        (["--out", "/nowhere/at/all.yaml"], "cannot be written"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    """An unknown locale, a count of none and a place that is not there are wrong usage."""
    result = CliRunner().invoke(APP, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
