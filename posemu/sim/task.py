"""A generator driven in virtual time: the way a flow, a cardholder or a server is told as a story.

The generator yields what it waits for:

* an ``int``: sleep that many µs (a device is busy, a finger moves);
* a ``Wait``: until something of the wanted kinds is posted to the task, or the time is up; the answer of the `yield`
  is ``(kind, value)``, or ``None`` when the time is up;
* anything else is handed to ``perform`` at once, in the same moment, and its result is the answer.

A SimPy process does the first; the second costs SimPy five times as much (see `clock`), and a process cannot be
stopped dead: a power cut must end a terminal's program between two effects without running another line of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from posemu.sim.clock import Clock, Timer

Story = Generator[Any, Any, Any]


class Wait:
    """Wanted kinds of posts (a set of strings), and for how long in µs (None: for ever)."""

    __slots__ = ("kinds", "timeout_us")

    def __init__(self, kinds: frozenset[str], timeout_us: int | None = None) -> None:
        self.kinds = kinds
        self.timeout_us = timeout_us


class Task:
    """One running story. `post` gives it something; `kill` ends it where it stands. An exception of the story goes to `on_error`, or
    out of the clock's run."""

    __slots__ = (
        "_clock", "_inbox", "_on_error", "_perform", "_running", "_story", "_timer", "_wanted", "alive",
    )  # fmt: skip

    def __init__(
        self, clock: Clock, story: Story, perform: Callable[[Any], Any] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._story = story
        self._perform = perform
        self._on_error = on_error
        self._timer: Timer | None = None
        self._wanted: frozenset[str] | None = None
        self._inbox: deque[tuple[str, Any]] = deque()
        self._running = False
        self.alive = True

    def start(self) -> Task:
        self._advance(None)
        return self

    def post(self, kind: str, value: Any, keep: bool = True) -> bool:
        """Gives (kind, value) to the story. What it is not waiting for now is kept for later, or dropped
        (`keep=False`: a key pressed while nobody listens). True if it was taken or kept."""
        if not self.alive:
            return False
        if self._wanted is not None and kind in self._wanted and not self._running:
            if self._timer is not None:
                self._timer.cancel()
            self._advance((kind, value))
            return True
        if keep:
            self._inbox.append((kind, value))
        return keep

    def kill(self) -> None:
        """Ends the story where it stands; nothing of it runs any more, also not later in this moment."""
        self.alive = False
        self._inbox.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._running:
            self._story.close()

    def _advance(self, value: Any) -> None:
        self._running = True
        self._wanted = None
        self._timer = None
        send = self._story.send
        try:
            while True:
                effect = send(value)
                if not self.alive:
                    break
                if type(effect) is int:
                    self._timer = self._clock.call_in(effect, self._advance, None)
                    return
                if type(effect) is Wait:
                    found = self._from_inbox(effect.kinds) if self._inbox else None
                    if found is not None:
                        value = found
                        continue
                    self._wanted = effect.kinds
                    if effect.timeout_us is not None:
                        self._timer = self._clock.call_in(effect.timeout_us, self._advance, None)
                    return
                if self._perform is None:
                    raise TypeError(f"a story yields an int, a Wait or an effect, not {effect!r}")
                value = self._perform(effect)
                if not self.alive:
                    break
        except StopIteration:
            self.alive = False
            return
        except Exception as error:
            self.alive = False
            if self._on_error is None:
                raise
            self._on_error(error)
            return
        finally:
            self._running = False
        self._story.close()

    def _from_inbox(self, kinds: frozenset[str]) -> tuple[str, Any] | None:
        for i, post in enumerate(self._inbox):
            if post[0] in kinds:
                del self._inbox[i]
                return post
        return None
