"""What the terminal tells of its inside: its journal's writes and flushes, its power, its crashes.
The ledger keeps it for the rules that need it."""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.ledger import JournalProbe, Ledger, Report
from posemu.oracle.reversals import true_reasons
from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "no-crash": (
        "the terminal's program does not break its own state table",
        "终端程序不得违反状态表",
    ),
}


class Probe:
    """Keeps a `JournalProbe` of each till."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self.events: dict[str, Callable[[Event], None]] = {
            "journal-write": self._journal_write,
            "journal-flush": self._journal_flush,
            "power": self._power,
            "crash": self._crash,
        }

    def _journal(self, till: str) -> JournalProbe:
        return self._ledger.journals.setdefault(till, JournalProbe())

    def _journal_write(self, event: Event) -> None:
        journal = self._journal(event.source)
        _, kind, *values = (
            event.data["bytes"].decode("ascii").rstrip("\n").replace(" ", "|", 1).split("|")
        )
        journal.written.append((kind, values[0] if values else ""))
        if kind == "prepared":
            journal.prepared[values[0]] = (values[1], values[2], int(values[3]))
        elif kind == "reversing":
            tx = self._ledger.newest(event.source, values[0])
            if tx is not None:
                tx.reasons = true_reasons(tx)

    def _journal_flush(self, event: Event) -> None:
        journal = self._journal(event.source)
        journal.flushed.update(journal.written)
        journal.written.clear()

    def _power(self, event: Event) -> None:
        if event.data["on"]:
            return
        for tx in self._ledger.open(event.source):
            tx.power_cut = True
        journal = self._ledger.journals.get(event.source)
        if journal is not None:
            # A cut in the middle of a flush leaves a part: what a restart then relies on, it must
            # have read from flash.
            journal.flushed.update(journal.written)
            journal.written.clear()

    def _crash(self, event: Event) -> None:
        self._report("no-crash", event.source, event.data["text"])
