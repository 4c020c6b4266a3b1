"""The queue of advices: offline approvals that wait, sealed, for the host to book them.

    waiting ── attempt* ── answered

What a chip transaction must leave behind for the time after a power cut, and where:

    for a reversal             journal   trace number, date, time, amount: the host finds the
                                         original by them; nothing of the card, nothing of the chip
    for receipt and totals     journal   as for the stripe, with the masked PAN
    for an offline approval    here      the whole advice, field 55 and track data, as the secure
                                         module sealed it: neither this queue nor the application
                                         can open it

An area of flash of its own, records framed as in the journal. What may break: the power, at any
moment, with the record then being written torn. Promised: an approval whose `put` has ended is
sent until it is answered; first in, first out; an attempt is on record before its first byte can
leave, so every later one is a repeat (0221), which the host books unless it has; and nothing but
the host's answer takes an advice away. The queue has no bounds.

**The record here is the commit.** An offline approval, in this order:

    journal.prepare(...), journal.flush()   its trace number is used up, whatever comes
    queue.put(...)                          approved
    journal.approved(...), journal.flush()  it counts, and is told and printed

If the power goes between the last two, the journal says `prepared`, which otherwise means cancel.
So at start, with both recovered, before anything else:

    sale = journal.current
    if sale is not None and queue.holds(sale.stan, sale.date):
        journal.approved("", "")

The other way around an approval could be told that nobody ever books. Where the issuer was asked
and did not answer, and the card then approved (Y3), that request is reversed (`journal.reversing`,
flushed) before the approval is prepared: the advice has a trace number of its own.

Upload, from a flow, on a timer and before the end of day:

    advice = queue.head
    mti = ADVICE_REPEAT if advice.attempts else ADVICE
    yield from queue.attempt()
    sealed = module.seal_stored(mti, advice.number, advice.sealed)
    ... send, wait; an authentic 0230 with the trace number of `advice` and a final code:
    yield from queue.answered()
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

from posemu.terminal.flash import Flash
from posemu.terminal.ports import Emit, NowUs
from posemu.terminal.records import flush_records, read_records, record_line

_WAITING, _ATTEMPT, _ANSWERED = "waiting", "attempt", "answered"


@dataclass(slots=True)
class Advice:
    """One offline approval: its place in the queue since the first of all (from 1, never used
    twice), what a person or an answer names it by, and the message as the secure module sealed it
    for that place. `attempts`: how often it was sent, or may have been."""

    number: int
    stan: str
    date: str
    amount_minor: int
    sealed: bytes
    attempts: int = 0


class AdviceQueue:
    """Writes records and keeps the view of them: what waits, in order."""

    __slots__ = ("_emit", "_flash", "_now_us", "_waiting", "next_number")

    def __init__(self, flash: Flash, emit: Emit, now_us: NowUs) -> None:
        self._flash = flash
        self._emit = emit
        self._now_us = now_us
        self._forget()

    def _forget(self) -> None:
        self._waiting: deque[Advice] = deque()
        self.next_number = 1  # the place of the next advice: for the secure module to seal it

    @property
    def head(self) -> Advice | None:
        """The advice whose turn it is."""
        return self._waiting[0] if self._waiting else None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def holds(self, stan: str, date: str) -> bool:
        """True if the advice of that sale waits: it was approved offline, whatever the journal
        says."""
        return any((advice.stan, advice.date) == (stan, date) for advice in self._waiting)

    # --- writing ----------------------------------------------------------------------------------

    def put(
        self, stan: str, date: str, amount_minor: int, sealed: bytes
    ) -> Generator[int, None, None]:
        """Commits an offline approval; when this ends it survives a power cut, and may be told.
        `sealed` is what the secure module gave for `next_number`."""
        number = str(self.next_number)
        yield from self._commit(
            _WAITING, number, stan, date, str(amount_minor), sealed.hex().upper()
        )

    def attempt(self) -> Generator[int, None, None]:
        """The head is about to be sent; from now on a further attempt is a repeat."""
        yield from self._commit(_ATTEMPT, self._head_number())

    def answered(self) -> Generator[int, None, None]:
        """The host has answered the head, which leaves the queue. When none waits any more, what
        the flash holds is erased up to this record: it says how far the numbers got."""
        line = yield from self._commit(_ANSWERED, self._head_number())
        if not self._waiting:
            self._flash.keep_only(line)

    def _head_number(self) -> str:
        assert self._waiting, "the queue of advices is empty"
        return str(self._waiting[0].number)

    def _commit(self, kind: str, number: str, *values: str) -> Generator[int, None, bytes]:
        line = record_line(kind, number, *values)
        self._flash.write(line)
        self._emit("queue-write", {"record": kind, "bytes": line})
        yield from flush_records(self._flash, self._now_us)
        self._emit("queue-flush", {})
        self._apply(kind, int(number), *values)
        return line

    # --- reading ----------------------------------------------------------------------------------

    def recover(self) -> None:
        """Builds the view from flash, as it is after a power cut; a torn end is cut off."""
        self._forget()
        for kind, number, *values in read_records(self._flash):
            self._apply(kind, int(number), *values)

    def _apply(self, kind: str, number: int, *values: str) -> None:
        self.next_number = max(self.next_number, number + 1)
        if kind == _WAITING:
            stan, date, amount, sealed = values
            self._waiting.append(Advice(number, stan, date, int(amount), bytes.fromhex(sealed)))
        elif kind == _ATTEMPT:
            self._waiting[0].attempts += 1
        elif self._waiting:  # none waits where the flash was erased up to this record
            self._waiting.popleft()
