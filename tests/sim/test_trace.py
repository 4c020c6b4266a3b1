"""The trace: what happened, in order, to whom it may concern, and its digest."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.sim import Clock, Event, Gate, JsonLines, Memory, Trace, as_json_line

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)  # fmt: skip
DATA = st.dictionaries(st.text(max_size=5), PLAIN, max_size=4)
EVENTS = st.lists(st.tuples(st.integers(0, 9), st.text(max_size=4), st.text(max_size=4), DATA))


def digest(events: list[tuple[int, str, str, dict[str, Any]]], final: float = 0.5) -> str:
    clock = Clock()
    trace = Trace(clock)
    for delay, source, kind, data in events:
        clock.run_until(clock.now_us + delay)
        trace.emit(source, kind, data)
    return trace.digest(final)


def copy_of(value: Any) -> Any:
    """An equal value in which no two equal parts are one object, as far as Python allows."""
    if isinstance(value, str):
        return "".join(list(value))
    if isinstance(value, bytes):
        return bytes(bytearray(value))
    if isinstance(value, tuple):
        return tuple([copy_of(item) for item in value])
    if isinstance(value, dict):
        return {copy_of(key): copy_of(item) for key, item in value.items()}
    if isinstance(value, bool) or value is None:
        return value
    return type(value)(repr(value))


@given(EVENTS)
@settings(deadline=None, derandomize=True)
def test_the_digest_sees_values_and_not_objects(events: list[Any]) -> None:
    """Equal events have equal digests, whether or not their parts are the same objects."""
    assert digest(events) == digest([copy_of(event) for event in events])


def test_interning_does_not_show() -> None:
    """One string object used twice and two equal ones give the same digest."""
    word = "".join(["long ", "enough ", "not ", "to ", "be ", "interned"])
    other = "".join(["long ", "enough ", "not ", "to ", "be ", "interned"])
    assert word is not other
    same = [(0, "x", "k", {"a": word, "b": word, "c": (word, word)})]
    apart = [(0, "x", "k", {"a": word, "b": other, "c": (other, word)})]
    assert digest(same) == digest(apart)


EVENT = (1, "till-1", "state", {"state": "idle", "n": 1})


@pytest.mark.parametrize(
    "other",
    [
        (2, "till-1", "state", {"state": "idle", "n": 1}),
        (1, "till-2", "state", {"state": "idle", "n": 1}),
        (1, "till-1", "screen", {"state": "idle", "n": 1}),
        (1, "till-1", "state", {"state": "idlE", "n": 1}),
        (1, "till-1", "state", {"state": "idle", "n": 2}),
        (1, "till-1", "state", {"state": "idle", "n": 1.0}),
        (1, "till-1", "state", {"state": "idle", "n": True}),
        (1, "till-1", "state", {"state": b"idle", "n": 1}),
        (1, "till-1", "state", {"n": 1, "state": "idle"}),
        (1, "till-1", "state", {"state": "idle"}),
        (1, "till-1", "state", {"state": ("idle",), "n": 1}),
    ],
)
def test_the_digest_sees_every_difference(other: Any) -> None:
    """Another time, source, kind, value, type or order of keys is another digest."""
    assert digest([EVENT]) != digest([other])


def test_order_number_and_final_draw_matter() -> None:
    """Two events swapped, one left out, or another final draw: another digest."""
    a, b = (0, "x", "a", {}), (0, "x", "b", {})
    digests = [digest([a, b]), digest([b, a]), digest([a]), digest([]), digest([a, b], 0.25)]
    digests.append(digest([a, a, b]))
    assert len(set(digests)) == len(digests)


def test_golden_digest() -> None:
    """This digest holds on every platform and Python version: stored runs are compared with it."""
    events = [
        (3, "till-1", "frame-sent", {"end": "terminal", "bytes": bytes(range(256)), "n": 10**20}),
        (0, "till-1", "receipt", {"lines": ("消费", "TRACE: 000001"), "p": 0.1, "none": None}),
        (10**12, "host", "posting", {"amount_minor": -3800, "first": True, "stan": ""}),
    ]
    assert digest(events * 100) == "A2ECCCE7EDB967185F43C40AB309F3B5"


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 511, 512, 513])
def test_the_count_is_exact_at_the_borders_of_blocks(count: int) -> None:
    """However many events there are, each of them is counted and is in the digest."""
    clock = Clock()
    trace = Trace(clock)
    for n in range(count):
        trace.emit("x", "k", {"n": n})
    plain = trace.digest(0.0)
    assert trace.count == count
    for changed in {0, count // 2, count - 1}:
        if 0 <= changed < count:
            events = [(0, "x", "k", {"n": -1 if n == changed else n}) for n in range(count)]
            assert digest(events, 0.0) != plain
    assert digest([(0, "x", "k", {"n": n}) for n in range(count)], 0.0) == plain


def test_how_an_event_is_emitted_does_not_show() -> None:
    """A voice, an open gate and `emit` give the same digest; observers do not change it."""
    clock = Clock()
    trace = Trace(clock)
    seen = Memory(trace)
    gate = Gate()
    gate.open = True
    trace.voice("x", gate)("k", {"n": 1})
    trace.voice("x")("k", {"n": 2})
    trace.emit("x", "k", {"n": 3})
    assert trace.digest(0.5) == digest([(0, "x", "k", {"n": n}) for n in (1, 2, 3)])
    assert [event.data["n"] for event in seen.events] == [1, 2, 3]


def test_a_closed_gate_lets_nothing_through_but_what_it_always_does() -> None:
    """While its gate is closed a voice is silent, except in the kinds that pass always."""
    trace = Trace(Clock())
    seen = Memory(trace)
    gate = Gate("power")
    voice = trace.voice("till-1", gate)
    voice("state", {"n": 1})
    voice("power", {"n": 2})
    gate.open = True
    voice("state", {"n": 3})
    gate.open = False
    voice("state", {"n": 4})
    assert [(event.kind, event.data["n"]) for event in seen.events] == [("power", 2), ("state", 3)]
    trace.digest(0.0)
    assert trace.count == 2


def test_observers_hear_their_kinds_from_then_on() -> None:
    """An observer hears later events of its kinds, or of all; those of all are told first."""
    clock = Clock()
    trace = Trace(clock)
    heard: list[tuple[str, str]] = []
    voice = trace.voice("x")
    voice("a", {})
    trace.observe(lambda e: heard.append(("ab", e.kind)), "a", "b")
    voice("a", {})
    trace.observe(lambda e: heard.append(("all", e.kind)))
    voice("a", {})
    voice("c", {})
    assert heard == [("ab", "a"), ("all", "a"), ("ab", "a"), ("all", "c")]


def test_an_observer_may_emit() -> None:
    """What an observer emits while it listens comes after what it heard, at the same moment."""
    clock = Clock(5)
    trace = Trace(clock)
    memory = Memory(trace)
    trace.observe(lambda e: trace.emit("echo", "b", {}), "a")
    trace.emit("x", "a", {})
    assert memory.events == [Event(5, "x", "a", {}), Event(5, "echo", "b", {})]


def test_events_carry_the_time_of_the_clock() -> None:
    """An event has the moment it was emitted at, as an int."""
    clock = Clock()
    memory = Memory(trace := Trace(clock))
    for t in (0, 3, 1_000_000):
        clock.call_at(t, trace.emit, "x", "k", {})
    clock.run()
    assert [event.t_us for event in memory.events] == [0, 3, 1_000_000]


def test_json_lines_are_json_with_a_fixed_order_and_hex_for_bytes() -> None:
    """Each event is a line of JSON: t_us, source, kind, its data; bytes are upper-case hex."""
    file = io.StringIO()
    trace = Trace(Clock(7))
    JsonLines(trace, file)
    trace.emit("till-1", "frame", {"bytes": b"\xab\x01", "text": "消费\n", "lines": ("a", b"\xff")})
    trace.emit("till-1", "keys", {"count": 4, "p": 0.25, "none": None, "yes": True})
    lines = file.getvalue().splitlines()
    assert lines[0].startswith('{"t_us": 7, "source": "till-1", "kind": "frame", "bytes": "AB01"')
    assert [json.loads(line) for line in lines] == [
        {
            "t_us": 7, "source": "till-1", "kind": "frame", "bytes": "AB01", "text": "消费\n",
            "lines": ["a", "FF"],
        },
        {
            "t_us": 7, "source": "till-1", "kind": "keys", "count": 4, "p": 0.25, "none": None,
            "yes": True,
        },
    ]  # fmt: skip


def test_an_event_of_other_than_plain_values_is_refused() -> None:
    """A line of JSON is made of plain values only; the error names the type, not the value."""
    with pytest.raises(TypeError, match="not object"):
        as_json_line(Event(0, "x", "k", {"v": object()}))
