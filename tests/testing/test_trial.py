"""One call tries a build under a schedule."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import as_file, files

import pytest
from pydantic import ValidationError

from posemu.faults import Always, AtTimes, FaultSpec, OnMessage, OnState, load_catalogue
from posemu.faults.catalogue import CatalogueError
from posemu.scenario import load_scenario
from posemu.sim import Constant, Event
from posemu.testing import assert_safe, broken_rules, fault, small_shop, story, try_schedule
from posemu.testing.zoo import ZOO

PLANTED = ZOO["no-reversal"]


def test_small_shop() -> None:
    """In the small shop everybody pays, and the day is settled."""
    seen: list[str] = []
    slips: list[str] = []

    def look(event: Event) -> None:
        if event.kind == "customer-leaves":
            seen.append(event.data["seen"])
        if event.kind == "receipt":
            slips.append(event.data["slip"])

    assert not try_schedule(small_shop(), (), observers=[look]).violations
    assert seen == ["approved"] * small_shop().cardholders.each
    assert slips[-1] == "end-of-day"


def test_schedule_takes_the_place_of_the_faults() -> None:
    """The schedule is all that strikes: the scenario's own faults are left out."""
    shop = small_shop()
    faulty = replace(shop, faults=PLANTED.schedule)
    assert try_schedule(faulty, ()).digest == try_schedule(shop, ()).digest
    assert try_schedule(faulty, ()).digest != try_schedule(faulty, faulty.faults).digest


def test_same_again() -> None:
    """The same schedule gives the same world; another replication gives another."""
    first, second = (try_schedule(small_shop(), PLANTED.schedule).digest for _ in range(2))
    assert first == second
    assert first != try_schedule(small_shop(), PLANTED.schedule, replication=1).digest


def test_assert_safe_tells_the_story() -> None:
    """A broken rule fails the test, which tells the rule, when, where and what."""
    with pytest.raises(AssertionError) as caught:
        assert_safe(small_shop(), PLANTED.schedule, build=PLANTED.build)
    rule = "told-matches-booked (what the cardholder was told is what was booked)"
    [line] = [line for line in str(caught.value).splitlines() if rule in line]
    assert re.match(r"\d+\.\d{6} s, till-1: " + re.escape(rule), line)
    assert line.endswith("sale 000002 is told as not charged, but 3804 is booked")


def test_assert_safe_returns_the_outcome() -> None:
    """Where no rule is broken the outcome comes back, for further questions."""
    outcome = assert_safe(small_shop(), PLANTED.schedule)
    assert outcome.coverage is not None
    assert outcome.coverage.situations["reversal-took-back"] == 1
    assert broken_rules(outcome) == []
    assert story(outcome.violations) == ""


def test_broken_rules_once_each() -> None:
    """A rule that is broken ten times is named once."""
    outcome = try_schedule(small_shop(), (), build=ZOO["record-after-send"].build)
    assert len(outcome.violations) > 1
    assert broken_rules(outcome) == ["record-before-send"]


def test_fault_speaks_as_the_file() -> None:
    """A fault is written as in a scenario file, and what is left out comes from the catalogue."""
    usual = {
        name: param.default for name, param in load_catalogue()["transmission-loss"].params.items()
    }
    assert fault("transmission-loss", delay="35s", on={"message": "0210", "nth": 2}) == FaultSpec(
        "transmission-loss",
        None,
        {**usual, "delay": 35_000_000},
        OnMessage("0210", "host", 2),
        None,
    )
    cut = fault(
        "power-unstable", target="till-1", on={"state": "idle", "after": "300ms"}, for_="3s"
    )
    assert cut == FaultSpec(
        "power-unstable", "till-1", {"router": False}, OnState("idle", 1, 300_000), Constant(3e6)
    )
    assert fault("comms-outage", at="09:01").trigger == AtTimes(((60_000_000, None),))
    assert fault("wifi-weak").trigger == Always()


def test_time_of_day_counts_within_the_day() -> None:
    """A time of day is that of the scenario for which the fault is meant."""
    early = replace(small_shop(), day=replace(small_shop().day, from_us=7 * 3_600_000_000))
    spec = fault("comms-outage", scenario=early, at="08:00")
    assert spec.trigger == AtTimes(((3_600_000_000, None),))


def test_fault_refuses() -> None:
    """Unknown failure modes, keys and wrong values are refused where they are written."""
    with pytest.raises(CatalogueError):
        fault("power-unstabel")
    with pytest.raises(ValidationError):
        fault("power-unstable", fro="3s")
    with pytest.raises(ValidationError):
        fault("transmission-loss", effect="lost")


def test_small_shop_is_a_file_of_its_own() -> None:
    """The small shop is a scenario file like any other."""
    with as_file(files("posemu.testing") / "small_shop.yaml") as path:
        assert load_scenario(path) == small_shop()
