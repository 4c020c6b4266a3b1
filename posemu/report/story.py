"""One failed sale told from beginning to end, for trainers and engineers.

Worlds are deterministic, so the story is made by running that one world again and listening to its
trace. Which events belong to the sale, `course` says; what each of them means, `moments`. Here they
are put together, with the faults that held meanwhile, and looked through for secrets: whoever tries
a terminal of his own may have one that shows a card number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from posemu.card import account_of
from posemu.faults import load_catalogue
from posemu.oracle import INVARIANTS, Violation
from posemu.profiles import load_dialect, load_profile
from posemu.report.course import Course, Sum, find_course
from posemu.report.frames import follow_frames
from posemu.report.moments import PEOPLE, TERMINAL, Moment, Teller
from posemu.report.words import METHODS, STATES, SYMPTOMS, said
from posemu.scenario import Scenario
from posemu.scenario.calendar import Calendar
from posemu.sim import Event
from posemu.study import Failure, StudyResult, WorldRecord, run_world
from posemu.study.causes import NONE
from posemu.wire import Codec, mask_pan

_WENT_OUT = {"unknown": 0, "reversed": 1, "closed": 1}
"""Symptoms of sales whose request had left, so that nobody knew what the host did; others rank
behind them."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sale to tell: of this world, at this till, the one that failed and began at `t_us`; or,
    where a rule was broken at `t_us`, the one that belongs to that."""

    variant: str
    replication: int
    till: str
    t_us: int
    failure: Failure | None = None
    violation: Violation | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A sale in the words of one language. `clock` is when it began. `step` and `cause` are empty
    if it did not fail; `violation` is the rule that was broken, or empty."""

    till: str
    world: str
    clock: str
    method: str
    amount: str
    symptom: str
    step: str
    cause: str
    violation: str
    moments: tuple[Moment, ...]


def choose(result: StudyResult) -> Chosen | None:
    """The sale that teaches most; None if no sale failed and no rule was broken.

    A broken rule comes first. Else, of the first variant in which sales fail: one whose outcome
    nobody knew before others; then one of the most frequent cause (a fault before none); then the
    earliest.
    """
    for world in result.worlds:
        if world.violations:
            first = min(world.violations, key=lambda v: (v.t_us, v.till, v.invariant))
            place = (world.variant, world.replication, first.till, first.t_us)
            return Chosen(*place, violation=first)
    for variant in result.variants():
        failed = [(world, failure) for world in result.of(variant) for failure in world.failures]
        if failed:
            world, failure = _most_instructive(failed)
            place = (variant, world.replication, failure.till, failure.t_us)
            return Chosen(*place, failure=failure)
    return None


def _most_instructive(failed: list[tuple[WorldRecord, Failure]]) -> tuple[WorldRecord, Failure]:
    ranks = [_WENT_OUT.get(failure.symptom, len(_WENT_OUT)) for _, failure in failed]
    alike = [pair for pair, rank in zip(failed, ranks, strict=True) if rank == min(ranks)]
    causes = Counter(failure.cause for _, failure in alike)

    def order(pair: tuple[WorldRecord, Failure]) -> tuple[bool, int, str, int, int, str]:
        world, failure = pair
        cause = failure.cause
        when = (world.replication, failure.t_us, failure.till)
        return (cause == NONE, -causes[cause], cause, *when)

    return min(alike, key=order)


def tell(scenario: Scenario, chosen: Chosen, lang: str) -> Story:
    """Runs the chosen world again and tells its sale in "en" or "zh". Raises KeyError if the
    scenario has no such variant."""
    events: list[Event] = []
    record = run_world(
        scenario, chosen.replication, variant=chosen.variant, observers=(events.append,)
    )
    course = find_course(events, chosen.till, chosen.t_us, chosen.violation)
    profile = load_profile(scenario.profile)
    teller = Teller(
        lang, course.start_us, Calendar(scenario.day.date, scenario.day.from_us),
        Codec(load_dialect(profile.dialect)), profile, record.schedule, events,
        follow_frames(events, course.till),
    )  # fmt: skip
    moments = _told(teller, course, events)
    moments += [(s.t_us, s.place, _summed(teller, s)) for s in course.sums]
    spans = _spans(course, events)
    moments += _faults(teller, course, spans)
    broken = chosen.violation
    if broken is not None and course.from_us <= broken.t_us <= course.end_us:
        title = teller.text("broken", rule=INVARIANTS[broken.invariant][lang == "zh"])
        moment = teller.moment(broken.t_us, TERMINAL, "violation", title)
        moments.append((broken.t_us, len(events), moment))
    moments.sort(key=lambda entry: entry[:2])
    under = tuple(_under(teller, spans, entry) for entry in moments)
    story = _headed(teller, course, record, chosen, lang)
    return _without_secrets(replace(story, moments=under), scenario)


def _headed(
    teller: Teller, course: Course, record: WorldRecord, chosen: Chosen, lang: str
) -> Story:
    """What stands above the story, and no moments yet."""
    place = (course.till, course.start_us)
    failure = next((each for each in record.failures if (each.till, each.t_us) == place), None)
    symptom, step, cause = teller.text("no-failure"), "", ""
    if failure is not None:
        symptom, step = said(SYMPTOMS, failure.symptom, lang), said(STATES, failure.step, lang)
        cause = teller.text("no-cause")
        if failure.cause != NONE:
            cause = load_catalogue()[failure.cause].name.of(lang)
    rule = chosen.violation.invariant if chosen.violation is not None else ""
    return Story(
        till=course.till,
        world=f"{chosen.variant}/{chosen.replication}",
        clock=teller.clock(course.start_us),
        method=said(METHODS, course.method, lang),
        amount=teller.money(course.amount_minor) if course.amount_minor is not None else "",
        symptom=symptom,
        step=step,
        cause=cause,
        violation=INVARIANTS[rule][lang == "zh"] if rule else "",
        moments=(),
    )


