"""What a scenario expects of its figures, and whether it came so.

A level (at least, at most, exactly) is judged on the mean over the replications, or, with `each`,
on every replication that defines the metric. A comparison is judged on the 95 % t-interval of a
paired difference, replication by replication: a fall of at least 80 % means that the lower limit of
0.2·before − after is not below zero. What cannot be decided does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from posemu.scenario import Expectation
from posemu.study.results import Finding, WorldRecord
from posemu.study.statistics import estimate

Series = dict[int, float]
"""A metric by replication, where it is defined."""


def find(expectations: Iterable[Expectation], worlds: Sequence[WorldRecord]) -> list[Finding]:
    """Each expectation with its verdict, in their order."""
    by_variant: dict[str, list[WorldRecord]] = {}
    for world in worlds:
        by_variant.setdefault(world.variant, []).append(world)
    return [_judge(each, by_variant) for each in expectations]


def _judge(expected: Expectation, worlds: dict[str, list[WorldRecord]]) -> Finding:
    def series(variant: str) -> Series:
        return _series(expected, worlds.get(variant, ()))

    if expected.compared:
        return _compare(expected, series)
    if expected.each:
        return _judge_each(expected, series)
    means = [estimate(list(series(variant).values())).mean for variant in expected.variants]
    known = [mean for mean in means if mean is not None]
    if not known or len(known) < len(means):
        return Finding(expected.text, False, None)
    worst = max(known, key=lambda mean: _off(expected, mean))
    return Finding(expected.text, _off(expected, worst) <= 0, worst)


def _judge_each(expected: Expectation, series: Callable[[str], Series]) -> Finding:
    """Every replication that defines it, of all variants; none at all is fine."""
    found = [value for variant in expected.variants for value in series(variant).values()]
    if not found:
        return Finding(expected.text, True, None)
    worst = max(found, key=lambda value: _off(expected, value))
    return Finding(expected.text, _off(expected, worst) <= 0, worst)


def _off(expected: Expectation, value: float) -> float:
    """How far a value is from what is allowed; not above zero if it is allowed."""
    if expected.exactly is not None:
        return abs(value - expected.exactly)
    if expected.at_least is not None:
        return expected.at_least - value
    assert expected.at_most is not None
    return value - expected.at_most


def _compare(expected: Expectation, series: Callable[[str], Series]) -> Finding:
    before, after = series(expected.before), series(expected.after)
    both = sorted(before.keys() & after.keys())
    observed = estimate([after[n] - before[n] for n in both]).mean
    if expected.within is not None:
        change = estimate([after[n] - before[n] for n in both])
        if change.low is None or change.high is None:
            return Finding(expected.text, False, None)
        holds = -expected.within <= change.low and change.high <= expected.within
        return Finding(expected.text, holds, change.mean)
    if expected.of_the_fall_to is not None:
        whole = series(expected.of_the_fall_to)
        share = expected.share
        differences = [
            (before[n] - after[n]) - share * (before[n] - whole[n]) for n in both if n in whole
        ]
    elif expected.falls_by is not None:
        differences = [(1 - expected.falls_by) * before[n] - after[n] for n in both]
    else:
        assert expected.rises_by is not None
        differences = [after[n] - (1 + expected.rises_by) * before[n] for n in both]
    found = estimate(differences)
    if found.low is None:
        return Finding(expected.text, False, None)
    # A fall or rise by nothing in particular must be one: the limit itself is not enough.
    strict = expected.falls_by == 0 or expected.rises_by == 0
    return Finding(expected.text, found.low > 0 if strict else found.low >= 0, observed)


def _series(expected: Expectation, worlds: Iterable[WorldRecord]) -> Series:
    """The metric in each replication: of one breakdown, or the mean over several."""
    found: Series = {}
    for world in worlds:
        values = [world.values.get(name, {}).get(expected.metric) for name in expected.breakdowns]
        known = [value for value in values if value is not None]
        if known and len(known) == len(values):
            found[world.replication] = sum(known) / len(known)
    return found
