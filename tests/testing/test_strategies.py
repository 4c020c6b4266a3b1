"""Schedules from Hypothesis: all are valid, and they shrink to what a person would have written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from posemu.faults import Always, AtTimes, FaultSpec, OnJournal, OnMessage, OnState, load_catalogue
from posemu.scenario import load_text
from posemu.scenario.spec import TillSpec
from posemu.sim import Constant
from posemu.terminal import State
from posemu.testing import assert_safe, fault, small_shop
from posemu.testing.scenario_file import scenario_text
from posemu.testing.strategies import anchors, faults, modes, schedules

SHOP = small_shop()
TWO_TILLS = replace(SHOP, tills=(TillSpec("till-1", -55.0), TillSpec("till-2", -55.0)))
_PROFILES = ("basic-sda", "credit-cda", "debit-dda", "two-applications", "signature", "expired")
CHIPS = replace(
    SHOP,
    people=tuple(
        replace(person, chip=profile, service_code="201")
        for person, profile in zip(SHOP.people, cycle(_PROFILES), strict=False)
    ),
)
SAME_EVERY_TIME = settings(
    max_examples=150, derandomize=True, database=None, deadline=None,
    phases=(Phase.generate, Phase.shrink), suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
Schedule = tuple[FaultSpec, ...]


def simplest(wanted: Callable[[Schedule], bool], seed: int = 0) -> Schedule:
    """What a search for `wanted` shrinks to."""
    found: Schedule = find(
        schedules(),
        wanted,
        settings=settings(
            SAME_EVERY_TIME, max_examples=5000, phases=(Phase.generate, Phase.shrink)
        ),
        random=Random(seed),
    )
    return found


def ids(schedule: Schedule) -> list[str]:
    return [spec.id for spec in schedule]


@SAME_EVERY_TIME
@given(schedules())
def test_correct_terminal_is_safe(schedule: Schedule) -> None:
    """Whatever strikes, the correct terminal breaks no rule."""
    assert_safe(SHOP, schedule)


@settings(SAME_EVERY_TIME, max_examples=100)
@given(schedules(scenario=CHIPS))
def test_a_correct_terminal_is_safe_with_chips(schedule: Schedule) -> None:
    """Whatever strikes while chips of all kinds are inserted, no rule is broken."""
    assert_safe(CHIPS, schedule)


@settings(SAME_EVERY_TIME, max_examples=60)
@given(schedules(scenario=TWO_TILLS))
def test_two_correct_terminals_are_safe(schedule: Schedule) -> None:
    """Whatever strikes one of two tills, or both, at whatever time, no rule is broken at either."""
    assert_safe(replace(TWO_TILLS, cardholders=replace(SHOP.cardholders, each=2)), schedule)


@SAME_EVERY_TIME
@given(schedules(3, scenario=TWO_TILLS))
def test_valid(schedule: Schedule) -> None:
    """Every schedule could have been read from a scenario file."""
    assert len(schedule) <= 3
    assert load_text(scenario_text(TWO_TILLS, schedule), "schedule.yaml").faults == schedule


def test_all_modes_but_controls() -> None:
    """Every failure mode but the negative controls is used, moments before spells."""
    catalogue = load_catalogue()
    assert set(modes()) == {mode.id for mode in catalogue.values() if not mode.control}
    shapes = [catalogue[mode_id].shape for mode_id in modes()]
    assert shapes == sorted(shapes, key=["moment", "spell", "static"].index)


def test_everything_comes_up() -> None:
    """A few hundred faults hold every failure mode, kind of trigger and till."""
    seen: set[object] = set()

    @settings(SAME_EVERY_TIME, max_examples=600, phases=[Phase.generate])
    @given(faults(scenario=TWO_TILLS))
    def look(spec: FaultSpec) -> None:
        seen.update({spec.id, type(spec.trigger), spec.target})

    look()
    assert set(modes()) <= seen
    assert {OnMessage, OnState, OnJournal, Always, AtTimes} <= seen
    assert {None, "till-1", "till-2"} <= seen


def test_every_state_and_message_comes_up() -> None:
    """Anchors name every state, and messages of both ends."""
    states: set[str] = set()
    ends: set[str] = set()

    @settings(SAME_EVERY_TIME, max_examples=1500, phases=[Phase.generate])
    @given(anchors())
    def look(anchor: object) -> None:
        if isinstance(anchor, OnState):
            states.add(anchor.state)
        if isinstance(anchor, OnMessage):
            ends.add(anchor.end)

    look()
    assert states == {state.value for state in State}
    assert ends == {"terminal", "host"}


def test_only_those_asked_for() -> None:
    """With `of` no other failure mode strikes."""

    @SAME_EVERY_TIME
    @given(schedules(of=["dns-fail", "wifi-weak"]))
    def look(schedule: Schedule) -> None:
        assert set(ids(schedule)) <= {"dns-fail", "wifi-weak"}

    look()


def test_shrinks_to_nothing() -> None:
    """The simplest schedule of all has no fault."""
    assert simplest(lambda schedule: True) == ()


@pytest.mark.parametrize("mode_id", modes())
def test_shrinks_to_one_fault(mode_id: str) -> None:
    """Where one fault is the cause it alone is left: with the catalogue's parameters, and either
    short and at the first message, or all day."""
    span: dict[str, Any] = {"for_": "1s"} if load_catalogue()[mode_id].shape == "spell" else {}
    plain = [fault(mode_id)]
    if "on" in load_catalogue()[mode_id].triggers:
        plain.append(fault(mode_id, on={"message": "0210"}, **span))
    found = simplest(lambda schedule: mode_id in ids(schedule))
    assert len(found) == 1
    assert found[0] in plain


@pytest.mark.parametrize("seed", range(3))
def test_shrinks_to_two_faults(seed: int) -> None:
    """Where two faults are the cause these two are left, wherever in the schedule they stood."""

    def both(schedule: Schedule) -> bool:
        found = ids(schedule)
        return "dns-fail" in found and "printer-jam" in found[found.index("dns-fail") :]

    assert simplest(both, seed) == (
        fault("dns-fail", on={"message": "0210"}, for_="1s"),
        fault("printer-jam", on={"message": "0210"}, for_="1s"),
    )


@pytest.mark.parametrize("seed", range(5))
def test_shrinks_to_the_simplest_cause(seed: int) -> None:
    """Where any of several faults is the cause the simplest is left."""
    causes = {
        "transmission-loss",
        "comms-outage",
        "comms-unstable",
        "wifi-weak",
        "host-no-response",
    }
    assert simplest(lambda schedule: bool(causes & set(ids(schedule))), seed) == (
        fault("transmission-loss", on={"message": "0210"}),
    )


def test_shrinks_what_a_fault_says() -> None:
    """What matters stays; all else goes to the default: here a late, long cut after a state."""

    def late_and_long(spec: FaultSpec) -> bool:
        trigger = spec.trigger
        return (
            spec.id == "power-unstable"
            and isinstance(trigger, OnState)
            and trigger.after_us >= 3_000
            and isinstance(spec.span, Constant)
            and spec.span.value > 7e6
        )

    assert simplest(lambda schedule: any(map(late_and_long, schedule))) == (
        fault("power-unstable", on={"state": "starting", "after": "5ms"}, for_="10s"),
    )
