"""The judge: reads a trace, and nothing else, and says which rules were broken, when, and where."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from posemu.oracle import (
    advices,
    chips,
    liveness,
    messages,
    orders,
    probe,
    reversals,
    secrecy,
    told,
)
from posemu.oracle.coverage import Coverage
from posemu.oracle.ledger import Ledger, Transaction
from posemu.oracle.secrecy import Canaries
from posemu.sim import Event, Observer, Trace
from posemu.wire import Codec

INVARIANTS: dict[str, tuple[str, str]] = {
    **told.RULES, **chips.RULES, **messages.RULES, **reversals.RULES, **advices.RULES,
    **orders.RULES, **probe.RULES, **liveness.RULES, **secrecy.RULES,
}  # fmt: skip
"""Name of each rule, and what it says in English and Chinese."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: its name, when (µs), the till, and what happened."""

    invariant: str
    t_us: int
    till: str
    text: str


class Judge:
    """Attach it to a trace before the world runs; ask `violations` after `finish`."""

    def __init__(self, codec: Codec, canaries: Canaries) -> None:
        self.violations: list[Violation] = []
        self.ledger = Ledger()
        self.coverage = Coverage()
        self._now_us = 0
        self._liveness = liveness.Liveness(self.ledger, self._report)
        self._secrecy = secrecy.Secrecy(canaries, self._leak)
        self._by_kind: dict[str, tuple[Observer, ...]] = {}
        reads_chips = chips.Chips(self.ledger, self._report)
        for reader in (
            messages.Messages(codec, self.ledger, reads_chips, self._report), reads_chips,
            told.Told(self.ledger, reads_chips, self._report),
            probe.Probe(self.ledger, self._report), self._liveness, self.coverage,
        ):  # fmt: skip
            for kind, observer in reader.events.items():
                self._by_kind[kind] = (*self._by_kind.get(kind, ()), observer)

    def attach(self, trace: Trace) -> None:
        trace.observe(self.see)

    def see(self, event: Event) -> None:
        """One event, in its order."""
        self._now_us = event.t_us
        for read in self._by_kind.get(event.kind, ()):
            read(event)
        self._secrecy.watch(event)

    def finish(self) -> list[Violation]:
        """After the drain: liveness, and the rest of the leak scan. Violations in order of time."""
        self._liveness.finish()
        self._secrecy.finish()
        self.violations.sort(key=lambda v: (v.t_us, v.till, v.invariant))
        return self.violations

    def not_observed(self) -> tuple[str, ...]:
        """The rules that nothing in the trace could show, because a part offers no probe, or no
        such screen: not broken, but not held either."""
        ledger = self.ledger
        missing: tuple[str, ...] = ()
        if ledger.transactions and not ledger.asked:
            missing += ("amount-confirmed",)
        if not ledger.journals or any(tx.offline for tx in self._without(ledger.queues)):
            missing += ("record-before-send", "commit-before-told")
        if not ledger.journals:
            missing += ("unsent-cancelled", "reversal-reason")
        if any(tx.offline for tx in self._without(ledger.chips)):
            missing += ("approval-granted",)
        if any(tx.chip for tx in self._without(ledger.chips)):
            missing += ("chip-agrees",)
        if not self._liveness.states:
            missing += ("told-before-ready", "comes-to-rest", "no-crash")
        return missing

    def _without(self, probes: Container[str]) -> Iterator[Transaction]:
        """The transactions of tills that do not offer this probe."""
        return (tx for tx in self.ledger.transactions.values() if tx.till not in probes)

    def _report(self, rule: str, till: str, text: str) -> None:
        self.violations.append(Violation(rule, self._now_us, till, text))

    def _leak(self, t_us: int, source: str, text: str) -> None:
        self.violations.append(Violation("no-card-data", t_us, source, text))
