"""When a study has run long enough: every interval is narrow enough, or the budget is spent.

It is decided in replication order after whole batches, from the figures alone, so it depends
neither on the number of jobs nor on interruptions. Budgets count replications, not seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from posemu.scenario import Until
from posemu.study.statistics import Estimate


class Wide(NamedTuple):
    """An interval that is wider than asked: half of it, and half of it at most, in the metric's
    unit. Without an interval (fewer than two replications define the metric) `half_width` is
    None."""

    variant: str
    metric: str
    half_width: float | None
    limit: float


def too_wide(until: Until, totals: Mapping[str, Mapping[str, Estimate]]) -> tuple[Wide, ...]:
    """The intervals that are wider than the rule asks, in order of variant and rule; `totals` are
    the estimates by variant and metric."""
    return tuple(
        Wide(variant, metric, half, limit)
        for variant, estimates in totals.items()
        for metric, limit in until.half_widths
        if (half := _half_width(estimates.get(metric))) is None or half > limit
    )


def next_count(until: Until, count: int, wide: tuple[Wide, ...]) -> int | None:
    """How many replications the study must have after `count` of them left these intervals too
    wide; None: it stops."""
    if not wide or count >= until.budget:
        return None
    return min(count + until.batch, until.budget)


def _half_width(found: Estimate | None) -> float | None:
    if found is None or found.low is None or found.high is None:
        return None
    return (found.high - found.low) / 2
