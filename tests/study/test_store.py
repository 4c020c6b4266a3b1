"""The results file: what it answers, that nothing is lost in it, what may end a run, and when it is
refused."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from posemu import __version__
from posemu.faults import AtTimes, FaultSpec, OnState
from posemu.oracle import Violation
from posemu.sim import Constant, Lognormal
from posemu.study import (
    METRICS,
    Difference,
    Failure,
    Finding,
    Identity,
    Store,
    StoreError,
    StudyResult,
    Trouble,
    WorldRecord,
    differences,
)
from posemu.study.rows import TABLES
from posemu.study.store import FORMAT

ASKED = Identity("tiny", "SCENARIO", 3, __version__, "PROGRAM")
VIOLATION = Violation("no-crash", 1_500_000, "till-1", "KeyError in _authorise, 出错")
FULL = WorldRecord(
    variant="a+b",
    replication=4,
    digest="AB",
    events=77,
    values={
        "total": {"timeout_rate": 0.1 + 0.2, "txn_time": None, "duplicate_charge": 0},
        "terminal_hour:till-1/09": {"timeout_rate": 1e-17},
    },
    violations=(VIOLATION, replace(VIOLATION, t_us=9)),
    not_observed=("books", "journal"),
    pairs={("idle", "wifi-weak"): 3, ("boot", "wifi-weak"): 1},
    situations={"late-answer": 2},
    struck={"wifi-weak": 5},
    schedule=(
        FaultSpec("wifi-weak", "till-1", {"rssi": -90.5}, AtTimes(((5, None), (9, 7)))),
        FaultSpec(
            "power-unstable", None, {"router": True}, OnState("idle", 2, 3), Lognormal(9.0, 0.5)
        ),
        FaultSpec("comms-outage", None, {}, AtTimes(()), Constant(4)),
    ),
    failures=(Failure(3, "till-1", "card", "unknown", "sale-waiting", "wifi-weak"),) * 2,
    steps_us={("till-1", True, "idle"): 2**40, ("till-1", False, "idle"): 0},
    sales={("till-1", True): 3, ("till-1", False): 1},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.sqlite"


@pytest.fixture
def complete(path: Path, result: Any) -> Path:
    """The file of a study that is complete."""
    with Store(path, ASKED, 3) as store:
        for world in result.worlds:
            store.add(world)
        store.finish(result)
    return path


@pytest.fixture
def unfinished(path: Path, result: Any) -> Path:
    """The file of a study of which two worlds are done."""
    with Store(path, ASKED, 3) as store:
        for world in result.worlds[:2]:
            store.add(world)
    return path


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


# --- what it answers -----------------------------------------------------------------------------


def test_the_file_answers_what_a_study_found(complete: Path, result: Any) -> None:
    """Study, worlds, values and estimates can be asked with plain SQL."""
    assert rows(complete, "SELECT * FROM study") == [
        ("tiny", "SCENARIO", 3, __version__, "PROGRAM", 3, 1, result.digest, "holds")
    ]
    assert rows(complete, "SELECT * FROM world ORDER BY replication") == [
        ("base", w.replication, w.digest, w.events) for w in result.worlds
    ]
    values = dict(rows(complete, "SELECT replication, value FROM value WHERE breakdown = 'total' "
                                 "AND metric = 'timeout_rate'"))  # fmt: skip
    assert values == {w.replication: w.values["total"]["timeout_rate"] for w in result.worlds}
    [found] = rows(complete, "SELECT mean, low, high, n FROM estimate WHERE "
                             "breakdown = 'total' AND metric = 'txn_time'")  # fmt: skip
    assert found == tuple(result.estimates("base", "total")["txn_time"])
    assert rows(complete, "SELECT id, unit, en, zh FROM metric") == [
        (name, *metric) for name, metric in METRICS.items()
    ]
    tills = "SELECT DISTINCT item FROM value WHERE breakdown = 'terminal' ORDER BY item"
    assert rows(complete, tills) == [("till-1",), ("till-2",)]


def test_faults_failures_and_steps_can_be_asked(complete: Path, result: Any) -> None:
    """When a fault struck, why a sale failed, and where service time went."""
    assert rows(complete, "SELECT count(*) FROM occurrence") == [
        (sum(len(world.schedule) for world in result.worlds),)
    ]
    struck = rows(complete, "SELECT times FROM struck WHERE fault = 'transmission-loss'")
    assert struck == [(world.struck["transmission-loss"],) for world in result.worlds]
    failures = rows(complete, "SELECT t_us, symptom FROM failure WHERE replication = 0")
    assert failures == [(f.t_us, f.symptom) for f in result.worlds[0].failures]
    assert failures
    [(total,)] = rows(complete, "SELECT sum(us) FROM step WHERE replication = 1")
    assert total == sum(result.worlds[1].steps_us.values())


def test_a_violated_study_says_so(path: Path, result: Any) -> None:
    """The verdict, the violation and what the scenario expected are in the file."""
    worlds = [replace(result.worlds[0], violations=(VIOLATION,))]
    findings = [Finding("that", False, None), Finding("this", True, 0.5)]
    with Store(path, ASKED, 1) as store:
        store.add(worlds[0])
        store.finish(StudyResult("tiny", 3, 1, worlds, findings))
    assert rows(path, "SELECT verdict FROM study") == [("violated",)]
    assert rows(path, "SELECT * FROM violation") == [
        ("base", 0, 1_500_000, "no-crash", "till-1", "KeyError in _authorise, 出错")
    ]
    assert rows(path, "SELECT * FROM expectation") == [("that", 0, None), ("this", 1, 0.5)]


def test_an_unfinished_study_has_no_verdict(unfinished: Path) -> None:
    """Before the end there are worlds, but neither digest nor verdict nor estimates."""
    assert rows(unfinished, "SELECT complete, digest, verdict FROM study") == [(0, None, None)]
    assert rows(unfinished, "SELECT (SELECT count(*) FROM world), (SELECT count(*) FROM estimate)"
                ) == [(2, 0)]  # fmt: skip


def test_no_card_data_is_in_it(complete: Path, scenario: Any) -> None:
    """The file has no PAN and no PIN of any cardholder."""
    content = complete.read_bytes()
    for person in scenario.people:
        assert person.pan.encode() not in content
        assert person.pin.encode() not in content


# --- there and back ------------------------------------------------------------------------------


def test_worlds_come_back_as_they_were(path: Path, result: Any) -> None:
    """Every part of a world is read as it was written, to the last bit and type; one with all its
    parts, and ones that ran."""
    worlds = (FULL, *result.worlds)
    assert all(getattr(FULL, f.name) for f in fields(FULL)), "a part of the example is empty"
    with Store(path, ASKED, 3) as store:
        for world in worlds:
            store.add(world)
    with Store(path, ASKED, 3) as again:
        assert again.worlds == worlds
        assert repr(again.worlds[0].values) == repr(FULL.values)
        assert [list(w.steps_us) for w in again.worlds] == [list(w.steps_us) for w in worlds]


def test_an_unfinished_study_goes_on(unfinished: Path, result: Any) -> None:
    """What is there is kept, whatever number of replications is asked for now, and what is added
    stands beside it."""
    with Store(unfinished, ASKED, 8) as store:
        assert store.worlds == tuple(result.worlds[:2])
        store.add(result.worlds[2])
        assert store.count == 3
    assert rows(unfinished, "SELECT replications FROM study") == [(8,)]


def test_a_complete_study_is_begun_anew(complete: Path) -> None:
    """It is replaced, not added to."""
    with Store(complete, ASKED, 3) as store:
        assert (store.worlds, store.count) == ((), 0)
    assert rows(complete, "SELECT complete, digest FROM study") == [(0, None)]


def test_worlds_beyond_the_end_are_left_out(unfinished: Path, result: Any) -> None:
    """When fewer replications are asked for than an earlier run did, the file has no more."""
    with Store(unfinished, ASKED, 1) as store:
        store.finish(StudyResult("tiny", 3, 1, result.worlds[:1]))
    for table in TABLES:
        assert rows(unfinished, f"SELECT count(*) FROM {table} WHERE replication > 0") == [(0,)]
    assert rows(unfinished, "SELECT replications, complete FROM study") == [(1, 1)]


# --- what may end a run --------------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from pathlib import Path
from posemu.study import Identity, Store, store
from posemu import __version__

moment = int(sys.argv[2])
insert = store._insert

def dying(db, table, rows):
    global moment
    insert(db, table, rows)
    moment -= 1
    if moment == 0:
        os.kill(os.getpid(), signal.SIGKILL)

store._insert = dying
place = Path(sys.argv[1])
with Store(place, Identity("tiny", "SCENARIO", 3, __version__, "PROGRAM"), 3) as old:
    [world] = old.worlds
with Store(place, Identity("tiny", "OTHER", 3, __version__, "PROGRAM"), 3) as new:
    new.add(world)
"""


