"""The one alarm of a task: whatever comes, it behaves like a timer of its own for each wait."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.sim import Clock, Story, Task, Timer, Wait

KINDS = frozenset({"a", "b"})
EFFECTS = st.lists(
    st.integers(0, 40)
    | st.builds(
        Wait,
        st.sampled_from([KINDS, frozenset("a"), frozenset("b")]),
        st.none() | st.integers(0, 60),
    ),
    max_size=25,
)
POSTS = st.lists(st.tuples(st.integers(0, 300), st.sampled_from("abc"), st.booleans()), max_size=20)


class NaiveTask:
    """The same promises, written down plainly: each wait sets a timer of its own."""

    def __init__(self, clock: Clock, story: Story) -> None:
        self._clock, self._story = clock, story
        self._inbox: deque[tuple[str, Any]] = deque()
        self._wait: Wait | None = None
        self._timer: Timer | None = None
        self.alive = True

    def start(self) -> NaiveTask:
        self._go(None)
        return self

    def post(self, kind: str, value: Any, keep: bool = True) -> bool:
        if self._wait is not None and kind in self._wait.kinds:
            self._go((kind, value))
            return True
        if keep and self.alive:
            self._inbox.append((kind, value))
        return keep and self.alive

    def kill(self) -> None:
        self._stop()
        self.alive = False
        self._story.close()

    def _stop(self) -> None:
        self._wait = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go(self, value: Any) -> None:
        self._stop()
        while True:
            try:
                effect = self._story.send(value)
            except StopIteration:
                self.alive = False
                return
            if isinstance(effect, int):
                self._timer = self._clock.call_in(effect, self._go, None)
                return
            kept = next((post for post in self._inbox if post[0] in effect.kinds), None)
            if kept is not None:
                self._inbox.remove(kept)
                value = kept
                continue
            self._wait = effect
            if effect.timeout_us is not None:
                self._timer = self._clock.call_in(effect.timeout_us, self._go, None)
            return


def _story(clock: Clock, effects: list[Any], log: list[Any]) -> Story:
    for effect in effects:
        answer = yield effect
        log.append((clock.now_us, answer))


def _run(kind: Any, effects: list[Any], posts: list[Any], kill_us: int | None) -> list[Any]:
    clock, log = Clock(), []
    task = kind(clock, _story(clock, effects, log))
    # Posts stand at odd moments of a doubled clock, sleeps and waits end at even ones: a post and
    # a time-out in one moment may come in either order, and that order is not promised here.
    for number, (t_us, what, keep) in enumerate(sorted(posts)):
        clock.call_at(2 * t_us + 1, lambda w=what, n=number, k=keep: log.append(
            ("post", clock.now_us, task.post(w, n, keep=k))))  # fmt: skip
    if kill_us is not None:
        clock.call_at(2 * kill_us + 1, task.kill)
    task.start()
    clock.run_until(10_000)
    log.append(task.alive)
    return log


def _doubled(effects: list[Any]) -> list[Any]:
    return [
        2 * e
        if isinstance(e, int)
        else Wait(e.kinds, None if e.timeout_us is None else 2 * e.timeout_us)
        for e in effects
    ]


@given(EFFECTS, POSTS, st.none() | st.integers(0, 300))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_one_lazy_alarm_is_as_good_as_a_timer_per_wait(
    effects: list[Any], posts: list[Any], kill_us: int | None
) -> None:
    """Every wait ends when, and as, it would with a timer of its own: early alarms are set anew."""
    effects = _doubled(effects)
    assert _run(Task, effects, posts, kill_us) == _run(NaiveTask, effects, posts, kill_us)


def test_a_short_wait_after_a_long_one_is_not_late() -> None:
    """An alarm that would ring too late is set again: a short wait ends in its own time."""
    clock, log = Clock(), []
    task = Task(clock, _story(clock, [Wait(KINDS, 1_000), Wait(KINDS, 10)], log)).start()
    clock.call_at(5, task.post, "a", 1)
    clock.run_until(2_000)
    assert log == [(5, ("a", 1)), (15, None)]


def test_many_waits_leave_one_entry_in_the_heap() -> None:
    """A thousand waits of 30 s that are answered at once do not fill the heap with dead alarms."""
    clock = Clock()

    def story() -> Story:
        for _ in range(1_000):
            yield Wait(KINDS, 30_000_000)

    task = Task(clock, story()).start()
    for n in range(999):
        clock.call_at(n, task.post, "a", n)
    clock.run_until(999)
    assert task.alive
    assert len(clock._queue) == 1
