"""The four answers on top of the page: what was wrong, what helped, what did not, what it cost.

Every sentence is made of figures of the study; nothing in it knows the scenario. A measure helps
against timeouts if the 95 % interval of its paired change, at the till that has most of them, lies
below zero and the fall is a tenth of the rate at least; it saves sales if the same holds of what
the whole shop loses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from posemu.faults import load_catalogue, load_intervention
from posemu.profiles import load_profile
from posemu.report.page_text import say
from posemu.scenario import AFTER, BEFORE, METRICS, Scenario, Variant
from posemu.sim import US_PER_S
from posemu.study import Estimate, StudyResult
from posemu.study.causes import NONE
from posemu.study.effects import paired

NOTABLE = 0.1  # of the rate, or of the lost sales: less is not worth a sentence
CAUSE_MIN = 0.01  # of the failed sales
MAIN = 0.5  # of the failed sales: the main cause has that many
BESIDES = ("read_success", "availability")  # in per cent, more is better
NOTABLE_POINTS = 1.0


Write = Callable[[float | None], str]


def percent(value: float | None) -> str:
    """ "17 %", "3.2 %"; a share that is almost nothing or almost all is not rounded to it."""
    if value is None:
        return "-"
    if 0 < value < 0.05:
        text = "< 0.1 %"
    elif 99.5 <= value < 100:
        text = "> 99 %"
    else:
        text = f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def signed(value: float | None) -> str:
    """ "+2.0", "−0.1": with a real minus sign."""
    if value is None:
        return "-"
    return "0.0" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the reader and the sentences that answer it; `mood` is how it is coloured."""

    head: str
    mood: str
    lines: tuple[str, ...]


