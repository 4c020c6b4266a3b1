"""What a shop can do: each intervention changes what it says, from when it says, and nothing
else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from posemu.faults import (
    Always,
    AtTimes,
    FaultSpec,
    InterventionSpec,
    interventions,
    load_catalogue,
    load_intervention,
)
from posemu.faults.remedies import REMEDIES
from posemu.link import loss_at
from posemu.scenario import Scenario, ScenarioError, World, load_text
from posemu.scenario.spec import TillSpec
from posemu.sim import Memory
from posemu.testing import small_shop

S = 1_000_000
TILLS = (TillSpec("till-1", -50.0), TillSpec("till-2", -70.0))


def spec(intervention_id: str, *tills: str, at_s: int = 0, **params: Any) -> InterventionSpec:
    usual = {name: p.default for name, p in load_intervention(intervention_id).params.items()}
    return InterventionSpec(intervention_id, tills, usual | params, at_s * S)


def shop(*done: InterventionSpec, faults: tuple[FaultSpec, ...] = ()) -> Scenario:
    return replace(small_shop(), tills=TILLS, interventions=done, faults=faults)


def begun(scenario: Scenario) -> World:
    world = World(scenario)
    world.injector.begin()
    return world


def spans(world: World) -> list[tuple[str, int, int]]:
    """(failure mode, when it began, how long it lasted) in s, of a whole run."""
    memory = Memory(world.trace)
    world.run()
    found, open_ = [], {}
    for e in memory.events:
        if e.kind == "fault" and e.data["what"] == "begins":
            open_[e.data["number"]] = (e.data["fault"], e.t_us // S)
        elif e.kind == "fault":
            mode, at_s = open_.pop(e.data["number"])
            found.append((mode, at_s, e.t_us // S - at_s))
    return found


@pytest.mark.parametrize("intervention_id", interventions())
def test_every_entry_can_be_used(intervention_id: str) -> None:
    """An entry names a mechanism that exists, in both languages, and a world runs with it."""
    entry = load_intervention(intervention_id)
    assert entry.id == intervention_id
    assert entry.mechanism in REMEDIES
    assert entry.name.en != entry.name.zh
    assert set(entry.acts_on) <= set(load_catalogue())
    assert not World(shop(spec(intervention_id))).run().violations


def test_a_booster_helps_where_it_stands() -> None:
    """Its gain is added at its tills, to a weak signal as well, and nowhere else."""
    weak = FaultSpec("wifi-weak", "till-2", {"rssi": -90.0}, AtTimes(((10 * S, 20 * S),)))
    world = begun(shop(spec("signal-booster", "till-2", gain=15.0), faults=(weak,)))
    near, far = (world.tills[name].access for name in ("till-1", "till-2"))
    assert (near.loss, far.loss) == (loss_at(-50.0), loss_at(-55.0))
    world.clock.run_until(15 * S)
    assert (near.loss, far.loss) == (loss_at(-50.0), loss_at(-75.0))
    world.clock.run_until(40 * S)
    assert far.loss == loss_at(-55.0)


def test_it_begins_when_it_says() -> None:
    """Before its moment nothing is different; the trace tells the moment."""
    world = World(shop(spec("signal-booster", "till-2", at_s=100)))
    memory = Memory(world.trace)
    world.injector.begin()
    world.clock.run_until(99 * S)
    assert world.tills["till-2"].access.loss == loss_at(-70.0)
    world.clock.run_until(100 * S)
    assert world.tills["till-2"].access.loss == loss_at(-50.0)
    [event] = [e for e in memory.events if e.kind == "intervention"]
    assert (event.t_us, event.data) == (
        100 * S, {"intervention": "signal-booster", "tills": ("till-2",)},
    )  # fmt: skip


def test_the_provider_shortens_outages_of_the_line_only() -> None:
    """Each outage begins when it did, and lasts the share of its time; other faults last on."""
    faults = (
        FaultSpec("comms-outage", None, {}, AtTimes(((20 * S, 100 * S), (200 * S, 40 * S)))),
        FaultSpec("dns-fail", None, {}, AtTimes(((30 * S, 100 * S),))),
    )
    before, after = (spans(World(shop(*d, faults=faults))) for d in ((), (spec("isp-contact"),)))
    assert sorted(before) == [
        ("comms-outage", 20, 100), ("comms-outage", 200, 40), ("dns-fail", 30, 100),
    ]  # fmt: skip
    assert sorted(after) == [
        ("comms-outage", 20, 25), ("comms-outage", 200, 10), ("dns-fail", 30, 100),
    ]  # fmt: skip


def test_spells_are_shortened_at_the_tills_that_are_named() -> None:
    """What is done at one till leaves the spells of another as they are; twice done, twice
    shorter."""
    weak = FaultSpec("wifi-weak", None, {"rssi": -90.0}, AtTimes(((20 * S, 100 * S),)))
    world = World(shop(faults=(weak,)))
    world.injector.shorten(("wifi-weak",), 0.5, ("till-2",))
    world.injector.shorten(("wifi-weak",), 0.8, ())
    assert sorted(spans(world)) == [("wifi-weak", 20, 40), ("wifi-weak", 20, 80)]


def test_what_acts_on_the_whole_shop_takes_no_tills() -> None:
    """A line cannot be repaired at one till: naming one is an error and not ignored."""
    text = "posemu: 1\ntills: {a: {}}\ncardholders: {each: 1}\ninterventions:\n"
    with pytest.raises(ScenarioError, match="tills"):
        load_text(f"{text}  x: [isp-contact: {{tills: [a]}}]\n", "x.yaml")
    assert load_text(f"{text}  x: [maint-plan: {{tills: [a]}}]\n", "x.yaml")


@pytest.mark.parametrize("at_s", [0, 60])
def test_maintenance_renews_what_wears(at_s: int) -> None:
    """A worn head is new from the visit on: at the tills of the visit; other faults stay."""
    worn = {"eta": 1.0, "k": 1.0, "p0": 1.0, "p_max": 1.0, "swipes": 5}
    faults = (
        FaultSpec("mag-head-wear", None, worn, Always()),
        FaultSpec("wifi-weak", "till-1", {"rssi": -80.0}, Always()),
    )
    world = begun(shop(spec("maint-plan", "till-1", at_s=at_s), faults=faults))
    world.clock.run_until(max(1, at_s) * S)
    heads = [world.tills[name].terminal.reader._wear for name in ("till-1", "till-2")]
    assert [head is None for head in heads] == [True, False]
    assert world.tills["till-1"].access.loss == loss_at(-80.0)


def test_an_update_ends_the_known_defects() -> None:
    """After the update the application hangs no more; power cuts go on."""
    strikes = AtTimes(((20 * S, 5 * S), (120 * S, 5 * S)))
    faults = (
        FaultSpec("software-unstable", "till-1", {}, strikes),
        FaultSpec("power-unstable", "till-2", {"router": False}, strikes),
    )
    found = spans(World(shop(spec("sw-update", at_s=100), faults=faults)))
    assert [(mode, at) for mode, at, _ in sorted(found)] == [
        ("power-unstable", 20), ("power-unstable", 120), ("software-unstable", 20),
    ]  # fmt: skip


def test_the_emergency_plan_asks_this_customer_for_cash() -> None:
    """Without a line every card sale fails; with the plan, those who have cash pay, after the time
    that it takes; no sale fails less."""
    outage = FaultSpec("comms-outage", None, {}, AtTimes(((15 * S, None),)))
    paid: dict[bool, list[str]] = {}
    took: dict[bool, list[int]] = {}
    for plan in (False, True):
        done = (spec("emergency-plan", takes=30 * S),) if plan else ()
        scenario = shop(*done, faults=(outage,))
        assert scenario.cardholders is not None
        half = replace(scenario.cardholders, p_cash=0.5)
        world = World(replace(scenario, cardholders=half))
        memory = Memory(world.trace)
        assert not world.run().violations
        left = [e for e in memory.events if e.kind == "customer-leaves"]
        called = [e.t_us for e in memory.events if e.kind == "customer-called"]
        paid[plan] = [e.data["paid"] for e in left if e.data["seen"] == "no-connection"]
        took[plan] = [left[0].t_us - called[0]]
    assert set(paid[False]) == {""}
    assert set(paid[True]) == {"cash", ""}  # not everybody has cash
    assert took[True][0] - took[False][0] in (0, 30 * S)


def test_an_intervention_that_is_not_there_leaves_the_digest() -> None:
    """An intervention without anything to act on changes only that it is told: the story stays."""

    def story(scenario: Scenario) -> list[str]:
        world = World(scenario)
        memory = Memory(world.trace)
        world.run()
        return [
            json.dumps([e.t_us, e.source, e.kind, e.data], default=repr)
            for e in memory.events if e.kind != "intervention"
        ]  # fmt: skip

    plain = story(shop())
    for intervention_id in ("isp-contact", "maint-plan", "sw-update", "emergency-plan"):
        assert story(shop(spec(intervention_id))) == plain
