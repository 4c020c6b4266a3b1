"""What a run prints: 80 columns, the verdict first, in English and Chinese."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unicodedata import east_asian_width

import pytest

from posemu.faults import load_catalogue
from posemu.oracle import INVARIANTS, SITUATIONS, Violation
from posemu.report import run_report
from posemu.scenario import load_text
from posemu.study import METRICS, Estimate, StudyResult, WorldRecord, run_study

LANGUAGES = ("en", "zh")
RESULTS, REPORT = "out/tiny/results.sqlite", "out/tiny/report.html"
REPLAY = "out/tiny/replay.json"
TEXT = """\
posemu: 1
name: tiny
title: {en: "A tiny shop", zh: "小店"}
seed: 3
day: {from: "09:00", to: "09:05"}
tills: {till-1: {}}
cardholders: {each: 3}
faults:
  - transmission-loss: {direction: answer, on: {message: "0210"}}
"""


@pytest.fixture(scope="module")
def scenario() -> Any:
    return load_text(TEXT, "tiny.yaml")


@pytest.fixture(scope="module")
def result(scenario: Any) -> StudyResult:
    return run_study(scenario, replications=2)


def width(line: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def report(result: StudyResult, scenario: Any, lang: str) -> str:
    return run_report(result, scenario, lang, {"results": RESULTS, "report": REPORT}, REPLAY)


def too_wide(text: str) -> list[tuple[int, str]]:
    return [(width(line), line) for line in text.splitlines() if width(line) > 80]


def with_violations(result: StudyResult, *violations: Violation) -> StudyResult:
    worlds = [replace(result.worlds[0], violations=violations), *result.worlds[1:]]
    return StudyResult(result.scenario, result.seed, result.replications, worlds)


WORLD = WorldRecord(
    variant="base", replication=0, digest="AB", events=1_000,
    values={"total": {"timeout_rate": 10.0, "txn_time": None, "throughput": 6.0}},
    violations=(), not_observed=(), pairs={}, situations={},
    struck={"transmission-loss": 2, "dns-fail": 2, "wifi-weak": 11}, schedule=(),
)  # fmt: skip
OTHER = replace(
    WORLD, replication=1, events=234, struck={"dns-fail": 3},
    values={"total": {"timeout_rate": 20.0, "txn_time": None, "throughput": None}},
)  # fmt: skip
MEASURED = """\
Measured
  service timeout rate                  15.00 %  [-48.53, 78.53], n 2
  transaction time, mean                    -
  throughput per terminal                6.00 sales per h
"""


def test_the_whole_text_of_a_run_that_holds(scenario: Any) -> None:
    """Size, verdict, figures, faults (most frequent first) and situations, each under its head,
    with a blank line between the parts; a figure of one replication has no interval."""
    result = StudyResult("tiny", 3, 2, [WORLD, OTHER])
    names = {mode_id: mode.name.en for mode_id, mode in load_catalogue().items()}
    expected = f"""\
A tiny shop
tills: 1, worlds: 2 of 5 min, seed: 3

HOLDS  {len(INVARIANTS)} rules held after each of 1234 events

{MEASURED}
Faults that struck
      11  {names["wifi-weak"]}
       5  {names["dns-fail"]}
       2  {names["transmission-loss"]}
Situations met: none

digest   {result.digest}
results  {RESULTS}
report   {REPORT}
replay   posemu replay {REPLAY}
(test keys and cards; randomness of keys and PIN blocks comes from the seed)
"""
    assert report(result, scenario, "en") == expected


def test_the_whole_text_of_a_run_that_is_violated(scenario: Any) -> None:
    """A scenario without a title goes by its name; up to ten violations are told one by one, and
    equally frequent situations stand in the order of their words."""
    violations = tuple(Violation("no-crash", n, "till-1", f"number {n}") for n in range(10))
    first = replace(WORLD, struck={}, situations={"wrong-mac": 1, "late-answer": 1})
    result = StudyResult("tiny", 3, 2, [first, replace(OTHER, struck={}, violations=violations)])
    told = "".join(
        f"""\
  no-crash: {INVARIANTS["no-crash"][0]}
    till-1: number {n}
    world base/1, t = 0.00000{n} s
"""
        for n in range(10)
    )
    situations = sorted((SITUATIONS["wrong-mac"][0], SITUATIONS["late-answer"][0]))
    expected = f"""\
tiny
tills: 1, worlds: 2 of 5 min, seed: 3

VIOLATED  violations: 10, rules broken: 1

What went wrong
{told}
{MEASURED}
Faults that struck: none
Situations met
       1  {situations[0]}
       1  {situations[1]}

