"""The lane against the formulas of queueing theory, in a table. Simulations and formulas are those
of the lane's tests.

    python tests/docs/queueing.py      exits with 1 if a formula is outside the limits
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from scipy.special import stdtrit

LANE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "shop" / "test_lane.py"))
RUNS = 20
SERVICE_S = 30.0
PATIENCE_S = 60.0


def waiting(tills: int, load: float) -> Callable[[int], tuple[float, float]]:
    """Of a seed: the mean wait in s and the share that waits in per cent, with exponential service
    (M/M/c); the load is in erlang."""

    def run(seed: int) -> tuple[float, float]:
        mean_s, share = LANE["mean_wait_s"](tills, load / SERVICE_S, SERVICE_S, seed)
        return mean_s, 100 * share

    return run


def waiting_by_formula(tills: int, load: float) -> tuple[float, float]:
    """Erlang's C formula."""
    p_wait = LANE["erlang_c"](tills, load)
    return p_wait * SERVICE_S / (tills - load), 100 * p_wait


def leaving(load: float) -> Callable[[int], tuple[float]]:
    """Of a seed: the share in per cent that leaves unserved from one till, if patience in the queue
    is exponential too (M/M/1+M)."""
    return lambda seed: (100 * LANE["share_that_leaves"](load, SERVICE_S, PATIENCE_S, seed),)


def leaving_by_formula(load: float) -> tuple[float]:
    return (100 * LANE["reneging"](load, SERVICE_S, PATIENCE_S),)


def limits(values: list[float]) -> tuple[float, float]:
    """Between them lies the true mean 999 times of 1,000 (Student's t)."""
    half = float(stdtrit(len(values) - 1, 0.9995)) * stdev(values) / sqrt(len(values))
    return fmean(values) - half, fmean(values) + half


def main() -> int:
    print(f"{'':30}{'formula':>9}{'simulated':>11}   99.9 % limits")
    wait = ("mean wait, s", "who have to wait, %")
    missed = 0
    for title, names, truths, run in (
        ("M/M/1, 0.5 erlang", wait, waiting_by_formula(1, 0.5), waiting(1, 0.5)),
        ("M/M/4, 2.8 erlang", wait, waiting_by_formula(4, 2.8), waiting(4, 2.8)),
        ("M/M/1+M, 0.9 erlang", ("who leave unserved, %",), leaving_by_formula(0.9), leaving(0.9)),
    ):
        print(title)
        runs = [run(seed) for seed in range(RUNS)]
        for name, truth, values in zip(names, truths, zip(*runs, strict=True), strict=True):
            low, high = limits(list(values))
            print(f"  {name:28}{truth:9.2f}{fmean(values):11.2f}{low:9.2f} to {high:.2f}")
            missed += not low <= truth <= high
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
