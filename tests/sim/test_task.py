"""A generator driven in virtual time: sleeping, waiting, posts, and being stopped dead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.sim import Clock, Story, Task, Wait

AB = frozenset({"a", "b"})


def started(
    story: Callable[[Clock, list[Any]], Story], **how: Any
) -> tuple[Clock, list[Any], Task]:
    clock, log = Clock(), []
    return clock, log, Task(clock, story(clock, log), **how).start()


def test_a_story_sleeps_by_yielding_whole_microseconds() -> None:
    """An int is a sleep of so many µs; the story begins at once and is over at its end."""

    def story(clock: Clock, log: list[Any]) -> Story:
        for delay in (0, 5, 7):
            log.append(clock.now_us)
            assert (yield delay) is None
        log.append(clock.now_us)

    clock, log, task = started(story)
    assert log == [0]
    assert task.alive
    clock.run()
    assert log == [0, 0, 5, 12]
    assert not task.alive


@pytest.mark.parametrize("wrong", [1.0, True, "5", None, -1])
def test_a_story_may_not_yield_nonsense(wrong: Any) -> None:
    """What is neither a whole delay nor a `Wait` is refused when nobody performs effects."""

    def story(clock: Clock, log: list[Any]) -> Story:
        yield wrong

    with pytest.raises((TypeError, ValueError)):
        started(story)


def test_a_wait_is_answered_by_a_post_of_a_wanted_kind() -> None:
    """The answer of a wait is the (kind, value) that was posted, in the moment it was posted."""

    def story(clock: Clock, log: list[Any]) -> Story:
        log.append(((yield Wait(AB, 100)), clock.now_us))
        log.append(((yield Wait(AB)), clock.now_us))

    clock, log, task = started(story)
    clock.call_at(30, task.post, "a", 1)
    clock.call_at(5_000, task.post, "b", 2)
    clock.run()
    assert log == [(("a", 1), 30), (("b", 2), 5_000)]


def test_a_wait_gives_up_at_its_time() -> None:
    """A wait whose time is up is answered None, exactly then; one of no time at once."""

    def story(clock: Clock, log: list[Any]) -> Story:
        log.append(((yield Wait(AB, 100)), clock.now_us))
        log.append(((yield Wait(AB, 0)), clock.now_us))
        log.append(((yield Wait(AB, 50)), clock.now_us))

    clock, log, _ = started(story)
    clock.run()
    assert log == [(None, 100), (None, 100), (None, 150)]


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_not_waited_for_is_kept_or_dropped(keep: bool) -> None:
    """A post of an unwanted kind, or to a sleeping story, is kept in order, or dropped as asked."""

    def story(clock: Clock, log: list[Any]) -> Story:
        yield 10
        for kinds in ("b", "a", "a", "b"):
            log.append((yield Wait(frozenset(kinds), 5)))

    clock, log, task = started(story)
    taken = [task.post(kind, n, keep=keep) for n, kind in enumerate("aabca")]
    clock.run()
    assert taken == [keep] * 5
    if keep:
        assert log == [("b", 2), ("a", 0), ("a", 1), None]
    else:
        assert log == [None] * 4


def test_a_dead_story_takes_nothing() -> None:
    """What is posted to a story that is over is neither taken nor kept."""

    def story(clock: Clock, log: list[Any]) -> Story:
        yield Wait(AB, 1)

    clock, _, task = started(story)
    clock.run()
    assert not task.alive
    assert not task.post("a", 1)
    assert not task.post("a", 1, keep=False)


def test_an_effect_is_performed_at_once() -> None:
    """Anything else is handed to `perform` in the same moment, and its result is the answer."""
    effects = []

    def perform(effect: Any) -> Any:
        effects.append(effect)
        return f"did {effect}"

    def story(clock: Clock, log: list[Any]) -> Story:
        log.append((yield "one"))
        log.append((yield 2.5))
        log.append(clock.now_us)

    _, log, task = started(story, perform=perform)
    assert effects == ["one", 2.5]
    assert log == ["did one", "did 2.5", 0]
    assert not task.alive


def test_posts_from_within_are_kept_for_the_next_wait() -> None:
    """A story that posts to itself while it runs finds the post at its next wait."""
    tasks: list[Task] = []

    def story(clock: Clock, log: list[Any]) -> Story:
        yield 1
        tasks[0].post("a", "mine")
        tasks[0].post("b", "dropped", keep=False)
        log.append((yield Wait(AB, 10)))
        log.append((yield Wait(AB, 10)))

    clock, log, task = started(story)
    tasks.append(task)
    clock.run()
    assert log == [("a", "mine"), None]


# --- kill ----------------------------------------------------------------------------------------


def closing(log: list[Any], effects: list[Any]) -> Story:
    """Yields these effects and writes down what happens to it."""
    try:
        for effect in effects:
            log.append(effect)
            yield effect
        log.append("ran to its end")
    finally:
        log.append("closed")


@pytest.mark.parametrize("effect", [50, Wait(AB), Wait(AB, 50)], ids=["sleep", "wait", "timed"])
def test_a_kill_from_outside_ends_it_where_it_stands(effect: Any) -> None:
    """A story killed in a sleep or a wait does not run on: not then, not when the time comes."""
    clock, log = Clock(), []
    task = Task(clock, closing(log, [effect, 1])).start()
    clock.call_at(20, task.kill)
    clock.call_at(20, task.post, "a", 1)
    clock.call_at(90, task.post, "a", 1)
    clock.run()
    assert log == [effect, "closed"]
    assert not task.alive
    task.kill()


def test_a_kill_leaves_nothing_that_moves_the_clock() -> None:
    """After a kill neither the sleep nor the wait's alarm is left in the heap."""
    for effect in (1_000, Wait(AB, 1_000)):
        clock = Clock()
        task = Task(clock, closing([], [effect])).start()
        clock.call_at(3, task.kill)
        clock.run()
        assert clock.now_us == 3


