"""What the lanes measured: who waited how long, who left unpaid, and what that cost the shop.

A customer belongs to the hour in which he or she came. Who is in the shop when it closes is sent
home: that is no lost sale, and no waiting time either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from posemu.sim import US_PER_S, Event, Trace
from posemu.study.figures import US_PER_HOUR, Values, quantile, share

CLOSED = "closed"  # seen by who is sent home at closing


@dataclass(slots=True)
class _Waiting:
    came_us: int
    hour: str
    amount_minor: int
    method: str


@dataclass(slots=True)
class LaneCell:
    """Counts of one lane, hour and method; cells add up, but for the longest queue."""

    arrived: int = 0
    unpaid: int = 0
    lost_minor: int = 0
    waits_us: list[int] = field(default_factory=list)
    queue_us: int = 0  # customers waiting, times how long
    queue_max: int = 0

    def add(self, other: LaneCell) -> None:
        self.arrived += other.arrived
        self.unpaid += other.unpaid
        self.lost_minor += other.lost_minor
        self.waits_us += other.waits_us
        self.queue_us += other.queue_us
        self.queue_max = max(self.queue_max, other.queue_max)


class LaneCollector:
    """Attach it to a trace before the world runs. `hour` tells the hour of the day at a moment; the
    day begins so many µs after an hour does."""

    def __init__(self, trace: Trace, hour: Callable[[int], str], begins_us: int) -> None:
        self._hour = hour
        self._begins_us = begins_us
        self._here: dict[str, dict[int, _Waiting]] = {}  # by lane and ordinal
        self._queues: dict[str, tuple[int, int]] = {}  # since when so many wait
        self.cells: dict[tuple[str, str, str], LaneCell] = {}
        self._open = True
        for kind, reader in {
            "customer-arrives": self._arrives, "customer-called": self._called,
            "customer-leaves": self._leaves, "closed": self._close,
        }.items():  # fmt: skip
            trace.observe(reader, kind)

    def _cell(self, till: str, hour: str, method: str) -> LaneCell:
        return self.cells.setdefault((till, hour, method), LaneCell())

    def _arrives(self, event: Event) -> None:
        till, data = _till(event), event.data
        hour = self._hour(event.t_us)
        waiting = _Waiting(event.t_us, hour, data["amount_minor"], data["method"])
        self._here.setdefault(till, {})[data["ordinal"]] = waiting
        self._queue(till, event.t_us, 1)

    def _called(self, event: Event) -> None:
        till = _till(event)
        waiting = self._here[till][event.data["ordinal"]]
        self._queue(till, event.t_us, -1)
        cell = self._cell(till, waiting.hour, waiting.method)
        cell.waits_us.append(event.t_us - waiting.came_us)

    def _leaves(self, event: Event) -> None:
        till, data = _till(event), event.data
        waiting = self._here[till].pop(data["ordinal"])
        if data["seen"] in ("queue", CLOSED):
            self._queue(till, event.t_us, -1)
        if not self._open:
            return
        cell = self._cell(till, waiting.hour, waiting.method)
        cell.arrived += 1
        if not data["paid"]:
            cell.unpaid += 1
            cell.lost_minor += waiting.amount_minor

    def _close(self, event: Event) -> None:
        for till in self._queues:
            self._queue(till, event.t_us, 0)
        self._open = False

    def _queue(self, till: str, now_us: int, change: int) -> None:
        """The queue changes: what it was counts for each hour that it lasted."""
        since_us, length = self._queues.get(till, (now_us, 0))
        if self._open:
            while length and since_us < now_us:
                past_us = (self._begins_us + since_us) % US_PER_HOUR
                until_us = min(now_us, since_us + US_PER_HOUR - past_us)
                cell = self._cell(till, self._hour(since_us), "")
                cell.queue_us += length * (until_us - since_us)
                since_us = until_us
            cell = self._cell(till, self._hour(now_us), "")
            cell.queue_max = max(cell.queue_max, length + change)
        self._queues[till] = (now_us, length + change)


def figures(cell: LaneCell, open_us: int) -> Values:
    """The figures of a cell that was open so long (of several lanes: the time of one)."""
    waits = sorted(cell.waits_us)
    return {
        "queue_length": cell.queue_us / open_us if open_us else None,
        "queue_length_max": float(cell.queue_max) if open_us else None,
        "wait_time": sum(waits) / len(waits) / US_PER_S if waits else None,
        "wait_time_p95": quantile(waits, 0.95),
        "renege_rate": share(cell.unpaid, cell.arrived),
        "lost_sales": cell.lost_minor / 100,
    }


def _till(event: Event) -> str:
    return event.source.removesuffix("/lane")