digest   {result.digest}
results  {RESULTS}
report   {REPORT}
replay   posemu replay {REPLAY}
(test keys and cards; randomness of keys and PIN blocks comes from the seed)
"""
    assert report(result, replace(scenario, title=None), "en") == expected


@pytest.mark.parametrize(("length", "gap"), [(61, " "), (62, "\n    ")])
def test_the_80th_column_is_used(scenario: Any, length: int, gap: str) -> None:
    """A line of exactly 80 columns stays one; a word that would end in the 81st begins another."""
    word = "x" * length  # behind 19 columns: the indent, the till and "number"
    violation = Violation("no-crash", 1, "till-1", f"number {word}")
    text = report(with_violations(StudyResult("tiny", 3, 1, [WORLD]), violation), scenario, "en")
    assert f"\n    till-1: number{gap}{word}\n" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_fits_80_columns(result: Any, scenario: Any, lang: str) -> None:
    """No line of a run's text is wider than 80 columns; a Chinese character takes two."""
    assert too_wide(report(result, scenario, lang)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rule", INVARIANTS)
def test_a_violation_fits_80_columns(result: Any, scenario: Any, lang: str, rule: str) -> None:
    """The lines that tell a violation fit 80 columns too, whatever the rule."""
    violation = Violation(rule, 3_599_999_999, "till-1", "sale 000042 went out again")
    assert too_wide(report(with_violations(result, violation), scenario, lang)) == []


LONG_TEXTS = [
    "sale 000042 is called approved after an answer the host did not send",
    "a slip says approved for sale 000042, which is reversed",
    "sale 000042 is still in progress: neither confirmed nor reversed",
    "sale 000042 over 12345678 is called approved over 12345678",
    "sale 000042 is told as not charged, but 12345678 is booked",
    "sale 000042 is called approved before that is durable",
]


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_the_words_of_a_violation_fit_80_columns(result: Any, scenario: Any, text: str) -> None:
    """What the judge says about a sale fits its line."""
    violated = with_violations(result, Violation("no-crash", 1, "till-1", text))
    assert too_wide(report(violated, scenario, "en")) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_metric_fault_and_situation_fits_its_line(
    result: Any, scenario: Any, lang: str
) -> None:
    """With every failure mode, situation and metric in it, the report still fits."""
    struck = dict.fromkeys(load_catalogue(), 123_456)
    situations = dict.fromkeys(SITUATIONS, 123_456)
    values = {"total": dict.fromkeys(METRICS, 999.99)}
    worlds = [
        replace(world, struck=struck, situations=situations, values=values)
        for world in result.worlds
    ]
    text = report(StudyResult("tiny", 3, 2, worlds), scenario, lang)
    assert too_wide(text) == []
    for name, mode in load_catalogue().items():
        assert mode.name.of(lang) in text, name
    for en, zh in SITUATIONS.values():
        assert (zh if lang == "zh" else en) in text


@pytest.mark.parametrize(("lang", "said"), [("en", "HOLDS"), ("zh", "通过")])
def test_the_verdict_comes_first(result: Any, scenario: Any, lang: str, said: str) -> None:
    """Title, size, then the verdict, before anything that was measured."""
    lines = report(result, scenario, lang).splitlines()
    assert lines[0] == {"en": "A tiny shop", "zh": "小店"}[lang]
    verdict = next(n for n, line in enumerate(lines) if line.startswith(said))
    assert verdict == 3
    events = sum(world.events for world in result.worlds)
    assert str(events) in lines[verdict]
    assert str(len(INVARIANTS)) in lines[verdict]


@pytest.mark.parametrize(("lang", "said"), [("en", "VIOLATED"), ("zh", "违反")])
def test_a_violated_run_says_what_when_and_where(
    result: Any, scenario: Any, lang: str, said: str
) -> None:
    """A violation is told with rule, till, words, world and moment."""
    violation = Violation("no-resend", 1_234_567, "till-1", "the request went out again")
    text = report(with_violations(result, violation), scenario, lang)
    assert said in text.splitlines()[3]
    for part in ("no-resend", INVARIANTS["no-resend"][lang == "zh"], "till-1: the request went",
                 "base/0", "1.234567 s"):  # fmt: skip
        assert part in text
    assert "HOLDS" not in text
    assert "通过" not in text


def test_many_violations_are_counted_and_not_all_printed(result: Any, scenario: Any) -> None:
    """Ten violations are printed in full, the rest is counted."""
    violations = [Violation("no-crash", n, "till-1", f"number {n}") for n in range(25)]
    text = report(with_violations(result, *violations), scenario, "en")
    assert text.count("no-crash:") == 10
    assert "violations: 25, rules broken: 1" in text
    assert "... and 15 more" in text


def test_a_metric_is_shown_with_its_interval(result: Any, scenario: Any) -> None:
    """Mean, unit, limits and n stand in the metric's line; an undefined one is a dash."""
    worlds = [
        replace(world, values={"total": {"timeout_rate": value, "txn_time": None}})
        for world, value in zip(result.worlds, (10.0, 20.0), strict=True)
    ]
    found = StudyResult("tiny", 3, 2, worlds)
    estimate: Estimate = found.estimates("base", "total")["timeout_rate"]
    lines = report(found, scenario, "en").splitlines()
    line = next(line for line in lines if "service timeout rate" in line)
    assert "15.00 %" in line
    assert f"[{estimate.low:.2f}, {estimate.high:.2f}], n 2" in line
    assert next(line for line in lines if "transaction time, mean" in line).split()[-1] == "-"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_columns_stand_below_each_other(result: Any, scenario: Any, lang: str) -> None:
    """In both languages the figures of all metrics end in one column."""
    lines = report(result, scenario, lang).splitlines()
    names = [m.zh if lang == "zh" else m.en for m in METRICS.values()]
    columns = set()
    for name in names:
        line = next(line for line in lines if line.startswith(f"  {name} "))
        figure = line.removeprefix(f"  {name}").split()[0]
        columns.add(width(line[: line.index(figure, len(name) + 2) + len(figure)]))
    assert len(columns) == 1


def test_digest_and_paths_stand_at_the_end(result: Any, scenario: Any) -> None:
    """The last lines give the digest, where the results are, how to replay, and that the keys and
    the randomness are for tests."""
    *_, digest, results, page, replay, note = report(result, scenario, "en").splitlines()
    assert [digest, results, page, replay] == [
        f"digest   {result.digest}", f"results  {RESULTS}", f"report   {REPORT}",
        f"replay   posemu replay {REPLAY}",
    ]  # fmt: skip
    assert "test keys" in note
    assert "seed" in note


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rules_that_nobody_could_see_are_not_counted_as_held(
    result: Any, scenario: Any, lang: str
) -> None:
    """Rules that no probe could show are named, in 80 columns, and not among those that held."""
    unseen = ("record-before-send", "commit-before-told", "comes-to-rest", "no-crash")
    worlds = [replace(world, not_observed=unseen) for world in result.worlds]
    text = report(StudyResult("tiny", 3, 2, worlds), scenario, lang)
    assert all(rule in text for rule in unseen)
    assert str(len(INVARIANTS) - 4) in text.splitlines()[3]
    assert too_wide(text) == []


@pytest.mark.parametrize(
    ("zeros", "said"),
    [
        (3, "0.00 %  [0.00, 0.00], n 3"),
        (4, "none: in fewer than 3/4 of worlds"),
        (60, "none: in fewer than 3/60 of worlds"),
    ],
)
def test_what_never_happened_is_not_called_impossible(scenario: Any, zeros: int, said: str) -> None:
    """No event in n worlds is told as "fewer than 3/n", never as 0 %, from n = 4 on; a time or a
    throughput of nought stays a number."""
    values: dict[str, Any] = {"total": {"timeout_rate": 0.0, "throughput": 0.0}}
    worlds = [replace(WORLD, replication=n, values=values) for n in range(zeros)]
    text = report(StudyResult("tiny", 3, zeros, worlds), scenario, "en")
    [line] = [line for line in text.splitlines() if "service timeout rate" in line]
    assert line.endswith(f" {said}")
    assert f"0.00 sales per h  [0.00, 0.00], n {zeros}" in text
    assert too_wide(text) == []
    assert too_wide(report(StudyResult("tiny", 3, zeros, worlds), scenario, "zh")) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_several_variants_stand_side_by_side(scenario: Any, lang: str) -> None:
    """One line a variant, with the half-width of each interval; a long name has a line of its own;
    what never happened is not called impossible."""
    name = "a-long-name-of-many-measures-taken-together"
    values = {"total": {"timeout_rate": 0.0, "lost_sales": 0.0, "txn_time_p95": None}}
    worlds = [
        replace(
            WORLD, variant="before", values={"total": {"timeout_rate": 4.0, "lost_sales": 9.0}}
        ),
        replace(
            OTHER, variant="before", values={"total": {"timeout_rate": 6.0, "lost_sales": 9.0}}
        ),
        *(replace(WORLD, variant=name, replication=n, values=values) for n in range(4)),
    ]
    text = report(StudyResult("tiny", 3, 2, worlds), scenario, lang)
    lines = text.splitlines()
    assert too_wide(text) == []
    [before] = [line for line in lines if line.startswith("  before")]
    assert before.split() == ["before", "5.0", "±12.7", "9", "±0", "-"]
    after = lines[lines.index(f"  {name}") + 1]
    assert after.split() == ["<", "3/4", "0", "±0", "-"]
    assert len({len(line) for line in (before, after)}) == 1
