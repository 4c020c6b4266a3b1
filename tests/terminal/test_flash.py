"""Flash: what was flushed survives a power cut, what was only written does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.terminal.flash import Flash

OPERATIONS = st.lists(
    st.tuples(st.just("write"), st.binary(max_size=20))
    | st.tuples(st.just("flush"), st.integers(0, 1_000))
    | st.tuples(st.just("cut"), st.just(0))
    | st.tuples(st.just("cut-in-flush"), st.integers(0, 1_200)),
    max_size=20,
)


@given(OPERATIONS)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_flash_loses_exactly_what_was_not_flushed(operations: list[tuple[str, object]]) -> None:
    """Against a naive model: durable bytes stay, written ones go, and of a flush under way a prefix
    stays that is as long as the share of its time that had passed."""
    flash, now_us = Flash(1_000), 0
    flash.get_power()
    durable, waiting = b"", b""
    for what, value in operations:
        if what == "write":
            assert isinstance(value, bytes)
            flash.write(value)
            waiting += value
        elif what == "flush":
            flash.begin_flush(now_us)
            now_us += 1_000
            flash.end_flush()
            durable, waiting = durable + waiting, b""
        else:
            if what == "cut-in-flush":
                assert isinstance(value, int)
                flash.begin_flush(now_us)
                now_us += value
                durable += waiting[: len(waiting) * min(value, 1_000) // 1_000]
            flash.lose_power(now_us)
            flash.get_power()
            waiting = b""
        assert flash.content() == durable
        assert flash.clean == (not waiting)


def test_what_is_written_during_a_flush_waits_for_the_next() -> None:
    """A flush takes what was there when it began, and nothing that came after."""
    flash = Flash(1_000)
    flash.get_power()
    flash.write(b"early")
    flash.begin_flush(0)
    flash.write(b"late")
    flash.end_flush()
    assert flash.content() == b"early"
    assert not flash.clean


def test_without_power_nothing_is_written() -> None:
    """Writes and flushes of a program that is already dead leave no trace."""
    flash = Flash(1_000)
    flash.get_power()
    flash.write(b"a")
    flash.begin_flush(0)
    flash.end_flush()
    flash.lose_power(5_000)
    flash.write(b"b")
    flash.begin_flush(5_000)
    flash.end_flush()
    flash.get_power()
    assert flash.content() == b"a"
    assert flash.clean


@pytest.mark.parametrize("passed_us", range(0, 1_001, 50))
def test_a_torn_flush_leaves_the_share_of_its_time(passed_us: int) -> None:
    """Power lost after a share of the flush's time leaves that share of its bytes."""
    flash = Flash(1_000)
    flash.get_power()
    flash.write(bytes(range(100)))
    flash.begin_flush(7_000)
    flash.lose_power(7_000 + passed_us)
    assert flash.content() == bytes(range(passed_us // 10))


def test_erasing_keeps_what_is_named() -> None:
    """`keep_only` leaves just the named part, and later flushes go behind it."""
    flash = Flash(1_000)
    flash.get_power()
    flash.write(b"old new")
    flash.begin_flush(0)
    flash.end_flush()
    flash.keep_only(b"new")
    flash.write(b"er")
    flash.begin_flush(0)
    flash.end_flush()
    assert flash.content() == b"newer"
