"""SimPy on `Clock` is SimPy: random programs run alike on it and on `simpy.Environment`."""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import pytest
import simpy

from posemu.sim import Clock

Log = list[tuple[Any, ...]]


class BoomError(Exception):
    """A failure with something in it."""


def _worker(
    env: simpy.Environment, name: int, rng: random.Random, log: Log, shared: dict[str, Any]
) -> Generator[Any, Any, str]:
    for step in range(rng.randrange(1, 8)):
        what = rng.randrange(8)
        log.append((env.now, name, step, what))
        try:
            if what == 0:
                yield env.timeout(rng.randrange(50), value=step)
            elif what == 1:
                with shared["resource"].request(priority=rng.randrange(3)) as request:
                    yield request
                    yield env.timeout(rng.randrange(20))
            elif what == 2:
                yield shared["store"].put((name, step))
            elif what == 3:
                got = shared["store"].get()
                result = yield got | env.timeout(rng.randrange(1, 40))
                log.append((env.now, name, "got", list(result.values())))
                if got not in result:
                    got.cancel()
            elif what == 4:
                yield shared["tank"].put(1) | env.timeout(rng.randrange(1, 30))
            elif what == 5:
                both = [env.timeout(rng.randrange(9), value=n) for n in range(3)]
                result = yield simpy.AllOf(env, both)
                log.append((env.now, name, "all", list(result.values())))
            elif what == 6:
                child = env.process(_fails(env, rng.randrange(30), name))
                yield child
            else:
                me = env.active_process
                others = [p for p in shared["processes"] if p.is_alive and p is not me]
                if others:
                    rng.choice(others).interrupt((name, step))
                yield env.timeout(rng.randrange(5))
        except BoomError as error:
            log.append((env.now, name, "failed", error.args))
        except simpy.Interrupt as interrupt:
            log.append((env.now, name, "interrupted", interrupt.cause))
    return f"{name} is done"


def _fails(env: simpy.Environment, delay: int, name: int) -> Generator[Any, Any, None]:
    yield env.timeout(delay)
    raise BoomError(name, delay)


def _program(env: simpy.Environment, seed: int) -> Log:
    log: Log = []
    shared: dict[str, Any] = {
        "resource": simpy.PriorityResource(env, 2),
        "store": simpy.Store(env, 3),
        "tank": simpy.Container(env, 4),
        "processes": [],
    }
    for name in range(6):
        rng = random.Random(f"{seed}/{name}")
        shared["processes"].append(env.process(_worker(env, name, rng, log, shared)))
    try:
        env.run()
    except Exception as error:
        log.append(("ended with", type(error).__name__, error.args, type(error.__cause__)))
    log.append(("end", env.now, [p.value for p in shared["processes"] if not p.is_alive]))
    return log


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_random_programs_run_alike(first: int) -> None:
    """Processes, resources, stores, conditions, interrupts and failures: the same log as SimPy."""
    steps = 0
    for seed in range(first, first + 25):
        expected = _program(simpy.Environment(), seed)
        assert _program(Clock(), seed) == expected, f"seed {seed}"
        steps += len(expected)
    assert steps > 25 * 20


def test_a_failed_process_nobody_waits_for_is_heard() -> None:
    """An exception of a process ends the run: rebuilt from its args, the original behind it."""
    clock = Clock()
    clock.process(_fails(clock, 7, 1))
    with pytest.raises(BoomError) as caught:
        clock.run()
    assert caught.value.args == (1, 7)
    assert isinstance(caught.value.__cause__, BoomError)
    assert clock.now_us == 7


def test_a_defused_failure_is_not_heard() -> None:
    """Who waits for a process that fails may handle it, and the run goes on."""
    clock, log = Clock(), []

    def waits() -> Generator[Any, Any, None]:
        try:
            yield clock.process(_fails(clock, 3, 2))
        except BoomError as error:
            log.append((clock.now_us, error.args))

    clock.process(waits())
    clock.run()
    assert log == [(3, (2, 3))]


@pytest.mark.parametrize("until", [0, 3, 10, 11, 1_000])
def test_run_until_a_number_stops_before_it(until: int) -> None:
    """SimPy's `run(until=n)` stops before the events of n, on the clock as in SimPy."""
    logs = []
    for env in (simpy.Environment(-1), Clock(-1)):
        log: list[int] = []

        def ticks(env: simpy.Environment = env, log: list[int] = log) -> Generator[Any, Any, None]:
            while True:
                yield env.timeout(1)
                log.append(int(env.now))

        env.process(ticks())
        env.run(until=until)
        logs.append((log, env.now))
    assert logs[0] == logs[1]


def test_run_until_an_event_gives_its_value() -> None:
    """SimPy's `run(until=event)` ends with the event and returns its value."""
    clock = Clock()
    assert clock.run(until=clock.timeout(12, value="rung")) == "rung"
    assert clock.now_us == 12


def test_timers_and_events_share_one_order() -> None:
    """A timer and a SimPy event of one moment come in the order in which they were asked for."""
    clock, came = Clock(), []
    clock.call_in(4, came.append, "timer")
    clock.timeout(4).callbacks.append(lambda event: came.append("event"))
    clock.call_in(4, came.append, "timer again")
    clock.run()
    assert came == ["timer", "event", "timer again"]
