"""The case of the worn reader comes out as it says, and its alarms name the cause."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from posemu.scenario import load_scenario
from posemu.study import StudyResult, run_study

CASE = Path(__file__).parents[2] / "scenarios" / "cases" / "worn-reader.yaml"
ALARMS_MIN = 200


@cache
def result() -> StudyResult:
    return run_study(load_scenario(CASE))


def test_every_expectation_holds() -> None:
    """New head and new cards each help where they should and nowhere else; no rule is broken."""
    assert result().findings
    assert [finding.text for finding in result().findings if not finding.holds] == []
    assert [world.violations for world in result().worlds if world.violations] == []


def test_alarms_name_the_cause() -> None:
    """Of at least two hundred alarms, of all variants, ninety-five in a hundred are right."""
    total = [world.values["total"] for world in result().worlds]
    alarms = sum(values["alarms"] or 0 for values in total)
    right = sum((v["alarms"] or 0) * (v["diagnosis_right"] or 0) / 100 for v in total)
    assert alarms >= ALARMS_MIN
    assert right >= 0.95 * alarms


def test_both_causes_are_found() -> None:
    """The worn reader is blamed at its till, worn cards at the good one."""
    by_till = {
        till: sum(w.values[f"terminal:{till}"]["alarms"] or 0 for w in result().worlds)
        for till in ("worn", "good")
    }
    assert min(by_till.values()) > 20
