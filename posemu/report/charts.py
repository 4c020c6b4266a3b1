"""The charts of the page, made with Altair; `draw` turns them into SVG, so that the page needs no
script and no network.

Each function takes plain rows and words and returns a `Drawing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from unicodedata import east_asian_width

import altair as alt

from posemu.report.draw import Drawing
from posemu.report.page_text import say
from posemu.sim import US_PER_S
from posemu.study import Estimate

FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC'"
INK, MUTED, LINE, BAD, PALE = "#1f2933", "#616e7c", "#d9e2ec", "#c81e1e", "#94a3b8"
TILLS = ["#1d4ed8", "#d97706", "#0f766e", "#9333ea", "#be185d", "#4d7c0f", "#0369a1", "#7c2d12"]
FAULTS = ["#f9b869", "#8fbcec", "#c4a6ea", "#97d08f", "#f09bb0", "#dccb5a", "#aab4c0", "#70c8c2"]
STEPS = ["#cbd5e1", "#93b4d9", "#5b86bd", "#e07a5f", "#f2c14e", "#8ab17d", "#b8b8b8"]
WIDTH = 1000
_STRIPE, _STRIPES = 6, 5  # height of a fault's stripe in px, and how many stand above each other
_MARKS_MAX = 16
_CLOCK = (
    "format(floor(datum.value + 0.001), '02d') + ':' + "
    "format(round((datum.value % 1) * 60) % 60, '02d')"
)
ROW = 26

_config = {
    "font": FONT,
    "background": "transparent",
    "padding": {"left": 16, "right": 16, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal", "labelColor": INK,
        "titleColor": MUTED, "gridColor": LINE, "domain": False, "ticks": False, "labelLimit": 400,
        "labelPadding": 6, "labelFlush": False, "labelOverlap": "greedy",
    },
    "legend": {
        "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal", "labelColor": INK,
        "titleColor": MUTED, "orient": "top", "symbolSize": 110, "labelLimit": 300, "columns": 4,
        "columnPadding": 20,
    },
    "header": {"labelFontSize": 14, "labelColor": INK, "labelFontWeight": "bold"},
    "title": {"fontSize": 14, "color": INK, "anchor": "start", "fontWeight": "bold"},
}  # fmt: skip


class Rate(NamedTuple):
    """One variant and till: what is done in it, and its figure."""

    variant: str
    factors: tuple[str, ...]
    till: str
    found: Estimate


class Pair(NamedTuple):
    """One variant and two figures of it."""

    variant: str
    found: tuple[Estimate, Estimate]


class Bar(NamedTuple):
    """An effect: of what, and its size."""

    name: str
    size: Estimate
    main: bool


class Mark(NamedTuple):
    """A sale in the timeline; hours of the day."""

    row: str
    at: float
    failed: bool


class Stripe(NamedTuple):
    """A fault in the timeline; hours of the day."""

    row: str
    name: str
    begins: float
    ends: float


class Part(NamedTuple):
    """Seconds of a step in a sale, as a mean over all that were started."""

    row: str
    step: str
    order: int
    seconds: float


def rates(rows: Sequence[Rate], factors: Sequence[str], tills: Sequence[str], lang: str) -> Drawing:
    """The timeout rate of each variant and till, worst variant on top; what is done in a variant
    stands at its left as a row of dots."""
    worst = {row.variant: 0.0 for row in rows}
    for row in rows:
        worst[row.variant] = max(worst[row.variant], row.found.mean or 0.0)
    done = {row.variant: len(row.factors) for row in rows}
    order = sorted(worst, key=lambda name: (-round(worst[name], 1), done[name]))
    height = max(1, len(order)) * (14 * len(tills) + 4 if len(order) > 1 else 2 * ROW)
    y = alt.Y("variant:N", sort=order, title=None)
    dots = [
        {"variant": row.variant, "factor": broken(factor), "taken": factor in row.factors}
        for row in rows if row.till == tills[0] for factor in factors
    ]  # fmt: skip
    chart = _intervals(
        [{"variant": r.variant, "till": r.till} | _rate_of(r.found) for r in rows],
        y=y if not factors else y.axis(None),
        offset=alt.YOffset("till:N", sort=list(tills)),
        color=alt.Color(
            "till:N", title=say("till", lang), sort=list(tills),
            scale=alt.Scale(domain=list(tills), range=TILLS),
        ),
        title=say("timeout-rate", lang),
        written=".1f",
    )  # fmt: skip
    left = 100 * len(factors) + 20 if factors else 200
    chart = chart.properties(width=WIDTH - left, height=height)
    if not factors:
        return _drawing(chart, "rates")
    matrix = (
        alt.Chart(alt.Data(values=dots))
        .mark_circle(size=150, opacity=1)
        .encode(
            x=alt.X(
                "factor:N", sort=[broken(factor) for factor in factors], title=None,
                axis=alt.Axis(
                    orient="top", labelAngle=0, grid=False, offset=6,
                    labelExpr=r"split(datum.label, '\n')",
                ),
            ),
            y=y.axis(None),
            color=alt.Color(
                "taken:N", legend=None, scale=alt.Scale(domain=[True, False], range=[INK, LINE])
            ),
        )
        .properties(width=100 * len(factors), height=height)
    )  # fmt: skip
    both = alt.hconcat(matrix, chart, spacing=10).resolve_scale(color="independent")
    return _drawing(both, "rates")


def side_by_side(rows: Sequence[Pair], titles: tuple[str, str]) -> Drawing:
    """Two figures of each variant, one beside the other."""
    order = [row.variant for row in rows]
    height = ROW * 1.3 * len(rows)
    width = (WIDTH - 90 - max(map(_columns, order))) / 2
    charts = []
    for number, title in enumerate(titles):
        values = [{"variant": row.variant} | _rate_of(row.found[number]) for row in rows]
        axis = alt.Axis(labels=number == 0, domain=False)
        charts.append(
            _intervals(
                values,
                y=alt.Y("variant:N", sort=order, title=None, axis=axis),
                color=alt.value(BAD if number == 0 else TILLS[0]),
                title=title,
                written=".1f" if number == 0 else ",.0f",
            ).properties(width=width, height=height)
        )
    return _drawing(alt.hconcat(*charts, spacing=30), "side-by-side")


def timeline(
    marks: Sequence[Mark],
    stripes: Sequence[Stripe],
    rows: Sequence[str],
    hours: tuple[float, float],
    lang: str,
    name: str,
) -> Drawing:
    """Sales as ticks and faults as bands above them, one row a till, from opening to closing;
    `name` is the chart's own in the page."""
    names = list(dict.fromkeys(stripe.name for stripe in stripes))
    rank = alt.Scale(domain=list(rows), padding=0.25)
    y = alt.Y("row:N", sort=list(rows), title=None, scale=rank)
    scale = alt.Scale(domain=list(hours), nice=False)
    axis = alt.Axis(values=clock_marks(*hours), labelExpr=_CLOCK, grid=True)
    x = alt.X("at:Q", scale=scale, axis=axis, title=say("time-of-day", lang))
    paid, failed = say("paid", lang), say("failed", lang)
    sales = [
        {"row": mark.row, "at": mark.at, "kind": failed if mark.failed else paid}
        for mark in sorted(marks, key=lambda mark: mark.failed)  # what failed is drawn on top
    ]
    colours = alt.Scale(domain=[paid, failed], range=[MUTED, BAD])
    layers: list[Any] = [
        alt.Chart(alt.Data(values=sales))
        .mark_tick(thickness=1.5, bandSize=ROW * 0.7)
        .encode(x=x, y=y, color=alt.Color("kind:N", title=None, scale=colours))
    ]
    colour = alt.Color(
        "name:N", title=None, sort=names,
        scale=alt.Scale(domain=names, range=FAULTS[: len(names)]),
    )  # fmt: skip
    for number, fault in enumerate(names):
        # Above the sales and beside each other: what overlaps in time must not hide the other.
        above = ROW * 0.45 + _STRIPE * (number % _STRIPES + 0.5)
        values = [stripe._asdict() for stripe in stripes if stripe.name == fault]
        layers.append(
            alt.Chart(alt.Data(values=values))
            .mark_bar(opacity=1, size=_STRIPE - 1, yOffset=-above)
            .encode(
                x=alt.X("begins:Q", scale=scale, axis=axis, title=say("time-of-day", lang)),
                x2="ends:Q", y=y, color=colour,
            )
        )  # fmt: skip
    bands = alt.layer(*layers[1:]) if names else alt.layer(*layers)  # one legend for all of them
    chart = alt.layer(layers[0], bands).resolve_scale(color="independent") if names else bands
    height = ROW + 2 * _STRIPE * max(1, min(len(names), _STRIPES))
    return _drawing(chart.properties(width=WIDTH - 140, height=height * len(rows)), name)


