"""The command line as a whole: help, version, wrong commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from posemu import __version__
from posemu.cli.main import COMMANDS, help_text, main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["posemu", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_lists_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    """`posemu --help` names each command with its line, the exit codes, and leaves with 0."""
    assert run(monkeypatch, word) == 0
    out, err = capsys.readouterr()
    assert out == help_text()
    assert err == ""
    for name, text in COMMANDS.items():
        assert f"  {name}" in out
        assert text in out
    assert "Exit codes: 0 holds; 1" in out
    assert max(map(len, out.splitlines())) <= 80


def test_no_command_is_bad_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a command the help is printed and the exit code is 2."""
    assert run(monkeypatch) == 2
    assert capsys.readouterr().out == help_text()


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`posemu --version` prints name and version, nothing else."""
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"posemu {__version__}\n"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("rum", "run"), ("relay", "replay"), ("chek", "check"), ("fault", "faults"),
     ("decoed", "decode"), ("shema", "schema"), ("peple", "people")],
)  # fmt: skip
def test_an_unknown_command_suggests_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str, near: str
) -> None:
    """A mistyped command is told with the one that was probably meant, and leaves with 2."""
    assert run(monkeypatch, wrong) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"no command {wrong!r}" in err
    assert f"did you mean {near}?" in err


def test_a_command_that_is_like_none_gets_no_suggestion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a word like none of the commands nothing is guessed; the help is pointed to."""
    assert run(monkeypatch, "xyzzy") == 2
    err = capsys.readouterr().err
    assert "did you mean" not in err
    assert "See posemu --help" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """`posemu COMMAND --help` leaves with 0 and names the command."""
    assert run(monkeypatch, command, "--help") in (0, None)
    assert f"posemu {command}" in capsys.readouterr().out


def test_help_loads_no_room() -> None:
    """`posemu --help` answers at once: no room of the emulator is imported for it."""
    code = (
        "import sys; sys.argv = ['posemu', '--help']\n"
        "from posemu.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith(('posemu', 'simpy', 'typer'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['posemu', 'posemu.cli', 'posemu.cli.main']"


def test_the_installed_command_is_this_one() -> None:
    """The `posemu` program of the environment runs `main`."""
    program = Path(sys.executable).with_name("posemu")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout == help_text()
