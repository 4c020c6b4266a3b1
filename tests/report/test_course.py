"""Which events belong to a sale: courses that no small scenario has."""

from __future__ import annotations

from posemu.oracle import Violation
from posemu.report.course import find_course
from posemu.sim import Event


def event(t_us: int, kind: str, **data: object) -> Event:
    return Event(t_us, "till-1", kind, data)


def lane(t_us: int, kind: str, ordinal: int) -> Event:
    return Event(t_us, "till-1/lane", f"customer-{kind}", {"ordinal": ordinal, "amount_minor": 5})


def record(t_us: int, kind: str, stan: str) -> Event:
    line = b"%08X %s|%s\n" % (0, kind.encode(), stan.encode())
    return event(t_us, "journal-write", record=kind, bytes=line)


def state(t_us: int, name: str) -> Event:
    return event(t_us, "state", state=name)


SOLD = [
    lane(0, "arrives", 1), lane(1, "called", 1), event(2, "sale-started", method="card"),
    record(3, "prepared", "000007"), record(4, "reversing", "000007"),
    event(5, "sale-ended", result="unknown"), lane(6, "leaves", 1),
]  # fmt: skip


def test_what_is_never_settled_says_so() -> None:
    """The reversal that nobody answers: the attempts are counted, and the story ends with that."""
    events = [*SOLD, state(20, "reversal-failed"), state(30, "reversal-failed"), state(40, "idle")]
    course = find_course(events, "till-1", 2, None)
    assert [events[at].t_us for at in course.told] == [0, 1, 2, 3, 4, 5, 6]
    assert [(s.t_us, s.counts) for s in course.sums] == [
        (20, (("failed-attempts", 2),)),
        (40, ()),
    ]


def test_others_in_the_queue_are_another_story() -> None:
    """Who comes to the lane, and leaves it, while the sale goes on is not told."""
    others = [lane(3, "arrives", 2), lane(4, "leaves", 2)]
    events = sorted([*SOLD, *others], key=lambda e: e.t_us)
    course = find_course(events, "till-1", 2, None)
    assert [e for e in (events[at] for at in course.told) if e in others] == []
    assert len(course.told) == len(SOLD)


def test_many_queries_are_summed_up() -> None:
    """Of the rounds of asking for an order the first and the last are told."""
    asked = [state(10 + n, "order-connecting") for n in range(6)]
    events = [*SOLD[:4], *asked, event(20, "sale-ended", result="closed"), lane(21, "leaves", 1)]
    course = find_course(events, "till-1", 2, None)
    assert [events[at].t_us for at in course.told] == [0, 1, 2, 3, 10, 15, 20, 21]
    assert [(s.t_us, s.counts) for s in course.sums] == [(11, (("queries", 4),))]


def test_a_broken_rule_names_its_sale() -> None:
    """The trace number in the words of the violation says which sale; else the one under way."""
    later = [event(100, "sale-started", method="code"), lane(110, "leaves", 9)]
    events = [*SOLD, *later]

    def start(text: str) -> int:
        return find_course(events, "till-1", 120, Violation("x", 120, "till-1", text)).start_us

    assert start("sale 000007 was booked twice") == 2
    assert start("the totals differ") == 100


def test_a_broken_rule_without_a_sale() -> None:
    """A terminal that fails before it has sold anything: what happened around it is told."""
    events = [state(0, "starting"), event(5, "crash", text="TypeError in boot")]
    course = find_course(events, "till-1", 5, Violation("no-crash", 5, "till-1", "TypeError"))
    assert (course.method, course.amount_minor) == ("", None)
    assert course.told == (0, 1)
