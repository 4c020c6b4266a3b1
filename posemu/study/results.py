"""What a study holds, and its digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from posemu.faults import FaultSpec
from posemu.oracle import Violation
from posemu.scenario import METRICS
from posemu.study.causes import Failure
from posemu.study.figures import Values
from posemu.study.statistics import Estimate, estimate
from posemu.study.stopping import Wide


@dataclass(frozen=True, slots=True)
class WorldRecord:
    """One world, as it comes back from a worker process."""

    variant: str
    replication: int
    digest: str
    events: int
    values: dict[str, Values]
    violations: tuple[Violation, ...]
    not_observed: tuple[str, ...]
    pairs: dict[tuple[str, str], int]
    situations: dict[str, int]
    struck: dict[str, int]
    schedule: tuple[FaultSpec, ...]
    failures: tuple[Failure, ...] = ()
    steps_us: dict[tuple[str, bool, str], int] = field(default_factory=dict)
    """Service time by till, whether the sale was in time, and state of the terminal."""
    sales: dict[tuple[str, bool], int] = field(default_factory=dict)
    """How many sales there were, by till and whether they were in time."""


class Finding(NamedTuple):
    """An expectation, whether it holds, and what was observed (None: it cannot be decided): the
    level, or the mean change, in the metric's unit."""

    text: str
    holds: bool
    observed: float | None


@dataclass(slots=True)
class StudyResult:
    """All worlds of one scenario, replication by replication, in each all variants in the order of
    the design."""

    scenario: str
    seed: int
    replications: int
    worlds: list[WorldRecord] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    wide: tuple[Wide, ...] | None = None
    """The intervals that are wider than the scenario's rule asks; None: it has no rule, or the
    number of replications was given."""

    @property
    def holds(self) -> bool:
        """No rule is broken, and every expectation holds."""
        return not any(world.violations for world in self.worlds) and all(
            finding.holds for finding in self.findings
        )

    @property
    def digest(self) -> str:
        return study_digest((w.variant, w.replication, w.digest) for w in self.worlds)

    def variants(self) -> list[str]:
        """Their names, in the order of the design."""
        return list(dict.fromkeys(world.variant for world in self.worlds))

    def of(self, variant: str) -> list[WorldRecord]:
        return [world for world in self.worlds if world.variant == variant]

    def breakdowns(self, variant: str) -> list[str]:
        """ "total", "terminal:till-1", ... in order."""
        names = {name for world in self.of(variant) for name in world.values}
        return sorted(names, key=lambda name: (name != "total", name))

    def estimates(self, variant: str, breakdown: str) -> dict[str, Estimate]:
        """Mean and interval of each metric that has a meaning in this breakdown, over the
        replications that define it."""
        worlds = [world.values.get(breakdown, {}) for world in self.of(variant)]
        found: dict[str, Estimate] = {}
        for metric in METRICS:
            if any(metric in values for values in worlds):
                known = [values.get(metric) for values in worlds]
                found[metric] = estimate([value for value in known if value is not None])
        return found


def study_digest(worlds: Iterable[tuple[str, int, str]]) -> str:
    """Over (variant, replication, world digest) in order of name and number: independent of jobs
    and order of work."""
    h = blake2b(digest_size=16)
    for variant, replication, digest in sorted(worlds):
        h.update(f"{variant}\x1f{replication}\x1f{digest}\n".encode())
    return h.hexdigest().upper()
