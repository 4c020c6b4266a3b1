"""A laboratory's test numbers from `posemu check` to `posemu replay`."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from posemu.cli import check, replay, run

GOOD = Path(__file__).parents[1] / "scenario" / "good"
LINE = "card numbers: 2 of test_pans.yaml, 2 of laboratory.yaml (a laboratory's own)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copytree(GOOD, tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(module: object, *arguments: str) -> Result:
    app = Typer()
    app.command()(module.command)  # type: ignore[attr-defined]
    return CliRunner().invoke(app, list(arguments))


def run_it(*more: str) -> Result:
    return call(run, "shop/laboratory.yaml", "--jobs", "1", *more)


def test_every_report_names_the_file(here: Path) -> None:
    """What is printed, the page, and the JSON document."""
    assert call(check, "shop/laboratory.yaml").exit_code == 0
    printed = run_it()
    assert printed.exit_code == 0
    assert LINE in printed.stdout.splitlines()
    page = (here / "out" / "laboratory" / "report.html").read_text("utf-8")
    assert "2 of laboratory.yaml (a laboratory" in page
    document = json.loads(run_it("--no-report", "--json").stdout)
    assert document["card_numbers"] == [
        {"file": "test_pans.yaml", "people": 2, "laboratory": False},
        {"file": "laboratory.yaml", "people": 2, "laboratory": True},
    ]


def test_a_stored_run_replays_with_the_file(here: Path) -> None:
    """The replay file finds it beside the scenario, as it does the people; gone, it is missed."""
    assert run_it("--no-report").exit_code == 0
    stored = str(here / "out" / "laboratory" / "replay.json")
    assert "4000001234560019" not in Path(stored).read_text("utf-8")
    assert call(replay, stored).exit_code == 0
    (here / "shop" / "pans" / "laboratory.yaml").unlink()
    missed = call(replay, stored)
    assert missed.exit_code == 2
    assert "test_pans is pans/laboratory.yaml; No such file" in missed.stderr


def test_check_tells_of_the_key() -> None:
    """A number of no file is refused, with the key under which a laboratory names its own."""
    file = Path("shop/laboratory.yaml")
    text = file.read_text("utf-8")
    file.write_text(text.replace("test_pans: pans/laboratory.yaml\n", ""), "utf-8")
    refused = call(check, str(file))
    assert refused.exit_code == 2
    assert "shop/people/laboratory.yaml:2:28: pan is wrong; 400000******0019" in refused.stderr
    assert "test_pans: lab.yaml" in refused.stderr
