"""Virtual time: a SimPy environment in whole microseconds, with timers that can be cancelled.

Time is an integer: ten waits of 0.1 s as floats are not one second, ten of 100 000 µs are. A timer that is
cancelled stays in SimPy's heap until its moment, but is dropped there without moving the clock; when most of the
heap is such dead wood, it is cleared at once. (The usual SimPy way, `reply | timeout`, costs five times as much and
leaves every 30 s response timer in the heap.)
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL, URGENT, Event

US_PER_S = 1_000_000


class Timer:
    """One call in the future. `cancel()` takes it back; cancelling twice, or after it fired, does nothing."""

    __slots__ = ("_clock", "args", "fn")

    def __init__(self, clock: Clock, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._clock = clock
        self.fn: Callable[..., object] | None = fn
        self.args = args

    @property
    def pending(self) -> bool:
        return self.fn is not None

    def cancel(self) -> None:
        if self.fn is not None:
            self.fn = None
            self.args = ()
            self._clock._count_cancelled()


class Clock(simpy.Environment):
    """SimPy's environment on integer microseconds. `now` is an int; everything SimPy offers works on it."""

    def __init__(self, start_us: int = 0) -> None:
        super().__init__(start_us)
        self._cancelled = 0

    def call_in(self, delay_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Calls `fn(*args)` after `delay_us` µs; calls due at one moment run in the order they were asked for."""
        if type(delay_us) is not int or delay_us < 0:
            raise ValueError(f"a delay is a whole number of µs, 0 or more, not {delay_us!r}")
        timer = Timer(self, fn, args)
        heappush(self._queue, (self._now + delay_us, NORMAL, next(self._eid), timer))  # type: ignore[misc]
        return timer

    def call_at(self, t_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Calls `fn(*args)` at `t_us` µs, which must not lie in the past."""
        return self.call_in(t_us - self.now_us, fn, *args)

    @property
    def now_us(self) -> int:
        """The present moment, in µs since the world began."""
        return self._now  # type: ignore[return-value]

    def schedule(self, event: Event, priority: Any = NORMAL, delay: Any = 0) -> None:
        """SimPy's own entry, for its processes and resources: delays are whole µs here too."""
        if type(delay) is not int:
            raise ValueError(f"a delay is a whole number of µs, not {delay!r}")
        super().schedule(event, priority, delay)

    def step(self) -> None:
        """Processes the next live entry (SimPy's contract: EmptySchedule when there is none)."""
        queue = self._queue
        while queue:
            t_us, _, _, entry = heappop(queue)
            if type(entry) is not Timer:
                self._step_event(t_us, entry)
                return
            fn = entry.fn
            if fn is None:
                self._cancelled -= 1
                continue
            self._now = t_us
            entry.fn = None
            fn(*entry.args)
            return
        raise EmptySchedule

    def run_until(self, t_us: int) -> None:
        """Runs everything due up to and including `t_us`, then stands at `t_us`."""
        queue = self._queue
        while queue:
            t, _, _, entry = queue[0]
            if t > t_us:
                break
            heappop(queue)
            if type(entry) is Timer:
                fn = entry.fn
                if fn is None:
                    self._cancelled -= 1
                    continue
                self._now = t
                entry.fn = None
                fn(*entry.args)
            else:
                self._step_event(t, entry)
        if self.now_us < t_us:
            self._now = t_us

    def _step_event(self, t_us: Any, event: Event) -> None:
        """One SimPy event: put it back alone in front and let SimPy process it."""
        heappush(self._queue, (t_us, URGENT, -1, event))  # type: ignore[arg-type]
        super().step()

    def _count_cancelled(self) -> None:
        self._cancelled += 1
        if self._cancelled > 256 and 2 * self._cancelled > len(self._queue):
            live = [e for e in self._queue if type(e[3]) is not Timer or e[3].fn is not None]
            self._queue[:] = live
            heapify(self._queue)
            self._cancelled = 0
