"""Python's garbage collector, kept quiet while a world runs.

A running world makes much that lives on (a day's trace, a batch's journal) and few cycles (one a
connection). The collector's usual 700 allocations between two looks cost a tenth of a run, and more
with a thousand terminals; memory hardly changes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 10_000


@contextmanager
def rare_collection() -> Iterator[None]:
    """Within it, the collector looks once in so many allocations; somebody's own rarer setting, or
    a collector that is switched off, stays as it is."""
    before = gc.get_threshold()
    if 0 < before[0] < _ALLOCATIONS:
        gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
