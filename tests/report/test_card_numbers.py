"""Whose test numbers the people of a run bear: every report names a laboratory's file."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from posemu.report import html, run_report
from posemu.scenario import Scenario, load_scenario, load_text
from posemu.study import StudyResult, run_study

GOOD = Path(__file__).parents[1] / "scenario" / "good"
LABORATORY = GOOD / "laboratory.yaml"
WORDS = {
    "en": ("card numbers", "2 of test_pans.yaml, 2 of laboratory.yaml (a laboratory's own)"),
    "zh": ("卡号", "test_pans.yaml 中 2 个，laboratory.yaml 中 2 个（实验室自有）"),
}
REPLAY = "out/laboratory/replay.json"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(LABORATORY)


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> StudyResult:
    return run_study(scenario, replications=1)


@pytest.fixture
def built_in(scenario: Scenario) -> Scenario:
    """The same shop with posemu's own people and numbers."""
    text = LABORATORY.read_text("utf-8")
    text = text.replace("people: people/laboratory.yaml\n", "")
    return load_text(text.replace("test_pans: pans/laboratory.yaml\n", ""), "laboratory.yaml")


@pytest.mark.parametrize("lang", WORDS)
def test_the_console_names_the_file(result: StudyResult, scenario: Scenario, lang: str) -> None:
    """With its name alone, wherever it lies, and how many of the people's numbers are of it."""
    lines = run_report(result, scenario, lang, {}, REPLAY).splitlines()
    assert ": ".join(WORDS[lang]) in lines
    assert str(GOOD) not in "".join(lines)


def test_the_console_is_silent_about_posemus_own(result: StudyResult, built_in: Scenario) -> None:
    """Where no laboratory's file is named there is no line about numbers."""
    for lang, (head, _) in WORDS.items():
        text = run_report(result, built_in, lang, {}, REPLAY)
        assert "test_pans.yaml" not in text
        assert head not in text


@pytest.mark.parametrize("lang", WORDS)
def test_the_page_names_the_file(result: StudyResult, scenario: Scenario, lang: str) -> None:
    """Among the facts that it takes to see the run again."""
    page = unescape(html.page(result, scenario, lang, REPLAY))
    head, text = WORDS[lang]
    assert f"<div><dt>{head}</dt><dd>{text}</dd></div>" in page
    assert str(GOOD) not in page


def test_the_page_names_posemus_own(built_in: Scenario) -> None:
    """Also where there is no other."""
    page = html.page(run_study(built_in, replications=1), built_in, "en", REPLAY)
    assert "<dd>16 of test_pans.yaml</dd>" in page
    assert "laboratory&#39;s" not in page
