"""What a world measured: figures from the trace, in total and by terminal, hour, both, method of
payment, root cause, and worn or good cards.

A sale belongs to the hour in which its SALE key was pressed. Sales still under way when the shop
closes are left out; what is defined only when everything has come to rest (completeness of
reversals, wrong charges, exposure) is taken after the drain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from posemu.oracle import Judge
from posemu.sim import US_PER_S, Event, Trace
from posemu.study import queues
from posemu.study.causes import Causes, Failure
from posemu.study.figures import US_PER_HOUR, Values, quantile, share
from posemu.study.queues import LaneCell, LaneCollector
from posemu.study.reads import ReadsCollector
from posemu.study.uptime import UptimeCollector

AT_REST = ("reversal_complete", "duplicate_charge", "clear_exposure")


@dataclass(slots=True)
class Cell:
    """Counts of one terminal in one hour, by method of payment; cells add up."""

    started: int = 0
    timeouts: int = 0
    succeeded: int = 0
    cancelled: int = 0
    requests: int = 0
    unanswered: int = 0
    swipes: int = 0
    reads: int = 0
    times_us: list[int] = field(default_factory=list)

    def add(self, other: Cell) -> None:
        self.started += other.started
        self.timeouts += other.timeouts
        self.succeeded += other.succeeded
        self.cancelled += other.cancelled
        self.requests += other.requests
        self.unanswered += other.unanswered
        self.swipes += other.swipes
        self.reads += other.reads
        self.times_us += other.times_us


@dataclass(slots=True)
class _Sale:
    start_us: int
    hour: str
    method: str
    state: str = ""
    state_us: int = 0
    times_us: dict[str, int] = field(default_factory=dict)  # by state
    sent: bool = False
    approved: bool = False
    cut_us: int | None = None  # power was lost in it


_SALE_MTI = b"\x02\x00"  # behind length and TPDU
_AFTER_RESTART = (
    "starting", "recovering", "sale-printing", "sale-cancelled", "sale-unknown", "order-open",
    "order-connecting", "order-querying", "order-closing", "code-committing",
)  # fmt: skip
_OUTCOMES = (
    "sale-cancelled", "sale-unknown", "sale-declined", "sale-approved", "idle", "not-signed-on",
)  # fmt: skip


class MetricsCollector:
    """Attach it to a trace before the world runs; `values` after it."""

    def __init__(
        self, trace: Trace, service_us: int, hour: Callable[[int], str], begins_us: int = 0
    ) -> None:
        """`hour(t_us)` is the hour of the day; the day begins `begins_us` after midnight."""
        self._service_us = service_us
        self._hour = hour
        self._begins_us = begins_us
        self._causes = Causes(trace)
        self._lanes = LaneCollector(trace, hour, begins_us)
        self._uptime = UptimeCollector(trace, hour, begins_us)
        self._reads = ReadsCollector(trace)
        self.failures: list[Failure] = []
        self.steps_us: dict[tuple[str, bool, str], int] = {}
        """Service time of all sales: by till, whether the sale was in time, and state."""
        self.sales: dict[tuple[str, bool], int] = {}
        """How many sales there were, by till and whether they were in time."""
        self._sales: dict[str, _Sale] = {}
        self._cells: dict[tuple[str, str, str], Cell] = {}  # till, hour, method ("": of none)
        self._closed_us: int | None = None
        self._reversing: dict[str, int] = {}
        self._reversed: dict[str, int] = {}
        for kind, reader in {
            "sale-started": self._started, "sale-ended": self._ended, "state": self._state,
            "power": self._power, "frame-sent": self._sent, "no-answer": self._unanswered,
            "bad-mac": self._unanswered, "garbled-answer": self._unanswered, "read": self._read,
            "chip-read": self._read, "scan": self._read,
            "journal-write": self._journal, "closed": self._close,
        }.items():  # fmt: skip
            trace.observe(reader, kind)

    # --- reading the trace ------------------------------------------------------------------------

    def _cell(self, till: str, hour: str, method: str) -> Cell:
        cell = self._cells.get((till, hour, method))
        if cell is None:
            cell = self._cells[(till, hour, method)] = Cell()
        return cell

    def _now(self, event: Event) -> Cell | None:
        """The cell of an event's own moment, while the shop is open."""
        if self._closed_us is not None:
            return None
        sale = self._sales.get(event.source)
        method = sale.method if sale is not None else ""
        return self._cell(event.source, self._hour(event.t_us), method)

    def _started(self, event: Event) -> None:
        method = event.data.get("method", "card")
        self._sales[event.source] = _Sale(event.t_us, self._hour(event.t_us), method)

    def _ended(self, event: Event) -> None:
        result = event.data["result"]
        symptom = str(event.data.get("why", result))
        self._finish(event.source, event.t_us, result, symptom)

    def _finish(self, till: str, end_us: int, result: str, symptom: str) -> None:
        sale = self._sales.pop(till, None)
        if sale is None or self._closed_us is not None:
            return
        took_us = end_us - sale.start_us
        slow = took_us > self._service_us
        failed = result not in ("approved", "declined")
        cell = self._cell(till, sale.hour, sale.method)
        cell.started += 1
        cell.times_us.append(took_us)
        cell.timeouts += failed or slow
        cell.cancelled += result == "cancelled"
        cell.succeeded += sale.approved
        self._count_steps(till, not (failed or slow), sale, end_us)
        if failed or slow:
            times = sale.times_us
            step = sale.state if failed or not times else max(times, key=lambda name: times[name])
            said = symptom if failed else "too-slow"
            cause = self._causes.cause(till, sale.start_us, step, said, sale.cut_us is not None)
            failure = Failure(sale.start_us, till, sale.method, said, step, cause)
            self.failures.append(failure)

    def _count_steps(self, till: str, in_time: bool, sale: _Sale, end_us: int) -> None:
        """Where a sale's time went; all of it, with what passed since the last state."""
        self.sales[till, in_time] = self.sales.get((till, in_time), 0) + 1
        times = dict(sale.times_us)
        rest_us = end_us - sale.start_us - sum(times.values())
        if rest_us:
            times[sale.state] = times.get(sale.state, 0) + rest_us
        for state, took_us in times.items():
            key = (till, in_time, state)
            self.steps_us[key] = self.steps_us.get(key, 0) + took_us

    def _state(self, event: Event) -> None:
        sale = self._sales.get(event.source)
        if sale is None:
            return
        state = event.data["state"]
        if sale.state:
            past_us = event.t_us - sale.state_us
            sale.times_us[sale.state] = sale.times_us.get(sale.state, 0) + past_us
        if state not in _OUTCOMES and sale.cut_us is None:
            sale.state = state
        sale.state_us = event.t_us
        if state == "sale-approved":
            sale.approved = True
        elif sale.cut_us is not None and state not in _AFTER_RESTART:
            # What the restart had to say about the sale has been said: a committed sale was told
            # just now.
            end_us = event.t_us if sale.approved else sale.cut_us
            result = "approved" if sale.approved else "unknown" if sale.sent else "cancelled"
            self._finish(event.source, end_us, result, "power")

    def _power(self, event: Event) -> None:
        sale = self._sales.get(event.source)
        if not event.data["on"] and sale is not None and sale.cut_us is None:
            sale.cut_us = event.t_us

    def _sent(self, event: Event) -> None:
        if event.data["end"] != "terminal":
            return
        cell = self._now(event)
        if cell is not None:
            cell.requests += 1
        if event.source in self._sales and event.data["bytes"][7:9] == _SALE_MTI:
            self._sales[event.source].sent = True

    def _unanswered(self, event: Event) -> None:
        cell = self._now(event)
        if cell is not None:
            cell.unanswered += 1

    def _read(self, event: Event) -> None:
        cell = self._now(event)
        if cell is not None:
            cell.swipes += 1
            cell.reads += event.data["good"]

    def _journal(self, event: Event) -> None:
        counts = {"reversing": self._reversing, "reversed": self._reversed}.get(
            event.data["record"]
        )
        if counts is not None:
            counts[event.source] = counts.get(event.source, 0) + 1

    def _close(self, event: Event) -> None:
        for till, sale in list(self._sales.items()):
            if sale.cut_us is not None:  # the power never came back
                result = "unknown" if sale.sent else "cancelled"
                self._finish(till, sale.cut_us, result, "power")
        self._closed_us = event.t_us

    # --- figures ----------------------------------------------------------------------------------

    def values(self, judge: Judge | None, tills: list[str]) -> dict[str, Values]:
        """Figures by breakdown: "total", "terminal:till-1", "hour:09", "terminal_hour:till-1/09",
        "method:card", "cause:wifi-weak", "card:worn", "terminal_card:till-1/worn"."""
        open_us = self._open_us()
        hours_open = [hour for hour in open_us if hour]
        names = {name for till in tills for hour in hours_open for name in _breakdowns(till, hour)}
        names |= {"total", *(f"terminal:{till}" for till in tills)}
        sales = {name: Cell() for name in sorted(names)}
        for (till, hour, method), cell in sorted(self._cells.items()):
            for name in _breakdowns(till, hour, method):
                sales.setdefault(name, Cell()).add(cell)
        lanes: dict[str, LaneCell] = {}
        for (till, hour, method), lane_cell in sorted(self._lanes.cells.items()):
            for name in _breakdowns(till, hour, method):
                lanes.setdefault(name, LaneCell()).add(lane_cell)
        found: dict[str, Values] = {}
        for name in sorted({*sales, *lanes}, key=lambda name: (name != "total", name)):
            kind, _, item = name.partition(":")
            here_us = open_us.get(item.rpartition("/")[2] if "hour" in kind else "", 0)
            count = 1 if kind.startswith("terminal") else len(tills)
            cell = sales.get(name, Cell())
            found[name] = _figures(cell)
            hours = here_us / US_PER_HOUR * count
            found[name]["throughput"] = cell.succeeded / hours if hours else None
            found[name] |= queues.figures(lanes.get(name, LaneCell()), here_us)
            if kind == "method":
                for metric in _NOT_BY_METHOD:
                    del found[name][metric]
        self._add_uptime(found, open_us, len(tills))
        self._add_causes(found, sales["total"].started)
        self._reads.add_to(found, tills)
        self._add_at_rest(found, judge, tills)
        return found

    def _open_us(self) -> dict[str, int]:
        """How long the shop was open in each hour of the day, and in all ("")."""
        closed_us = self._closed_us or 0
        found = {"": closed_us}
        at_us = 0
        while at_us < closed_us:
            past_us = (self._begins_us + at_us) % US_PER_HOUR
            until_us = min(closed_us, at_us + US_PER_HOUR - past_us)
            hour = self._hour(at_us)
            found[hour] = found.get(hour, 0) + until_us - at_us
            at_us = until_us
        return found

    def _add_uptime(self, found: dict[str, Values], open_us: dict[str, int], tills: int) -> None:
        """The share of the open time in which a sale of this kind could be started."""
        for kind, metric in (("card", "availability"), ("code", "availability_code")):
            sums: dict[str, int] = {}
            for (till, hour, known), usable_us in self._uptime.usable_us.items():
                if known == kind:
                    for name in _breakdowns(till, hour):
                        sums[name] = sums.get(name, 0) + usable_us
            for name, values in found.items():
                where, _, item = name.partition(":")
                here_us = open_us.get(item.rpartition("/")[2] if "hour" in where else "", 0)
                count = 1 if where.startswith("terminal") else tills
                if where != "method" and self._uptime.told:
                    values[metric] = share(sums.get(name, 0), here_us * count)

    def _add_causes(self, found: dict[str, Values], started: int) -> None:
        """Failed sales of each root cause, over all that were started."""
        counts: dict[str, int] = {}
        for failure in self.failures:
            counts[failure.cause] = counts.get(failure.cause, 0) + 1
        for cause, count in sorted(counts.items()):
            found[f"cause:{cause}"] = {"timeout_rate": share(count, started)}

    def _add_at_rest(self, found: dict[str, Values], judge: Judge | None, tills: list[str]) -> None:
        for till in tills:
            reversing = self._reversing.get(till, 0)
            done = self._reversed.get(till, 0)
            found[f"terminal:{till}"]["reversal_complete"] = share(done, reversing)
        reversing = sum(self._reversing.values())
        found["total"]["reversal_complete"] = share(sum(self._reversed.values()), reversing)
        if judge is not None:
            wrong = wrong_charges(judge)
            leaks = [v.till for v in judge.violations if v.invariant == "no-card-data"]
            for till in tills:
                found[f"terminal:{till}"]["duplicate_charge"] = float(wrong.get(till, 0))
                found[f"terminal:{till}"]["clear_exposure"] = float(leaks.count(till))
            found["total"]["duplicate_charge"] = float(sum(wrong.values()))
            found["total"]["clear_exposure"] = float(len(leaks))


