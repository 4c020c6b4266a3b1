"""When customers come: a Poisson process whose rate follows the clock.

The n-th customer comes when the area under the rate has grown by the n-th draw of a unit
exponential. So a change of the rate moves customers in time and makes no other customers of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from posemu.sim import Exponential

_UNIT = Exponential(1.0)


class Spell(NamedTuple):
    """A time of a constant rate: from, to [µs of the world's clock], customers per µs."""

    from_us: int
    to_us: int
    per_us: float


def arrivals(spells: Sequence[Spell], draw: Callable[[int], float]) -> Iterator[int]:
    """The moments of arrival in µs, in order; `spells` in order, without overlap."""
    n, due = 1, _UNIT.quantile(draw(1))
    for spell in spells:
        at_us = float(spell.from_us)
        while spell.per_us > 0:
            next_us = at_us + due / spell.per_us
            if next_us >= spell.to_us:
                due -= (spell.to_us - at_us) * spell.per_us
                break
            yield int(next_us)
            at_us, n = next_us, n + 1
            due = _UNIT.quantile(draw(n))