@pytest.mark.parametrize(("moment", "scenario", "count"), [(1, "SCENARIO", 1), (5, "OTHER", 0)])
def test_a_kill_leaves_whole_worlds(path: Path, moment: int, scenario: str, count: int) -> None:
    """Killed while the file is made anew, it is still the old one; killed in the middle of a
    world, the world is not there at all."""
    with Store(path, ASKED, 3) as store:
        store.add(FULL)
    killed = subprocess.run([sys.executable, "-c", _KILLED, path, str(moment)], timeout=60)
    assert killed.returncode == -9
    with Store(path, replace(ASKED, scenario=scenario), 3) as store:
        assert store.worlds == (FULL,) * count
    for table in TABLES:
        assert (rows(path, f"SELECT count(*) FROM {table}") > [(0,)]) == (count > 0)


def test_two_runs_do_not_mix(unfinished: Path, result: Any) -> None:
    """When another run has written to the file meanwhile, or has made it its own, the run that
    comes later is told, and changes nothing."""
    with Store(unfinished, ASKED, 3) as one, Store(unfinished, ASKED, 3) as two:
        one.add(result.worlds[2])
        with pytest.raises(StoreError) as caught:
            two.add(result.worlds[2])
        assert caught.value.trouble is Trouble.SHARED
        with Store(unfinished, replace(ASKED, seed=4), 3) as other:
            for world in result.worlds:
                other.add(world)
            with pytest.raises(StoreError):
                one.finish(result)
            assert (other.count, len(other.worlds)) == (3, 0)


