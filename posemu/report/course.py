"""The course of a sale: which events of a world belong to it, from the customer's coming to the
moment when nothing of it is open any more.

      customer ── sale ── leaves          (others at this till)        reversed, or order closed
    ├──────── all is told ─────┤├──── only counted, as one sum ────┤├──── all is told ────┤

A terminal that offers no journal to look at has no second part: the story ends as the customer
leaves. A broken rule that no sale belongs to is told with what happened around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from posemu.oracle import Violation
from posemu.report.frames import till_of
from posemu.sim import US_PER_S, Event

_UNSETTLED = frozenset({"reversing", "order_open"})
_SETTLED = frozenset({"reversed", "order_closed", "approved"})
_ATTEMPT = frozenset({"reversal-pending", "order-open"})
_ATTEMPT_FAILED = frozenset({"reversal-failed", "order-pending"})
_STILL_SETTLING = frozenset({
    "reversal-done", "order-closed", "code-committing", "sale-approved", "sale-printing",
})  # fmt: skip
_EARLIER_FIRST = frozenset({"reversal-pending", "order-pending"})  # why a sale was refused
_ROUNDS = 3  # of asking for an order: more than these are summed up
_AROUND_US = 30 * US_PER_S  # of a broken rule that no sale belongs to
_RECORD_AT = 9  # bytes of a journal line: the checksum and a blank


@dataclass(frozen=True, slots=True)
class Sum:
    """What is not told one by one, from `t_us` on: how many of each (a key of the story's words).
    No counts: what was left open is never settled."""

    t_us: int
    place: int
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """`told` are the places in the trace of the events to tell; `gap_us` is the time of which only
    `sums` are given. Without a sale, `method` is "" and `amount_minor` None."""

    till: str
    start_us: int
    method: str
    amount_minor: int | None
    from_us: int
    end_us: int
    told: tuple[int, ...]
    sums: tuple[Sum, ...] = ()
    gap_us: tuple[int, int] | None = None


def find_course(
    events: Sequence[Event], till: str, t_us: int, violation: Violation | None
) -> Course:
    """The course of the sale that began at this till at `t_us`; with a violation, of the one that
    it names, or else of the one under way then."""
    if violation is None:
        start = next(
            here for here, event in enumerate(events)
            if event.kind == "sale-started" and (event.source, event.t_us) == (till, t_us)
        )  # fmt: skip
        return _Finder(events, start).course()
    return _around_violation(events, till, t_us, violation)


def _around_violation(
    events: Sequence[Event], till: str, t_us: int, violation: Violation
) -> Course:
    before = [event for event in events if event.t_us <= t_us]
    starts = [here for here, event in enumerate(before) if event.kind == "sale-started"]
    named = re.search(r"\b\d{6}\b", violation.text)
    prepared = [
        here for here, event in enumerate(before)
        if named and event.source == till and _record(event) == ("prepared", named[0])
    ]  # fmt: skip
    last = prepared[-1] if prepared else len(before)
    here_first = [at for at in starts if at < last and events[at].source == till]
    anywhere = [at for at in starts if at < last]
    found = here_first or anywhere
    if found:
        return _Finder(events, found[-1]).course()
    from_us, end_us = t_us - _AROUND_US, t_us + _AROUND_US
    told = tuple(
        here for here, event in enumerate(events)
        if till_of(event) == till and from_us <= event.t_us <= end_us
    )  # fmt: skip
    return Course(till, t_us, "", None, from_us, end_us, told)


class _Finder:
    """Looks through the events of one till, around the sale that starts in this place."""

    def __init__(self, events: Sequence[Event], start: int) -> None:
        self._events = events
        self._start = start
        self._till = events[start].source
        self._lane = f"{self._till}/lane"
        self._mine = [here for here, event in enumerate(events) if till_of(event) == self._till]

    def course(self) -> Course:
        events, start = self._events, self._start
        coming, left, amount_minor = self._customer()
        stan = self._stan(left)
        opened = self._recorded(_UNSETTLED, stan, start)
        settled = self._recorded(_SETTLED, stan, opened) if opened is not None else None
        told = [*coming, *(here for here in self._mine if start <= here <= left)]
        told = [here for here in told if self._is_told(here, left)]
        told, sums = self._without_rounds(told)
        end, gap_us = left, None
        if opened is not None and (settled is None or settled > left):
            again = self._last_attempt(settled, left) if settled is not None else len(events)
            sums += self._meanwhile(left, again)
            told += [at for at in self._mine if left < at < again and self._booked(at, stan)]
            if settled is None:
                end = len(events) - 1
                sums.append(Sum(events[end].t_us, end))
            else:
                tail = self._tail(again, settled)
                told += tail
                end = tail[-1]
            gap_us = (events[left].t_us, events[min(again, end)].t_us)
        return Course(
            self._till, events[start].t_us, str(events[start].data.get("method", "card")),
            amount_minor, events[told[0]].t_us, events[end].t_us, tuple(told), tuple(sums), gap_us,
        )  # fmt: skip

    # --- whose sale -------------------------------------------------------------------------------

    def _customer(self) -> tuple[list[int], int, int | None]:
        """The customer's coming and being called, the place where he or she leaves (where the sale
        ends, if nobody stands in a lane), and the amount."""
        events = self._events
        lane = [here for here in self._mine if events[here].source == self._lane]
        called = [
            here for here in lane
            if here < self._start and events[here].kind == "customer-called"
        ]  # fmt: skip
        after = [here for here in self._mine if here > self._start]
        if not called:
            ended = (at for at in after if events[at].kind in ("sale-ended", "sale-started"))
            return [], next(ended, after[-1] if after else self._start), None
        ordinal = events[called[-1]].data["ordinal"]
        of_one = {
            events[here].kind: here for here in lane if events[here].data["ordinal"] == ordinal
        }
        comes = of_one["customer-arrives"]
        left = of_one.get("customer-leaves", self._mine[-1])
        coming = [comes, called[-1]]
        if events[comes].t_us == events[called[-1]].t_us:
            coming = [comes]
        return coming, left, events[comes].data["amount_minor"]

    def _stan(self, left: int) -> str:
        """The sale's trace number, or "" if it never had one."""
        for here in self._mine:
            kind, stan = _record(self._events[here])
            if self._start < here <= left and kind == "prepared":
                return stan
        return ""

    def _recorded(self, records: frozenset[str], stan: str, after: int) -> int | None:
        """Where the journal says one of these of this sale."""
        for here in self._mine:
            kind, of_stan = _record(self._events[here])
            if here > after and kind in records and of_stan == stan:
                return here
        return None

    # --- what is told -----------------------------------------------------------------------------

    def _is_told(self, here: int, left: int) -> bool:
        """Others who come to the lane meanwhile, or leave it, are another story."""
        return here <= self._start or here == left or self._events[here].source != self._lane

    def _without_rounds(self, told: list[int]) -> tuple[list[int], list[Sum]]:
        """Of many rounds of asking for an order, the first and the last are told."""
        events = self._events
        rounds = [here for here in told if _state(events[here]) == "order-connecting"]
        if len(rounds) <= _ROUNDS:
            return told, []
        first, last = rounds[1], rounds[-1]
        kept = [here for here in told if not first <= here < last]
        return kept, [Sum(events[first].t_us, first, (("queries", len(rounds) - 2),))]

    def _last_attempt(self, settled: int, left: int) -> int:
        """Where the attempt that settled it begins, with what stands in the same moment."""
        events = self._events
        tries = [
            here for here in self._mine
            if left < here <= settled and _state(events[here]) in _ATTEMPT
        ]  # fmt: skip
        begun = tries[-1] if tries else settled
        return next(
            here for here in self._mine if here > left and events[here].t_us == events[begun].t_us
        )

    def _tail(self, again: int, settled: int) -> list[int]:
        """From there to the moment when the terminal turns to something else."""
        found: list[int] = []
        for here in self._mine:
            event = self._events[here]
            if here > settled and _state(event) and _state(event) not in _STILL_SETTLING:
                break
            if here >= again and event.source != self._lane:
                found.append(here)
        return found

    def _meanwhile(self, left: int, again: int) -> list[Sum]:
        """What happens at this till between the customer's leaving and the last attempt."""
        counts: dict[str, list[int]] = {}
        for here in self._mine:
            event = self._events[here]
            if not left < here < again:
                continue
            if _state(event) in _ATTEMPT_FAILED:
                counts.setdefault("failed-attempts", []).append(here)
            elif event.kind == "sale-ended":
                refused = event.data.get("why") in _EARLIER_FIRST
                counts.setdefault("refused-sales" if refused else "other-sales", []).append(here)
        if not counts:
            return []
        first = min(places[0] for places in counts.values())
        counted = tuple((key, len(places)) for key, places in sorted(counts.items()))
        return [Sum(self._events[first].t_us, first, counted)]

    def _booked(self, here: int, stan: str) -> bool:
        """The host books the sale, or takes it back, while nobody at the till looks."""
        event = self._events[here]
        return event.kind == "posting" and event.data["stan"] == stan


def _record(event: Event) -> tuple[str, str]:
    """Kind and trace number of a line of the journal; ("", "") of another event."""
    if event.kind != "journal-write":
        return "", ""
    line: bytes = event.data["bytes"]
    parts = line[_RECORD_AT:].decode("ascii", "replace").strip().split("|")
    return event.data["record"], parts[1] if len(parts) > 1 else ""


def _state(event: Event) -> str:
    return str(event.data["state"]) if event.kind == "state" else ""
