"""`posemu check`: a line for each good file; all problems and exit code 2 for a broken one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from posemu.cli.check import command

SCENARIO = Path(__file__).parent.parent / "scenario"
APP = Typer()
APP.command()(command)


def test_good_files() -> None:
    """Each good file is named on a line of its own, with what is in it."""
    good = [str(SCENARIO / "good" / name) for name in ("smallest.yaml", "own-people.yaml")]
    result = CliRunner().invoke(APP, good)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{good[0]}: OK (1 till, 0 faults)",
        f"{good[1]}: OK (2 tills, 6 faults)",
    ]
    assert result.stderr == ""


def test_a_broken_file_among_good_ones() -> None:
    """All problems of a broken file go to standard error; the others are checked all the same."""
    good = str(SCENARIO / "good" / "smallest.yaml")
    broken = str(SCENARIO / "broken" / "everything.yaml")
    result = CliRunner().invoke(APP, [broken, good])
    assert result.exit_code == 2
    assert result.stdout == f"{good}: OK (1 till, 0 faults)\n"
    expected = (SCENARIO / "broken" / "everything.txt").read_text("utf-8")
    assert result.stderr == expected.replace("everything.yaml", broken)


def test_a_dialect_is_checked_too(tmp_path: Path) -> None:
    """A file that describes a dialect of ISO 8583 is checked as one, with the line of a mistake."""
    shipped = files("posemu.profiles") / "dialects" / "generic-87-ascii.yaml"
    good, broken = tmp_path / shipped.name, tmp_path / "wrong" / shipped.name
    broken.parent.mkdir()
    good.write_text(shipped.read_text("utf-8"), "utf-8")
    broken.write_text(shipped.read_text("utf-8").replace("type: n", "type: q", 1), "utf-8")
    result = CliRunner().invoke(APP, [str(good), str(broken)])
    assert result.exit_code == 2
    assert result.stdout.startswith(f"{good}: OK (dialect, ")
    assert "(line " in result.stderr
    assert "'q'" in result.stderr


def test_a_file_is_needed() -> None:
    """Without a file the command is used wrongly."""
    assert CliRunner().invoke(APP, []).exit_code == 2
