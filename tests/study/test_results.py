"""A study's digest, its JSON document and its SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from posemu import __version__
from posemu.oracle import Violation
from posemu.sim import Event
from posemu.study import (
    METRICS,
    StudyResult,
    as_document,
    run_study,
    run_world,
    write_results,
)


def test_the_number_of_jobs_does_not_show(scenario: Any, result: Any) -> None:
    """With one job and with two, digest and document are the same."""
    other = run_study(scenario, jobs=2)
    assert other.digest == result.digest
    assert json.dumps(as_document(other, "r")) == json.dumps(as_document(result, "r"))
    assert [world.events for world in other.worlds] == [world.events for world in result.worlds]


def test_replications_differ_and_repeat(scenario: Any, result: Any) -> None:
    """Each replication is another world; the same one is the same again, and fewer are a part."""
    assert len({world.digest for world in result.worlds}) == 3
    assert run_world(scenario, 1).digest == result.worlds[1].digest
    fewer = run_study(scenario, replications=2)
    assert [w.digest for w in fewer.worlds] == [w.digest for w in result.worlds[:2]]


def test_worlds_are_told_as_they_come(scenario: Any) -> None:
    """`on_done` hears of each world in the order of its number."""
    heard: list[int] = []
    run_study(scenario, replications=2, jobs=2, on_done=lambda w: heard.append(w.replication))
    assert heard == [0, 1]


def test_who_observes_a_world_sees_all_of_it(scenario: Any, result: Any) -> None:
    """An observer sees every event and changes none; a fault has struck as often as it began."""
    events: list[Event] = []
    world = run_world(scenario, 0, observers=[events.append])
    assert (world.digest, world.events) == (result.worlds[0].digest, len(events))
    begun = Counter(
        event.data["fault"]
        for event in events
        if event.kind == "fault" and event.data["what"] == "begins"
    )
    assert world.struck == begun
    assert begun["transmission-loss"] == 1  # at the first answer


def test_the_total_comes_first(result: Any) -> None:
    """Breakdowns come in order behind the total; each has the metrics that mean something in it."""
    names = result.breakdowns("base")
    assert names[0] == "total"
    assert "hour:09" in names
    assert names[1:] == sorted(names[1:])
    assert result.estimates("base", "total").keys() == METRICS.keys()
    by_hour = result.estimates("base", "hour:09").keys()
    assert METRICS.keys() - by_hour == {"reversal_complete", "duplicate_charge", "clear_exposure"}
    by_method = result.estimates("base", "method:card").keys()
    assert by_hour - by_method == {
        "queue_length", "queue_length_max", "availability", "availability_code",
    }  # fmt: skip
    assert result.estimates("base", "cause:none").keys() == {"timeout_rate"}


def test_the_digest_is_of_variants_replications_and_world_digests(result: Any) -> None:
    """A study's digest is over (variant, replication, digest) in order, and over nothing else."""
    h = blake2b(digest_size=16)
    for world in result.worlds:
        h.update(f"base\x1f{world.replication}\x1f{world.digest}\n".encode())
    assert result.digest == h.hexdigest().upper()
    shuffled = StudyResult("other name", 99, 7, result.worlds[::-1])
    assert shuffled.digest == result.digest
    changed = [replace(result.worlds[0], digest="00"), *result.worlds[1:]]
    assert StudyResult("tiny", 3, 3, changed).digest != result.digest


def test_the_document_has_every_metric(result: Any) -> None:
    """Each metric stands in the document with mean, limits, n and unit, defined or not."""
    document = json.loads(json.dumps(as_document(result, "out/replay.json")))
    assert {k: document[k] for k in ("scenario", "verdict", "seed", "replications", "replay")} == {
        "scenario": "tiny", "verdict": "holds", "seed": 3, "replications": 3,
        "replay": "out/replay.json",
    }  # fmt: skip
    metrics = document["variants"]["base"]["metrics"]
    assert metrics.keys() == METRICS.keys()
    for name, found in metrics.items():
        assert found.keys() == {"mean", "low", "high", "n", "unit"}
        assert found["unit"] == METRICS[name].unit
        assert (found["mean"] is None) == (found["n"] == 0)
    assert document["variants"]["base"]["by"].keys() == {
        "terminal", "hour", "terminal_hour", "method", "cause",
    }  # fmt: skip
    assert document["variants"]["base"]["by"]["terminal"].keys() == {"till-1", "till-2"}