def test_a_kill_in_the_same_moment_wins_over_what_was_due() -> None:
    """A story that is killed in the moment its sleep ends does not run if the kill comes first."""
    clock, log = Clock(), []
    tasks: list[Task] = []
    clock.call_at(10, lambda: tasks[0].kill())
    tasks.append(Task(clock, closing(log, [10, 1])).start())
    clock.run()
    assert log == [10, "closed"]


def test_a_kill_from_within_an_effect_stops_before_the_next_line() -> None:
    """Killed by the effect it asked for, a story does not run another line (a power cut)."""
    clock, log = Clock(), []
    tasks: list[Task] = []

    def perform(effect: Any) -> None:
        log.append("performed")
        tasks[0].kill()

    tasks.append(Task(clock, closing(log, [5, "cut", 6]), perform))
    tasks[0].start()
    clock.run()
    assert log == [5, "cut", "performed", "closed"]
    assert clock.now_us == 5


@pytest.mark.parametrize("then", [7, Wait(AB), Wait(AB, 7), "effect"])
def test_a_kill_from_inside_its_own_code_stops_at_the_next_yield(then: Any) -> None:
    """Killed by a call of its own, a story gets to its next yield and no further."""
    clock, log = Clock(), []
    tasks: list[Task] = []

    def story() -> Story:
        try:
            yield 5
            tasks[0].kill()
            log.append("to the yield")
            yield then
            log.append("beyond it")
        finally:
            log.append("closed")

    tasks.append(Task(clock, story(), lambda effect: log.append("performed")))
    tasks[0].start()
    clock.call_at(9, tasks[0].post, "a", 1)
    clock.run()
    assert log == ["to the yield", "closed"]
    assert clock.now_us == 9
    assert not tasks[0].alive


# --- errors --------------------------------------------------------------------------------------


class BrokenError(Exception):
    """What a story failed with."""


def failing(clock: Clock, log: list[Any]) -> Story:
    yield 4
    raise BrokenError(clock.now_us)


def test_an_error_goes_out_of_the_clocks_run() -> None:
    """An exception that nobody takes ends the run: it is never silently ignored."""
    clock, _, task = started(failing)
    with pytest.raises(BrokenError, match="4"):
        clock.run()
    assert not task.alive


def test_an_error_goes_to_whoever_asked_for_it() -> None:
    """With `on_error` the exception is handed over, the story is dead, and the clock runs on."""
    errors: list[Exception] = []
    clock, _, task = started(failing, on_error=errors.append)
    clock.call_at(9, errors.append, ValueError("later"))
    clock.run()
    assert [type(error) for error in errors] == [BrokenError, ValueError]
    assert errors[0].args == (4,)
    assert not task.alive
    assert not task.post("a", 1)


def test_an_error_of_an_effect_counts_as_the_storys() -> None:
    """What `perform` raises ends the story and goes the same way."""
    errors: list[Exception] = []
    log: list[Any] = []

    def perform(effect: Any) -> None:
        raise BrokenError(effect)

    clock = Clock()
    Task(clock, closing(log, ["x", "y"]), perform, errors.append).start()
    assert [error.args for error in errors] == [("x",)]
    assert log[:1] == ["x"]
    assert "y" not in log
