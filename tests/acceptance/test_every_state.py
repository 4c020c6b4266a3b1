"""Every fault at every state: at each occurrence of each state that a terminal passes through in
sale, reversal, sign-on, end of day and recovery, at its entry and in its middle. None is left out.

A fault that is anchored to a state of a base run must strike there, because up to that moment both
runs are the same. So each world checks three things: every invariant holds, the fault struck where
it was asked to, and nothing before it was different.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

import pytest

from posemu.faults import OnState
from posemu.terminal import State

from .bases import BASES, SECOND, Base
from .conftest import Tell
from .worlds import (
    CHIP_ONLY,
    SETTINGS,
    VARIANTS,
    Run,
    Variant,
    base_run,
    met_first,
    modes_under_test,
    report,
    run,
)

EXHAUSTED = "keys-run-out"  # comes to no rest, by design: it is only shown to be reached
PARTS_OF_OTHERS = ("plain", "two-sales", "two-sales-one-reversed")  # their states are in others
STORIES = tuple(name for name in BASES if name not in (EXHAUSTED, *PARTS_OF_OTHERS))
PLAIN_CHIP = "chip"
LATE_US = 300 * SECOND  # after the last customer of every base


class Point(NamedTuple):
    """An occurrence of a state in a run, and so long after its entry; which moment that is."""

    trigger: OnState
    t_us: int


@cache
def points() -> dict[str, list[Point]]:
    """By story: each occurrence of each state that no earlier story met with the same past."""
    return met_first(STORIES, lambda name: points_of(base_run(name)))


def points_of(base: Run) -> tuple[Point, ...]:
    """Each occurrence of each state: its entry, and its middle if it lasts."""
    entries = [e for e in base.events if e.kind == "state" and e.t_us < base.close_us]
    leaves_us = [e.t_us for e in entries[1:]] + [base.close_us]
    seen: Counter[str] = Counter()
    found = []
    for entry, left_us in zip(entries, leaves_us, strict=True):
        state = entry.data["state"]
        seen[state] += 1
        for after_us in dict.fromkeys((0, (left_us - entry.t_us) // 2)):
            found.append(Point(OnState(state, seen[state], after_us), entry.t_us + after_us))
    return tuple(found)


def strike_in(found: Run, mode_id: str, t_us: int) -> int | None:
    """The index of the event with which a fault of this mode began at this moment."""
    for i, event in enumerate(found.events):
        if event.kind == "fault" and event.t_us == t_us and event.data.get("fault") == mode_id:
            return i
    return None


def test_every_failure_mode_is_under_test() -> None:
    """A failure mode that is added to the catalogue is tried here too, with every choice it has."""
    modes = modes_under_test()
    assert set(SETTINGS) == set(modes)
    for mode in modes.values():
        settings = [variant.setting for variant in VARIANTS.values() if variant.mode is mode]
        for param in mode.params.values():
            tried = {setting.params.get(param.name, param.default) for setting in settings}
            assert tried >= set(param.choices), f"{mode.id}: {param.name}"


def test_every_state_is_reached() -> None:
    """The base runs pass through every state of the table while faults can strike."""
    reached = set()
    for name in STORIES:
        base = base_run(name)
        entries = [e for e in base.events if e.kind == "state"]
        assert all(e.t_us < base.close_us for e in entries), f"{name} is busy when the shop closes"
        reached |= {e.data["state"] for e in entries}
    assert reached == {state.value for state in State} - {State.OUT_OF_SERVICE.value}


def test_the_sales_are_what_they_are_called() -> None:
    """The base run of the sales holds approved ones, a declined one and a cancelled one."""
    ended = [e.data["result"] for e in base_run("sale").events if e.kind == "sale-ended"]
    assert ended == ["approved", "declined", "cancelled", "approved"]


CHIP_ENDS = {
    "chip": (["approved", "approved", "declined"], ["waiting", "attempt", "answered"]),
    "chip-unanswered": (["approved", "approved"], ["waiting"] * 2 + ["attempt", "answered"] * 2),
    "chip-lost": (["reversed"], []),
    "chip-no-line": (["declined"], []),
    "chip-refused": (["reversed"], []),
    "chip-fallback": (["approved"], []),
    "chip-choice": (["approved"], []),
    "advice-repeats": (["approved"], ["waiting"] + ["attempt"] * 3 + ["answered"]),
    "cut-storing": ([], ["waiting"]),
    "cut-stored": ([], ["waiting", "attempt", "answered"]),
    "cut-finishing": ([], []),
}


def test_the_chip_sales_are_what_they_are_called() -> None:
    """How the sales of each chip base end, and what its queue of advices goes through."""
    assert {name for name in STORIES if BASES[name].by_chip} == set(CHIP_ENDS)
    for name, (results, records) in CHIP_ENDS.items():
        events = base_run(name).events
        ended = [e.data["result"] for e in events if e.kind == "sale-ended"]
        queued = [e.data["record"] for e in events if e.kind == "queue-write"]
        assert (ended, queued) == (results, records), name


def test_out_of_service_is_reached_without_a_crash() -> None:
    """When the last key is used up, the terminal goes out of service and breaks no rule of money:
    it only comes to no rest."""
    found = run(EXHAUSTED)
    broken = {v.invariant for v in found.violations}
    assert broken == {"comes-to-rest", "totals-agree"}, report([found.trouble()], 1)
    states = [e.data["state"] for e in found.events if e.kind == "state"]
    assert states[-1] == State.OUT_OF_SERVICE.value


def _is_tried(variant: Variant, base: Base) -> bool:
    """What only touches chips cannot be felt without one; the states of an order meet each listed
    way of a fault, not every strength."""
    if base.by_chip:
        return True
    return variant.mode.id not in CHIP_ONLY and (variant.setting.listed or not base.p_code)


def _is_first(variant: Variant, base: Base) -> bool:
    """Each listed way of a fault where it is at home: of one that touches chips, in a plain chip
    sale. The rest are strengths and combinations, and take three times as long."""
    home = base.name == PLAIN_CHIP if variant.mode.id in CHIP_ONLY else not base.by_chip
    return variant.setting.listed and home


def stories_of(variant: Variant, first: bool) -> list[str]:
    """Where it is tried first, or in the rest."""
    return [
        name for name in STORIES
        if _is_tried(variant, BASES[name]) and _is_first(variant, BASES[name]) is first
    ]  # fmt: skip


FIRST = [variant for variant in VARIANTS.values() if stories_of(variant, first=True)]
FURTHER = [variant for variant in VARIANTS.values() if stories_of(variant, first=False)]


@pytest.mark.slow
@pytest.mark.parametrize("variant", FIRST, ids=lambda variant: variant.name)
def test_fault_at_every_state(variant: Variant, tell: Tell) -> None:
    """Whatever state it strikes in, a fault leaves money, words and secrets in order, and the
    terminal comes to rest."""
    _assert_safe_at_every_state(variant, stories_of(variant, first=True), tell)


@pytest.mark.exhaustive
@pytest.mark.parametrize("variant", FURTHER, ids=lambda variant: variant.name)
def test_every_strength_of_a_fault_at_every_state(variant: Variant, tell: Tell) -> None:
    """Likewise, for all that is not tried there: every strength, and a chip sale under the faults
    of line, host and power."""
    _assert_safe_at_every_state(variant, stories_of(variant, first=False), tell)


def _assert_safe_at_every_state(variant: Variant, stories: list[str], tell: Tell) -> None:
    worlds = felt = 0
    broken: list[str] = []
    for name in stories:
        base = base_run(name)
        for point in points()[name]:
            found = run(name, variant.at(point.trigger))
            struck = strike_in(found, variant.mode.id, point.t_us)
            assert struck is not None, f"it did not strike:\n{found.code()}"
            assert found.events[:struck] == base.events[:struck], (
                f"something was different before it struck:\n{found.code()}"
            )
            worlds += 1
            felt += found.story() != base.story()
            if found.violations:
                broken.append(found.trouble())
    tell("every fault at every state", of=variant.mode.id, worlds=worlds, struck=worlds, felt=felt)
    assert felt, "every world was the same as its base: this fault has no effect"
    assert not broken, report(broken, worlds)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_closing_at_every_state(name: str, tell: Tell) -> None:
    """Whatever the terminal does when the shop closes, it comes to rest with the day settled."""
    closings = points_of(run(name, closes_us=LATE_US))
    found = [run(name, closes_us=point.t_us) for point in closings]
    broken = [each.trouble() for each in found if each.violations]
    tell("closing at every state", worlds=len(found))
    assert not broken, report(broken, len(found))
