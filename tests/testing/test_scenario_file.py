"""A scenario is written as a file that says the same, byte for byte, and no more than it must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.faults import Always, AtRate, AtTimes, FaultSpec, OnMessage
from posemu.faults.catalogue import Text
from posemu.profiles.distributions import parse_duration_distribution
from posemu.profiles.quantities import parse_amount, parse_duration, parse_time_of_day
from posemu.scenario import Scenario, World, load_scenario, load_text
from posemu.scenario.people import load_built_in
from posemu.sim import Constant, Exponential, Lognormal, Uniform, Weibull
from posemu.testing import fault, small_shop, try_schedule
from posemu.testing.scenario_file import NotWritable, scenario_text
from posemu.testing.written import amount, distribution, duration, flow, time_of_day
from posemu.testing.zoo import ZOO

ROOT = Path(__file__).resolve().parents[2]
SHOP = small_shop()
FULL = """\
posemu: 1
name: "007"
title: {en: "Everything said", zh: "应有尽有"}
about: {en: "Nothing: left, \\"out\\" #1", zh: "全"}
seed: 9223372036854775807
replications: 3
day: {date: "2027-12-31", from: "23:00:05", to: "23:30"}
lang: zh
tills: {"1": {rssi: -61.5 dBm}, "null": {}, till-2: {}}
cardholders:
  each: 2
  gap: {weibull: {scale: 20s, shape: 1.7}}
  basket: {uniform: {low: 0.01 CNY, high: 99.99 CNY}}
  patience: 90s
  key: 125001us
  swipe: 1s
  insert: 3s
  look: 333ms
network: {line: {delay: 20ms, jitter: 1ms, loss: 1e-05}, dns: {delay: 50ms, ttl: 1h}}
host: {servers: 1, service: 200ms, balance: 75.50 CNY, pin_tries: 2}
faults:
  - power-unstable: {target: "1", on: {state: idle}, for: {exponential: {mean: 4s}}}
  - wifi-weak: {target: "null", rssi: -80.5 dBm, for: 10 min}
  - wifi-weak: {at: "23:05"}
  - host-fault: {code: "91", at: "23:00:06"}
drain: {within: 61min}
"""


def again(scenario: Scenario, **others: Any) -> Scenario:
    return load_text(scenario_text(scenario, **others), f"{scenario.name}.yaml")


def test_everything() -> None:
    """A scenario that leaves nothing to the defaults reads the same when it was written."""
    full = load_text(FULL, "full.yaml")
    assert again(full) == full


OWN_NUMBERS = load_scenario(Path(__file__).parents[1] / "scenario" / "good" / "laboratory.yaml")
WRITTEN_BY_HAND = ("cases", "outcomes", "people")
"""Studies with variants, scenarios that expect something, and files that are no scenarios."""


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(ROOT.glob("scenarios/**/*.yaml")) if p.parent.name not in WRITTEN_BY_HAND],
    ids=lambda path: path.stem,
)
def test_scenarios_of_the_project(path: Path) -> None:
    """The scenarios of the project read the same when written, random processes left out."""
    scenario = load_scenario(path)
    concrete = tuple(spec for spec in scenario.faults if not isinstance(spec.trigger, AtRate))
    assert again(scenario, schedule=concrete) == replace(scenario, faults=concrete)


@pytest.mark.parametrize("name", ZOO)
def test_same_world(name: str) -> None:
    """The schedules of the zoo give the same worlds from a file."""
    read = again(SHOP, schedule=ZOO[name].schedule)
    assert World(read).run().digest == try_schedule(SHOP, ZOO[name].schedule).digest


def test_minimal() -> None:
    """The file says what is special, and nothing else."""
    assert scenario_text(SHOP, ZOO["forgets-reversal"].schedule, name="two-faults") == (
        "posemu: 1\n"
        "name: two-faults\n"
        "seed: 2\n"
        'day: {date: "2026-03-02", from: "09:00", to: "09:10"}\n'
        "tills: {till-1: {}}\n"
        "cardholders: {each: 4}\n"
        "network: {line: {loss: 0}}\n"
        "drain: {within: 10min}\n"
        "faults:\n"
        '  - transmission-loss: {on: {message: "0210"}}\n'
        "  - power-unstable: {on: {state: reversal-pending}, for: 3s}\n"
    )


def test_title_and_build() -> None:
    """A title and the name of a build are written as they are given."""
    text = scenario_text(SHOP, (), title=Text("A: b", "甲"), build="zoo/hangs")
    assert 'title: {en: "A: b", zh: "甲"}\n' in text
    assert 'build: "zoo/hangs"\n' in text
    assert "faults" not in text


def test_own_people() -> None:
    """Cardholders who are not built in are named by their file, and never written out."""
    few = replace(SHOP, people=load_built_in("sixteen")[:3])
    with pytest.raises(NotWritable, match="name their file"):
        scenario_text(few)
    text = scenario_text(few, people="few.yaml")
    assert 'people: "few.yaml"\n' in text
    assert not any(person.pan in text for person in few.people)


def test_a_laboratorys_numbers() -> None:
    """Cardholders who bear numbers of a laboratory's file need its name, too."""
    few = replace(SHOP, people=OWN_NUMBERS.people, test_pans=OWN_NUMBERS.test_pans)
    with pytest.raises(NotWritable, match="name its file with `test_pans`"):
        scenario_text(few, people="few.yaml")
    text = scenario_text(few, people="few.yaml", test_pans="our-lab.yaml")
    assert 'people: "few.yaml"\ntest_pans: "our-lab.yaml"\n' in text