def clock_marks(opening: float, closing: float) -> list[float]:
    """The times of day, in hours, that an axis names: full ones if there are enough of them."""
    first_min, last_min = round(opening * 60), round(closing * 60)
    steps_min = (5, 10, 15, 30, 60, 120, 240, 480)
    step_min = next((s for s in steps_min if last_min - first_min <= s * _MARKS_MAX), 1440)
    return [m / 60 for m in range(-(-first_min // step_min) * step_min, last_min + 1, step_min)]


def broken(name: str) -> str:
    """A name in short lines: at its hyphens, or after every sixth Chinese character."""
    if name.isascii():
        return name.replace("-", "-\n")
    return "\n".join(name[i : i + 6] for i in range(0, len(name), 6))


def _columns(text: str) -> float:
    """About how wide a label is, in px."""
    return sum(13.5 if east_asian_width(char) in "WF" else 7.6 for char in text)


def effect_bars(bars: Sequence[Bar], name: str) -> Drawing:
    """Main effects and interactions with their intervals, around zero; `name` is the chart's own in
    the page."""
    order = [bar.name for bar in bars]
    values = [
        {"name": bar.name, "main": bar.main, "zero": 0} | _numbers_of(bar.size) for bar in bars
    ]
    chart = _intervals(
        values,
        y=alt.Y("name:N", sort=order, title=None),
        color=alt.Color(
            "main:N", legend=None, scale=alt.Scale(domain=[True, False], range=[INK, PALE])
        ),
        title="",
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=MUTED).encode(x="zero:Q")
    width = max(120, WIDTH / 2 - 50 - max(_columns(label) for label in order))
    return _drawing((zero + chart).properties(width=width, height=ROW * len(bars)), name)


def step_bars(
    parts: Sequence[Part], rows: Sequence[str], steps: Sequence[str], lang: str
) -> Drawing:
    """Where a sale's seconds go, step by step."""
    chart = (
        alt.Chart(alt.Data(values=[part._asdict() for part in parts]))
        .mark_bar()
        .encode(
            x=alt.X(
                "seconds:Q", title=say("seconds", lang), stack=True, axis=alt.Axis(tickCount=10)
            ),
            y=alt.Y("row:N", sort=list(rows), title=None),
            color=alt.Color(
                "step:N", title=None, sort=list(steps),
                scale=alt.Scale(domain=list(steps), range=STEPS),
                legend=alt.Legend(columns=len(STEPS)),
            ),
            order="order:Q",
        )
        .properties(width=WIDTH - 230, height=ROW * len(rows))
    )  # fmt: skip
    return _drawing(chart, "steps")


def _numbers_of(found: Estimate) -> dict[str, float | None]:
    return {"mean": found.mean, "low": found.low, "high": found.high}


def _rate_of(found: Estimate) -> dict[str, float | None]:
    """A share is never below nothing, though the interval of its mean may be."""
    return {name: None if v is None else max(v, 0.0) for name, v in _numbers_of(found).items()}


def _intervals(
    values: list[dict[str, Any]], *, y: alt.Y, color: Any, title: str,
    offset: alt.YOffset | None = None, written: str = "",
) -> alt.LayerChart:  # fmt: skip
    """Means as points, intervals as bars through them; `written` is the format in which the mean
    stands beside (none: it does not)."""
    extra = {} if offset is None else {"yOffset": offset}
    base = alt.Chart(alt.Data(values=values)).encode(y=y, color=color, **extra)
    bars = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.5, opacity=0.55)
    known = base.transform_filter("isValid(datum.mean)")
    points = known.mark_point(size=70, filled=True, opacity=1)
    x = {"axis": alt.Axis(title=title, tickCount=6 if title else 4)}
    layers: list[Any] = [
        bars.encode(x=alt.X("low:Q", **x), x2="high:Q"), points.encode(x=alt.X("mean:Q", **x))
    ]  # fmt: skip
    if written:
        end = "isValid(datum.high) ? datum.high : datum.mean"
        text = known.transform_calculate(end=end)
        layers.append(
            text.mark_text(align="left", dx=9, fontSize=12).encode(
                x=alt.X("end:Q", **x), text=alt.Text("mean:Q", format=written)
            )
        )
    return alt.layer(*layers)


def _drawing(chart: Any, name: str) -> Drawing:
    return Drawing(name, chart.configure(**_config).to_dict(), _version())


@cache
def _version() -> str:
    """The Vega-Lite that Altair writes for, as vl-convert names it."""
    return "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def hours_of(t_us: int, opening_us: int) -> float:
    """A moment as hours of the day."""
    return (opening_us + t_us) / (3_600 * US_PER_S)
