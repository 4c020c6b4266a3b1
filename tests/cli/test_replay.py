"""`posemu replay`: the same digests again, or where two runs part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from posemu import __version__
from posemu.cli.replay import command
from posemu.scenario import load_text
from posemu.study import run_study, write_replay

APP = Typer()
APP.command()(command)
TEXT = """\
posemu: 1
name: tiny
seed: 3
replications: 2
day: {from: "09:00", to: "09:03"}
tills: {till-1: {}}
cardholders: {each: 3}
faults:
  - transmission-loss: {direction: answer, on: {message: "0210", nth: 2}}
"""


@pytest.fixture(scope="module")
def result() -> Any:
    return run_study(load_text(TEXT, "tiny.yaml"))


@pytest.fixture
def stored(tmp_path: Path, result: Any) -> Path:
    (tmp_path / "tiny.yaml").write_text(TEXT, encoding="utf-8")
    path = tmp_path / "replay.json"
    write_replay(result, tmp_path / "tiny.yaml", TEXT, path)
    return path


def replay(path: Path, *options: str) -> Result:
    return CliRunner().invoke(APP, [str(path), *options])


def change(path: Path, how: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text("utf-8"))
    how(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_a_stored_run_replays(stored: Path, result: Any) -> None:
    """Every world is run again with its digest, and the exit code is 0."""
    done = replay(stored)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *(f"world base/{w.replication}  {w.digest}  the same" for w in result.worlds),
        f"digest  {result.digest}  the same",
    ]


def test_one_world_can_be_chosen(stored: Path, result: Any) -> None:
    """`--world VARIANT/N` replays that world alone."""
    done = replay(stored, "--world", "base/1")
    assert done.stdout == f"world base/1  {result.worlds[1].digest}  the same\n"


def test_an_unknown_world_is_told(stored: Path) -> None:
    """A world that is not in the file: exit code 2, with the names there are."""
    done = replay(stored, "--world", "base/7")
    assert done.exit_code == 2
    assert "base/0, base/1" in done.stderr


def test_another_digest_is_not_deterministic(stored: Path) -> None:
    """If a digest differs the exit code is 4, and both digests are printed."""
    change(stored, lambda d: d["worlds"][1].update(digest="00FF"))
    done = replay(stored)
    assert done.exit_code == 4
    assert done.stdout.splitlines()[0].endswith("the same")
    assert "DIFFERENT, stored 00FF" in done.stdout.splitlines()[1]


@pytest.mark.parametrize("n", [1, 7, 50])
def test_until_prints_the_first_events(stored: Path, n: int) -> None:
    """`--until N` prints the first N events of a world as lines of JSON, in order of time."""
    done = replay(stored, "--until", str(n))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert len(events) == n
    times = [event["t_us"] for event in events]
    assert times == sorted(times)
    assert all(event.keys() >= {"t_us", "source", "kind"} for event in events)
    assert replay(stored, "--until", "50").stdout.startswith(done.stdout)


def test_until_beyond_the_end_prints_all(stored: Path, result: Any) -> None:
    """A number larger than the trace prints the whole trace."""
    done = replay(stored, "--world", "base/1", "--until", "1000000")
    assert len(done.stdout.splitlines()) == result.worlds[1].events


def test_diff_of_a_run_with_itself(stored: Path, result: Any) -> None:
    """A run does not differ from itself; the number of events is told."""
    done = replay(stored, "--diff", str(stored))
    assert done.exit_code == 0
    assert done.stdout == f"the same, {result.worlds[0].events} events\n"


def test_diff_finds_the_first_event_that_differs(stored: Path, tmp_path: Path) -> None:
    """Without its fault a run parts at the fault's first event: its number and both events are
    told, and everything before it is the same."""
    other = tmp_path / "other.json"
    other.write_text(stored.read_text("utf-8"), encoding="utf-8")
    change(other, lambda d: d["worlds"][0].update(faults=[]))
    done = replay(stored, "--diff", str(other))
    assert done.exit_code == 4
    first, ours, theirs = done.stdout.splitlines()
    number = int(first.split()[1])
    traces = [replay(path, "--until", "100000").stdout.splitlines() for path in (stored, other)]
    assert traces[0][: number - 1] == traces[1][: number - 1]
    assert (ours, theirs) == (f"- {traces[0][number - 1]}", f"+ {traces[1][number - 1]}")
    assert ours != theirs.replace("+", "-", 1)
    assert json.loads(ours[2:])["kind"] == "fault"


def test_another_version_is_refused_naming_both(stored: Path) -> None:
    """A file of another posemu: exit code 2, and both versions on standard error."""
    change(stored, lambda d: d.update(posemu="9.8.7"))
    done = replay(stored)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "9.8.7" in done.stderr
    assert __version__ in done.stderr


@pytest.mark.parametrize(
    "how",
    [
        lambda d: d.pop("worlds"),
        lambda d: d.update(worlds=[]),
        lambda d: d["worlds"][0]["faults"][0].update(id="no-such-fault"),
        lambda d: d["worlds"][0]["faults"][0].update(params={"nonsense": 1}),
        lambda d: d["worlds"][0]["faults"][0].update(target="till-9", trigger={"is": "Always"}),
        lambda d: d["scenario"].update(text="posemu: 1\n"),
    ],
    ids=["no worlds", "empty", "unknown fault", "unknown parameter", "unknown till",
         "scenario"],
)  # fmt: skip
def test_a_damaged_file_cannot_be_used(
    stored: Path, how: Callable[[dict[str, Any]], object]
) -> None:
    """A replay file that is damaged, wherever: exit code 2 and a message, never a traceback."""
    change(stored, how)
    done = replay(stored)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.exit_code == 2
    assert done.stderr


@pytest.mark.parametrize("content", [None, "", "not json", "[1, 2]"])
def test_no_replay_file(tmp_path: Path, content: str | None) -> None:
    """What is missing or no replay file: exit code 2 and a message that names it."""
    path = tmp_path / "replay.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = replay(path)
    assert done.exit_code == 2
    assert "replay.json" in done.stderr.replace("\n", "")
