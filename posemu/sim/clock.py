"""Virtual time: a SimPy environment in whole microseconds, with timers that can be cancelled.

Time is an integer: ten waits of 0.1 s as floats are not one second, ten of 100 000 µs are.

Every entry of SimPy's heap here carries a *ticket*, its SimPy event number. An entry fires only
while the thing that put it there still holds that ticket: to cancel is to drop the ticket, and the
dead entry falls out of the heap at its moment without moving the clock (when most of the heap is
dead wood, it is cleared at once). The usual SimPy way, `reply | timeout`, costs five times as much
and leaves every 30 s response timer in the heap.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL, Event

US_PER_S = 1_000_000
NO_TICKET = -1


class Entry(Protocol):
    """What the heap holds: `fire` is called at its time, if `ticket` is still the one it was
    entered with."""

    ticket: int

    def fire(self) -> None: ...


class Timer:
    """One call in the future. `cancel()` takes it back; cancelling twice, or after it fired, does
    nothing."""

    __slots__ = ("_args", "_clock", "_fn", "ticket")

    def __init__(self, clock: Clock, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._clock = clock
        self._fn = fn
        self._args = args
        self.ticket = NO_TICKET

    @property
    def pending(self) -> bool:
        return self.ticket != NO_TICKET

    def fire(self) -> None:
        self.ticket = NO_TICKET
        self._fn(*self._args)

    def cancel(self) -> None:
        if self.ticket != NO_TICKET:
            self.ticket = NO_TICKET
            self._clock.count_dead()


class _SimpyEntry:
    """An event of SimPy itself, processed as SimPy does."""

    __slots__ = ("_clock", "_event", "ticket")

    def __init__(self, clock: Clock, event: Event, ticket: int) -> None:
        self._clock = clock
        self._event = event
        self.ticket = ticket

    def fire(self) -> None:
        event = self._event
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(event)
        if not event._ok and not event.defused:
            error = event._value
            raise type(error)(*error.args) from error


class Clock(simpy.Environment):
    """SimPy's environment on integer microseconds. `now_us` is an int; everything SimPy offers
    works on it."""

    def __init__(self, start_us: int = 0) -> None:
        super().__init__(start_us)
        self._dead = 0

    @property
    def now_us(self) -> int:
        """The present moment, in µs since the world began."""
        return self._now  # type: ignore[return-value]

    def read_us(self) -> int:
        """The present moment, as a call: for parts that are given a way to read the time and
        nothing else of the clock."""
        return self._now  # type: ignore[return-value]

    def call_in(self, delay_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Calls `fn(*args)` after `delay_us` µs; calls due at one moment run in the order they were
        asked for."""
        timer = Timer(self, fn, args)
        timer.ticket = self.enter(delay_us, timer)
        return timer

    def call_at(self, t_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Calls `fn(*args)` at `t_us` µs, which must not lie in the past."""
        return self.call_in(t_us - self.now_us, fn, *args)

    def enter(self, delay_us: int, entry: Entry) -> int:
        """Puts an entry into the heap and returns its ticket, which the entry must keep to be
        fired."""
        if type(delay_us) is not int or delay_us < 0:
            raise ValueError(f"a delay is a whole number of µs, 0 or more, not {delay_us!r}")
        ticket = next(self._eid)
        heappush(self._queue, (self._now + delay_us, NORMAL, ticket, entry))  # type: ignore[misc]
        return ticket

    def schedule(self, event: Event, priority: Any = NORMAL, delay: Any = 0) -> None:
        """SimPy's own entry, for its processes and resources: delays are whole µs here too."""
        if type(delay) is not int:
            raise ValueError(f"a delay is a whole number of µs, not {delay!r}")
        ticket = next(self._eid)
        entry = _SimpyEntry(self, event, ticket)
        heappush(self._queue, (self._now + delay, priority, ticket, entry))  # type: ignore[misc]

    def peek(self) -> Any:
        """When the next live entry is due (SimPy's contract: infinity when there is none)."""
        queue: list[Any] = self._queue
        while queue and queue[0][3].ticket != queue[0][2]:
            heappop(queue)
            self._dead -= 1
        return super().peek()

    def step(self) -> None:
        """Processes the next live entry (SimPy's contract: EmptySchedule when there is none)."""
        queue = self._queue
        while queue:
            t_us, _, ticket, entry = heappop(queue)
            if entry.ticket == ticket:  # type: ignore[attr-defined]
                self._now = t_us
                entry.fire()  # type: ignore[attr-defined]
                return
            self._dead -= 1
        raise EmptySchedule

    def run_until(self, t_us: int) -> None:
        """Runs everything due up to and including `t_us`, then stands at `t_us`."""
        queue: list[Any] = self._queue
        pop = heappop
        while queue and queue[0][0] <= t_us:
            t, _, ticket, entry = pop(queue)
            if entry.ticket == ticket:
                self._now = t
                entry.fire()
            else:
                self._dead -= 1
        if self.now_us < t_us:
            self._now = t_us

    def count_dead(self) -> None:
        """An entry has lost its ticket while it was in the heap."""
        self._dead += 1
        if self._dead > 256 and 2 * self._dead > len(self._queue):
            live: list[Any] = [e for e in self._queue if e[3].ticket == e[2]]  # type: ignore[attr-defined]
            self._queue[:] = live
            heapify(self._queue)
            self._dead = 0
