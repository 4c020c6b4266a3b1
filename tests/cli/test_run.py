"""`posemu run`: verdict, files, JSON, exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

import posemu.cli.run as run_module
from posemu.oracle import Violation
from posemu.study import read_replay, run_study

APP = Typer()
APP.command()(run_module.command)
TEXT = """\
posemu: 1
name: {name}
seed: 3
day: {{from: "09:00", to: "09:02"}}
tills: {{till-1: {{}}}}
cardholders: {{each: 2}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        Path(f"{name}.yaml").write_text(TEXT.format(name=name), encoding="utf-8")
    Path("broken.yaml").write_text("posemu: 1\nname: broken\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, [*arguments, "--jobs", "1"])


def test_a_run_that_holds(here: Path) -> None:
    """The verdict is printed, results and replay file are written, the exit code is 0."""
    done = run("one.yaml")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "HOLDS" in done.stdout
    assert (here / "out" / "one" / "results.sqlite").is_file()
    stored = read_replay(here / "out" / "one" / "replay.json")
    assert stored.worlds[0].digest
    assert "posemu replay out/one/replay.json" in done.stdout


@pytest.mark.parametrize(("lang", "word"), [("en", "HOLDS"), ("zh", "通过")])
def test_the_language_of_the_report(here: Path, lang: str, word: str) -> None:
    """`--lang` chooses the language of what is printed."""
    assert word in run("one.yaml", "--lang", lang).stdout


def test_an_unknown_language_is_bad_usage(here: Path) -> None:
    """A language that there is not leaves with 2, and nothing is run."""
    done = run("one.yaml", "--lang", "de")
    assert done.exit_code == 2
    assert not (here / "out").exists()


def test_json_is_one_document_and_nothing_else(here: Path) -> None:
    """`--json` prints one JSON object for one file, alone on standard output."""
    done = run("one.yaml", "--json")
    document = json.loads(done.stdout)
    assert (document["scenario"], document["verdict"], done.exit_code) == ("one", "holds", 0)
    assert read_replay(here / document["replay"]).worlds[0].digest
    assert done.stdout.count("\n") == 1


def test_json_of_several_files_is_a_list(here: Path) -> None:
    """With several files the document is a list, in the order of the files."""
    documents = json.loads(run("two.yaml", "one.yaml", "--json").stdout)
    assert [document["scenario"] for document in documents] == ["two", "one"]


def test_files_of_one_name_do_not_overwrite_each_other(here: Path) -> None:
    """Two scenarios of one name, run together, leave two replay files, one for each document."""
    (here / "again.yaml").write_text(TEXT.format(name="one").replace("seed: 3", "seed: 4"))
    documents = json.loads(run("one.yaml", "again.yaml", "--json").stdout)
    for document in documents:
        assert read_replay(here / document["replay"]).seed == document["seed"]


def test_seed_and_replications_can_be_set(here: Path) -> None:
    """`--seed` and `--replications` take the place of the file's, in document and replay file."""
    document = json.loads(run("one.yaml", "--json", "--seed", "8", "--replications", "2").stdout)
    assert (document["seed"], document["replications"]) == (8, 2)
    stored = read_replay(here / "out" / "one" / "replay.json")
    assert (stored.seed, len(stored.worlds)) == (8, 2)
    other = json.loads(run("one.yaml", "--json", "--seed", "9", "--replications", "2").stdout)
    assert other["digest"] != document["digest"]


def test_two_jobs_print_the_same(here: Path) -> None:
    """`--jobs 1` and `--jobs 2` print the same document, byte for byte."""
    outs = [
        CliRunner().invoke(APP, ["one.yaml", "--json", "--replications", "2", "--jobs", jobs])
        for jobs in ("1", "2")
    ]
    assert outs[0].stdout == outs[1].stdout
    assert outs[0].exit_code == 0


def test_out_says_where(here: Path) -> None:
    """`--out` names the folder of the results; it is made if it is not there."""
    run("one.yaml", "--out", "deep/down")
    assert (here / "deep" / "down" / "one" / "replay.json").is_file()


def test_a_broken_file_is_told_and_nothing_is_run(here: Path) -> None:
    """With a broken file among several, everything wrong is told, exit code 2, nothing is run."""
    done = run("one.yaml", "broken.yaml", "missing.yaml")
    assert done.exit_code == 2
    assert "broken.yaml" in done.stderr
    assert "missing.yaml" in done.stderr
    assert done.stdout == ""
    assert not (here / "out").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_violation_leaves_with_1(
    here: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """If any scenario is violated the exit code is 1, and the other one is still reported."""

    def violated(scenario: Any, **how: Any) -> Any:
        result = run_study(scenario, **how)
        if scenario.name == "one":
            violation = Violation("no-crash", 5, "till-1", "it crashed")
            result.worlds[0] = replace(result.worlds[0], violations=(violation,))
        return result

    monkeypatch.setattr(run_module, "run_study", violated)
    done = run("one.yaml", "two.yaml", *(["--json"] if as_json else []))
    assert done.exit_code == 1
    if as_json:
        verdicts = [document["verdict"] for document in json.loads(done.stdout)]
        assert verdicts == ["violated", "holds"]
    else:
        assert "VIOLATED" in done.stdout
        assert "HOLDS" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["one.yaml", "--jobs", "0"], ["one.yaml", "--replications", "0"],
                  ["one.yaml", "--seed", "-1"], ["one.yaml", "--nonsense"]],
)  # fmt: skip
def test_bad_usage_leaves_with_2(here: Path, arguments: list[str]) -> None:
    """No file, or an option that makes no sense: exit code 2."""
    assert CliRunner().invoke(APP, arguments).exit_code == 2
