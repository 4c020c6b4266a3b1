"""Customers who come by themselves: what the file says, and that they are the same in every
variant of the shop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from posemu.faults import AtTimes, FaultSpec
from posemu.scenario import Scenario, World, load_text
from posemu.shop import Spell
from posemu.sim import Constant, Memory

H = 3_600_000_000
_FILE = """
posemu: 1
day: {from: "07:00", to: "12:00"}
tills: {near: {rssi: -50 dBm}, far: {rssi: -60 dBm}}
customers:
  arrivals: {"09:00": 0/h, "08:00": 30/h, "10:30": 60/h}
  tills: {near: 75 %, far: 25 %}
  queue: 4 min
"""


@pytest.fixture(scope="module")
def shop() -> Scenario:
    return load_text(_FILE, "shop.yaml")


def events(scenario: Scenario, kind: str) -> list[tuple[str, int, dict[str, Any]]]:
    world = World(scenario)
    memory = Memory(world.trace)
    assert not world.run().violations
    return [(e.source, e.t_us, e.data) for e in memory.events if e.kind == kind]


def test_rates_hold_from_their_time_on(shop: Scenario) -> None:
    """Each rate holds until the next one, the last until closing; before the first nobody comes."""
    assert shop.customers is not None
    assert shop.customers.spells == (
        Spell(1 * H, 2 * H, 30 / H), Spell(2 * H, int(3.5 * H), 0.0),
        Spell(int(3.5 * H), 5 * H, 60 / H),
    )  # fmt: skip
    assert shop.customers.queue == Constant(240_000_000)


def test_customers_choose_their_till_by_its_share(shop: Scenario) -> None:
    """Three of four come to the near till; each of the whole shop once, in order of time."""
    came = events(shop, "customer-arrives")
    ordinals = sorted(data["ordinal"] for _, _, data in came)
    assert ordinals == list(range(len(came)))
    assert 90 < len(came) < 150
    near = sum(source == "near/lane" for source, _, _ in came)
    assert 0.62 < near / len(came) < 0.87


def test_a_fault_changes_no_customer(shop: Scenario) -> None:
    """Whatever goes wrong, the same people come at the same moments with the same baskets."""
    outage = FaultSpec("comms-outage", None, {}, AtTimes(((int(3.6 * H), None),)), Constant(H / 4))
    assert events(replace(shop, faults=(outage,)), "customer-arrives") == events(
        shop, "customer-arrives"
    )


def test_whoever_comes_also_leaves(shop: Scenario) -> None:
    """Nobody is lost: each customer leaves once, paid or not."""
    came = {data["ordinal"] for _, _, data in events(shop, "customer-arrives")}
    left = [data["ordinal"] for _, _, data in events(shop, "customer-leaves")]
    assert sorted(left) == sorted(came)
