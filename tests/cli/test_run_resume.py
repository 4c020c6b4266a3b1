"""`posemu run`, interrupted and gone on with: the same command comes to the same result."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

import posemu.cli.run as run_module
from posemu.study import read_replay

PROGRAM = Path(sys.executable).with_name("posemu")
WORLDS = 14
TEXT = """\
posemu: 1
name: shop
seed: 5
replications: 7
day: {from: "09:00", to: "09:30"}
tills: {near: {}, far: {rssi: -80 dBm}}
cardholders: {each: 14}
faults:
  - comms-outage: {rate: 20/h, for: 5s}
interventions: {plan: [emergency-plan: ]}
expect:
  - {metric: duplicate_charge, exactly: 0, each: yes}
"""
COMMAND = ["run", "shop.yaml", "--out", "kept dir", "--json", "--no-report"]


APP = Typer()
APP.command()(run_module.command)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(TEXT, "utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command prints when nothing disturbs it."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("whole")
        patch.chdir(folder)
        (folder / "shop.yaml").write_text(TEXT, "utf-8")
        return go_on()


def go_on(*more: str) -> str:
    """The command once more; what it prints."""
    done = CliRunner().invoke(APP, [*COMMAND[1:], *more])
    assert done.exit_code == 0, done.output
    return done.stdout


@contextmanager
def begun(here: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command, running, in a process group of its own like that of a terminal."""
    running = subprocess.Popen(
        [PROGRAM, *COMMAND, *more], cwd=here, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def worlds_in(here: Path) -> int:
    path = here / "kept dir" / "shop" / "results.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as db:
        try:
            [(count,)] = db.execute("SELECT count(*) FROM world")
        except sqlite3.OperationalError:
            return 0
    return int(count)


def said(err: str) -> list[str]:
    """The lines on standard error; on a slow machine there are lines of progress, too."""
    return [line for line in err.splitlines() if not line.startswith("shop: ")]


def wait_for(running: subprocess.Popen[str], ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(
    here: Path, whole: str, jobs: str
) -> None:
    """Ctrl-C leaves with 130, says in two lines what is done and how to go on, and leaves no
    process; the worlds that were done stay as they are, and the result is that of a run without a
    break."""
    with begun(here, "--jobs", jobs) as running:
        wait_for(running, lambda: worlds_in(here) >= 2)
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
        with pytest.raises(ProcessLookupError):
            os.killpg(running.pid, 0)
    done = worlds_in(here)
    assert 2 <= done < WORLDS
    assert (running.returncode, out) == (130, "")
    assert said(err) == [
        f"Interrupted. {done} of {WORLDS} worlds are done and kept in "
        "kept dir/shop/results.sqlite.",
        f"To go on: posemu run shop.yaml --out 'kept dir' --json --no-report --jobs {jobs}",
    ]
    mark(here)
    assert go_on("--jobs", jobs) == whole
    assert marked(here) == done
    stored = read_replay(here / "kept dir" / "shop" / "replay.json")
    assert (stored.digest, len(stored.worlds)) == (json.loads(whole)["digest"], WORLDS)


MARK = 1_000_000_000


def mark(here: Path) -> None:
    """So that the worlds that are done now can be told from ones that are run again: no figure is
    made from the number of events."""
    with closing(sqlite3.connect(here / "kept dir" / "shop" / "results.sqlite")) as db, db:
        db.execute("UPDATE world SET events = events + ?", (MARK,))


def marked(here: Path) -> int:
    with closing(sqlite3.connect(here / "kept dir" / "shop" / "results.sqlite")) as db:
        [(count,)] = db.execute("SELECT count(*) FROM world WHERE events > ?", (MARK,))
    return int(count)


def test_a_killed_run_goes_on(here: Path, whole: str) -> None:
    """After SIGKILL the workers leave by themselves, and the same command comes to the same
    result."""
    with begun(here, "--jobs", "2") as running:
        wait_for(running, lambda: worlds_in(here) >= 2)
        running.kill()
        running.communicate(timeout=60)  # ends when no worker holds the output any more
    assert worlds_in(here) < WORLDS
    assert go_on() == whole


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
def test_a_worker_that_is_killed_is_told(here: Path) -> None:
    """A worker that dies ends the run with 70, naming the world and what may be wrong, without a
    traceback. The study goes on, also with fewer replications: then the file has no more than
    those."""
    with begun(here, "--jobs", "2") as running:
        wait_for(running, lambda: worlds_in(here) >= 5)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (70, "")
    first, second = said(err)
    assert first.startswith("World ")
    assert "its process ended (signal 9); is there enough memory?" in first
    assert second == "To go on: posemu run shop.yaml --out 'kept dir' --json --no-report --jobs 2"
    fewer: dict[str, Any] = json.loads(go_on("--replications", "2"))
    assert (fewer["replications"], worlds_in(here)) == (2, 4)
