"""The four answers: what they say follows from the figures, and from nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.report.summary import Answer, Summary, percent, signed
from posemu.scenario import Scenario, load_text
from posemu.study import Failure, StudyResult, WorldRecord

SCENARIO = """
posemu: 1
tills: {near: {}, far: {}}
cardholders: {each: 1}
faults: [wifi-weak: {target: far}]
interventions:
  booster: [signal-booster: {tills: [far]}]
  plan: [emergency-plan: ]
  repair: [isp-contact: ]
variants: %s
"""
FIGURES: dict[str, tuple[list[float | None], list[float]]] = {
    # variant: timeouts at the far till, lost sales, in two replications
    "before": ([16.0, 18.0], [1000.0, 1200.0]),
    "booster": ([2.0, 3.8], [100.0, 300.0]),
    "plan": ([15.9, 18.1], [100.0, 305.0]),
    "repair": ([16.2, 17.9], [1003.0, 1198.0]),
    "after": ([0.0, 2.0], [0.0, 201.0]),
}


def scenario(design: str = "each") -> Scenario:
    return load_text(SCENARIO % design, "shop.yaml")


def world(variant: str, n: int, **changed: Any) -> WorldRecord:
    rates, lost = FIGURES[variant]
    values: dict[str, Any] = {
        "total": {"lost_sales": lost[n], "renege_rate": 8.0, "duplicate_charge": 0.0},
        "terminal:far": {"timeout_rate": rates[n]},
        "terminal:near": {"timeout_rate": 0.5},
    }
    failures = [Failure(0, "far", "card", "no-connection", "sale-connecting", "wifi-weak")] * 3
    failures.append(Failure(0, "far", "card", "chip", "sale-card", "none"))
    return WorldRecord(
        variant=variant, replication=n, digest="", events=1, values=values | changed,
        violations=(), not_observed=(), pairs={}, situations={}, struck={}, schedule=(),
        failures=tuple(failures), steps_us={("far", False, "sale-pin"): 90_000_000 * (n + 1)},
    )  # fmt: skip


def answers(design: str = "each", lang: str = "en") -> list[Answer]:
    tried = scenario(design)
    worlds = [world(variant.name, n) for n in range(2) for variant in tried.variants]
    return Summary(StudyResult("shop", 1, 2, worlds=worlds), tried, lang).answers()


def plain(lines: tuple[str, ...]) -> str:
    return " ".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def test_what_was_wrong_names_the_worst_till_and_the_causes() -> None:
    """The till with the highest rate comes first, with its interval; causes stand by their share of
    the failed sales."""
    found = answers()[0]
    text = plain(found.lines)
    assert found.head == "What was wrong"
    assert text.startswith("Till far: 17 % of the started sales timed out (4.3 % – 30 %).")
    assert "Till near: 0.5 %." in text
    assert "Root cause of 75 % of the failed sales: weak Wi-Fi signal." in text
    assert "25 % of the failed sales had no fault behind them" in text
    assert "within 60 s" in text


def test_measures_are_sorted_into_what_helped_and_what_did_not() -> None:
    """One that makes timeouts rarer and one that only saves sales have helped; one whose change may
    be chance has not."""
    _, helped, did_not, _ = answers()
    text = plain(helped.lines)
    assert "booster: till far from 17 % to 2.9 %, 88 % of what everything together" in text
    assert "plan: lost sales from CNY 1,100 to CNY 202 a day; timeouts stay at 17 %." in text
    assert [line.partition(":")[0] for line in helped.lines] == ["booster", "plan"]
    assert plain(did_not.lines).startswith("repair: till far from 17 % to 17 %; change 0.0 points")


def test_what_it_cost() -> None:
    """Lost sales before and after, and the till time that came to nothing, per day."""
    text = plain(answers()[-1].lines)
    assert "Lost sales: CNY 1,100 a day" in text
    assert "With everything done: CNY 100 a day." in text
    assert "8.0 % of the customers left without paying." in text
    assert "Till far spent 2 min a day on sales that came to nothing." in text


def test_only_together() -> None:
    """Where no measure was tried alone, the answer is of all of them."""
    _, helped, did_not, _ = answers("before-after")
    assert plain(helped.lines) == "after: till far from 17 % to 1.0 %."
    assert plain(did_not.lines) == "Each of them helped."


def test_one_variant_has_nothing_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without interventions there is what was wrong and what it cost."""
    text = "posemu: 1\ntills: {near: {}, far: {}}\ncardholders: {each: 1}\n"
    tried = load_text(text, "one.yaml")
    monkeypatch.setitem(FIGURES, "base", FIGURES["before"])
    found = Summary(StudyResult("one", 1, 1, worlds=[world("base", 0)]), tried, "en").answers()
    assert [answer.head for answer in found] == ["What was wrong", "What it cost"]
    assert "With everything done" not in plain(found[-1].lines)


def test_no_timeout_is_said_so() -> None:
    """A shop without timeouts has no worst till."""
    tried = scenario("before-after")
    quiet = {"terminal:far": {"timeout_rate": 0.0}, "terminal:near": {"timeout_rate": 0.0}}
    worlds = [world(v.name, n, **quiet) for n in range(2) for v in tried.variants]
    found = Summary(StudyResult("shop", 1, 2, worlds=worlds), tried, "en").answers()
    assert found[0].lines[0] == "No sale timed out."


def test_chinese_names_what_is_done() -> None:
    """The catalogue's Chinese words stand for the file's own names."""
    text = plain(answers(lang="zh")[1].lines)
    assert "信号增强器：收银台 far 由 17 % 降至 2.9 %" in text
    assert "1,100 元" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (0.0, "0 %"), (0.02, "< 0.1 %"), (0.5, "0.5 %"), (9.94, "9.9 %"),
        (9.97, "10 %"), (17.4, "17 %"), (99.7, "> 99 %"), (100.0, "100 %"),
    ],
)  # fmt: skip
def test_a_share_is_not_rounded_to_all_or_nothing(value: float | None, text: str) -> None:
    """What is almost nothing is not nothing."""
    assert percent(value).replace("\N{NO-BREAK SPACE}", " ") == text


def test_signs() -> None:
    """A change has its sign, with a real minus; nothing has none."""
    assert [signed(v) for v in (1.25, -3.0, -0.01, None)] == ["+1.2", "−3.0", "0.0", "-"]


def test_the_headline_says_it_all() -> None:
    """The cause, what it lost, and the best measure; nothing if nothing was wrong."""

    def headline(design: str, **changed: Any) -> str:
        tried = scenario(design)
        worlds = [world(v.name, n, **changed) for n in range(2) for v in tried.variants]
        return plain((Summary(StudyResult("shop", 1, 2, worlds=worlds), tried, "en").headline(),))

    said = "Weak Wi-Fi signal at till far lost CNY 1,100 a day"
    assert headline("each") == f"{said}; what ended it: booster."
    assert headline("{before: [], repair: [repair]}") == f"{said}."
    quiet = {"terminal:far": {"timeout_rate": 0.0}, "terminal:near": {"timeout_rate": 0.0}}
    assert headline("each", **quiet) == ""
