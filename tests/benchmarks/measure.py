"""How things are measured here: side by side, in many short rounds that take turns.

A machine that does other work, or changes its clock, slows both sides of a short round alike: the
ratio of one round is worth more than the ratio of two long runs. A figure is the median over the
rounds; a ratio is the median of the rounds' own ratios, and `middle_half` says between which ratios
the middle half of the rounds lay: where that is wide, measure again. Times are seconds of CPU.
"""

from __future__ import annotations

import gc
import operator
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import process_time
from typing import Any

Work = Callable[[], object]
Timer = Callable[[int], float]
"""Does a thing so many times and says how many seconds each took."""

_SIGNS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a benchmark makes of it."""

    quick: bool

    @property
    def rounds(self) -> int:
        """Of short works, two sides each."""
        return 15 if self.quick else 61

    @property
    def world_rounds(self) -> int:
        """Of works that take a second."""
        return 3 if self.quick else 9

    @property
    def round_s(self) -> float:
        """How long one side of a short round takes."""
        return 0.002 if self.quick else 0.005


def aimed(value: float, aim: str) -> dict[str, Any]:
    """A value with its aim (">= 3") beside it, and whether it is met."""
    sign, limit = aim.split()
    return {"value": value, "aim": aim, "met": bool(_SIGNS[sign](value, float(limit)))}


def timer(work: Work) -> Timer:
    """The timer of a function of this process."""

    def time(count: int) -> float:
        start = process_time()
        for _ in range(count):
            work()
        return (process_time() - start) / count

    return time


def rounds_of(effort: Effort, timers: Sequence[Timer]) -> list[list[float]]:
    """For every round the seconds of each timer; the sides start in turn.

    The warnings of peers about their own use of old ciphers are not shown.
    """
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counts = [_count_for(effort.round_s, time) for time in timers]
        order = list(range(len(timers)))
        gc.collect()
        gc.disable()
        for _ in range(effort.rounds):
            row = [0.0] * len(timers)
            for at in order:
                row[at] = timers[at](counts[at])
            rows.append(row)
            order.reverse()
        gc.enable()
    return rows


def _count_for(round_s: float, time: Timer) -> int:
    return max(1, round(round_s / min(time(3) for _ in range(5))))


def times_faster(ours: Sequence[float], theirs: Sequence[float], aim: str | None) -> dict[str, Any]:
    """Both sides of the rounds: how much faster ours is (above 1: ours is faster), with its aim."""
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    value = round(median(ratios), 2)
    return {
        "us": microseconds(ours),
        "peer_us": microseconds(theirs),
        "times_faster": aimed(value, aim) if aim else value,
        "middle_half": [round(low, 2), round(high, 2)],
    }


def beside(effort: Effort, ours: Timer, theirs: Timer, aim: str | None) -> dict[str, Any]:
    """`times_faster` of two timers."""
    return times_faster(*zip(*rounds_of(effort, (ours, theirs)), strict=True), aim)


def microseconds(seconds: Sequence[float]) -> float:
    """The median in microseconds."""
    return round(median(seconds) * 1e6, 2)