_Entry = tuple[int, int, Moment]  # when, the place in the trace, and what


def _told(teller: Teller, course: Course, events: Sequence[Event]) -> list[_Entry]:
    """The events of the sale, one by one; but states that pass without time between them as one,
    and a flush with the record that it makes safe."""
    found: list[_Entry] = []
    written: int | None = None  # which of `found` is a record of the journal and not yet safe
    stated = -1  # how many were found when the last one was a state
    for here in course.told:
        event = events[here]
        if event.kind == "journal-flush" and written is not None:
            t_us, place, record = found[written]
            time = teller.length(event.t_us - t_us)
            title = teller.text("durable", record=record.title, time=time)
            found[written] = (t_us, place, replace(record, title=title))
            written = None
        if event.kind == "sale-started" and event.t_us > course.start_us:
            moment: Moment | None = teller.moment(
                event.t_us, PEOPLE, "person", teller.text("next-sale")
            )
        else:
            moment = teller.tell(here)
        if moment is None:
            continue
        if event.kind == "state" and stated == len(found) and found[-1][0] == event.t_us:
            t_us, place, before = found[-1]
            found[-1] = (t_us, place, replace(before, title=f"{before.title} → {moment.title}"))
            continue
        if event.kind in ("journal-write", "power"):
            written = len(found) if event.kind == "journal-write" else None
        found.append((event.t_us, here, moment))
        if event.kind == "state":
            stated = len(found)
    return found


def _summed(teller: Teller, summed: Sum) -> Moment:
    parts = [teller.text(key, count=count) for key, count in summed.counts]
    title = teller.text("and").join(parts) if parts else teller.text("never-settled")
    actor = PEOPLE if any("sales" in key for key, _ in summed.counts) else TERMINAL
    return teller.moment(summed.t_us, actor, "state", title)


# --- faults -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """A fault from its first event (in this place of the trace) to its last one (None: it has
    none)."""

    begins: Event
    place: int
    ends: Event | None = None
    end_place: int = 0

    @property
    def momentary(self) -> bool:
        """It acts on what comes next, and does not hold."""
        return load_catalogue()[self.begins.data["fault"]].shape == "moment"


def _spans(course: Course, events: Sequence[Event]) -> list[_Span]:
    """The faults that touch this till while the story lasts. What comes and goes while it is only
    summed up is left out."""
    spans: dict[int, _Span] = {}
    for here, event in enumerate(events):
        if event.kind != "fault":
            continue
        number = event.data["number"]
        if event.data["what"] == "begins":
            spans[number] = _Span(event, here)
        else:
            spans[number] = replace(spans[number], ends=event, end_place=here)
    return [span for span in spans.values() if _touches(course, span)]


def _touches(course: Course, span: _Span) -> bool:
    begins_us = span.begins.t_us
    ends_us = span.ends.t_us if span.ends is not None else course.end_us
    if span.begins.data.get("terminal", course.till) != course.till:
        return False
    if begins_us > course.end_us or ends_us < course.from_us:
        return False
    if span.momentary:
        return begins_us == 0 or begins_us >= course.from_us
    gap_us = course.gap_us
    return gap_us is None or not gap_us[0] < begins_us <= ends_us < gap_us[1]


def _faults(teller: Teller, course: Course, spans: Sequence[_Span]) -> Iterator[_Entry]:
    for span in spans:
        t_us = max(span.begins.t_us, course.from_us)
        place = span.place if t_us == span.begins.t_us else -1
        yield t_us, place, teller.fault(span.begins, t_us)
        if span.ends is not None and span.ends.t_us <= course.end_us and not span.momentary:
            moment = teller.fault_ends(span.begins, span.ends.t_us)
            yield span.ends.t_us, span.end_place, moment


def _under(teller: Teller, spans: Sequence[_Span], entry: _Entry) -> Moment:
    """The entry's moment with the faults that hold in it."""
    at = entry[:2]
    names = [
        teller.fault_name(span.begins) for span in spans
        if not span.momentary and (span.begins.t_us, span.place) <= at
        and (span.ends is None or at < (span.ends.t_us, span.end_place))
    ]  # fmt: skip
    return replace(entry[2], under=tuple(dict.fromkeys(names)))


def _without_secrets(story: Story, scenario: Scenario) -> Story:
    """The story with every card number, PIN and wallet account in it masked."""
    masks: dict[str, str] = {}
    for ordinal, person in enumerate(scenario.people):
        account = account_of(person.pan, ordinal)
        masks |= {person.pan: mask_pan(person.pan), person.pin: "*" * len(person.pin)}
        masks[account] = "*" * len(account)
    secret = re.compile("|".join(masks))

    def clean(text: str) -> str:
        return secret.sub(lambda found: masks[found[0]], text)

    moments = tuple(
        replace(
            moment,
            title=clean(moment.title),
            rows=tuple((field, name, clean(value)) for field, name, value in moment.rows),
            lines=tuple(map(clean, moment.lines)),
        )
        for moment in story.moments
    )
    return replace(story, moments=moments)
