"""Which of several things did it: main effects and interactions of a full factorial.

The effect of a measure in one replication is the mean, over all choices of the other measures, of
what the metric is with it less what it is without it. The interaction of two is how much the effect
of the one is changed by the other. Both are differences between worlds that saw the same customers
and the same weather; the interval over the replications is that of a paired comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from posemu.scenario import Variant
from posemu.study.results import StudyResult
from posemu.study.statistics import Estimate, estimate

Chosen = frozenset[str]


class Effect(NamedTuple):
    """Of one measure, or of two together; in the metric's unit."""

    factors: tuple[str, ...]
    size: Estimate


def is_factorial(variants: Sequence[Variant]) -> bool:
    """Every combination of at least two measures is among them, once."""
    chosen = {frozenset(variant.factors) for variant in variants}
    factors = frozenset[str]().union(*chosen)
    return len(factors) > 1 and len(chosen) == len(variants) == 2 ** len(factors)


def effects(
    result: StudyResult, variants: Sequence[Variant], breakdown: str, metric: str
) -> list[Effect]:
    """Main effects in the order of the measures, then the interactions of every two. The variants
    are a full factorial."""
    names = {frozenset(variant.factors): variant.name for variant in variants}
    factors = list(dict.fromkeys(factor for variant in variants for factor in variant.factors))
    values = {name: _series(result, name, breakdown, metric) for name in names.values()}
    replications = sorted({number for series in values.values() for number in series})
    found = []
    for size in (1, 2):
        for chosen in combinations(factors, size):
            each = []
            for number in replications:
                here = {those: values[name].get(number) for those, name in names.items()}
                contrast = _contrast(here, chosen, factors)
                if contrast is not None:
                    each.append(contrast)
            found.append(Effect(chosen, estimate(each)))
    return found


def _contrast(
    values: dict[Chosen, float | None], chosen: Sequence[str], factors: Sequence[str]
) -> float | None:
    """In one replication, the mean over all choices of the others; None if a world is missing."""
    others = [factor for factor in factors if factor not in chosen]
    total, count = 0.0, 0
    for rest in _subsets(others):
        for some in _subsets(chosen):
            value = values.get(frozenset((*rest, *some)))
            if value is None:
                return None
            total += value if (len(chosen) - len(some)) % 2 == 0 else -value
        count += 1
    return total / count


def _series(
    result: StudyResult, variant: str, breakdown: str, metric: str
) -> dict[int, float | None]:
    """The metric of a variant, by replication."""
    return {
        world.replication: world.values.get(breakdown, {}).get(metric)
        for world in result.of(variant)
    }


def _subsets(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(items) + 1):
        yield from combinations(items, size)


def paired(result: StudyResult, before: str, after: str, breakdown: str, metric: str) -> Estimate:
    """The change from one variant to another, replication by replication."""
    first, second = (_series(result, name, breakdown, metric) for name in (before, after))
    changes = [
        new - old
        for number, old in first.items()
        if old is not None and (new := second.get(number)) is not None
    ]
    return estimate(changes)
