"""Why a sale failed: symptom, step and root cause of each.

    symptom   what the person saw: no-connection, unknown, card-unreadable, too slow ...
    step      the state in which it went wrong; of one that was only slow, where it was longest
    cause     the failure mode that held the part which this step needs, at this till, during the
              sale; a sale refused because an earlier one is not yet reversed has that one's cause

No cause is called "none": a customer who changed his mind, a chip card, or bad luck. Whether it is
one, paired variants can say; this is the view of an engineer who reads the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from posemu.faults import load_catalogue
from posemu.sim import Event, Trace

NONE = "none"
_WIRE = ("link/", "host")
_PARTS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # words in a state's name, and the beginnings of the components that the step needs
    (("connecting", "sending", "waiting", "reversal", "order", "sign-on"), _WIRE),
    (
        ("card", "scan", "chip", "choice", "finishing"),
        ("terminal/reader", "terminal/chip-reader", "terminal/scanner", "card"),
    ),
    (("amount", "confirm", "pin"), ("terminal/keypad", "person")),
    (("print",), ("terminal/printer",)),
)
_POWER = ("terminal/power", "terminal/application")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed sale: when and where it began, and its story in three words."""

    t_us: int
    till: str
    method: str
    symptom: str
    step: str
    cause: str


@dataclass(slots=True)
class _Span:
    mode: str
    till: str | None
    from_us: int
    to_us: int | None = None


class Causes:
    """Attach it to a trace before the world runs; ask `cause` when a sale has ended."""

    def __init__(self, trace: Trace) -> None:
        self._spans: list[_Span] = []
        self._open: dict[int, _Span] = {}
        self._pending: dict[str, str] = {}  # till -> cause of the sale that waits for its reversal
        trace.observe(self._fault, "fault")

    def _fault(self, event: Event) -> None:
        data = event.data
        if data["what"] == "begins":
            span = _Span(data["fault"], data.get("terminal"), event.t_us)
            self._spans.append(span)
            self._open[data["number"]] = span
        elif data["number"] in self._open:
            self._open.pop(data["number"]).to_us = event.t_us

    def cause(self, till: str, from_us: int, step: str, symptom: str, power_lost: bool) -> str:
        """The root cause of a sale that began at `from_us` and has failed just now."""
        if symptom in ("reversal-pending", "order-pending"):
            return self._pending.get(till, NONE)
        parts = _POWER if power_lost else parts_of(step)
        found = NONE
        for span in self._spans:
            over = span.to_us is not None and span.to_us < from_us
            if over or span.till not in (None, till) or not _component(span.mode).startswith(parts):
                continue
            if found == NONE or span.till == till:  # what strikes this till alone comes first
                found = span.mode
        if symptom == "unknown":
            self._pending[till] = found
        return found


def parts_of(step: str) -> tuple[str, ...]:
    """The beginnings of the components that a step needs."""
    for words, parts in _PARTS:
        if any(word in step for word in words):
            return parts
    return ()


@cache
def _component(mode_id: str) -> str:
    return load_catalogue()[mode_id].component
