"""The variants of a study: which interventions are tried together. All of them see the same
customers, faults and seeds.

    before-after   nothing, everything
    each           nothing, each alone, everything
    factorial      every combination, named by its interventions joined with +
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from posemu.faults.interventions import InterventionSpec
from posemu.scenario.spec import BASE, Variant

BEFORE, AFTER = "before", "after"
BEFORE_AFTER, EACH, FACTORIAL = "before-after", "each", "factorial"

Factors = Mapping[str, Sequence[InterventionSpec]]


def variants(design: str | Mapping[str, Sequence[str]], factors: Factors) -> tuple[Variant, ...]:
    """The variants in their order; without any intervention there is one, called base."""
    if isinstance(design, Mapping):
        return tuple(_variant(name, chosen, factors) for name, chosen in design.items())
    if not factors:
        return (Variant(BASE, (), ()),)
    names = list(factors)
    sizes = {
        BEFORE_AFTER: (0, len(names)),
        EACH: (0, 1, len(names)),
        FACTORIAL: range(len(names) + 1),
    }[design]
    chosen = dict.fromkeys(pick for size in sizes for pick in combinations(names, size))
    return tuple(_variant(_name(pick, names), pick, factors) for pick in chosen)


def _name(chosen: Sequence[str], names: Sequence[str]) -> str:
    if not chosen:
        return BEFORE
    return AFTER if len(chosen) == len(names) else "+".join(chosen)


def _variant(name: str, chosen: Sequence[str], factors: Factors) -> Variant:
    specs = tuple(spec for factor in chosen for spec in factors[factor])
    return Variant(name, tuple(chosen), specs)