def test_an_undefined_metric_is_there_with_n_0(result: Any) -> None:
    """A metric that is 0/0 in every replication stands in the document with no mean and n 0."""
    values = {"total": dict.fromkeys(METRICS)}
    worlds = [replace(world, values=values) for world in result.worlds]
    document = as_document(StudyResult("tiny", 3, 3, worlds), "r")
    empty = {"mean": None, "low": None, "high": None, "n": 0}
    assert document["variants"]["base"]["metrics"] == {
        name: {**empty, "unit": metric.unit} for name, metric in METRICS.items()
    }


def test_a_metric_defined_in_some_replications_has_their_n(result: Any) -> None:
    """The n of a metric is the number of replications that define it."""
    worlds = [
        replace(world, values={"total": {"timeout_rate": value}})
        for world, value in zip(result.worlds, (10.0, None, 20.0), strict=True)
    ]
    found = StudyResult("tiny", 3, 3, worlds).estimates("base", "total")["timeout_rate"]
    assert (found.mean, found.n) == (15.0, 2)


VIOLATION = Violation("no-crash", 1_500_000, "till-1", "KeyError in _authorise")


@pytest.fixture
def violated(result: Any) -> StudyResult:
    worlds = [result.worlds[0], replace(result.worlds[1], violations=(VIOLATION,))]
    return StudyResult("tiny", 3, 2, worlds)


def test_a_violation_is_in_the_document(violated: StudyResult) -> None:
    """A violated study says so, and names rule, world, time and place."""
    document = as_document(violated, "r")
    assert document["verdict"] == "violated"
    assert document["violations"] == [
        {
            "invariant": "no-crash", "variant": "base", "replication": 1, "t_us": 1_500_000,
            "text": "till-1: KeyError in _authorise",
        }
    ]  # fmt: skip


# --- SQLite --------------------------------------------------------------------------------------


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def test_the_file_answers_what_a_study_found(tmp_path: Path, result: Any) -> None:
    """Study, worlds, values and estimates can be asked with plain SQL."""
    path = tmp_path / "results.sqlite"
    write_results(result, path)
    assert rows(path, "SELECT * FROM study") == [
        ("tiny", 3, 3, result.digest, "holds", __version__)
    ]
    assert rows(path, "SELECT * FROM world ORDER BY replication") == [
        ("base", w.replication, w.digest, w.events) for w in result.worlds
    ]
    values = dict(rows(path, "SELECT replication, value FROM value WHERE breakdown = 'total' "
                             "AND metric = 'timeout_rate'"))  # fmt: skip
    assert values == {w.replication: w.values["total"]["timeout_rate"] for w in result.worlds}
    (mean, low, high, n), = rows(path, "SELECT mean, low, high, n FROM estimate WHERE "
                                       "breakdown = 'total' AND metric = 'txn_time'")  # fmt: skip
    assert (mean, low, high, n) == tuple(result.estimates("base", "total")["txn_time"])
    assert rows(path, "SELECT id, unit, en, zh FROM metric") == [
        (name, *metric) for name, metric in METRICS.items()
    ]
    tills = rows(path, "SELECT DISTINCT item FROM value WHERE breakdown = 'terminal' ORDER BY item")
    assert tills == [("till-1",), ("till-2",)]


def test_the_file_has_violations_coverage_and_situations(
    tmp_path: Path, violated: StudyResult
) -> None:
    """Violations, (state, fault) pairs and situations are in the file, by world."""
    path = tmp_path / "results.sqlite"
    write_results(violated, path)
    assert rows(path, "SELECT verdict FROM study") == [("violated",)]
    assert rows(path, "SELECT * FROM violation") == [
        ("base", 1, 1_500_000, "no-crash", "till-1", "KeyError in _authorise")
    ]
    pairs = rows(path, "SELECT state, fault, times FROM coverage WHERE replication = 0")
    assert {(state, fault): times for state, fault, times in pairs} == violated.worlds[0].pairs
    met = rows(path, "SELECT situation, times FROM situation WHERE replication = 0")
    assert dict(met) == violated.worlds[0].situations


def test_the_file_is_written_anew(tmp_path: Path, result: Any) -> None:
    """Writing twice leaves the second study alone, not both."""
    path = tmp_path / "results.sqlite"
    write_results(result, path)
    write_results(result, path)
    assert rows(path, "SELECT count(*) FROM world") == [(3,)]