# --- what is refused -----------------------------------------------------------------------------


def test_nothing_there_is_no_difference(path: Path) -> None:
    """Neither a missing file nor an empty one is another study, and asking makes none."""
    assert differences(path, ASKED) == ()
    assert not path.exists()
    path.touch()
    assert differences(path, ASKED) == ()


OTHERS = {
    "scenario": Difference("scenario", "SCENARIO", "X"),
    "seed": Difference("seed", "3", "4"),
    "posemu": Difference("posemu", __version__, "9.9"),
    "program": Difference("program", "PROGRAM", "X"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_each_difference_is_told_with_both_values(unfinished: Path, what: str) -> None:
    """Scenario, seed, version and, of an unfinished study, the program: each is told alone, and
    asking changes nothing."""
    other: dict[str, Any] = {what: 4 if what == "seed" else OTHERS[what].asked}
    before = unfinished.read_bytes()
    assert differences(unfinished, replace(ASKED, **other)) == (OTHERS[what],)
    assert differences(unfinished, ASKED) == ()
    assert unfinished.read_bytes() == before


def test_all_differences_are_told_at_once(unfinished: Path) -> None:
    """Whoever has to choose another folder learns why in one go; the name does not matter."""
    other = Identity("renamed", "X", 4, "9.9", "X")
    assert differences(unfinished, other) == tuple(OTHERS.values())


def test_a_complete_study_is_of_its_version_not_of_its_files(complete: Path) -> None:
    """A complete study is never gone on with, so changed files of one version are no reason."""
    assert differences(complete, replace(ASKED, program="X")) == ()
    assert differences(complete, replace(ASKED, seed=4)) == (OTHERS["seed"],)


def test_a_file_of_the_first_format_is_another_versions(path: Path) -> None:
    """A file of posemu's without the marks of this format is told as one, and can be replaced."""
    change(path, "CREATE TABLE study (scenario, seed, replications, digest, verdict, posemu)")
    change(path, f"INSERT INTO study VALUES ('tiny', 3, 1, 'AB', 'holds', '{__version__}')")
    assert differences(path, ASKED) == (Difference("format", "0", str(FORMAT)),)
    with Store(path, ASKED, 3) as store:
        store.add(FULL)
    assert differences(path, ASKED) == ()


@pytest.mark.parametrize("use", [differences, lambda path, asked: Store(path, asked, 3)])
@pytest.mark.parametrize(
    "make",
    ["CREATE TABLE customers (name)", "CREATE TABLE study (name, score)",
     "CREATE TABLE study (posemu)"],
)  # fmt: skip
def test_a_file_that_is_not_posemus_is_left_alone(path: Path, make: str, use: Any) -> None:
    """Somebody else's database is never replaced."""
    change(path, make)
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        use(path, ASKED)
    assert (caught.value.trouble, path.read_bytes()) == (Trouble.FOREIGN, before)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_text_file_is_left_alone(path: Path) -> None:
    """What is no database is no study."""
    path.write_text("results of 2025, do not delete\n" * 99)
    with pytest.raises(StoreError) as caught:
        differences(path, ASKED)
    assert caught.value.trouble is Trouble.FOREIGN


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM world",
        "UPDATE occurrence SET json = 'x'",
        """UPDATE occurrence SET json = '{"is": "Nonsense"}'""",
        "ALTER TABLE failure ADD COLUMN more",
    ],
)
def test_damaged_worlds_are_not_gone_on_with(unfinished: Path, damage: str) -> None:
    """Rows that make no world are told as damage."""
    change(unfinished, damage)
    with pytest.raises(StoreError) as caught:
        Store(unfinished, ASKED, 3)
    assert caught.value.trouble is Trouble.DAMAGED


def test_a_file_that_was_cut_off_is_damaged(unfinished: Path) -> None:
    """Half of a file is not gone on with."""
    content = unfinished.read_bytes()
    unfinished.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError) as caught:
        Store(unfinished, ASKED, 3)
    assert caught.value.trouble is Trouble.DAMAGED


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder in the file's place is told, not shown as a traceback."""
    with pytest.raises(StoreError) as caught:
        Store(tmp_path, ASKED, 3)
    assert caught.value.trouble is Trouble.UNREACHABLE
