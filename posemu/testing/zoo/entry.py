"""What the zoo knows about one planted bug."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.faults import FaultSpec
from posemu.faults.catalogue import Text
from posemu.scenario import Build


@dataclass(frozen=True, slots=True)
class Planted:
    """A faulty build: what is wrong with it, the faults of `schedule` that bring it out in the
    small shop (none if it is wrong on a good day too; no fewer would do), and the rule of
    `posemu.oracle.INVARIANTS` that names it."""

    name: str
    wrong: Text
    build: Build
    schedule: tuple[FaultSpec, ...]
    invariant: str
