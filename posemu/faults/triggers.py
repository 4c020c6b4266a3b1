"""When a fault strikes, and on what: the compiled form of an entry of a scenario's
`faults:` list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from posemu.sim import Distribution


@dataclass(frozen=True, slots=True)
class Always:
    """From the start, all day."""


@dataclass(frozen=True, slots=True)
class AtTimes:
    """At moments of the world's clock, each with how long it lasts in µs (None: as the fault's span
    says)."""

    strikes: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class OnMessage:
    """At the n-th message of this type that passes this end ("terminal" or "host"), sent or
    received, and so long after."""

    mti: str
    end: str
    nth: int = 1
    after_us: int = 0


@dataclass(frozen=True, slots=True)
class OnState:
    """When a terminal enters this state for the n-th time, and so long after."""

    state: str
    nth: int = 1
    after_us: int = 0


@dataclass(frozen=True, slots=True)
class OnJournal:
    """At the n-th journal operation ("write" or "flush") of a terminal, and so long after."""

    what: str
    nth: int = 1
    after_us: int = 0


@dataclass(frozen=True, slots=True)
class AtRate:
    """A memoryless process, in events per µs. It is compiled to `AtTimes` before the world runs."""

    per_us: float


@dataclass(frozen=True, slots=True)
class InSpells:
    """Good and bad spells in turn, exponential with these means in µs; the day begins with a good
    one, the fault holds in the bad ones. It is compiled to `AtTimes` before the world runs."""

    good_us: int
    bad_us: int


Trigger = Always | AtTimes | OnMessage | OnState | OnJournal | AtRate | InSpells


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One entry: the failure mode's id, the till it strikes (None: all, or the one where its anchor
    is), its typed parameters, when, and for how long (None: to the end; a `moment` ends by itself).
    """

    id: str
    target: str | None
    params: dict[str, Any]
    trigger: Trigger
    span: Distribution | None = None