_NOT_BY_METHOD = ("queue_length", "queue_length_max")  # a queue has customers of all methods


def _breakdowns(till: str, hour: str, method: str = "") -> tuple[str, ...]:
    """The names of all breakdowns that a cell belongs to."""
    names = ("total", f"terminal:{till}", f"hour:{hour}", f"terminal_hour:{till}/{hour}")
    return (*names, f"method:{method}") if method else names


def wrong_charges(judge: Judge) -> dict[str, int]:
    """By till: sales booked twice, booked but not told as charged, or told as charged but not
    booked."""
    wrong: dict[str, int] = {}
    for tx in judge.ledger.transactions.values():
        net_minor = judge.ledger.net_minor(tx)
        charged = tx.told == "charged"
        if (net_minor != 0) != charged or net_minor > tx.amount_minor:
            wrong[tx.till] = wrong.get(tx.till, 0) + 1
    return wrong


def _figures(cell: Cell) -> Values:
    times = sorted(cell.times_us)
    return {
        "timeout_rate": share(cell.timeouts, cell.started),
        "response_timeout": share(cell.unanswered, cell.requests),
        "success_rate": share(cell.succeeded, cell.started),
        "cancel_rate": share(cell.cancelled, cell.started),
        "txn_time": sum(times) / len(times) / US_PER_S if times else None,
        "txn_time_p50": quantile(times, 0.50),
        "txn_time_p95": quantile(times, 0.95),
        "txn_time_p99": quantile(times, 0.99),
        "read_success": share(cell.reads, cell.swipes),
    }
