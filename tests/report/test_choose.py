"""Which sale of a study is told: the one that teaches most."""

from __future__ import annotations

import pytest

from posemu.oracle import Violation
from posemu.report.story import choose
from posemu.study import Failure, StudyResult, WorldRecord


def failed(t_us: int, symptom: str, cause: str) -> Failure:
    return Failure(t_us, "till-1", "card", symptom, "sale-card", cause)


def world(variant: str, replication: int, *failures: Failure, broken: int = 0) -> WorldRecord:
    rule = Violation("single-capture", 77, "till-2", "trace 000009") if broken else None
    return WorldRecord(
        variant=variant, replication=replication, digest="AB", events=1, values={},
        violations=(rule,) if rule else (), not_observed=(), pairs={}, situations={}, struck={},
        schedule=(), failures=failures,
    )  # fmt: skip


def study(*worlds: WorldRecord) -> StudyResult:
    return StudyResult("tiny", 1, len(worlds), list(worlds))


WIFI, LINE, CHIP = "wifi-weak", "comms-outage", "none"


def test_nothing_to_tell() -> None:
    """No failed sale and no broken rule: there is no story."""
    assert choose(study(world("base", 0))) is None


@pytest.mark.parametrize(
    ("worlds", "expected"),
    [
        (  # nobody knew the outcome: before the frequent, and before a reversal that worked
            [world("a", 0, failed(1, "no-connection", WIFI), failed(2, "reversed", WIFI),
                   failed(3, "unknown", LINE))],
            ("a", 0, 3),
        ),
        (  # the most frequent cause, then the earliest replication
            [world("a", 0, failed(1, "no-connection", LINE), failed(9, "no-connection", WIFI)),
             world("a", 1, failed(2, "no-connection", WIFI))],
            ("a", 0, 9),
        ),
        (  # a fault before none, however often there is none
            [world("a", 0, failed(1, "insert-chip", CHIP), failed(2, "insert-chip", CHIP),
                   failed(3, "power", LINE))],
            ("a", 0, 3),
        ),
        (  # the first variant in which sales fail
            [world("a", 0), world("b", 0, failed(5, "power", LINE)),
             world("c", 0, failed(1, "unknown", LINE))],
            ("b", 0, 5),
        ),
        (  # a broken rule before everything
            [world("a", 0, failed(1, "unknown", LINE)), world("b", 3, broken=1)],
            ("b", 3, 77),
        ),
    ],
    ids=["unknown", "frequent", "fault", "variant", "violation"],
)  # fmt: skip
def test_the_most_instructive_sale(
    worlds: list[WorldRecord], expected: tuple[str, int, int]
) -> None:
    """What nobody knew before the rest, the frequent before the rare, the early before the late."""
    chosen = choose(study(*worlds))
    assert chosen is not None
    assert (chosen.variant, chosen.replication, chosen.t_us) == expected
    assert (chosen.violation is None) == (chosen.failure is not None)
