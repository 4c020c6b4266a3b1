"""A study's digest and its JSON document."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import pytest

from posemu.oracle import Violation
from posemu.study import METRICS, StudyResult, as_document


def test_the_total_comes_first(result: Any) -> None:
    """Breakdowns come in order behind the total; each has the metrics that mean something in it."""
    names = result.breakdowns("base")
    assert names[0] == "total"
    assert "hour:09" in names
    assert names[1:] == sorted(names[1:])
    assert result.estimates("base", "total").keys() == METRICS.keys()
    by_hour = result.estimates("base", "hour:09").keys()
    assert METRICS.keys() - by_hour == {
        "reversal_complete", "duplicate_charge", "clear_exposure", "fallback_rate", "alarms",
        "diagnosis_right",
    }  # fmt: skip
    by_method = result.estimates("base", "method:card").keys()
    assert by_hour - by_method == {
        "queue_length", "queue_length_max", "availability", "availability_code",
    }  # fmt: skip
    assert result.estimates("base", "cause:transmission-loss").keys() == {"timeout_rate"}


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
        "terminal", "hour", "terminal_hour", "method", "cause", "card", "terminal_card", "fallback",
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
