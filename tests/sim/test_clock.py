"""Virtual time: whole microseconds, order of calls, and timers that can be taken back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy.core import EmptySchedule, Infinity

from posemu.sim import US_PER_S, Clock, Timer


def test_ten_tenths_are_one_second() -> None:
    """Time is an integer, so ten waits of 0.1 s end at exactly one second."""
    clock, seen = Clock(), []

    def again(left: int) -> None:
        seen.append(clock.now_us)
        if left:
            clock.call_in(US_PER_S // 10, again, left - 1)

    clock.call_in(US_PER_S // 10, again, 9)
    clock.run()
    assert seen == [100_000 * n for n in range(1, 11)]
    assert clock.now_us == US_PER_S
    assert type(clock.now_us) is int


@pytest.mark.parametrize("delay", [1.0, 0.5, True, "1", None, -1, float("nan")])
def test_a_delay_that_is_no_whole_number_is_refused(delay: Any) -> None:
    """A delay is a whole number of µs from 0 on; anything else is refused and leaves no trace."""
    clock = Clock()
    with pytest.raises(ValueError, match="whole number of µs"):
        clock.call_in(delay, print)
    with pytest.raises(EmptySchedule):
        clock.step()


def test_the_past_is_refused() -> None:
    """Nothing can be called at a moment that is over."""
    clock = Clock(10)
    with pytest.raises(ValueError, match="0 or more"):
        clock.call_at(9, print)
    came: list[int] = []
    clock.call_at(10, came.append, 10)
    clock.run()
    assert (came, clock.now_us) == ([10], 10)


@pytest.mark.parametrize("delay", [0.5, 2.0])
def test_simpy_may_not_bring_floats_in(delay: float) -> None:
    """A SimPy time-out of a float number of µs is refused as well, however round it is."""
    with pytest.raises(ValueError, match="whole number of µs"):
        Clock().timeout(delay)


@given(st.lists(st.integers(0, 5), max_size=40))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_calls_come_in_order_of_time_then_of_asking(delays: list[int]) -> None:
    """Calls run by time, and those of one moment in the order in which they were asked for."""
    clock, came = Clock(), []
    for number, delay in enumerate(delays):
        clock.call_in(delay, lambda n=number: came.append((clock.now_us, n)))
    clock.run()
    assert came == sorted((delay, number) for number, delay in enumerate(delays))


def test_a_call_asked_for_now_waits_its_turn() -> None:
    """A call with no delay runs in this moment, but behind those that were asked for before."""
    clock, came = Clock(), []

    def first() -> None:
        came.append("first")
        clock.call_in(0, came.append, "third")

    clock.call_in(5, first)
    clock.call_in(5, came.append, "second")
    clock.run()
    assert came == ["first", "second", "third"]
    assert clock.now_us == 5


def test_run_until_takes_the_last_moment_with_it() -> None:
    """`run_until` runs what is due at its end too, and stands there even if nothing was due."""
    clock, came = Clock(), []
    for t in (3, 7, 8):
        clock.call_at(t, came.append, t)
    clock.run_until(7)
    assert (came, clock.now_us) == ([3, 7], 7)
    clock.run_until(100)
    assert (came, clock.now_us) == ([3, 7, 8], 100)
    clock.run_until(50)
    assert clock.now_us == 100


def test_a_cancelled_timer_is_as_if_it_had_never_been() -> None:
    """A timer taken back neither fires nor moves the clock; taking it back again does nothing."""
    clock, came = Clock(), []
    kept = clock.call_in(5, came.append, "kept")
    gone = clock.call_in(9, came.append, "gone")
    assert kept.pending
    assert gone.pending
    gone.cancel()
    gone.cancel()
    assert not gone.pending
    clock.run()
    assert (came, clock.now_us) == (["kept"], 5)
    assert not kept.pending
    kept.cancel()
    clock.call_in(1, came.append, "later")
    clock.run()
    assert (came, clock.now_us) == (["kept", "later"], 6)


def test_only_cancelled_timers_are_an_empty_schedule() -> None:
    """A step without a live entry says EmptySchedule, as SimPy does, and leaves the time alone."""
    clock = Clock()
    for n in range(5):
        clock.call_in(n, print).cancel()
    with pytest.raises(EmptySchedule):
        clock.step()
    assert clock.now_us == 0


def test_peek_does_not_see_cancelled_timers() -> None:
    """`peek` tells when the next thing happens; a timer taken back is nothing that happens."""
    clock = Clock()
    clock.call_in(3, print).cancel()
    assert clock.peek() == Infinity
    clock.call_in(8, print)
    assert clock.peek() == 8


def test_a_timer_may_cancel_itself_or_another_of_its_moment() -> None:
    """Within one moment, what is cancelled before its turn does not run."""
    clock, came = Clock(), []
    timers: list[Timer] = []

    def first() -> None:
        came.append("first")
        timers[0].cancel()
        timers[1].cancel()

    timers.append(clock.call_in(1, first))
    timers.append(clock.call_in(1, came.append, "second"))
    clock.run()
    assert came == ["first"]


def test_dead_wood_is_cleared() -> None:
    """A hundred thousand cancelled timers do not stay in the heap until their time comes."""
    clock = Clock()
    clock.call_in(10_000_000, int)
    for _ in range(100_000):
        clock.call_in(30_000_000, print).cancel()
    assert len(clock._queue) < 1_000
    clock.run()
    assert clock.now_us == 10_000_000


@pytest.mark.parametrize("seed", range(20))
def test_clearing_keeps_what_lives(seed: int) -> None:
    """Whatever is set and cancelled, exactly the live timers fire, in their order (naive list)."""
    rng, clock, came = random.Random(seed), Clock(), []
    naive: list[tuple[int, int]] = []
    live: dict[int, Timer] = {}
    number = 0
    for _ in range(30):
        for _ in range(rng.randrange(60)):
            number += 1
            t_us = clock.now_us + rng.randrange(2_000)
            live[number] = clock.call_at(t_us, came.append, number)
            naive.append((t_us, number))
        for victim in rng.sample(sorted(live), len(live) * 3 // 4):
            live.pop(victim).cancel()
            naive = [entry for entry in naive if entry[1] != victim]
        clock.run_until(clock.now_us + rng.randrange(500))
        due = sorted(entry for entry in naive if entry[0] <= clock.now_us)
        assert came == [n for _, n in due]
        naive = [entry for entry in naive if entry[0] > clock.now_us]
        live = {n: timer for n, timer in live.items() if timer.pending}
        came.clear()
