"""Every pair of faults at every pair of message-anchored points of a sale.

The points are the messages of one sale as a scenario names them (`on: {message: "0210", end: host,
nth: 1}`): each 0200, 0400 and 0401 that the terminal puts on the wire, each 0600 and 0601 of a code
payment, and each answer that the host does. What a fault does between two of them is tried in
`test_every_state`.

Which points there are depends on the first fault: only a lost answer leads to a reversal. So the
first fault strikes at each point of the base run; its run is recorded; and the second fault
strikes at each point that this run has from there on, the same point included. A pair of points
that no run has cannot be tried, and no other pair is left out. The second base begins with a lost
answer, so that both faults of a pair can meet in a reversal; the third, by code, in a query.
"""

from __future__ import annotations

from collections import Counter

import pytest

from posemu.faults import OnMessage
from posemu.sim import Event

from .conftest import Tell
from .worlds import CHIP_ONLY, LISTED, Run, Variant, base_run, report, run

STORIES = ("two-sales", "two-sales-one-reversed", "code-queried")
CHIP_STORIES = ("chip-lost", "advice-repeats")  # a reversal; an upload, and its repeats
HOLDERS = ("pin-forgotten", "pin-bypassed")  # before any message: met at chip sales alone
SPINE = {
    name: variant for name, variant in LISTED.items()
    if variant.mode.id not in (*CHIP_ONLY, *HOLDERS)
}  # fmt: skip


def points(found: Run) -> list[tuple[OnMessage, int]]:
    """The messages of the first sale and of its reversal, or of its order, each with its moment."""
    seen: Counter[tuple[str, str]] = Counter()
    points = []
    stan = None
    for event in found.events:
        if event.kind != "frame-sent":
            continue
        mti, end = event.data["bytes"][7:9].hex(), event.data["end"]
        seen[mti, end] += 1
        if mti[:2] in ("02", "04"):
            stan = stan or _stan(event)
        if mti[:2] == "06" or (mti[:2] in ("02", "04") and _stan(event) == stan):
            points.append((OnMessage(mti, end, seen[mti, end]), event.t_us))
    return points


def _stan(event: Event) -> bytes:
    """DE11, behind length (2 bytes), TPDU (5), MTI (2), bitmap (8), DE3 (3) and DE4 (6)."""
    return bytes(event.data["bytes"][26:29])


def test_the_points_are_the_messages_of_a_sale() -> None:
    """One base run has a sale's messages, another has those of its reversal too, and a third those
    of an order."""
    sale = [("0200", "terminal"), ("0210", "host")]
    reversal = [("0400", "terminal"), ("0410", "host")]
    assert [(p.mti, p.end) for p, _ in points(base_run(STORIES[0]))] == sale
    assert [(p.mti, p.end) for p, _ in points(base_run(STORIES[1]))] == sale + reversal
    query = [("0600", "terminal"), ("0610", "host")]
    assert [(p.mti, p.end) for p, _ in points(base_run(STORIES[2]))] == sale + query
    upload = [
        ("0220", "terminal"),
        ("0230", "host"),
        *([("0221", "terminal"), ("0230", "host")] * 2),
    ]
    assert [(p.mti, p.end) for p, _ in points(base_run(CHIP_STORIES[0]))] == sale + reversal
    assert [(p.mti, p.end) for p, _ in points(base_run(CHIP_STORIES[1]))] == upload


@pytest.mark.slow
@pytest.mark.parametrize(
    "story", STORIES[:2]
)  # a card sale's: pairs on an order take as long again
@pytest.mark.parametrize("first", SPINE.values(), ids=list(SPINE))
def test_every_pair_of_faults_in_one_sale(first: Variant, story: str, tell: Tell) -> None:
    """Two faults that meet in one sale, at whichever of its messages, leave money, words and
    secrets in order."""
    _assert_safe_in_every_pair(first, SPINE, story, tell)


@pytest.mark.exhaustive
@pytest.mark.parametrize("story", CHIP_STORIES)
@pytest.mark.parametrize("first", LISTED.values(), ids=list(LISTED))
def test_every_pair_of_faults_in_one_chip_sale(first: Variant, story: str, tell: Tell) -> None:
    """Likewise by chip, and in the upload of an offline approval; the faults of chips among
    them."""
    _assert_safe_in_every_pair(first, LISTED, story, tell)


def _assert_safe_in_every_pair(
    first: Variant, others: dict[str, Variant], story: str, tell: Tell
) -> None:
    worlds = felt = 0
    broken: list[str] = []
    for at, at_us in points(base_run(story)):
        alone = run(story, first.at(at))
        for then, then_us in points(alone):
            if then_us < at_us:
                continue
            for second in others.values():
                both = run(story, first.at(at), second.at(then))
                _both_struck(both, (first.mode.id, at_us), (second.mode.id, then_us))
                worlds += 1
                felt += both.story() != alone.story()
                if both.violations:
                    broken.append(both.trouble())
    tell(
        "every pair of faults", of=first.mode.id,
        worlds=worlds, both_struck=worlds, second_one_felt=felt,
    )  # fmt: skip
    assert felt, "no second fault changed anything"
    assert not broken, report(broken, worlds)


def _both_struck(found: Run, first: tuple[str, int], second: tuple[str, int]) -> None:
    wanted = Counter([first, second])
    assert Counter(found.strikes()) >= wanted, f"one did not strike:\n{found.code()}"
