"""Power cuts everywhere, and again during the recovery from each.

First the base run is recorded. Power is cut at each journal operation (each write, each flush, and
when each single byte of a flush has got onto the flash), at each message (sent and received, at
both ends), at each state entry, and at every other moment at which anything happened. Each of
these runs is then read in the same way from the cut on, and power is cut a second time at each
journal operation, message and state of its recovery. Of recoveries that differ in nothing but the
moment of the first cut, one is cut again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest

from posemu.faults import AtTimes, OnJournal, OnMessage, OnState, Trigger
from posemu.sim import Event
from posemu.terminal.flash import Flash

from .bases import FLUSH_US, TILL, cut
from .conftest import Tell
from .worlds import Run, base_run, met_first, report, run

PLAIN = "plain"
STORIES = (
    PLAIN, "sale", "reversal", "reversal-repeats", "sign-on-fails", "end-of-day-fails",
    "late-receipt", "code-queried", "code-closed-late",
)  # fmt: skip
FURTHER = ("advice-repeats", "chip", "chip-lost", "chip-unanswered", "chip-refused", "chip-choice")
"""These take as long again."""
AREAS = ("journal", "queue")  # of flash
SHARES = 4  # of a flush: the moments in its middle whose recovery is cut again
ONCE_ONLY = ("byte", "other")  # neither a journal operation nor a message nor a state
PARTS = 8  # of each base, so that several processes share the work


class Moment(NamedTuple):
    """Where power is cut: what happens there, the trigger, and the moment that it means."""

    kind: str
    trigger: Trigger
    t_us: int


def anchored(events: Sequence[Event], first: int, last: int) -> Iterator[Moment]:
    """Each state entry, journal write and flush, and sent message of events[first:last]: in the
    middle of what the program does there."""
    met: Counter[Trigger] = Counter()
    for i, event in enumerate(events[:last]):
        trigger = _anchor(event, met)
        if trigger is not None and i >= first:
            yield Moment(event.kind, trigger, event.t_us)


def _anchor(event: Event, met: Counter[Trigger]) -> Trigger | None:
    data = event.data
    match event.kind:
        case "state":
            kind: Trigger = OnState(data["state"])
            met[kind] += 1
            return OnState(data["state"], met[kind])
        case "journal-write" | "journal-flush":
            what = event.kind.removeprefix("journal-")
            kind = OnJournal(what)
            met[kind] += 1
            return OnJournal(what, met[kind])
        case "frame-sent":
            mti = data["bytes"][7:9].hex()
            kind = OnMessage(mti, data["end"])
            met[kind] += 1
            return OnMessage(mti, data["end"], met[kind])
        case "queue-write" | "queue-flush":
            return AtTimes(((event.t_us, None),))
    return None


def received(events: Sequence[Event], first: int, last: int) -> Iterator[Moment]:
    """Just before and just after each message that arrives, at either end."""
    for event in events[first:last]:
        if event.kind == "frame-received":
            for t_us in (event.t_us, event.t_us + 1):
                yield _at(event.kind, t_us)


def torn(events: Sequence[Event], first: int, last: int) -> Iterator[Moment]:
    """In the middle of each flush, after equal shares of its time."""
    for i, event in enumerate(events[:last]):
        if event.kind in ("journal-flush", "queue-flush") and i >= first:
            for share in range(1, SHARES):
                yield _at("torn", event.t_us - FLUSH_US + share * FLUSH_US // SHARES)


def torn_at_every_byte(events: Sequence[Event], last: int) -> Iterator[Moment]:
    """When each further byte of a flush has become durable."""
    unflushed = dict.fromkeys(AREAS, 0)
    for event in events[:last]:
        area, _, what = event.kind.partition("-")
        if area in AREAS and what == "write":
            unflushed[area] += len(event.data["bytes"])
        elif area in AREAS and what == "flush":
            size, unflushed[area] = unflushed[area], 0
            for n in range(1, size):
                yield _at("byte", event.t_us - FLUSH_US - (-n * FLUSH_US // size))


def _at(kind: str, t_us: int) -> Moment:
    return Moment(kind, AtTimes(((t_us, None),)), t_us)


def first_cuts(base: Run) -> list[Moment]:
    """Everywhere in the base run, up to the closing of the shop."""
    events = base.events
    end = next(i for i, event in enumerate(events) if event.kind == "closed")
    found = [
        *anchored(events, 0, end), *received(events, 0, end), *torn(events, 0, end),
        *torn_at_every_byte(events, end),
    ]  # fmt: skip
    known = {moment.t_us for moment in found}
    moments = dict.fromkeys(t_us for e in events[:end] for t_us in (e.t_us, e.t_us + 1))
    return found + [_at("other", t_us) for t_us in moments if t_us not in known]


def second_cuts(once: Run) -> list[Moment]:
    """Each journal operation, message and state of the recovery: from the cut until a person begins
    something new."""
    events = once.events
    off = next((i for i, e in enumerate(events) if e.kind == "power" and not e.data["on"]), None)
    if off is None:
        return []
    end = next((i for i in range(off, len(events)) if _is_new(events[i])), len(events))
    return [*anchored(events, off, end), *received(events, off, end), *torn(events, off, end)]


def recovery(once: Run) -> tuple[Any, ...]:
    """All that happens from the cut on, without its times: what is equal here differs in the moment
    of the cut alone, and so it has the same second cuts."""
    events = once.story()
    off = next((i for i, e in enumerate(events) if e.kind == "power" and not e.data["on"]), None)
    if off is None:
        return ()
    return tuple((event.source, event.kind, _untimed(event)) for event in events[off:])


def _untimed(event: Event) -> tuple[Any, ...]:
    """What an event says, without what holds a time: of a message the type, of a slip which."""
    data = dict(event.data)
    if event.kind.startswith("frame"):
        data["bytes"] = data["bytes"][7:9]
    elif event.kind in ("journal-write", "queue-write"):
        del data["bytes"]
    elif event.kind == "receipt":
        del data["lines"]
    return tuple(sorted((key, repr(value)) for key, value in data.items() if key != "connection"))


def _is_new(event: Event) -> bool:
    return event.kind in ("sale-started", "closed") or event.data.get("record") == "settling"


def was_cut(found: Run, t_us: int) -> bool:
    """True if power was lost at this moment, or was off already."""
    on = False
    for event in found.events:
        if event.t_us > t_us:
            break
        if event.kind == "power" and event.source == TILL:
            on = event.data["on"]
            if event.t_us == t_us and not on:
                return True
    return not on


@cache
def first_cuts_by_story() -> dict[str, list[Moment]]:
    """Those of each story at which no earlier story has had the same past."""
    return met_first((*STORIES, *FURTHER), lambda name: first_cuts(base_run(name)))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    "name", [*STORIES, *(pytest.param(name, marks=pytest.mark.exhaustive) for name in FURTHER)]
)
def test_power_cut_everywhere_and_again_in_the_recovery(name: str, part: int, tell: Tell) -> None:
    """Wherever power is cut, and cut again while the terminal recovers, nobody pays twice and no
    approval is lost."""
    broken: list[str] = []
    kinds: Counter[str] = Counter()
    recoveries: set[tuple[Any, ...]] = set()
    twice = known = 0
    for first in _part(first_cuts_by_story()[name], part):
        once = run(name, cut(first.trigger))
        _look(once, [first], broken)
        kinds[first.kind] += 1
        if first.kind in ONCE_ONLY:
            continue
        if (found := recovery(once)) in recoveries:
            known += 1
            continue
        recoveries.add(found)
        for second in second_cuts(once):
            _look(run(name, cut(first.trigger), cut(second.trigger)), [first, second], broken)
            twice += 1
    once_only = sum(kinds.values())
    tell(
        "every power cut", worlds=once_only + twice, once=once_only, twice=twice,
        recoveries_known=known, **{f"at_{kind}": n for kind, n in sorted(kinds.items())},
    )  # fmt: skip
    assert not broken, report(broken, once_only + twice)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_power_cut_in_a_flush_and_anywhere_later(part: int, tell: Tell) -> None:
    """What a torn flush leaves behind does no harm, wherever power is cut later: in the recovery,
    in the next sale, in the end of day."""
    broken: list[str] = []
    recoveries: set[tuple[Any, ...]] = set()
    once_only = twice = known = 0
    events = base_run("two-sales").events
    for first in _part(list(torn(events, 0, len(events))), part):
        once = run("two-sales", cut(first.trigger))
        _look(once, [first], broken)
        once_only += 1
        if (found := recovery(once)) in recoveries:
            known += 1
            continue
        recoveries.add(found)
        off = next(i for i, e in enumerate(once.events) if e.t_us > first.t_us)
        end = next(i for i, e in enumerate(once.events) if e.kind == "closed")
        for second in anchored(once.events, off, end):
            both = run("two-sales", cut(first.trigger), cut(second.trigger))
            _look(both, [first, second], broken)
            twice += 1
    worlds = once_only + twice
    tell(
        "every power cut", worlds=worlds, once=once_only, twice=twice,
        recoveries_known=known, at_torn=once_only,
    )  # fmt: skip
    assert not broken, report(broken, worlds)


def _part(moments: Sequence[Moment], part: int) -> Sequence[Moment]:
    """One of the shares, in order of time: cuts that are close to each other recover alike."""
    ordered = sorted(moments, key=lambda moment: moment.t_us)
    return ordered[len(ordered) * part // PARTS : len(ordered) * (part + 1) // PARTS]


def _look(found: Run, moments: Sequence[Moment], broken: list[str]) -> None:
    for moment in moments:
        assert was_cut(found, moment.t_us), f"power was not cut:\n{found.code()}"
    if found.violations:
        broken.append(found.trouble())


def test_a_flash_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is able to fail: it finds a flash that loses its last durable record with the
    power."""
    lose_power = Flash.lose_power

    def forget(flash: Flash, now_us: int) -> None:
        lose_power(flash, now_us)
        flash.keep_only(b"".join(flash.content().splitlines(keepends=True)[:-1]))

    moments = first_cuts(base_run(PLAIN))
    monkeypatch.setattr(Flash, "lose_power", forget)
    assert any(run(PLAIN, cut(moment.trigger)).violations for moment in moments)
