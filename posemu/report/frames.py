"""What became of each frame on a till's line: whether it arrived, when, and whole or damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posemu.sim import Event


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of each frame, by the place of its event in the trace: `arrivals` from sending to
    arrival, `sendings` from arrival to sending; what came damaged, and what came twice."""

    arrivals: dict[int, int]
    sendings: dict[int, int]
    damaged: frozenset[int]


def follow_frames(events: Sequence[Event], till: str) -> Fates:
    """Pairs what one end of this till's line sent with what the other received. A frame that came
    with other bytes than were sent is the oldest one of that length that is still missing."""
    arrivals: dict[int, int] = {}
    sendings: dict[int, int] = {}
    damaged: set[int] = set()
    sent: dict[str, dict[bytes, int]] = {"terminal": {}, "host": {}}  # bytes -> place of the event
    for here, event in enumerate(events):
        if event.kind not in ("frame-sent", "frame-received") or till_of(event) != till:
            continue
        end, data = event.data["end"], event.data["bytes"]
        if event.kind == "frame-sent":
            sent[end][data] = here
            continue
        known = sent["host" if end == "terminal" else "terminal"]
        first = known.get(data)
        if first is None:
            missing = [at for other, at in known.items() if len(other) == len(data)]
            first = next((at for at in missing if at not in arrivals), None)
            damaged.add(here)
        if first is not None:
            sendings[here] = first
            arrivals.setdefault(first, here)
    return Fates(arrivals, sendings, frozenset(damaged))


def till_of(event: Event) -> str:
    """The till that an event belongs to: its source, or the one it names ("": none)."""
    named = event.data.get("terminal")
    if named is not None:
        return str(named)
    return event.source.removesuffix("/lane")
