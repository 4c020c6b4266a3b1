"""Variants: which interventions are tried together, and what they are called."""

from __future__ import annotations

import pytest

from posemu.faults import InterventionSpec
from posemu.scenario import load_text
from posemu.scenario.variants import variants

FACTORS = {name: [InterventionSpec(f"{name}-id", (), {})] for name in ("a", "b", "c")}


@pytest.mark.parametrize(
    ("design", "names"),
    [
        ("before-after", ["before", "after"]),
        ("each", ["before", "a", "b", "c", "after"]),
        ("factorial", ["before", "a", "b", "c", "a+b", "a+c", "b+c", "after"]),
        ({"plain": [], "mine": ["c", "a"]}, ["plain", "mine"]),
    ],
)
def test_the_variants_of_a_design(design: object, names: list[str]) -> None:
    """Nothing is before, everything is after, and what is between is named by its parts."""
    found = variants(design, FACTORS)  # type: ignore[arg-type]
    assert [variant.name for variant in found] == names
    for variant in found:
        assert [spec.id for spec in variant.interventions] == [f"{f}-id" for f in variant.factors]


def test_a_factorial_of_four_has_sixteen() -> None:
    """Every combination once."""
    four = FACTORS | {"d": []}
    chosen = [variant.factors for variant in variants("factorial", four)]
    assert len(set(chosen)) == len(chosen) == 16


def test_one_intervention_alone_is_after() -> None:
    """With one intervention each and factorial are before and after: no variant comes twice."""
    one = {"a": FACTORS["a"]}
    for design in ("before-after", "each", "factorial"):
        assert [variant.name for variant in variants(design, one)] == ["before", "after"]


def test_without_interventions_there_is_the_base() -> None:
    """A scenario that does nothing has one variant."""
    assert [variant.name for variant in variants("factorial", {})] == ["base"]


def test_a_file_says_where_how_and_from_when() -> None:
    """Tills, parameters with the catalogue's defaults, and the start within the day."""
    scenario = load_text(
        """
        posemu: 1
        tills: {near: {}, far: {}}
        cardholders: {each: 1}
        interventions:
          booster: [signal-booster: {tills: [far], at: "09:30"}]
          plan: [emergency-plan: {takes: 10s}]
        variants: {before: [], both: [booster, plan]}
        """,
        "x.yaml",
    )
    assert [variant.name for variant in scenario.variants] == ["before", "both"]
    assert scenario.under("before").interventions == ()
    assert scenario.under("both").interventions == (
        InterventionSpec("signal-booster", ("far",), {"gain": 20.0}, 1_800_000_000),
        InterventionSpec("emergency-plan", (), {"takes": 10_000_000}, 0),
    )
    with pytest.raises(KeyError):
        scenario.under("after")