class Summary:
    """What the answers are made of."""

    def __init__(self, result: StudyResult, scenario: Scenario, lang: str) -> None:
        self._result = result
        self._scenario = scenario
        self._lang = lang
        self.first = scenario.variants[0]
        self.last = scenario.variants[-1]
        self.tills = sorted(
            (till.name for till in scenario.tills),
            key=lambda till: -(self.rate(self.first.name, till).mean or 0.0),
        )
        """The worst first, as it is without any measure."""

    @property
    def worst(self) -> str:
        return self.tills[0]

    def rate(self, variant: str, till: str) -> Estimate:
        """The timeout rate of a till."""
        return self._estimate(variant, f"terminal:{till}", "timeout_rate")

    def plain_variants(self) -> list[Variant]:
        """Nothing done, each measure alone, and the last one, which is everything in a design."""
        variants = self._scenario.variants
        inner = [each for each in variants[1:-1] if len(each.factors) == 1]
        return [variants[0], *inner, *variants[1:][-1:]]

    def headline(self) -> str:
        """The whole page in a sentence; empty if nothing was wrong."""
        worst = self.rate(self.first.name, self.worst).mean
        causes = self._causes_of(self.first.name)
        if not worst or not causes:
            return ""
        cause = next((each for each, _ in causes.most_common() if each != NONE), NONE)
        lost = self._money(self.lost(self.first.name).mean)
        values: dict[str, object] = {"till": self.worst, "lost": lost, "rate": percent(worst)}
        if cause == NONE:
            return self._say("headline-none", **values)
        if causes[cause] < MAIN * causes.total():
            return self._say("headline-several", **values)
        name = load_catalogue()[cause].name.of(self._lang)
        values["cause"] = name[:1].upper() + name[1:]
        best = min(
            self._singles(),
            key=lambda variant: self._change(variant.name, self.worst).mean or 0.0,
            default=None,
        )
        if best is None or not _fell(self._change(best.name, self.worst), worst):
            return self._say("headline", **values)
        return self._say("headline-mended", name=self.variant_name(best), **values)

    def answers(self) -> list[Answer]:
        """One for each question that this study can answer."""
        found = [Answer(self._say("wrong"), "bad", self._wrong())]
        singles = self._singles()
        if singles:
            helped, did_not = self._measures(singles)
            found.append(Answer(self._say("helped"), "good", helped))
            found.append(Answer(self._say("not-helped"), "plain", did_not))
        return [*found, Answer(self._say("cost"), "plain", self._cost())]

    # --- the answers ---

    def _wrong(self) -> tuple[str, ...]:
        limit_s = load_profile(self._scenario.profile).service_us // US_PER_S
        lines = [self._say("a-timeout", limit=limit_s)]
        worst = self.rate(self.first.name, self.worst)
        if not worst.mean:
            return (self._say("no-timeouts"), *lines)
        said = [
            self._say(
                "rate-of", till=self.worst, rate=percent(worst.mean), interval=self._between(worst)
            )
        ]
        for till in self.tills[1:4]:
            rate = self.rate(self.first.name, till).mean
            said.append(self._say("rate-other", till=till, rate=percent(rate)))
        return (*said, *self._causes(), *lines)

    def _causes(self) -> list[str]:
        causes = self._causes_of(self.first.name)
        said = []
        for cause, number in causes.most_common(3):
            if number < CAUSE_MIN * causes.total():
                continue
            share = percent(100 * number / causes.total())
            if cause == NONE:
                said.append(self._say("cause-none", share=share))
            else:
                name = load_catalogue()[cause].name.of(self._lang)
                said.append(self._say("cause", share=share, name=name))
        return said

    def _singles(self) -> list[Variant]:
        """The variants that tell of one measure: alone if they were tried alone, else whatever was
        done together."""
        others = [variant for variant in self._scenario.variants if variant.factors]
        return [variant for variant in others if len(variant.factors) == 1] or others

    def _measures(self, singles: list[Variant]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        helped, did_not = [], []
        before = self.rate(self.first.name, self.worst).mean
        lost = self.lost(self.first.name).mean
        whole = self._change(self.last.name, self.worst).mean
        for variant in singles:
            change = self._change(variant.name, self.worst)
            saved = paired(self._result, self.first.name, variant.name, "total", "lost_sales")
            after = self.rate(variant.name, self.worst).mean
            values = {
                "name": self.variant_name(variant), "till": self.worst,
                "before": percent(before), "after": percent(after),
            }  # fmt: skip
            if _fell(change, before):
                if whole and len(variant.factors) < len(self.last.factors):
                    share = percent(100 * (change.mean or 0.0) / whole)
                    helped.append((change.mean or 0.0, self._say("fell", share=share, **values)))
                else:
                    helped.append((change.mean or 0.0, self._say("fell-alone", **values)))
            elif _fell(saved, lost):
                amounts = {
                    "before": self._money(lost),
                    "after": self._money(self.lost(variant.name).mean),
                }
                text = self._say("saved", name=values["name"], rate=values["after"], **amounts)
                helped.append((0.0, text))
            else:
                points = signed(change.mean) + self._say("points")
                text = self._say(
                    "no-change", change=points, interval=self._between(change, signed), **values
                )
                did_not.append(" ".join([text, *self._besides(variant)]))
        helped.sort(key=lambda each: each[0])
        lines = tuple(text for _, text in helped) or (self._say("nothing-helped"),)
        return lines, tuple(did_not) or (self._say("all-helped"),)

    def _besides(self, variant: Variant) -> Iterator[str]:
        """What a measure improved though it did not make timeouts rarer, nor saved sales."""
        for metric in BESIDES:
            change = paired(self._result, self.first.name, variant.name, "total", metric)
            if change.low is not None and change.low > 0 and (change.mean or 0) >= NOTABLE_POINTS:
                yield self._say(
                    "besides", metric=METRICS[metric].name_in(self._lang),
                    before=percent(self._estimate(self.first.name, "total", metric).mean),
                    after=percent(self._estimate(variant.name, "total", metric).mean),
                )  # fmt: skip

    def _cost(self) -> tuple[str, ...]:
        lost = self.lost(self.first.name)
        lines = [
            self._say(
                "lost", amount=self._money(lost.mean), interval=self._between(lost, self._money)
            )
        ]
        if self.last is not self.first:
            lines.append(
                self._say("lost-after", amount=self._money(self.lost(self.last.name).mean))
            )
        left = self._estimate(self.first.name, "total", "renege_rate").mean
        lines.append(self._say("left", share=percent(left)))
        minutes = self._minutes_lost(self.first.name, self.worst)
        if minutes:
            lines.append(self._say("till-time", till=self.worst, minutes=f"{minutes:.0f}"))
        wrong = self._estimate(self.first.name, "total", "duplicate_charge").mean
        lines.append(self._say("wrong-charges", count=f"{wrong or 0:g}"))
        return tuple(lines)

    # --- figures ---

    def _causes_of(self, variant: str) -> Counter[str]:
        worlds = self._result.of(variant)
        return Counter(failure.cause for world in worlds for failure in world.failures)

    def _estimate(self, variant: str, breakdown: str, metric: str) -> Estimate:
        found = self._result.estimates(variant, breakdown)
        return found.get(metric, Estimate(None, None, None, 0))

    def lost(self, variant: str) -> Estimate:
        """What the whole shop loses a day."""
        return self._estimate(variant, "total", "lost_sales")

    def _change(self, variant: str, till: str) -> Estimate:
        return paired(self._result, self.first.name, variant, f"terminal:{till}", "timeout_rate")

    def _minutes_lost(self, variant: str, till: str) -> float:
        """A day's till time in sales that failed."""
        worlds = self._result.of(variant)
        lost_us = sum(
            us
            for world in worlds
            for (here, in_time, _), us in world.steps_us.items()
            if here == till and not in_time
        )
        return lost_us / len(worlds) / US_PER_S / 60

    def factor_name(self, factor: str) -> str:
        """What is done: in English as the file has it, in Chinese the catalogue's words where the
        study has a variant of it alone."""
        alone = [v for v in self._scenario.variants if v.factors == (factor,)]
        if self._lang != "zh" or not alone:
            return factor
        return "、".join(load_intervention(each.id).name.zh for each in alone[0].interventions)

    def variant_name(self, variant: Variant) -> str:
        """ "before" and "after" have names in both languages; others are called what the file calls
        them, or by what is done in them."""
        if variant.name in (BEFORE, AFTER):
            return self._say(variant.name)
        if variant.name == "+".join(variant.factors):
            return " + ".join(map(self.factor_name, variant.factors))
        return variant.name

    def _money(self, value: float | None) -> str:
        return "-" if value is None else self._say("amount", amount=f"{value:,.0f}")

    def _between(self, found: Estimate, write: Write = percent) -> str:
        """ " (14 % – 19 %)", or nothing where there is no interval."""
        if found.low is None or found.high is None:
            return ""
        return self._say("interval", low=write(found.low), high=write(found.high))

    def _say(self, key: str, **values: object) -> str:
        return say(key, self._lang, **values)


def _fell(change: Estimate, before: float | None) -> bool:
    """A fall that chance does not explain, and that is worth a sentence."""
    if change.mean is None or not before:
        return False
    certain = change.high is not None and change.high < 0
    return certain and -change.mean >= NOTABLE * before
