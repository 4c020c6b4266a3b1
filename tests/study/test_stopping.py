"""The stopping rule: what is too wide, what comes next, and how a scenario says it."""

from __future__ import annotations

from math import nextafter
from typing import Any

import pytest

from posemu.scenario import Until, load_text
from posemu.scenario.json_schema import scenario_schema
from posemu.study import Wide, estimate
from posemu.study.stopping import next_count, too_wide

ESTIMATE = estimate([9.0, 11.0, 10.0, 10.0])
HALF = (ESTIMATE.high - ESTIMATE.low) / 2  # type: ignore[operator]
NARROW, UNDEFINED, ONCE = estimate([10.0, 10.0]), estimate([]), estimate([10.0])
HEAD = "posemu: 1\ntills: {near: {}}\ncardholders: {each: 1}\nreplications: 4\n"


def until(**half_widths: float) -> Until:
    return Until(tuple(half_widths.items()), budget=30, batch=10)


def test_half_of_the_interval_is_compared() -> None:
    """An interval is narrow enough if half of it is the limit, and too wide if it is any more."""
    totals = {"base": {"txn_time": ESTIMATE}}
    assert too_wide(until(txn_time=HALF), totals) == ()
    below = nextafter(HALF, 0)
    assert too_wide(until(txn_time=below), totals) == (Wide("base", "txn_time", HALF, below),)


@pytest.mark.parametrize("found", [UNDEFINED, ONCE, None])
def test_without_an_interval_nothing_is_narrow(found: Any) -> None:
    """A metric that fewer than two replications define, or that is not measured, is not narrow
    enough, however wide the limit."""
    totals = {"base": {} if found is None else {"txn_time": found}}
    assert too_wide(until(txn_time=1e9), totals) == (Wide("base", "txn_time", None, 1e9),)


def test_every_variant_and_every_metric_counts() -> None:
    """One interval of one variant is enough to go on; all that are too wide are told, in order."""
    totals = {
        "before": {"txn_time": NARROW, "lost_sales": ESTIMATE},
        "after": {"txn_time": ESTIMATE, "lost_sales": NARROW},
    }
    wide = too_wide(until(txn_time=0.1, lost_sales=0.2), totals)
    assert [each[:2] for each in wide] == [("before", "lost_sales"), ("after", "txn_time")]


WIDE = (Wide("base", "txn_time", None, 1.0),)


@pytest.mark.parametrize(
    ("count", "wide", "following"),
    [(10, WIDE, 20), (15, WIDE, 25), (25, WIDE, 30), (30, WIDE, None), (40, WIDE, None),
     (10, (), None)],
)  # fmt: skip
def test_what_comes_next(count: int, wide: tuple[Wide, ...], following: int | None) -> None:
    """One batch more, the last one cut at the budget; nothing more when all is narrow enough, or
    the budget is spent: a metric that is never defined does not hold up the end."""
    assert next_count(until(txn_time=1.0), count, wide) == following


def test_a_scenario_says_it() -> None:
    """`until` gives the widths in the metrics' units (`1 %` is 1), the budget and the batch, which
    is 10 if it is not said; without `until` there is no rule."""
    text = f"{HEAD}until: {{half_width: {{timeout_rate: 1.5 %, lost_sales: 50}}, budget: 4}}\n"
    assert load_text(text, "x.yaml").until == Until(
        (("timeout_rate", 1.5), ("lost_sales", 50.0)), 4, 10
    )
    text = f"{HEAD}until: {{half_width: {{txn_time: 0.5}}, budget: 90, batch: 7}}\n"
    assert load_text(text, "x.yaml").until == Until((("txn_time", 0.5),), 90, 7)
    assert load_text(HEAD, "x.yaml").until is None


def test_editors_know_it() -> None:
    """The JSON Schema has the keys of `until`, the metrics and what a width may be."""
    section = scenario_schema()["$defs"]["UntilSection"]
    assert section["required"] == ["half_width", "budget"]
    widths = section["properties"]["half_width"]
    assert "lost_sales" in widths["propertyNames"]["enum"]
    assert widths["additionalProperties"]["anyOf"][0] == {"type": "number", "exclusiveMinimum": 0}
