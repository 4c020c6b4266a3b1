"""The page a run leaves behind: one HTML file that opens offline, for the wall and for the log.

The verdict comes first, then four answers in words, then charts, one failed sale in full, and every
figure. What a study cannot show (effects without variants, intervals of one replication) is absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from posemu import __version__
from posemu.oracle import INVARIANTS, SITUATIONS
from posemu.report import charts
from posemu.report.console import card_numbers
from posemu.report.day import Day, live, mode_name
from posemu.report.draw import Drawing, draw
from posemu.report.page_text import say
from posemu.report.story import Story, choose, tell
from posemu.report.summary import Summary
from posemu.report.words import SYMPTOMS
from posemu.scenario import METRICS, Metric, Scenario, Variant
from posemu.sim import US_PER_S
from posemu.study import Estimate, StudyResult
from posemu.study.effects import effects, is_factorial

_PLACE = "<!-- chart {} -->"
SHOWN = 20  # violations told in full
TILLS_MAX = 8  # in the charts: those that time out most
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # a step as the reader knows it, and the states that belong to it
    ("step-keys", ("sale-amount", "sale-confirm", "code-amount", "code-confirm")),
    ("step-card", ("sale-card", "code-scan")),
    ("step-pin", ("sale-pin",)),
    ("step-connecting", ("sale-connecting", "code-connecting", "order-connecting")),
    ("step-waiting", ("sale-waiting", "code-waiting", "order-querying", "order-closing")),
    ("step-printing", ("sale-printing",)),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its heading above it."""

    head: str
    svg: Markup
    note: str = ""


def page(result: StudyResult, scenario: Scenario, lang: str, replay: str) -> str:
    """The page as text; `replay` is the path of the replay file."""
    writer = _Page(result, scenario, lang, replay)
    text = _environment().get_template("report.html.j2").render(writer.content())
    for number, svg in enumerate(draw(writer.drawings)):
        text = text.replace(_PLACE.format(number), svg)
    return text


def _cell(found: Estimate, metric: Metric) -> tuple[str, str]:
    """A figure and its interval."""
    if found.mean is None:
        return "-", ""
    if found.mean == 0 and found.n > 3 and metric.counts:
        return f"< 3/{found.n}", ""
    if found.low is None or found.high is None:
        return f"{found.mean:,.2f}", ""
    low, high = found.low, found.high
    if metric.unit == "%":
        low, high = max(low, 0.0), min(high, 100.0)
    return f"{found.mean:,.2f}", f"{low:,.2f} \N{EN DASH} {high:,.2f}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("posemu.report", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


