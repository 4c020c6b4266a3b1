"""What happened: an append-only sequence of events, its sinks and its digest.

Every figure, report and verdict is made from the trace and from nothing else. The digest covers all
events, in order, and a final draw of a reserved stream; two runs with equal digests are the same
run, byte for byte.

An event's data is a fresh dict of ints, floats, strings, bytes, bools, None and tuples of these; it
must not be changed after it was emitted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from io import BytesIO
from pickle import Pickler
from typing import IO, Any, NamedTuple

from posemu.sim.clock import Clock

Data = dict[str, Any]
_BLOCK = 256


class Event(NamedTuple):
    """`t_us` since the world began, the part that speaks, what kind of thing happened, and its
    particulars."""

    t_us: int
    source: str
    kind: str
    data: Data


Observer = Callable[[Event], object]
Voice = Callable[[str, Data], None]
"""`voice(kind, data)`: one source's way to emit."""


class Gate:
    """Lets a voice through while it is open; kinds in `always` pass a closed one too."""

    __slots__ = ("always", "open")

    def __init__(self, *always: str) -> None:
        self.open = False
        self.always = always


_OPEN = Gate()
_OPEN.open = True


class Trace:
    """Takes events, hands each to the observers of its kind, and keeps the digest."""

    __slots__ = ("_all", "_block", "_by_kind", "_clock", "_hash", "_routes", "count")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._block: list[tuple[int, str, str, Data]] = []
        self._hash = blake2b(digest_size=16)
        self._all: tuple[Observer, ...] = ()
        self._by_kind: dict[str, tuple[Observer, ...]] = {}
        self._routes: dict[str, tuple[Observer, ...]] = {}
        self.count = 0

    def observe(self, observer: Observer, *kinds: str) -> None:
        """Calls `observer(event)` for every later event of these kinds (of all kinds, if none is
        named)."""
        if not kinds:
            self._all += (observer,)
        for kind in kinds:
            self._by_kind[kind] = (*self._by_kind.get(kind, ()), observer)
        self._routes.clear()

    def emit(self, source: str, kind: str, data: Data) -> None:
        """One event, now."""
        self.voice(source)(kind, data)

    def voice(self, source: str, gate: Gate | None = None) -> Voice:
        """A function that emits events of `source`; while its gate is closed, nothing is heard."""
        clock, block, routes = self._clock, self._block, self._routes
        gate = gate or _OPEN

        def emit(kind: str, data: Data) -> None:
            if not gate.open and kind not in gate.always:
                return
            event = (clock._now, source, kind, data)
            block.append(event)  # type: ignore[arg-type]
            if len(block) == _BLOCK:
                self._absorb()
            observers = routes.get(kind)
            if observers is None:
                observers = routes[kind] = self._all + self._by_kind.get(kind, ())
            if observers:
                named = tuple.__new__(Event, event)
                for observer in observers:
                    observer(named)

        return emit

    def digest(self, final_draw: float) -> str:
        """The digest in hex of all events so far and the reserved stream's final draw. Ends the
        trace."""
        self._absorb()
        self._hash.update(repr((self.count, final_draw)).encode("ascii"))
        return self._hash.hexdigest().upper()

    def _absorb(self) -> None:
        """Hashes what has come, a block at a time."""
        if self._block:
            self.count += len(self._block)
            self._hash.update(canonical(self._block))
            self._block.clear()


def canonical(value: object) -> bytes:
    """Bytes that depend on the values alone: pickle's protocol 3 without its memo (with it, whether
    two equal strings are one object would show). Plain types only. Five times as fast as `repr`;
    `marshal` is not canonical."""
    out = BytesIO()
    pickler = Pickler(out, 3)
    pickler.fast = True
    pickler.dump(value)
    return out.getvalue()


class Memory:
    """A sink that keeps every event, in `events`."""

    __slots__ = ("events",)

    def __init__(self, trace: Trace) -> None:
        self.events: list[Event] = []
        trace.observe(self.events.append)


class JsonLines:
    """A sink that writes each event as a line of JSON; bytes become upper-case hex."""

    __slots__ = ("_file",)

    def __init__(self, trace: Trace, file: IO[str]) -> None:
        self._file = file
        trace.observe(self._write)

    def _write(self, event: Event) -> None:
        self._file.write(as_json_line(event) + "\n")


def as_json_line(event: Event) -> str:
    """The event as one line of JSON, keys in a fixed order."""
    row = {"t_us": event.t_us, "source": event.source, "kind": event.kind, **event.data}
    return json.dumps(row, ensure_ascii=False, default=_hex)


def _hex(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.hex().upper()
    raise TypeError(f"an event holds plain values only, not {type(value).__name__}")
