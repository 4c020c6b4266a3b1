"""A generator driven in virtual time: the way a flow, a cardholder or a server is told as a story.

The generator yields what it waits for:

* an ``int``: sleep that many µs (a device is busy, a finger moves);
* a ``Wait``: until something of the wanted kinds is posted to the task, or the time is up; the
  answer of the `yield` is ``(kind, value)``, or ``None`` when the time is up;
* anything else is handed to ``perform`` at once, in the same moment, and its result is the answer.

A SimPy process does the first; the second costs SimPy five times as much (see `clock`), and a
process cannot be stopped dead: a power cut must end a terminal's program between two effects
without running another line of it.

Most waits end long before their time is up. So a task has one alarm in the clock's heap and leaves
it where it is as long as it does not ring too late; when it rings too early, it is set again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from inspect import GEN_RUNNING, getgeneratorstate
from typing import Any

from posemu.sim.clock import NO_TICKET, Clock

Story = Generator[Any, Any, Any]
_NEVER = 1 << 62


class Wait:
    """Wanted kinds of posts (a set of strings), and for how long in µs (None: for ever)."""

    __slots__ = ("kinds", "timeout_us")

    def __init__(self, kinds: frozenset[str], timeout_us: int | None = None) -> None:
        self.kinds = kinds
        self.timeout_us = timeout_us


class _Alarm:
    """Rings at the end of a wait, or before it."""

    __slots__ = ("at_us", "task", "ticket")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.ticket = NO_TICKET
        self.at_us = _NEVER

    def fire(self) -> None:
        self.ticket = NO_TICKET
        self.at_us = _NEVER
        self.task._alarm_rings()


class Task:
    """One running story. `post` gives it something; `kill` ends it where it stands. An exception of
    the story goes to `on_error`, or out of the clock's run."""

    __slots__ = (
        "_alarm", "_clock", "_deadline_us", "_inbox", "_on_error", "_perform", "_send", "_story",
        "_wanted", "alive", "ticket",
    )  # fmt: skip

    # Invariants, while the story is not running:
    #   it sleeps: ticket is that of its entry in the clock's heap, and _wanted is None;
    #   it waits:  ticket is NO_TICKET, _wanted are the kinds, _deadline_us when it gives up, and
    #              the alarm rings by then.

    def __init__(
        self, clock: Clock, story: Story, perform: Callable[[Any], Any] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._story = story
        self._send = story.send
        self._perform = perform
        self._on_error = on_error
        self._alarm = _Alarm(self)
        self._wanted: frozenset[str] | None = None
        self._deadline_us = _NEVER
        self._inbox: deque[tuple[str, Any]] = deque()
        self.ticket = NO_TICKET
        self.alive = True

    def start(self) -> Task:
        self._advance(None)
        return self

    def post(self, kind: str, value: Any, keep: bool = True) -> bool:
        """Gives (kind, value) to the story. What it is not waiting for now is kept for later, or
        dropped (`keep=False`: a key pressed while nobody listens). True if it was taken or kept."""
        wanted = self._wanted
        if wanted is not None and kind in wanted:
            self._advance((kind, value))
            return True
        if keep and self.alive:
            self._inbox.append((kind, value))
            return True
        return False

    def kill(self) -> None:
        """Ends the story where it stands; nothing of it runs any more, also not later in this
        moment."""
        self.alive = False
        self._wanted = None
        self._inbox.clear()
        for entry in (self, self._alarm):
            if entry.ticket != NO_TICKET:
                entry.ticket = NO_TICKET
                self._clock.count_dead()
        if getgeneratorstate(self._story) != GEN_RUNNING:
            self._story.close()

    def fire(self) -> None:
        """The sleep is over."""
        self.ticket = NO_TICKET
        self._advance(None)

    def _alarm_rings(self) -> None:
        if self._wanted is None or self._deadline_us == _NEVER:
            return
        left_us = self._deadline_us - self._clock.read_us()
        if left_us > 0:
            self._set_alarm(left_us)
        else:
            self._advance(None)

    def _set_alarm(self, delay_us: int) -> None:
        alarm = self._alarm
        if alarm.ticket != NO_TICKET:
            self._clock.count_dead()
        alarm.at_us = self._clock.read_us() + delay_us
        alarm.ticket = self._clock.enter(delay_us, alarm)

    def _advance(self, value: Any) -> None:
        self._wanted = None
        send = self._send
        try:
            while True:
                effect = send(value)
                if not self.alive:  # killed by what it did
                    self._story.close()
                    return
                kind = type(effect)
                if kind is int:
                    self.ticket = self._clock.enter(effect, self)
                    return
                if kind is Wait:
                    if self._inbox:
                        value = self._from_inbox(effect.kinds)
                        if value is not None:
                            continue
                    self._wait(effect)
                    return
                if self._perform is None:
                    raise TypeError(f"a story yields an int, a Wait or an effect, not {effect!r}")
                value = self._perform(effect)
                if self._killed():
                    self._story.close()
                    return
        except StopIteration:
            self.alive = False
        except Exception as error:
            self.alive = False
            if self._on_error is None:
                raise
            self._on_error(error)

    def _killed(self) -> bool:
        return not self.alive

    def _wait(self, wait: Wait) -> None:
        self._wanted = wait.kinds
        timeout_us = wait.timeout_us
        if timeout_us is None:
            self._deadline_us = _NEVER
            return
        deadline_us = self._deadline_us = self._clock.read_us() + timeout_us
        if self._alarm.at_us > deadline_us:
            self._set_alarm(timeout_us)

    def _from_inbox(self, kinds: frozenset[str]) -> tuple[str, Any] | None:
        for i, post in enumerate(self._inbox):
            if post[0] in kinds:
                del self._inbox[i]
                return post
        return None
