"""What a world measured: figures from the trace, in total and by terminal, hour, and both.

A sale belongs to the hour in which its SALE key was pressed. Sales still under way when the shop
closes are left out; what is defined only when everything has come to rest (completeness of
reversals, wrong charges, exposure) is taken after the drain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from posemu.oracle import Judge
from posemu.sim import US_PER_S, Event, Trace

US_PER_HOUR = 3_600 * US_PER_S


class Metric(NamedTuple):
    """Unit, and what it is called in English and Chinese."""

    unit: str
    en: str
    zh: str


METRICS: dict[str, Metric] = {
    "timeout_rate": Metric("%", "service timeout rate", "服务超时率"),
    "response_timeout": Metric("%", "response timeout rate", "应答超时率"),
    "success_rate": Metric("%", "success rate", "交易成功率"),
    "cancel_rate": Metric("%", "cancel rate", "取消率"),
    "txn_time": Metric("s", "transaction time, mean", "平均交易时间"),
    "txn_time_p50": Metric("s", "transaction time, median", "交易时间中位数"),
    "txn_time_p95": Metric("s", "transaction time, 95 %", "交易时间95分位"),
    "txn_time_p99": Metric("s", "transaction time, 99 %", "交易时间99分位"),
    "throughput": Metric("sales per h", "throughput per terminal", "每终端每小时成功笔数"),
    "read_success": Metric("%", "read success", "读卡成功率"),
    "reversal_complete": Metric("%", "reversal completeness", "冲正完成率"),
    "duplicate_charge": Metric("items", "wrong or double charges", "错扣或重复扣款"),
    "clear_exposure": Metric("occurrences", "clear card data found", "明文卡数据暴露"),
}
AT_REST = ("reversal_complete", "duplicate_charge", "clear_exposure")


@dataclass(slots=True)
class Cell:
    """Counts of one terminal in one hour; cells add up."""

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
    sent: bool = False
    approved: bool = False
    cut_us: int | None = None  # power was lost in it


_SALE_MTI = b"\x02\x00"  # behind length and TPDU
_AFTER_RESTART = ("starting", "recovering", "sale-printing", "sale-cancelled", "sale-unknown")

Values = dict[str, float | None]


class MetricsCollector:
    """Attach it to a trace before the world runs; `values` after it."""

    def __init__(self, trace: Trace, service_us: int, hour: Callable[[int], str]) -> None:
        self._service_us = service_us
        self._hour = hour
        self._sales: dict[str, _Sale] = {}
        self._cells: dict[tuple[str, str], Cell] = {}
        self._closed_us: int | None = None
        self._reversing: dict[str, int] = {}
        self._reversed: dict[str, int] = {}
        for kind, reader in {
            "sale-started": self._started, "sale-ended": self._ended, "state": self._state,
            "power": self._power, "frame-sent": self._sent, "no-answer": self._unanswered,
            "bad-mac": self._unanswered, "garbled-answer": self._unanswered, "read": self._read,
            "journal-write": self._journal, "closed": self._close,
        }.items():  # fmt: skip
            trace.observe(reader, kind)

    # --- reading the trace ------------------------------------------------------------------------

    def _cell(self, till: str, hour: str) -> Cell:
        cell = self._cells.get((till, hour))
        if cell is None:
            cell = self._cells[(till, hour)] = Cell()
        return cell

    def _now(self, event: Event) -> Cell | None:
        """The cell of an event's own moment, while the shop is open."""
        if self._closed_us is not None:
            return None
        return self._cell(event.source, self._hour(event.t_us))

    def _started(self, event: Event) -> None:
        self._sales[event.source] = _Sale(event.t_us, self._hour(event.t_us))

    def _ended(self, event: Event) -> None:
        result = event.data["result"]
        self._finish(
            event.source, event.t_us, result == "cancelled", result in ("approved", "declined")
        )

    def _finish(self, till: str, end_us: int, cancelled: bool, served: bool) -> None:
        sale = self._sales.pop(till, None)
        if sale is None or self._closed_us is not None:
            return
        took_us = end_us - sale.start_us
        cell = self._cell(till, sale.hour)
        cell.started += 1
        cell.times_us.append(took_us)
        cell.timeouts += not served or took_us > self._service_us
        cell.cancelled += cancelled
        cell.succeeded += sale.approved

    def _state(self, event: Event) -> None:
        sale = self._sales.get(event.source)
        if sale is None:
            return
        state = event.data["state"]
        if state == "sale-approved":
            sale.approved = True
        elif sale.cut_us is not None and state not in _AFTER_RESTART:
            # What the restart had to say about the sale has been said: a committed sale was told
            # just now.
            end_us = event.t_us if sale.approved else sale.cut_us
            self._finish(event.source, end_us, not sale.sent, sale.approved)

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
                self._finish(till, sale.cut_us, not sale.sent, served=False)
        self._closed_us = event.t_us

    # --- figures ----------------------------------------------------------------------------------

    def values(self, judge: Judge | None, tills: list[str]) -> dict[str, Values]:
        """Figures by breakdown: "total", "terminal:till-1", "hour:09",
        "terminal_hour:till-1/09"."""
        open_us = self._closed_us or 0
        sums: dict[str, Cell] = {"total": Cell()}
        for till in tills:
            sums[f"terminal:{till}"] = Cell()
        for (till, hour), cell in sorted(self._cells.items()):
            for name in (
                "total",
                f"terminal:{till}",
                f"hour:{hour}",
                f"terminal_hour:{till}/{hour}",
            ):
                sums.setdefault(name, Cell()).add(cell)
        found = {name: _figures(cell) for name, cell in sums.items()}
        for name in found:
            if name == "total" or name.startswith("terminal:"):
                count = len(tills) if name == "total" else 1
                hours = open_us / US_PER_HOUR * count
                found[name]["throughput"] = sums[name].succeeded / hours if hours else None
        self._add_at_rest(found, judge, tills)
        return found

    def _add_at_rest(self, found: dict[str, Values], judge: Judge | None, tills: list[str]) -> None:
        for till in tills:
            reversing = self._reversing.get(till, 0)
            done = self._reversed.get(till, 0)
            found[f"terminal:{till}"]["reversal_complete"] = _share(done, reversing)
        reversing = sum(self._reversing.values())
        found["total"]["reversal_complete"] = _share(sum(self._reversed.values()), reversing)
        if judge is not None:
            wrong = wrong_charges(judge)
            leaks = [v.till for v in judge.violations if v.invariant == "no-card-data"]
            for till in tills:
                found[f"terminal:{till}"]["duplicate_charge"] = float(wrong.get(till, 0))
                found[f"terminal:{till}"]["clear_exposure"] = float(leaks.count(till))
            found["total"]["duplicate_charge"] = float(sum(wrong.values()))
            found["total"]["clear_exposure"] = float(len(leaks))


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
        "timeout_rate": _share(cell.timeouts, cell.started),
        "response_timeout": _share(cell.unanswered, cell.requests),
        "success_rate": _share(cell.succeeded, cell.started),
        "cancel_rate": _share(cell.cancelled, cell.started),
        "txn_time": sum(times) / len(times) / US_PER_S if times else None,
        "txn_time_p50": _quantile(times, 0.50),
        "txn_time_p95": _quantile(times, 0.95),
        "txn_time_p99": _quantile(times, 0.99),
        "read_success": _share(cell.reads, cell.swipes),
    }


def _share(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def _quantile(ordered: list[int], q: float) -> float | None:
    """The smallest time that at least a share q of the sales did not exceed, in s."""
    if not ordered:
        return None
    rank = max(0, -(-int(q * 1000) * len(ordered) // 1000) - 1)
    return ordered[rank] / US_PER_S
