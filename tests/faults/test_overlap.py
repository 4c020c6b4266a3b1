"""Faults that overlap: a part that two strikes hold stays broken until both have ended."""

from __future__ import annotations

import pytest

from posemu.faults import AtTimes, FaultSpec, load_catalogue
from posemu.scenario import World
from posemu.sim import Constant
from posemu.testing import small_shop

SECOND = 1_000_000


@pytest.mark.parametrize(("first_s", "second_s"), [(100, 30), (30, 100)])
def test_a_jam_lasts_as_long_as_the_longer_of_two(first_s: int, second_s: int) -> None:
    """Whichever of two overlapping jams ends first, the printer works again when both have."""
    jams = (
        FaultSpec("printer-jam", "till-1", {}, AtTimes(((10 * SECOND, first_s * SECOND),))),
        FaultSpec("printer-jam", "till-1", {}, AtTimes(((20 * SECOND, second_s * SECOND),))),
    )
    world = World(small_shop())
    world.injector = type(world.injector)(
        world.injector._site, world.trace, list(jams), load_catalogue()
    )
    printer = world.tills["till-1"].terminal.printer
    world.injector.begin()
    last_s = max(10 + first_s, 20 + second_s)
    for at_s, condition in ((5, "ok"), (15, "jam"), (last_s - 1, "jam"), (last_s + 1, "ok")):
        world.clock.run_until(at_s * SECOND)
        assert printer.condition() == condition


def test_lost_messages_end_each_by_itself() -> None:
    """A fault of single messages does not go on because another one like it does."""
    params = {"direction": "answer", "effect": "drop", "delay": 0, "count": 1, "p": 1.0}
    specs = [
        FaultSpec("transmission-loss", "till-1", params, AtTimes(((SECOND, span * SECOND),)),
                  Constant(0.0))
        for span in (10, 100)
    ]  # fmt: skip
    world = World(small_shop())
    injector = type(world.injector)(world.injector._site, world.trace, specs, load_catalogue())
    injector.begin()
    world.clock.run_until(50 * SECOND)
    assert len(world.gateway._mischiefs) == 1