class _Page:
    def __init__(self, result: StudyResult, scenario: Scenario, lang: str, replay: str) -> None:
        self._result = result
        self._scenario = scenario
        self._lang = lang
        self._replay = replay
        self.drawings: list[Drawing] = []
        self._summary = Summary(result, scenario, lang)
        self._tills = sorted(
            self._summary.tills[:TILLS_MAX],
            key=[till.name for till in scenario.tills].index,
        )

    def _say(self, key: str, **values: object) -> str:
        return say(key, self._lang, **values)

    def _picture(self, drawing: Drawing) -> Markup:
        """Where the picture will stand; all of a page are drawn together."""
        self.drawings.append(drawing)
        return Markup(_PLACE.format(len(self.drawings) - 1))

    def content(self) -> dict[str, Any]:
        """What the template wants."""
        result, scenario, lang = self._result, self._scenario, self._lang
        return {
            "lang": lang,
            "t": self._say,
            "title": scenario.title.of(lang) if scenario.title else scenario.name,
            "about": scenario.about.of(lang) if scenario.about else "",
            "holds": result.holds,
            "verdict": self._verdict(),
            "answers": self._summary.answers(),
            "headline": self._summary.headline(),
            "alone": self._alone(),
            "rates": self._rates(),
            "rates_about": self._rates_about(),
            "days": list(self._days()),
            "effects": list(self._effects()),
            "steps": self._steps(),
            "story": self._story(),
            "story_about": self._story_about(),
            "replications": result.replications,
            "expectations": list(self._expectations()),
            "violations": list(self._violations()),
            "more": max(0, sum(len(w.violations) for w in result.worlds) - SHOWN),
            "figures": self._figures(),
            "variants": [self._summary.variant_name(variant) for variant in self._ordered()],
            "struck": self._counted(
                (mode_name(name, lang), n) for w in result.worlds for name, n in w.struck.items()
            ),
            "met": self._counted(
                (SITUATIONS[name][lang == "zh"], n)
                for w in result.worlds
                for name, n in w.situations.items()
            ),
            "facts": self._facts(),
            "replay": self._replay,
        }

    # --- words ---

    def _story(self) -> Story | None:
        chosen = choose(self._result)
        return None if chosen is None else tell(self._scenario, chosen, self._lang)

    def _story_about(self) -> str:
        """How usual the sale is that is told; empty if it is told for a broken rule."""
        chosen = choose(self._result)
        if chosen is None or chosen.failure is None:
            return ""
        failures = [each for world in self._result.of(chosen.variant) for each in world.failures]
        symptoms = Counter(failure.symptom for failure in failures)
        [variant] = [each for each in self._scenario.variants if each.name == chosen.variant]
        return self._say(
            "story-about",
            like=symptoms[chosen.failure.symptom], count=len(failures),
            variant=self._summary.variant_name(variant),
            most=SYMPTOMS[symptoms.most_common(1)[0][0]][self._lang == "zh"],
        )  # fmt: skip

    def _verdict(self) -> list[str]:
        worlds = self._result.worlds
        broken = [v for world in worlds for v in world.violations]
        unseen = {rule for world in worlds for rule in world.not_observed}
        if broken:
            rules = ", ".join(sorted({v.invariant for v in broken}))
            lines = [self._say("rules-broken", rules=rules, count=len(broken), worlds=len(worlds))]
        else:
            events = f"{sum(world.events for world in worlds):,}"
            rules = str(len(INVARIANTS) - len(unseen))
            lines = [self._say("all-held", rules=rules, events=events, worlds=len(worlds))]
        findings = self._result.findings
        unmet = sum(not finding.holds for finding in findings)
        if unmet:
            lines.append(self._say("expected-not", unmet=unmet, count=len(findings)))
        elif findings:
            lines.append(self._say("expected-held", count=len(findings)))
        return lines

    def _rates_about(self) -> str:
        if len(self._scenario.variants) == 1 and self._result.replications == 1:
            return self._say("timeouts-about-one")
        return self._say("timeouts-about", n=self._result.replications)

    def _expectations(self) -> Iterator[dict[str, Any]]:
        expected = self._scenario.expectations
        for finding, expectation in zip(self._result.findings, expected, strict=True):
            if finding.observed is not None:
                unit = METRICS[expectation.metric].unit_in(self._lang)
                observed = f"{finding.observed:.2f} {unit}"
            else:
                observed = self._say("nothing-to-judge" if finding.holds else "undecided")
            text = expectation.text_zh if self._lang == "zh" else finding.text
            yield {"text": text, "holds": finding.holds, "observed": observed}

    def _violations(self) -> Iterator[dict[str, str]]:
        found = [(world, v) for world in self._result.worlds for v in world.violations]
        for world, v in found[:SHOWN]:
            yield {
                "rule": v.invariant,
                "meaning": INVARIANTS[v.invariant][self._lang == "zh"],
                "where": f"{v.till}, {world.variant}/{world.replication}, {v.t_us / 1e6:.6f} s",
                "what": v.text,
            }

    @staticmethod
    def _counted(items: Iterator[tuple[str, int]]) -> list[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for name, number in items:
            counts[name] += number
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def _facts(self) -> list[tuple[str, str]]:
        values = {
            "scenario": self._scenario.name,
            "seed": str(self._result.seed),
            "replications": str(self._result.replications),
            "variants": str(len(self._result.variants())),
            "digest": self._result.digest,
            "version": f"posemu {__version__}",
        }
        facts = [(self._say(key), value) for key, value in values.items()]
        return [*facts, card_numbers(self._scenario, self._lang)]

    def _figures(self) -> list[dict[str, Any]]:
        """A row of each metric: its figure and interval in each variant."""
        names = [variant.name for variant in self._ordered()]
        variants = [self._result.estimates(name, "total") for name in names]
        rows = []
        for metric, about in METRICS.items():
            cells = [_cell(found[metric], about) for found in variants if metric in found]
            if len(cells) == len(variants):
                name, unit = about.name_in(self._lang), about.unit_in(self._lang)
                rows.append({"name": name, "unit": unit, "id": metric, "cells": cells})
        return rows

    def _ordered(self) -> list[Variant]:
        """All variants, those that a reader looks for first."""
        plain = self._summary.plain_variants()
        return plain + [each for each in self._scenario.variants if each not in plain]

    # --- charts ---

    def _rates(self) -> Markup:
        name = self._summary.factor_name
        done = self._scenario.variants[-1].factors if self._by_factors() else ()
        rows = [
            charts.Rate(
                self._summary.variant_name(variant), tuple(map(name, variant.factors)), till,
                self._summary.rate(variant.name, till),
            )
            for variant in self._scenario.variants
            for till in self._tills
        ]  # fmt: skip
        return self._picture(charts.rates(rows, list(map(name, done)), self._tills, self._lang))

    def _alone(self) -> Markup | None:
        """Nothing, each measure alone, and all of them: if others were tried as well."""
        shown = self._summary.plain_variants()
        if len(shown) == len(self._scenario.variants):
            return None
        worst = self._summary.worst
        rows = [
            charts.Pair(
                self._summary.variant_name(variant),
                (self._summary.rate(variant.name, worst), self._summary.lost(variant.name)),
            )
            for variant in shown
        ]
        titles = (self._say("timeouts-at", till=worst), self._say("lost-a-day"))
        return self._picture(charts.side_by_side(rows, titles))

    def _by_factors(self) -> bool:
        """The variants are told apart by what is done in them, and not by names of their own."""
        chosen = [frozenset(variant.factors) for variant in self._scenario.variants]
        return len(set(chosen)) == len(chosen) > 2

    def _days(self) -> Iterator[Chart]:
        """The first replication of the first and the last variant."""
        shown = self._first_and_last()
        for number, variant in enumerate(shown, start=1):
            stored = next(w for w in self._result.of(variant.name) if w.replication == 0)
            day = live(self._scenario, stored)
            note = ", ".join(
                mode_name(band.mode, self._lang)
                if band.till is None
                else self._say("at-till", name=mode_name(band.mode, self._lang), till=band.till)
                for band in day.all_day()
            )
            yield Chart(
                self._summary.variant_name(variant) if len(shown) > 1 else "",
                self._picture(self._timeline(day, f"timeline-{number}")),
                self._say("all-day", names=note) if note else "",
            )

    def _first_and_last(self) -> list[Variant]:
        variants = self._scenario.variants
        return [variants[0], variants[-1]] if len(variants) > 1 else [variants[0]]

    def _timeline(self, day: Day, name: str) -> Drawing:
        opening_us = self._scenario.day.from_us
        failed = {(failure.till, failure.t_us) for failure in day.failures}
        marks = [
            charts.Mark(till, charts.hours_of(t_us, opening_us), (till, t_us) in failed)
            for till, t_us in day.sales
            if till in self._tills
        ]
        stripes = [
            charts.Stripe(
                till, mode_name(band.mode, self._lang),
                charts.hours_of(band.from_us, opening_us), charts.hours_of(band.to_us, opening_us),
            )
            for band in day.spells()
            for till in (self._tills if band.till is None else [band.till])
            if till in self._tills and band.to_us > band.from_us
        ]  # fmt: skip
        hours = (charts.hours_of(0, opening_us), charts.hours_of(day.close_us, opening_us))
        return charts.timeline(marks, stripes, self._tills, hours, self._lang, name)

    def _effects(self) -> Iterator[Chart]:
        variants = self._scenario.variants
        if not is_factorial(variants):
            return
        worst = self._summary.worst
        for breakdown, metric, title in (
            (f"terminal:{worst}", "timeout_rate", self._say("change-points", till=worst)),
            ("total", "lost_sales", self._say("change-lost")),
        ):
            bars = [
                charts.Bar(
                    " × ".join(map(self._summary.factor_name, effect.factors)),
                    effect.size,
                    len(effect.factors) == 1,
                )
                for effect in effects(self._result, variants, breakdown, metric)
            ]
            yield Chart(title, self._picture(charts.effect_bars(bars, metric)))

    def _steps(self) -> Markup:
        """Mean seconds of a sale in each step: of the first and the last variant, by till."""
        words = {state: name for name, states in STEPS for state in states}
        shown = self._first_and_last()
        names = [name for name, _ in STEPS] + ["step-other"]
        parts, rows = [], []
        for variant in shown:
            sums, counts = self._step_sums(variant.name, words)
            for till in self._tills:
                for in_time in (True, False):
                    number = counts[till, in_time]
                    if not number:
                        continue
                    name = self._summary.variant_name(variant)
                    label = self._say(
                        "row",
                        variant=self._say("row-variant", variant=name) if len(shown) > 1 else "",
                        till=till,
                        kind=self._say("in-time" if in_time else "failed"),
                        number=f"{number / len(self._result.of(variant.name)):.3g}",
                    )
                    rows.append(label)
                    for order, name in enumerate(names):
                        seconds = sums[till, in_time, name] / number / US_PER_S
                        parts.append(charts.Part(label, self._say(name), order, seconds))
        steps = [self._say(name) for name in names]
        return self._picture(charts.step_bars(parts, rows, steps, self._lang))

    def _step_sums(
        self, variant: str, words: dict[str, str]
    ) -> tuple[Counter[tuple[str, bool, str]], Counter[tuple[str, bool]]]:
        """Service time [µs] by till, outcome and step; number of sales by till and outcome."""
        sums: Counter[tuple[str, bool, str]] = Counter()
        counts: Counter[tuple[str, bool]] = Counter()
        for world in self._result.of(variant):
            for (till, in_time, state), us in world.steps_us.items():
                sums[till, in_time, words.get(state, "step-other")] += us
            for (till, in_time), number in world.sales.items():
                counts[till, in_time] += number
        return sums, counts
