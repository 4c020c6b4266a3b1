"""Running a study: jobs, worlds that are known, batches, and workers that fail."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from multiprocessing import active_children
from typing import Any

import pytest

from posemu.scenario import Until, load_text
from posemu.sim import Event
from posemu.study import WorkerDiedError, as_document, run_study, run_world
from posemu.study.pool import in_order


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


def test_known_worlds_are_not_run_again(scenario: Any, result: Any) -> None:
    """A study that knows some of its worlds runs the others alone, in order, and comes to the same
    result; a known world beyond its end is no part of it."""
    batches: list[tuple[int, int]] = []
    heard: list[int] = []
    known = [result.worlds[1], replace(result.worlds[0], replication=7)]
    whole = run_study(
        scenario,
        jobs=2,
        known=known,
        on_batch=lambda total, missing: batches.append((total, missing)),
        on_done=lambda world: heard.append(world.replication),
    )
    assert (batches, heard) == ([(3, 2)], [0, 2])
    assert whole.worlds == result.worlds
    assert whole.findings == result.findings


VARIED = """\
posemu: 1
name: varied
day: {from: "09:00", to: "09:05"}
tills: {near: {}}
cardholders: {each: 2}
interventions: {a: [emergency-plan: ], b: [maint-plan: ]}
variants: factorial
"""


def test_worlds_come_replication_by_replication() -> None:
    """In each replication all variants run, in the order of the design, however many jobs."""
    places = [
        (world.variant, world.replication)
        for world in run_study(load_text(VARIED, "v.yaml"), replications=2, jobs=3).worlds
    ]
    assert places == [(v, n) for n in (0, 1) for v in ("before", "a", "b", "after")]


# --- until ---------------------------------------------------------------------------------------


def batches_of(scenario: Any, **how: Any) -> tuple[Any, list[tuple[int, int]]]:
    batches: list[tuple[int, int]] = []
    result = run_study(scenario, on_batch=lambda *batch: batches.append(batch), **how)
    return result, batches


def test_a_study_goes_on_until_its_budget_is_spent(scenario: Any, result: Any) -> None:
    """With a width that cannot be reached, whole batches follow until the budget, which cuts the
    last one; the result has the intervals that are still too wide, and the worlds that a fixed
    number of replications would have had."""
    ruled = replace(scenario, replications=2, until=Until((("txn_time", 1e-9),), 5, 2))
    found, batches = batches_of(ruled)
    assert batches == [(2, 2), (4, 2), (5, 1)]
    assert found.replications == 5
    assert [(wide.variant, wide.metric) for wide in found.wide] == [("base", "txn_time")]
    assert found.worlds[:3] == result.worlds
    assert batches_of(ruled, jobs=2) == (found, batches)
    assert batches_of(ruled, known=found.worlds)[0] == found


def test_a_study_stops_when_its_intervals_are_narrow_enough(scenario: Any) -> None:
    """The first look that finds every interval narrow enough is the last."""
    ruled = replace(scenario, replications=2, until=Until((("txn_time", 1e9),), 5, 2))
    found, batches = batches_of(ruled)
    assert (batches, found.replications, found.wide) == ([(2, 2)], 2, ())


def test_a_given_number_of_replications_is_kept_exactly(scenario: Any) -> None:
    """With a number given, the rule is not asked."""
    ruled = replace(scenario, until=Until((("txn_time", 1e-9),), 5, 2))
    found, _ = batches_of(ruled, replications=1)
    assert (found.replications, len(found.worlds), found.wide) == (1, 1, None)


# --- workers -------------------------------------------------------------------------------------


def square(n: int) -> int:
    if n == 13:
        raise ValueError("thirteen")
    if n == 14:
        os.kill(os.getpid(), signal.SIGKILL)
    if n == 15:
        os.kill(os.getpid(), signal.SIGINT)
    if n == 16:
        raise type("NobodyKnowsIt", (Exception,), {})
    return n * n


def test_answers_come_in_the_order_of_the_tasks() -> None:
    """Three workers, a dozen tasks: the answers stand in order, and no worker is left behind."""
    assert list(in_order(square, range(12), 3)) == [n * n for n in range(12)]
    assert active_children() == []


def test_what_a_worker_raises_is_raised() -> None:
    """An error in a worker comes out where the answers are asked for, with the worker's
    traceback."""
    with pytest.raises(ValueError, match="thirteen") as caught:
        list(in_order(square, [1, 13, 2], 2))
    assert "in square" in caught.value.__notes__[0]
    assert active_children() == []


@pytest.mark.parametrize(("task", "code"), [(14, -signal.SIGKILL), (16, 1)])
def test_a_worker_that_dies_is_told(
    task: int, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """A worker that is killed, or cannot even send what went wrong, ends the work with its task
    and exit code; nothing waits for it."""
    with pytest.raises(WorkerDiedError) as caught:
        list(in_order(square, [1, task, 2], 2))
    assert (caught.value.task, caught.value.exit_code) == (task, code)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert active_children() == []
    assert ("NobodyKnowsIt" in capfd.readouterr().err) == (task == 16)


def test_workers_do_not_hear_ctrl_c() -> None:
    """SIGINT reaches every process of a terminal; workers leave it to their parent."""
    assert list(in_order(square, [15, 15, 15], 2)) == [225, 225, 225]


def nap(seconds: int) -> int:
    time.sleep(seconds)
    return seconds


def test_closing_ends_workers_that_are_busy() -> None:
    """Who stops asking for answers leaves no worker behind, busy or not."""
    with closing(in_order(nap, [0, 600], 2)) as answers:
        assert next(answers) == 0
    assert active_children() == []


def test_workers_leave_when_their_parent_is_killed() -> None:
    """If the parent is killed, its workers end by themselves; they hold its output open until
    then."""
    program = """
import os, signal
from posemu.study.pool import in_order

answers = in_order(lambda task: task, range(9), 3)
print(next(answers), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, "0\n", "")
