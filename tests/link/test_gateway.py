"""The gateway: whole messages, and what may happen to one of them behind TCP's back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posemu.link import ANSWER, REQUEST, flip_bit
from posemu.link.connection import SEGMENT
from posemu.link.elements import WIFI_DELAY_US
from posemu.wire import Deframer, frame

S = 1_000_000
ONE_WAY_US = WIFI_DELAY_US + 1_000
TPDU = bytes.fromhex("6000010000")
MESSAGES = [b"one", b"two", b"three", b"four", b"five"]


def run(net: Any, nth: int, way: str, effect: tuple[str, int, float]) -> tuple[Any, list[bytes]]:
    """Five messages, each answered; the n-th message of one way meets the effect."""
    n = net()
    n.answer_with(lambda message: b"re " + message)
    met = 0

    def mischief(ordinal: int, terminal: str, direction: str) -> tuple[str, int, float] | None:
        nonlocal met
        assert terminal == "till-1"
        met += direction == way
        return effect if direction == way and met == nth else None

    n.gateway.spoil(mischief)
    connection = n.connect()
    for message in MESSAGES:
        n.send(connection, message)
        n.clock.run_until(n.clock.now_us + S)
    n.clock.run()
    answers = [f.payload for f in Deframer().feed(n.heard())]
    return n, answers


@pytest.mark.parametrize("nth", [1, 3, 5])
@pytest.mark.parametrize("way", [REQUEST, ANSWER])
def test_a_dropped_message_is_the_one_meant(net: Any, nth: int, way: str) -> None:
    """One message of one way is missing, and with a dropped request its answer; nothing else."""
    n, answers = run(net, nth, way, ("drop", 0, 0.5))
    left = [m for k, m in enumerate(MESSAGES, 1) if k != nth]
    assert [m for _, m in n.at_host] == (left if way == REQUEST else MESSAGES)
    assert answers == [b"re " + m for m in left]
    assert n.emitted("mischief") == [{"effect": "drop", "direction": way, "terminal": "till-1"}]


@pytest.mark.parametrize("u", [0.0, 0.37, 0.999999])
@pytest.mark.parametrize("way", [REQUEST, ANSWER])
def test_a_flipped_bit_is_in_the_one_meant(net: Any, way: str, u: float) -> None:
    """Exactly one bit of exactly one message is turned over; frame and TPDU stay whole."""
    n, answers = run(net, 2, way, ("bitflip", 0, u))
    if way == REQUEST:
        came = [m for _, m in n.at_host]
        assert came == [b"one", flip_bit(b"two", u), b"three", b"four", b"five"]
        assert answers == [b"re " + m for m in came]
    else:
        assert answers == [
            b"re one", flip_bit(b"re two", u), b"re three", b"re four", b"re five"
        ]  # fmt: skip


@pytest.mark.parametrize("way", [REQUEST, ANSWER])
def test_a_delayed_message_is_the_one_meant(net: Any, way: str) -> None:
    """One message comes so much later, whole; the others are not held up, and may overtake it."""
    n, answers = run(net, 2, way, ("delay", 2_500_000, 0.5))
    late = [b"one", b"three", b"four", b"two", b"five"]
    assert [m for _, m in n.at_host] == (late if way == REQUEST else MESSAGES)
    assert answers == [b"re " + m for m in late]
    if way == REQUEST:
        (one_us, _), *_, (two_us, _), _ = n.at_host
        assert two_us - one_us == S + 2_500_000


@pytest.mark.parametrize("way", [REQUEST, ANSWER])
def test_a_doubled_message_is_the_one_meant(net: Any, way: str) -> None:
    """One message comes at once and again after the delay, with the same bytes."""
    n, answers = run(net, 2, way, ("duplicate", 500_000, 0.5))
    twice = [b"one", b"two", b"two", b"three", b"four", b"five"]
    assert [m for _, m in n.at_host] == (twice if way == REQUEST else MESSAGES)
    assert answers == [b"re " + m for m in twice]


def test_each_message_has_a_number_of_its_own(net: Any) -> None:
    """A mischief is asked about each message, of either way, under the next number: its draws are
    keyed by it."""
    n = net()
    n.answer_with(lambda message: b"re " + message)
    asked: list[tuple[int, str]] = []
    n.gateway.spoil(lambda ordinal, terminal, way: asked.append((ordinal, way)))
    connection = n.connect()
    for message in MESSAGES[:2]:
        n.send(connection, message)
        n.clock.run()
    assert asked == [(1, REQUEST), (2, ANSWER), (3, REQUEST), (4, ANSWER)]


def test_two_mischiefs_may_meet_in_one_message(net: Any) -> None:
    """A message is flipped by one mischief and then dropped by another; both are recorded."""
    n = net()
    n.gateway.spoil(lambda ordinal, terminal, way: ("bitflip", 0, 0.0))
    n.gateway.spoil(lambda ordinal, terminal, way: ("drop", 0, 0.0))
    n.send(n.connect(), b"x")
    n.clock.run()
    assert n.at_host == []
    assert [data["effect"] for data in n.emitted("mischief")] == ["bitflip", "drop"]


def test_a_mischief_that_ended_does_nothing(net: Any) -> None:
    """Left alone, messages pass; ending a mischief twice is harmless; a message held up still
    comes."""
    n = net()
    n.answer_with(lambda message: b"re " + message)

    def hold(ordinal: int, terminal: str, way: str) -> tuple[str, int, float] | None:
        return ("delay", S, 0.0) if way == REQUEST else None

    n.gateway.spoil(hold)
    connection = n.connect()
    n.send(connection, b"held up")
    n.clock.run_until(n.clock.now_us + S // 2)
    n.gateway.leave_alone(hold)
    n.gateway.leave_alone(hold)
    n.send(connection, b"free")
    n.clock.run()
    assert [m for _, m in n.at_host] == [b"free", b"held up"]


def test_a_mischief_that_never_acts_changes_nothing(net: Any) -> None:
    """A mischief that always lets pass leaves every event where it was."""
    traces = []
    for spoilt in (False, True):
        n = net(loss=0.2, jitter_us=9_000)
        n.answer_with(lambda message: b"re " + message)
        if spoilt:
            n.gateway.spoil(lambda ordinal, terminal, way: None)
        connection = n.connect()
        for message in MESSAGES:
            n.send(connection, message)
        n.clock.run()
        traces.append(n.memory.events)
    assert traces[0] == traces[1]
    assert len(traces[0]) > 10


@given(st.binary(min_size=1, max_size=60), st.floats(0, 1, exclude_max=True))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_a_flipped_bit_is_one_bit(payload: bytes, u: float) -> None:
    """One bit differs, at the place that the draw names, counted from the first."""
    spoilt = flip_bit(payload, u)
    difference = int.from_bytes(spoilt) ^ int.from_bytes(payload)
    assert len(spoilt) == len(payload)
    assert difference.bit_count() == 1
    assert len(payload) * 8 - difference.bit_length() == int(u * len(payload) * 8)


@given(sizes=st.lists(st.integers(1, 3 * SEGMENT), min_size=1, max_size=4))
@example(sizes=[SEGMENT + 1, 1, 2 * SEGMENT])
@settings(deadline=None, derandomize=True, max_examples=30)
def test_messages_longer_than_a_segment_are_put_together(net: Any, sizes: list[int]) -> None:
    """However messages are cut into segments or glued together, the host gets each one whole."""
    n = net(loss=0.3, jitter_us=2_000)
    messages = [n.text(size, k) for k, size in enumerate(sizes)]
    connection = n.connect()
    connection.send(b"".join(frame(message, TPDU) for message in messages))
    n.clock.run()
    assert [m for _, m in n.at_host] == messages


def test_what_is_under_way_when_the_gateway_restarts_is_lost(net: Any) -> None:
    """A request that reaches a gateway after its reset does not reach the host."""
    n = net()
    connection = n.connect()
    n.send(connection, b"request")
    n.gateway.reset_all()
    n.clock.run()
    assert n.at_host == []
    assert n.whats() == ["up", "reset"]


def test_a_stream_that_is_no_frames_is_reset(net: Any) -> None:
    """Bytes that cannot be a frame end the connection; the host never sees them."""
    n = net()
    connection = n.connect()
    connection.send(b"GET / HTTP/1.1\r\n\r\n")
    n.clock.run()
    assert n.at_host == []
    assert n.whats() == ["up", "reset"]


def test_answers_go_back_with_the_addresses_swapped(net: Any) -> None:
    """The TPDU of an answer names the terminal as destination and the host as source."""
    n = net()
    n.answer_with(lambda message: b"answer")
    n.send(n.connect(), b"request")
    n.clock.run()
    assert n.heard() == frame(b"answer", bytes.fromhex("6000000001"))


def test_every_frame_is_in_the_trace_at_both_ends(net: Any) -> None:
    """A request and its answer are four events, in order: sent and received, at either end."""
    n = net()
    n.answer_with(lambda message: b"answer")
    n.send(n.connect(), b"request")
    n.clock.run()
    frames = [(e.kind, e.data["end"]) for e in n.memory.events if e.kind.startswith("frame")]
    assert frames == [
        ("frame-sent", "terminal"), ("frame-received", "host"), ("frame-sent", "host"),
        ("frame-received", "terminal"),
    ]  # fmt: skip
