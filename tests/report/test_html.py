"""The page: complete, by itself, in both languages, and without a secret."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from posemu.oracle import Canaries, Violation
from posemu.report import charts, html, summary
from posemu.report.day import NotTheSameError, live
from posemu.report.page_text import TEXT
from posemu.scenario import Scenario, load_text
from posemu.study import StudyResult, run_world
from posemu.study.expectations import find

SCENARIO = """
posemu: 1
title: {en: "A <small> shop", zh: "小店"}
about: {en: "Two tills & a line", zh: "两个收银台"}
day: {from: "09:00", to: "09:20"}
tills: {near: {}, far: {rssi: -68 dBm}}
customers: {arrivals: {"09:00": 2/min}, by_code: 50 %}
faults:
  - comms-outage: {at: "09:05", for: 4 min}
  - transmission-loss: {target: far, direction: answer, on: {message: "0210", nth: 2}}
  - mag-head-wear: {target: far}
interventions:
  plan: [emergency-plan: ]
  booster: [signal-booster: {tills: [far]}]
variants: factorial
expect:
  - {metric: timeout_rate, at_most: 90 %}
  - {metric: timeout_rate, terminal: near, variant: before, at_most: 1 %}
"""
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Checks that elements are nested, and collects the text outside of style sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def read(page: str) -> str:
    """The text of a page that is well nested, on one line."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return " ".join(" ".join(reader.text).split())


REPLAY = "out/small/replay.json"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_text(SCENARIO, "small.yaml")


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> StudyResult:
    worlds = [run_world(scenario, n, variant=v.name) for n in range(2) for v in scenario.variants]
    return StudyResult(
        "small", 1, 2, worlds=worlds, findings=find(scenario.expectations, worlds)
    )  # fmt: skip


@pytest.fixture(scope="module")
def pages(result: StudyResult, scenario: Scenario) -> dict[str, str]:
    """The page of the study by language, made once."""
    return {lang: html.page(result, scenario, lang, REPLAY) for lang in ("en", "zh")}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_has_every_part(pages: dict[str, str], result: StudyResult, lang: str) -> None:
    """Verdict, answers, charts, expectations, figures and how to see it again; all in the language
    of the page."""
    page = pages[lang]
    text = read(page)
    at = lang == "zh"
    for key in (
        "violated", "wrong", "cost", "timeouts", "factorial", "day", "steps", "sale-in-full",
        "expectations", "figures", "struck", "met", "repeat", "keys",
    ):  # fmt: skip
        assert TEXT[key][at] in text, key
    assert page.count("<svg") >= 6
    assert f'<html lang="{"zh-Hans" if at else "en"}">' in page
    assert result.digest in text
    assert f"posemu replay {REPLAY}" in text


def test_no_english_sentence_is_left_in_the_chinese_page(pages: dict[str, str]) -> None:
    """Every heading and every sentence of the Chinese page has Chinese characters."""
    page = pages["zh"]
    for tag in ("h1", "h2", "p"):
        for inner in re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, re.DOTALL):
            text = re.sub(r"<[^>]*>", "", inner).strip()
            assert not re.search(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{2,}", text), text


def test_the_page_stands_by_itself(pages: dict[str, str]) -> None:
    """No script, no request to anywhere: it opens offline."""
    page = pages["en"]
    assert "<script" not in page
    loads = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", page)
    assert all(target.startswith("#") for target in loads), loads
    assert not re.findall(r"https?://(?!www\.w3\.org/)", page)


def test_what_a_user_wrote_is_text(pages: dict[str, str]) -> None:
    """A title with markup in it is shown, and not obeyed."""
    page = pages["en"]
    assert "A &lt;small&gt; shop" in page
    assert "Two tills &amp; a line" in page


def test_no_secret_is_in_the_page(pages: dict[str, str], scenario: Scenario) -> None:
    """No PAN, no PIN and no code account of any person."""
    page = pages["en"]
    people = scenario.people
    canaries = Canaries([p.pan for p in people], [p.pin for p in people], [])
    assert not canaries.find(page.encode())
    assert canaries.find(f"{page}{people[0].pan}".encode())


def test_the_same_study_makes_the_same_page(
    pages: dict[str, str], result: StudyResult, scenario: Scenario
) -> None:
    """Byte for byte."""
    assert html.page(result, scenario, "en", REPLAY) == pages["en"]


def test_expectations_and_violations_are_told(result: StudyResult, scenario: Scenario) -> None:
    """What did not come true is marked, and a violation is told with its rule, place and moment."""
    broken = replace(
        result.worlds[0],
        violations=(Violation("no-card-data", 1_500_000, "far", "a PAN in a journal record"),),
    )
    bad = StudyResult(
        "small", 1, 2, worlds=[broken, *result.worlds[1:]], findings=result.findings
    )  # fmt: skip
    text = read(html.page(bad, scenario, "en", "replay.json"))
    assert "VIOLATED" in text
    assert "no-card-data" in text
    assert "a PAN in a journal record" in text
    assert "far, before/0, 1.500000 s" in text
    assert [finding.holds for finding in result.findings] == [True, False]
    assert "1 of 2 expectations did not come true." in text


def test_a_single_world_has_no_comparison() -> None:
    """One variant, one replication: the page leaves out what it cannot show."""
    text = re.sub(r"(?ms)^interventions:.*", "", SCENARIO)
    alone = load_text(text, "alone.yaml")
    result = StudyResult("alone", 1, 1, worlds=[run_world(alone, 0)])
    page = html.page(result, alone, "en", "replay.json")
    said = read(page)
    for key in ("helped", "not-helped", "factorial", "expectations"):
        assert TEXT[key][0] not in said, key
    assert "HOLDS" in said
    assert page.count("<svg") >= 3


def test_a_day_that_comes_out_differently_is_an_error(
    result: StudyResult, scenario: Scenario
) -> None:
    """The timeline is of the stored world, or there is none."""
    day = live(scenario, result.worlds[0])
    assert {band.mode for band in day.all_day()} == {"mag-head-wear"}
    assert "comms-outage" in {band.mode for band in day.spells()}
    assert len(day.failures) == len(result.worlds[0].failures)
    with pytest.raises(NotTheSameError, match="before/0"):
        live(scenario, replace(result.worlds[0], digest="00"))


def test_every_text_is_in_both_languages_and_used() -> None:
    """A text has two different versions with the same places in them; none is left over."""
    places = [Path(html.__file__), Path(summary.__file__), Path(charts.__file__)]
    places += Path(html.__file__).parent.glob("templates/*.j2")
    used = set(re.findall(r"""["']([\w-]+)["']""", "".join(p.read_text("utf-8") for p in places)))
    for key, (en, zh) in TEXT.items():
        assert en.strip(), key
        assert sorted(re.findall(r"{(.*?)}", en)) == sorted(re.findall(r"{(.*?)}", zh)), key
        words = re.sub(r"{.*?}", "", zh)
        assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]", words), key
        assert key in used, f"{key} is not used"
