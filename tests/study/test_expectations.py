"""Expectations: judged on means, on every replication, or on paired intervals; what cannot be
decided does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from posemu.scenario import Expectation
from posemu.study import Finding, WorldRecord
from posemu.study.expectations import find

LEVEL = Expectation("level", "水平", "timeout_rate", ("total",), variants=("a",))
CHANGE = Expectation("change", "变化", "timeout_rate", ("total",), before="a", after="b")


def worlds(**variants: list[float | None]) -> list[WorldRecord]:
    """A world for each value of the metric, by variant and replication."""
    return [
        WorldRecord(
            variant=variant, replication=n, digest="", events=0,
            values={"total": {"timeout_rate": value}}, violations=(), not_observed=(), pairs={},
            situations={}, struck={}, schedule=(),
        )
        for variant, values in variants.items() for n, value in enumerate(values)
    ]  # fmt: skip


def judged(expected: Expectation, **variants: list[float | None]) -> tuple[bool, Any]:
    [finding] = find([expected], worlds(**variants))
    assert finding.text == expected.text
    return finding.holds, finding.observed


@pytest.mark.parametrize(
    ("limits", "holds"),
    [
        ({"at_least": 10.0}, True), ({"at_least": 10.1}, False), ({"at_most": 10.0}, True),
        ({"at_most": 9.9}, False), ({"exactly": 10.0}, True), ({"exactly": 10.5}, False),
    ],
)  # fmt: skip
def test_a_level_is_of_the_mean(limits: dict[str, float], holds: bool) -> None:
    """The mean over the replications decides, whatever single ones do; undefined ones are left
    out."""
    assert judged(replace(LEVEL, **limits), a=[0.0, 20.0, None]) == (holds, 10.0)


def test_each_asks_every_replication() -> None:
    """With `each` one replication off the limit is enough to fail, and it is the one observed."""
    each = replace(LEVEL, exactly=100.0, each=True)
    assert judged(each, a=[100.0, None, 100.0]) == (True, 100.0)
    assert judged(each, a=[100.0, 99.5, 100.0]) == (False, 99.5)
    assert judged(each, a=[None, None]) == (True, None)


def test_a_level_of_every_variant() -> None:
    """Several variants: each mean must be right; the worst is observed."""
    both = replace(LEVEL, at_most=5.0, variants=("a", "b"))
    assert judged(both, a=[1.0, 2.0], b=[4.0, 5.0]) == (True, 4.5)
    assert judged(both, a=[1.0, 2.0], b=[4.0, 8.0]) == (False, 6.0)
    assert judged(both, a=[1.0, 2.0], b=[None, None]) == (False, None)


def test_a_fall_is_judged_on_the_paired_interval() -> None:
    """0.2 before - after: its lower limit decides, not its mean."""
    fall = replace(CHANGE, falls_by=0.8)
    assert judged(fall, a=[10.0, 12.0, 11.0], b=[1.0, 1.2, 1.0]) == (
        True,
        pytest.approx(-9.9333, abs=1e-3),
    )
    # the mean of 0.2 before - after is above zero, its interval is not
    assert judged(fall, a=[10.0, 30.0, 11.0], b=[1.9, 1.0, 2.1])[0] is False


def test_pairs_matter() -> None:
    """Replications are compared each with its own: a steady fall shows in spite of large
    differences between replications."""
    a: list[float | None] = [10.0, 50.0, 90.0]
    assert judged(replace(CHANGE, falls_by=0.0), a=a, b=[9.0, 49.1, 88.9])[0] is True
    assert judged(replace(CHANGE, falls_by=0.0), a=a, b=[49.1, 88.9, 9.0])[0] is False


def test_no_change_is_no_fall() -> None:
    """A fall by nothing in particular must be one."""
    same: list[float | None] = [1.0, 2.0, 3.0]
    assert judged(replace(CHANGE, falls_by=0.0), a=same, b=same) == (False, 0.0)
    assert judged(replace(CHANGE, rises_by=0.0), a=same, b=same) == (False, 0.0)
    assert judged(replace(CHANGE, within=0.0), a=same, b=same) == (True, 0.0)


def test_a_rise() -> None:
    """after - 1.1 before: its lower limit is not below zero."""
    rise = replace(CHANGE, rises_by=0.1)
    assert judged(rise, a=[10.0, 20.0], b=[11.0, 22.0]) == (True, pytest.approx(1.5))
    assert judged(rise, a=[10.0, 20.0], b=[11.0, 21.9])[0] is False


@pytest.mark.parametrize(("within", "holds"), [(2.0, True), (1.0, False)])
def test_within_is_of_the_whole_interval(within: float, holds: bool) -> None:
    """The mean change is nought; the interval of +-1.27 or so must lie within."""
    changed = judged(replace(CHANGE, within=within), a=[5.0] * 4, b=[4.2, 5.8, 4.2, 5.8])
    assert changed == (holds, pytest.approx(0.0))


def test_a_share_of_another_fall() -> None:
    """b must have at least half of the fall from a to c, replication by replication."""
    half = replace(CHANGE, of_the_fall_to="c", share=0.5)
    c: list[float | None] = [1.0, 2.0]
    assert judged(half, a=[11.0, 12.0], b=[6.0, 7.0], c=c) == (True, -5.0)
    assert judged(half, a=[11.0, 12.0], b=[6.1, 7.0], c=c)[0] is False


@pytest.mark.parametrize("b", [[], [1.0], [None, 1.0], [None, None]])
def test_what_cannot_be_decided_does_not_hold(b: list[float | None]) -> None:
    """With fewer than two pairs there is no interval: it does not hold, and nothing is observed."""
    for kind in ({"falls_by": 0.8}, {"rises_by": 0.0}, {"within": 99.0}):
        assert judged(replace(CHANGE, **kind), a=[10.0, 10.0], b=b) == (False, None)
    assert judged(replace(LEVEL, at_most=1.0), a=[None]) == (False, None)


def test_several_hours_are_taken_together() -> None:
    """Over several cells the mean of them counts, where all are defined."""
    [world] = worlds(a=[0.0])
    cells = {"hour:08": {"timeout_rate": 2.0}, "hour:09": {"timeout_rate": 4.0},
             "hour:10": {"timeout_rate": None}}  # fmt: skip
    world = replace(world, values=cells)
    two = replace(LEVEL, breakdowns=("hour:08", "hour:09"), at_most=3.0)
    three = replace(LEVEL, breakdowns=("hour:08", "hour:10"), at_most=3.0)
    assert find([two, three], [world]) == [
        Finding("level", True, 3.0), Finding("level", False, None),
    ]  # fmt: skip
