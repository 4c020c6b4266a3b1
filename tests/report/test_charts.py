"""Charts: pictures that show what they are given, by themselves."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from xml.etree import ElementTree

import pytest

from posemu.report import charts
from posemu.report.draw import Drawing, DrawingError, draw
from posemu.study import Estimate

SVG = "{http://www.w3.org/2000/svg}"
RATE = Estimate(12.0, 10.0, 14.0, 10)


def drawn(drawing: Drawing) -> str:
    [svg] = draw([drawing])
    return svg


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def marks(svg: str, role: str) -> int:
    """How many marks of a kind (symbol, rule, rect) stand in the drawing, legends left out."""
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return sum(
        len(list(group))
        for group in groups
        if f"mark-{role} role-mark" in group.get("class", "")
        and "legend" not in group.get("class", "")
    )


@cache
def rates(lang: str = "en", factors: tuple[str, ...] = ("line-repair",)) -> str:
    rows = [
        charts.Rate("before", (), "far", RATE),
        charts.Rate("before", (), "near", Estimate(0.0, -0.1, 0.1, 10)),
        charts.Rate("after", factors, "far", Estimate(1.0, None, None, 1)),
        charts.Rate("after", factors, "near", Estimate(None, None, None, 0)),
    ]
    return drawn(charts.rates(rows, factors, ("near", "far"), lang))


def test_every_rate_has_its_point_and_interval() -> None:
    """A point for each known mean, a bar for each known interval, a dot for each measure; no figure
    is made up where there is none."""
    svg = rates()
    assert marks(svg, "rule") == 2
    assert marks(svg, "symbol") == 3 + 2
    assert {"12.0", "0.0", "1.0"} <= set(texts(svg))


def test_a_rate_is_not_drawn_below_nothing() -> None:
    """A t-interval may reach below zero; a share cannot, and the axis begins there."""
    assert "−2" not in texts(rates())
    assert "-0.1" not in rates()


def test_without_measures_the_variants_have_their_names() -> None:
    """Variants that cannot be told by what is done in them stand at the axis."""
    assert {"before", "after"} <= set(texts(rates(factors=())))
    assert "before" not in texts(rates())


@pytest.mark.parametrize(("lang", "title"), [("en", "till"), ("zh", "收银台")])
def test_both_languages(lang: str, title: str) -> None:
    """Axis and legend are in the language of the page."""
    assert title in texts(rates(lang))


def test_the_timeline_shows_each_sale_and_each_fault() -> None:
    """One tick a sale, one band a spell."""
    svg = drawn(
        charts.timeline(
        [charts.Mark("far", 9.5, True), charts.Mark("far", 9.6, False)],
        [charts.Stripe("far", "weak", 9.4, 9.7), charts.Stripe("near", "weak", 11.0, 12.0)],
        ["near", "far"], (9.0, 12.0), "en", "day",
        )
    )  # fmt: skip
    ticks = re.findall('aria-roledescription="tick"[^>]*(?:fill|stroke)="(#[^"]*)"', svg)
    assert sorted(ticks) == sorted([charts.BAD, charts.MUTED])
    assert len(re.findall(f'aria-roledescription="bar"[^>]*fill="{charts.FAULTS[0]}"', svg)) == 2
    assert {"near", "far", "weak", "09:00", "12:00"} <= set(texts(svg))


def test_the_ids_of_two_charts_do_not_meet() -> None:
    """Several charts stand in one page: an id that two of them use would cut the wrong one."""
    bars = [charts.Bar("a", RATE, True), charts.Bar("a × b", Estimate(0.0, -1.0, 1.0, 9), False)]
    both = draw([charts.effect_bars(bars, "first"), charts.effect_bars(bars, "second")])
    pictures = [*both, rates()]
    ids = [found for svg in pictures for found in set(re.findall(r'\bid="([^"]+)"', svg))]
    assert len(ids) == len(set(ids))
    for svg in pictures:
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_steps_are_stacked_in_their_order() -> None:
    """The parts of a bar follow the sale."""
    parts = [
        charts.Part("far", "second", 1, 5.0),
        charts.Part("far", "first", 0, 3.0),
    ]
    svg = drawn(charts.step_bars(parts, ["far"], ["first", "second"], "en"))
    bars = {
        m[1]: float(m[2])
        for m in re.finditer(r'aria-label="[^"]*step: (\w+)[^>]*? d="M([\d.]+),', svg)
    }
    assert bars["first"] < bars["second"], svg


def test_long_names_are_broken() -> None:
    """At hyphens, and in Chinese after every sixth character."""
    assert charts.broken("emergency-plan") == "emergency-\nplan"
    assert charts.broken("联系网络服务商检修线路") == "联系网络服务\n商检修线路"


def test_two_figures_stand_side_by_side() -> None:
    """Each variant has a point and an interval in both charts, and its name once."""
    rows = [
        charts.Pair("before", (RATE, Estimate(900.0, 800.0, 1000.0, 10))),
        charts.Pair("booster", (Estimate(0.1, -0.1, 0.3, 10), Estimate(None, None, None, 0))),
    ]
    svg = drawn(charts.side_by_side(rows, ("timeouts", "lost")))
    assert (marks(svg, "symbol"), marks(svg, "rule")) == (3, 3)
    said = texts(svg)
    assert {"timeouts", "lost", "12.0", "0.1", "900"} <= set(said)
    assert said.count("before") == said.count("booster") == 1


@pytest.mark.parametrize(
    ("opening", "closing", "marks_min"),
    [
        (9.0, 10.0, list(range(540, 601, 5))),
        (7.0, 21.0, list(range(420, 1261, 60))),
        (8.5, 12.0, list(range(510, 721, 15))),
        (9.0, 9.02, [540]),
    ],
)
def test_times_of_day_are_full_ones(opening: float, closing: float, marks_min: list[int]) -> None:
    """An axis names whole hours of a day, and shorter steps of a shorter one; never too many."""
    assert [round(hours * 60) for hours in charts.clock_marks(opening, closing)] == marks_min


def test_faults_at_one_time_stand_above_each_other() -> None:
    """Two faults that overlap are both seen: their bands have heights of their own."""
    svg = drawn(
        charts.timeline(
        [charts.Mark("far", 9.5, True)],
        [charts.Stripe("far", "weak", 9.0, 9.9), charts.Stripe("far", "cut", 9.2, 9.4)],
        ["far"], (9.0, 10.0), "en", "day",
        )
    )  # fmt: skip
    tops = [
        re.search(f'aria-roledescription="bar"[^>]*fill="{colour}"', svg)
        for colour in charts.FAULTS[:2]
    ]
    assert all(tops)
    places = [re.search(r'd="M[\d.]+,(-?[\d.]+)', found[0]) for found in tops if found]
    assert len({place[1] for place in places if place}) == 2


def test_what_cannot_be_drawn_is_an_error_and_not_a_hole() -> None:
    """The engine's own message comes out."""
    with pytest.raises(DrawingError, match=r"\w"):
        draw([Drawing("wrong", {"mark": "nothing"}, "v0.0")])


def test_no_thread_is_left_in_the_process_that_asks() -> None:
    """Workers of a study are forked: the engine and its threads run elsewhere."""
    before = len(os.listdir("/proc/self/task"))
    assert rates()
    assert len(os.listdir("/proc/self/task")) == before
    assert "vl_convert" not in sys.modules
