"""A process with bursts whose truth is known in closed form, to measure intervals against.

A day has sales at equal distances. Spells of exponential length are good and bad in turn; a sale in
a bad spell fails more often. Sales of one bad spell share it, so they are not independent; days
are. The process is stationary from the first sale on, so each sale fails with the same probability,
and the expected share of failed sales is exactly that.

    python tests/study/toy.py      how often each kind of interval covers the truth
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import exp, sqrt
from statistics import NormalDist

from scipy.special import stdtrit

from posemu.sim import Exponential, Streams
from posemu.study import Estimate, estimate

STUDIES = 400
DAYS = 10  # replications of a study
OTHER_DAYS = STUDIES * DAYS  # the first seed of days that no other variant sees


@dataclass(frozen=True, slots=True)
class Toy:
    """A variant of the toy. Spells have mean lengths in minutes; all rates are in per cent."""

    p_bad: float = 0.5
    p_good: float = 0.01
    bad_min: float = 20.0
    good_min: float = 100.0
    day_min: float = 840.0
    sales: int = 240

    @property
    def share_bad(self) -> float:
        """The share of time in bad spells."""
        return self.bad_min / (self.bad_min + self.good_min)

    @property
    def truth(self) -> float:
        """The expected rate of failed sales of a day."""
        return 100 * (self.share_bad * self.p_bad + (1 - self.share_bad) * self.p_good)

    @property
    def spread(self) -> float:
        """The standard deviation of a day's rate: two sales that are k apart are correlated as the
        spells are, which is by a factor r for each step."""
        p, n = self.truth / 100, self.sales
        shared = (self.p_bad - self.p_good) ** 2 * self.share_bad * (1 - self.share_bad)
        r = exp(-self.day_min / n * (1 / self.bad_min + 1 / self.good_min))
        pairs = sum((1 - k / n) * r**k for k in range(1, n))
        return 100 * sqrt((p * (1 - p) + 2 * shared * pairs) / n)

    def rate(self, seed: int) -> float:
        """The rate of failed sales of one day. Variants with the same spells have them at the same
        moments of the same seed, and the same luck in each sale."""
        streams = Streams(seed)
        spell, sale = streams["spells"].random, streams["sales"].random
        lengths = (Exponential(self.good_min), Exponential(self.bad_min))
        chances = (self.p_good, self.p_bad)
        bad = spell() < self.share_bad
        ends_min = lengths[bad].quantile(spell())  # what is left of a spell is as long as a new one
        failed = 0
        for n in range(self.sales):
            while ends_min <= n * self.day_min / self.sales:
                bad = not bad
                ends_min += lengths[bad].quantile(spell())
            failed += sale() < chances[bad]
        return 100 * failed / self.sales


BEFORE = Toy()
AFTER = replace(BEFORE, p_bad=0.4)
STEADY = replace(BEFORE, p_bad=BEFORE.truth / 100, p_good=BEFORE.truth / 100)


@cache
def studies(toy: Toy, first_seed: int = 0) -> list[list[float]]:
    """The rates of the days of each study; day by day the seed goes up by one."""
    seeds = range(first_seed, first_seed + STUDIES * DAYS)
    rates = [toy.rate(seed) for seed in seeds]
    return [rates[i : i + DAYS] for i in range(0, len(rates), DAYS)]


def over_sales(rates: list[float], sales: int) -> Estimate:
    """The binomial interval, with every sale of every day as a case by itself."""
    p, n = sum(rates) / len(rates) / 100, len(rates) * sales
    half = NormalDist().inv_cdf(0.975) * sqrt(p * (1 - p) / n)
    return Estimate(100 * p, 100 * (p - half), 100 * (p + half), n)


def unpaired(before: list[float], after: list[float]) -> Estimate:
    """The interval of the difference of two means over days that have nothing to do with each other
    (Student's, with a common variance)."""
    a, b = estimate(before), estimate(after)
    assert a.mean is not None
    assert b.mean is not None
    degrees = a.n + b.n - 2
    to_error = 1 / float(stdtrit(a.n - 1, 0.975))
    error = to_error * sqrt(half_width(a) ** 2 + half_width(b) ** 2)
    half = float(stdtrit(degrees, 0.975)) * error
    mean = b.mean - a.mean
    return Estimate(mean, mean - half, mean + half, a.n)


def of_days(before: list[float], after: list[float]) -> Estimate:
    """The interval of the paired difference: day by day, after less before."""
    return estimate([b - a for a, b in zip(before, after, strict=True)])


def half_width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return (found.high - found.low) / 2


def covered(found: Sequence[Estimate], truth: float) -> float:
    """In how many of the studies, in per cent, the interval holds the truth."""
    hits = sum(e.low <= truth <= e.high for e in found if e.low is not None and e.high is not None)
    return 100 * hits / len(found)


def of_a_rate() -> dict[str, list[Estimate]]:
    """Intervals of the rate itself."""
    bursts, steady = studies(BEFORE), studies(STEADY)
    return {
        "one value per day": [estimate(rates) for rates in bursts],
        "every sale a case by itself": [over_sales(rates, BEFORE.sales) for rates in bursts],
        "the same, in a world without bursts": [over_sales(r, STEADY.sales) for r in steady],
    }


def of_a_change() -> dict[str, list[Estimate]]:
    """Intervals of the difference that a remedy makes."""
    before, after, elsewhere = studies(BEFORE), studies(AFTER), studies(AFTER, OTHER_DAYS)
    return {
        "the same days, paired": [*map(of_days, before, after)],
        "other days for each variant": [*map(unpaired, before, elsewhere)],
    }


def _table(found: dict[str, list[Estimate]], truth: float) -> None:
    for name, estimates in found.items():
        mean = sum(map(half_width, estimates)) / len(estimates)
        print(f"  {name:37}{covered(estimates, truth):7.1f} %{mean:14.2f}")


def main() -> None:
    print(f"{STUDIES} studies of {DAYS} days with {BEFORE.sales} sales each")
    print("standard deviation of a day's rate, by formula:")
    print(f"  {BEFORE.spread:.2f} in bursts, {STEADY.spread:.2f} if sales were independent\n")
    print(f"{'':38}covers it    half-width")
    print(f"failed sales; the truth is {BEFORE.truth:.2f} %")
    _table(of_a_rate(), BEFORE.truth)
    change = AFTER.truth - BEFORE.truth
    print(f"what a remedy changes; the truth is {change:.2f}")
    _table(of_a_change(), change)


if __name__ == "__main__":
    main()