def spec(trigger: Any, span: Any = None, mode: str = "comms-outage") -> FaultSpec:
    return FaultSpec(mode, None, {}, trigger, span)


@pytest.mark.parametrize(
    ("unsaid", "why"),
    [
        (spec(AtRate(1e-9), Constant(1e6)), "random process"),
        (spec(AtTimes(((0, 5), (9_000_000, 5))), Constant(1e6)), "a length of their own"),
        (spec(AtTimes(((1_500_000, None),)), Constant(1e6)), "no whole second"),
        (spec(OnMessage("0210", "host")), "its usual one"),
        (spec(Always(), Constant(1e6)), "all day"),
        (spec(OnMessage("0210", "host"), Constant(0.5)), "whole number of µs"),
    ],
)
def test_never_rounds(unsaid: FaultSpec, why: str) -> None:
    """What a file cannot say exactly is refused, with the reason."""
    with pytest.raises(NotWritable, match=why):
        scenario_text(SHOP, [unsaid])


def test_spell_of_the_usual_length() -> None:
    """A length that is the catalogue's is left out."""
    text = scenario_text(SHOP, [fault("printer-jam", on={"message": "0210"})])
    assert text.endswith('  - printer-jam: {on: {message: "0210"}}\n')


@given(st.integers(0, 10**14))
def test_durations(us: int) -> None:
    """Every whole number of µs is written exactly."""
    assert parse_duration(duration(us)) == us


@given(st.integers(0, 10**12), st.sampled_from(["CNY", "JPY"]))
def test_amounts(minor: int, currency: str) -> None:
    """Every amount is written exactly, in a currency with decimals and in one without."""
    assert parse_amount(amount(minor, currency)) == minor


@given(st.integers(0, 86_399))
def test_times_of_day(seconds: int) -> None:
    """Every second of the day is written exactly."""
    assert parse_time_of_day(time_of_day(seconds * 1_000_000)) == seconds * 1_000_000


@pytest.mark.parametrize(
    "found",
    [
        Constant(5e6), Uniform(1e6, 2.000001e6), Exponential(90e6), Lognormal(1e3, 0.8),
        Weibull(3600e6, 2.5),
    ],
)  # fmt: skip
def test_distributions(found: Any) -> None:
    """Every distribution is written exactly."""
    assert parse_duration_distribution(distribution(found, duration)) == found


@pytest.mark.parametrize(
    "text", ["yes", "null", "1e3", "0210", "09:10", "a: b", "#", "", "-", "A0", '"']
)
def test_quotes(text: str) -> None:
    """Text that YAML may take for something else stands in quotes."""
    assert flow(text).startswith('"')
