"""A TCP connection as its two ends see it: delay, reset or silence, never missing bytes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posemu.link.connection import RETRIES, SEGMENT
from posemu.link.elements import WIFI_DELAY_US

ONE_WAY_US = WIFI_DELAY_US + 1_000
S = 1_000_000
LOSSES = st.frozensets(st.tuples(st.sampled_from(["out", "in"]), st.integers(1, 60)), max_size=60)
SIZES = st.lists(st.integers(1, 3 * SEGMENT), min_size=1, max_size=6)


@given(lost=LOSSES, sizes=SIZES, gaps=st.lists(st.integers(0, 2 * S), min_size=6, max_size=6))
@example(lost=frozenset({("out", 1), ("in", 3)}), sizes=[SEGMENT, 3 * SEGMENT, 1], gaps=[S] * 6)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_what_arrives_is_a_complete_ordered_prefix(
    net: Any, lost: frozenset[tuple[str, int]], sizes: list[int], gaps: list[int]
) -> None:
    """Whatever is lost, either end has at every moment a prefix of what the other sent, and in the
    end all of it, as long as nobody gives up."""
    n = net(lost=lambda what, ordinal, now: (what, ordinal) in lost)
    pieces = [n.text(size, k) for k, size in enumerate(sizes)]
    connection = n.connect()
    got = bytearray()
    sent_out = b"".join(pieces)

    def at_gateway(which: object, data: bytes) -> None:
        got.extend(data)
        assert sent_out.startswith(got)

    n.gateway.data = at_gateway
    for piece, gap in zip(pieces, gaps, strict=False):
        n.clock.run_until(n.clock.now_us + gap)
        connection.send(piece)
        connection.send_back(piece[::-1])
        assert b"".join(p[::-1] for p in pieces).startswith(n.heard())
    n.clock.run()
    assert "reset" not in n.whats() or len(lost) > RETRIES
    if "reset" not in n.whats():
        assert bytes(got) == sent_out
        assert n.heard() == b"".join(piece[::-1] for piece in pieces)


def test_segments_keep_their_order_under_jitter(net: Any) -> None:
    """However different their delays, segments arrive in the order they were sent."""
    n = net(jitter_us=500_000, loss=0.3, seed=5)
    connection = n.connect()
    got: list[bytes] = []
    n.gateway.data = lambda which, data: got.append(data)
    for k in range(200):
        connection.send(b"%04d" % k)
        n.clock.run_until(n.clock.now_us + 7_000)
    n.clock.run()
    assert b"".join(got) == b"".join(b"%04d" % k for k in range(200))


def test_retransmissions_back_off_and_end_in_a_reset(net: Any) -> None:
    """A segment that never arrives is tried 15 more times, 200 ms after the first, then twice as
    long after each, up to 120 s; after the last the connection counts as reset."""
    n = net(lost=lambda what, ordinal, now: what == "out")
    connection = n.connect()
    start_us = n.clock.now_us
    n.segments.clear()
    connection.send(b"x")
    n.clock.run()
    tries = [t - start_us for t, what, _ in n.segments if what == "out"]
    waits = [b - a for a, b in pairwise(tries)]
    assert waits == [min(200_000 * 2**k, 120 * S) for k in range(15)]
    assert tries[0] == 0
    assert n.whats() == ["up", "reset"]
    ended_us = n.events[-1][0] - start_us
    assert ended_us >= tries[-1]
    assert 13 * 60 * S < ended_us < 30 * 60 * S
    assert not connection.usable


def test_after_a_success_the_next_loss_starts_small_again(net: Any) -> None:
    """The time-out of a segment that got through does not stay with the ones behind it."""
    lost = {1, 2, 3, 5}
    n = net(lost=lambda what, ordinal, now: what == "out" and ordinal in lost)
    connection = n.connect()
    start_us = n.clock.now_us
    n.segments.clear()
    n.gateway.data = lambda which, data: None
    connection.send(bytes(2 * SEGMENT))
    n.clock.run()
    times = [t - start_us for t, what, _ in n.segments if what == "out"]
    assert times == [0, 200_000, 600_000, 1_400_000, 1_400_000, 1_600_000]


@pytest.mark.parametrize("lost_tries", range(7))
def test_a_syn_is_sent_again_after_one_second_doubling(net: Any, lost_tries: int) -> None:
    """A lost SYN is tried again after 1 s, 3 s, 7 s ...; the connection stands one round trip after
    the first that comes through."""
    n = net(lost=lambda what, ordinal, now: what == "syn" and ordinal <= 2 * lost_tries)
    n.network.dial()
    n.clock.run_until(200 * S)
    at_us = (2**lost_tries - 1) * S
    assert [(t, what) for t, what, _, _ in n.events] == [(at_us + 2 * ONE_WAY_US, "up")]


def test_a_host_that_is_never_reached_is_silence(net: Any) -> None:
    """Seven SYNs go out, the last 63 s after the first; nobody is told anything."""
    n = net(lost=lambda what, ordinal, now: True)
    connection = n.network.dial()
    n.clock.run()
    assert [t // S for t, what, _ in n.segments if what == "syn"] == [0, 1, 3, 7, 15, 31, 63]
    assert n.events == []
    assert not connection.usable


def test_a_router_that_forgot_lets_the_next_syn_through(net: Any) -> None:
    """A SYN makes an entry of its own in the router's table: what the router knew when the first
    one was sent does not matter to the second."""
    n = net()
    n.line.cut()
    n.network.dial()
    n.clock.run_until(S // 2)
    n.router.forget_connections()
    n.line.mend()
    n.clock.run()
    assert [(t, what) for t, what, _, _ in n.events] == [(S + 2 * ONE_WAY_US, "up")]


def test_each_connection_is_told_under_a_number_of_its_own(net: Any) -> None:
    """The trace says what became of each connection; they are numbered from 1."""
    n = net()
    n.connect().close()
    n.gateway.refuse()
    n.network.dial()
    n.clock.run()
    assert n.emitted("connection") == [
        {"what": "up", "connection": 1}, {"what": "refused", "connection": 2},
    ]  # fmt: skip


def test_nothing_is_sent_before_the_connection_stands(net: Any) -> None:
    """What is sent while dialling never leaves, and the trace does not say that it did."""
    n = net()
    connection = n.network.dial()
    n.send(connection, b"too early")
    n.clock.run()
    assert n.whats() == ["up"]
    assert n.at_host == []
    assert n.emitted("frame-sent") == []


def test_a_lost_answer_to_the_syn_is_made_good_by_the_next(net: Any) -> None:
    """If only the answer to a SYN is lost, the next SYN brings another, and one `up` is told."""
    n = net(lost=lambda what, ordinal, now: what == "syn" and ordinal == 3)
    n.network.dial()
    n.clock.run()
    assert [(t, what) for t, what, _, _ in n.events] == [(S + 2 * ONE_WAY_US, "up")]


@pytest.mark.parametrize("answer", ["up", "refused"])
def test_a_slow_answer_is_told_once(net: Any, answer: str) -> None:
    """When the round trip is longer than the time-out of the SYN, and so several SYNs are answered,
    it is still told once only."""
    n = net(delay_us=2_500_000)
    if answer == "refused":
        n.gateway.refuse()
    n.network.dial()
    n.clock.run()
    assert n.whats() == [answer]


def test_a_gateway_that_refuses_says_so(net: Any) -> None:
    """A refused connection is told as "refused", once, and is not usable; refusals add up."""
    n = net()
    n.gateway.refuse()
    n.gateway.refuse()
    n.gateway.listen()
    connection = n.network.dial()
    n.clock.run()
    assert [(t, what) for t, what, _, _ in n.events] == [(2 * ONE_WAY_US, "refused")]
    assert not connection.usable
    n.send(connection, b"nothing")
    n.clock.run()
    assert n.at_host == []
    n.gateway.listen()
    assert n.connect().usable


def test_a_cut_line_is_silence_then_delivery(net: Any) -> None:
    """What is sent into a cut line arrives after the line is mended, at the next retransmission."""
    n = net()
    n.answer_with(lambda message: b"answer")
    connection = n.connect()
    n.line.cut()
    start_us = n.clock.now_us
    n.send(connection, b"request")
    n.clock.run_until(start_us + 5 * S)
    assert n.at_host == []
    assert n.whats() == ["up"]
    n.line.mend()
    n.clock.run()
    assert n.at_host == [(start_us + 6_200_000 + ONE_WAY_US, b"request")]
    assert n.whats() == ["up", "data"]
    assert n.heard()[7:] == b"answer"


def test_a_router_that_forgot_leaves_the_connection_half_open(net: Any) -> None:
    """After the router lost its table, an open connection is silent both ways for many minutes; a
    new one works at once."""
    n = net()
    n.answer_with(lambda message: b"answer")
    old = n.connect()
    n.router.forget_connections()
    n.send(old, b"into the void")
    n.clock.run_until(n.clock.now_us + 12 * 60 * S)
    assert n.at_host == []
    assert n.whats() == ["up"]
    assert old.usable
    new = n.connect()
    n.send(new, b"anew")
    n.clock.run_until(n.clock.now_us + S)
    assert [message for _, message in n.at_host] == [b"anew"]
    assert n.heard()[7:] == b"answer"


def test_an_answer_on_a_forgotten_connection_never_comes(net: Any) -> None:
    """The router forgets between request and answer: the terminal hears nothing."""
    n = net()
    n.answer_with(lambda message: b"answer", after_us=S)
    connection = n.connect()
    n.send(connection, b"request")
    n.clock.run_until(n.clock.now_us + S // 2)
    n.router.forget_connections()
    n.clock.run_until(n.clock.now_us + 10 * 60 * S)
    assert len(n.at_host) == 1
    assert n.whats() == ["up"]


def test_closing_delivers_what_was_sent_and_hears_nothing_more(net: Any) -> None:
    """After `close` the bytes already sent still arrive; answers find nobody."""
    n = net()
    n.answer_with(lambda message: b"answer")
    connection = n.connect()
    n.send(connection, b"request")
    connection.close()
    connection.close()
    n.send(connection, b"too late")
    n.clock.run()
    assert [message for _, message in n.at_host] == [b"request"]
    assert n.whats() == ["up"]
    assert len([data for data in n.emitted("frame-sent") if data["end"] == "terminal"]) == 1


def test_a_delayed_answer_after_close_reaches_nobody(net: Any) -> None:
    """An answer that the host gives after the terminal has closed is heard by nobody."""
    n = net()
    connection = n.connect()
    n.send(connection, b"request")
    n.clock.run()
    connection.close()
    n.replies[0](b"late")
    n.clock.run()
    assert n.whats() == ["up"]
    assert n.emitted("frame-received") == [
        {"end": "host", "terminal": "till-1", "bytes": n.emitted("frame-sent")[0]["bytes"]}
    ]


@pytest.mark.parametrize("settled", [True, False])
def test_reset_all_is_told_to_every_connection_that_stands(net: Any, settled: bool) -> None:
    """A restart of the gateway resets the connections it has; the terminal is told, once."""
    n = net()
    connection = n.connect()
    if settled:
        n.clock.run()
    n.gateway.reset_all()
    n.gateway.reset_all()
    n.clock.run()
    assert n.whats() == ["up", "reset"]
    assert not connection.usable
    assert n.connect().usable


def test_a_reset_is_not_told_to_who_has_closed(net: Any) -> None:
    """A reset under way to a terminal that closes before it comes finds nobody."""
    n = net()
    connection = n.connect()
    n.gateway.reset_all()
    connection.close()
    n.clock.run()
    assert n.whats() == ["up"]


def test_a_reset_that_is_lost_leaves_silence(net: Any) -> None:
    """Through a cut line not even a reset comes: the terminal goes on believing."""
    n = net()
    connection = n.connect()
    n.line.cut()
    n.gateway.reset_all()
    n.clock.run()
    assert n.whats() == ["up"]
    assert connection.usable


# --- power ---------------------------------------------------------------------------------------


def test_power_loss_ends_retransmission(net: Any) -> None:
    """A terminal without power sends nothing any more: what was lost before stays lost."""
    n = net()
    connection = n.connect()
    n.line.cut()
    n.send(connection, b"request")
    n.clock.run_until(n.clock.now_us + S)
    n.network.lose_power()
    n.line.mend()
    n.clock.run()
    assert n.at_host == []
    assert n.whats() == ["up"]


def test_what_was_on_its_way_arrives_without_its_sender(net: Any) -> None:
    """A request in flight when the power fails still reaches the host: the half-open case."""
    n = net()
    n.answer_with(lambda message: b"answer")
    connection = n.connect()
    n.send(connection, b"request")
    n.network.lose_power()
    n.clock.run()
    assert [message for _, message in n.at_host] == [b"request"]
    assert n.whats() == ["up"]


def test_power_lost_in_the_moment_of_sending_ends_retransmission_too(net: Any) -> None:
    """A fault anchored to the message cuts the power in the moment it is put on the wire: at most
    that first segment is sent, and never again."""
    n = net()
    n.trace.observe(
        lambda e: n.network.lose_power() if e.data["end"] == "terminal" else None, "frame-sent"
    )
    connection = n.connect()
    n.line.cut()
    n.send(connection, b"request")
    n.clock.run_until(n.clock.now_us + S)
    n.line.mend()
    n.clock.run()
    assert n.at_host == []


@pytest.mark.parametrize("end", ["power", "close"])
def test_a_handshake_that_is_given_up_goes_no_further(net: Any, end: str) -> None:
    """A handshake under way ends with the power, and when the terminal closes; nothing is told."""
    n = net(lost=lambda what, ordinal, now: now < 2 * S)
    connection = n.network.dial()
    n.clock.run_until(S // 2)
    if end == "power":
        n.network.lose_power()
    else:
        connection.close()
    n.clock.run()
    assert n.events == []
    assert {t for t, _, _ in n.segments} == {0}
