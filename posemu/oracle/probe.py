"""What the terminal tells of its inside: the writes and flushes of its journal and of its queue of
advices, its power, its crashes. The ledger keeps it for the rules that need it."""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.ledger import JournalProbe, Ledger, QueueProbe, Report
from posemu.oracle.reversals import true_reasons
from posemu.oracle.wording import CHARGED
from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "no-crash": (
        "the terminal's program does not break its own state table",
        "终端程序不得违反状态表",
    ),
}

WAITING, ANSWERED = "waiting", "answered"  # records of the queue: an advice comes, and goes
_ENTRY = 6  # where the record of a sale says how card or code was read


class Probe:
    """Keeps a `JournalProbe` and a `QueueProbe` of each till."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self.events: dict[str, Callable[[Event], None]] = {
            "journal-write": self._journal_write,
            "journal-flush": self._journal_flush,
            "queue-write": self._queue_write,
            "queue-flush": self._queue_flush,
            "power": self._power,
            "crash": self._crash,
        }

    def _journal(self, till: str) -> JournalProbe:
        return self._ledger.journals.setdefault(till, JournalProbe())

    def _journal_write(self, event: Event) -> None:
        journal = self._journal(event.source)
        kind, *values = _record(event)
        journal.written.append((kind, values[0] if values else ""))
        if kind == "prepared":
            journal.prepared[values[0]] = (values[1], values[2], int(values[3]))
            journal.entries[values[0]] = values[_ENTRY] if len(values) > _ENTRY else ""
        elif kind == "reversing":
            tx = self._ledger.newest(event.source, values[0])
            if tx is not None:
                tx.reasons = (*true_reasons(tx), *tx.reasons_before)

    def _journal_flush(self, event: Event) -> None:
        self._journal(event.source).flush()

    def _queue_write(self, event: Event) -> None:
        till = event.source
        kind, number, *values = _record(event)
        queue = self._ledger.queues.setdefault(till, QueueProbe())
        if kind == WAITING:
            stan = queue.stans[number] = values[0]
            chip = self._ledger.chips.get(till)
            if chip is not None:
                chip.grants(stan)
            tx = self._ledger.newest(till, stan)
            if tx is not None and tx.offline and tx.told == CHARGED:
                text = f"sale {stan} is called approved before its advice is written"
                self._report("commit-before-told", till, text)
        queue.written.append((kind, queue.stans.get(number, "")))

    def _queue_flush(self, event: Event) -> None:
        queue = self._ledger.queues.get(event.source)
        if queue is not None:
            queue.flush()

    def _power(self, event: Event) -> None:
        if event.data["on"]:
            return
        till = event.source
        for tx in self._ledger.open(till):
            tx.power_cut = True
        journal, queue = self._ledger.journals.get(till), self._ledger.queues.get(till)
        ended = [tx for tx in self._ledger.offline(till) if tx.advice_ended]
        if ended and (queue is None or (ANSWERED, ended[-1].stan) not in queue.flushed):
            ended[-1].may_repeat = True
        for records in (journal, queue):
            if records is not None:
                # A cut in the middle of a flush leaves a part: what a restart then relies on, it
                # must have read from flash.
                records.flush()

    def _crash(self, event: Event) -> None:
        self._report("no-crash", event.source, event.data["text"])


def _record(event: Event) -> list[str]:
    """Kind and values of a record, out of its line: CRC, blank, text."""
    _, text = event.data["bytes"].decode("ascii").rstrip("\n").split(" ", 1)
    parts: list[str] = text.split("|")
    return parts
