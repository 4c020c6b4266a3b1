"""Effects of a factorial against a model whose effects are known."""

from __future__ import annotations

from itertools import combinations

import pytest

from posemu.scenario import Variant
from posemu.study import StudyResult, WorldRecord
from posemu.study.effects import effects, is_factorial, paired

ALONE = {"a": -10.0, "b": 4.0, "c": 0.0}
TOGETHER = {("a", "b"): 3.0}
NOISE = {0: 5.0, 1: -2.0, 2: 0.5}  # by replication, the same in every variant


def variants(*factors: str) -> tuple[Variant, ...]:
    chosen = [pick for size in range(len(factors) + 1) for pick in combinations(factors, size)]
    return tuple(Variant("+".join(pick) or "before", pick, ()) for pick in chosen)


def world(variant: str, replication: int, value: float | None) -> WorldRecord:
    return WorldRecord(
        variant=variant, replication=replication, digest="", events=0,
        values={"total": {"timeout_rate": value}}, violations=(), not_observed=(), pairs={},
        situations={}, struck={}, schedule=(),
    )  # fmt: skip


def model(factors: tuple[str, ...]) -> float:
    both = sum(size for pair, size in TOGETHER.items() if set(pair) <= set(factors))
    return 50.0 + sum(ALONE[factor] for factor in factors) + both


def study(all_variants: tuple[Variant, ...]) -> StudyResult:
    worlds = [
        world(variant.name, n, model(variant.factors) + noise)
        for n, noise in NOISE.items()
        for variant in all_variants
    ]
    return StudyResult("test", 1, len(NOISE), worlds=worlds)


def test_effects_are_those_of_the_model() -> None:
    """A main effect is the mean over the other measures' choices, an interaction what the second
    measure changes in the first one's effect; what all variants share cancels, so that the
    intervals have no width."""
    tried = variants("a", "b", "c")
    found = {
        each.factors: each.size for each in effects(study(tried), tried, "total", "timeout_rate")
    }
    assert list(found) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")]
    sizes = {factors: size.mean for factors, size in found.items()}
    assert sizes == pytest.approx(
        {
            ("a",): -10.0 + 1.5, ("b",): 4.0 + 1.5, ("c",): 0.0,
            ("a", "b"): 3.0, ("a", "c"): 0.0, ("b", "c"): 0.0,
        }
    )  # fmt: skip
    for size in found.values():
        assert size.n == 3
        assert size.low == pytest.approx(size.high)


def test_a_replication_with_a_hole_is_left_out() -> None:
    """Where one variant has no figure, the replication says nothing of any effect."""
    tried = variants("a", "b")
    result = study(tried)
    result.worlds[0] = world("before", 0, None)
    assert [each.size.n for each in effects(result, tried, "total", "timeout_rate")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("tried", "whole"),
    [
        (variants("a", "b"), True),
        (variants("a", "b", "c"), True),
        (variants("a", "b")[:3], False),
        (variants("a"), False),
        (variants(), False),
        ((*variants("a", "b"), Variant("again", ("a",), ())), False),
    ],
)
def test_what_a_factorial_is(tried: tuple[Variant, ...], whole: bool) -> None:
    """Every combination of two measures at least, none missing and none twice."""
    assert is_factorial(tried) is whole


def test_a_paired_change_ignores_what_both_share() -> None:
    """The change from one variant to another is taken within each replication."""
    found = paired(study(variants("a", "b")), "before", "a", "total", "timeout_rate")
    assert (found.mean, found.n) == (pytest.approx(-10.0), 3)
    assert found.low == pytest.approx(found.high)
    assert paired(study(variants("a")), "before", "a", "total", "lost_sales").n == 0
