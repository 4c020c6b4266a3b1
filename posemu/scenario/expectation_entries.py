"""One entry of `expect:`, and what it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from posemu.profiles.quantities import Probability, Switch
from posemu.scenario.expectation import Expectation
from posemu.scenario.metrics import METRICS
from posemu.scenario.schema import MetricId, Section, TillName, Words
from posemu.scenario.variants import AFTER, BEFORE

LEVELS = ("at_least", "at_most", "exactly")
READ_SUCCESS = "read_success"
CHANGES = ("falls_by", "rises_by", "within", "share_of_fall")


def _parse_level(value: Any) -> float:
    """A number in the metric's unit; `10 %` is ten per cent."""
    if isinstance(value, str):
        match = re.fullmatch(r"(-?\d+(?:\.\d+)?) *%", value.strip(), re.ASCII)
        if match is None:
            raise ValueError("a level is a number in the metric's unit, like 10 %, 0 or 12.5")
        return float(match[1])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a level is a number in the metric's unit, like 10 %, 0 or 12.5")
    return float(value)


def _parse_hour(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[01]\d|2[0-3]", value, re.ASCII):
        raise ValueError('an hour is two digits in quotes, like "08"')
    return str(value)


Level = Annotated[
    float,
    BeforeValidator(_parse_level),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)? *%$"}]}
    ),
]
Hour = Annotated[
    str,
    BeforeValidator(_parse_hour),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3])$"}),
]


class ExpectSection(Section):
    """A figure that must come out so; one of the levels or of the changes."""

    metric: MetricId = Field(description="its id, like timeout_rate")
    terminal: TillName | None = Field(default=None, description="of this till; default: of all")
    hours: list[Hour] = Field(default=[], description="the mean over these hours of the day")
    method: Words | None = Field(default=None, description="of one method of payment")
    card: Literal["worn", "new"] | None = Field(
        default=None, description="of reads of such cards: worn in the part that is read, or not"
    )
    variant: Words | None = Field(default=None, description="a level of it; default: of every one")
    at_least: Level | None = Field(default=None, description="the mean, in the metric's unit")
    at_most: Level | None = Field(default=None, description="the mean, in the metric's unit")
    exactly: Level | None = Field(default=None, description="the mean, in the metric's unit")
    each: Switch = Field(default=False, description="the level of every replication, not the mean")
    before: Words | None = Field(
        default=None, alias="from", description="a change: from this variant"
    )
    after: Words | None = Field(default=None, alias="to", description="to this variant")
    falls_by: Probability | None = Field(default=None, description="by so much at least")
    rises_by: Level | None = Field(default=None, description="by so much at least")
    within: Level | None = Field(default=None, description="changes by no more, in its unit")
    share_of_fall: Probability | None = Field(
        default=None, description="so much of the fall to the variant `of`, at least"
    )
    of: Words | None = Field(default=None, description="see share_of_fall")

    @model_validator(mode="after")
    def _one_kind(self) -> ExpectSection:
        levels = [key for key in LEVELS if getattr(self, key) is not None]
        changes = [key for key in CHANGES if getattr(self, key) is not None]
        if len(levels) + len(changes) != 1:
            raise ValueError(f"needs exactly one of {', '.join(LEVELS + CHANGES)}")
        if changes and (self.before is None or self.after is None):
            raise ValueError(f"{changes[0]} needs `from` and `to`, two variants")
        if levels and (self.before is not None or self.after is not None):
            raise ValueError(f"{levels[0]} is of one `variant`; `from` and `to` go with a change")
        if (self.share_of_fall is None) != (self.of is None):
            raise ValueError("`share_of_fall` and `of` go together")
        if self.terminal is not None and self.method is not None:
            raise ValueError("`terminal` and `method` do not go together; keep one")
        if self.hours and self.method is not None:
            raise ValueError("`hours` and `method` do not go together; keep one")
        if self.card is not None and (self.hours or self.method is not None):
            raise ValueError("`card` goes with neither `hours` nor `method`; keep one")
        if self.card is not None and self.metric != READ_SUCCESS:
            raise ValueError(f"only {READ_SUCCESS} is measured by `card`")
        return self


def build_expectation(entry: ExpectSection, variants: Sequence[str]) -> Expectation:
    """The expectation that a valid entry describes, of these variants."""
    changed = entry.before is not None
    return Expectation(
        text=_text(entry),
        text_zh=_text_zh(entry),
        metric=str(entry.metric),
        breakdowns=_breakdowns(entry),
        variants=() if changed else (str(entry.variant),) if entry.variant else tuple(variants),
        at_least=entry.at_least,
        at_most=entry.at_most,
        exactly=entry.exactly,
        each=entry.each,
        before=str(entry.before or ""),
        after=str(entry.after or ""),
        falls_by=entry.falls_by,
        rises_by=None if entry.rises_by is None else entry.rises_by / 100,
        within=entry.within,
        of_the_fall_to=None if entry.of is None else str(entry.of),
        share=1.0 if entry.share_of_fall is None else entry.share_of_fall,
    )


def _breakdowns(entry: ExpectSection) -> tuple[str, ...]:
    if entry.card and entry.terminal:
        return (f"terminal_card:{entry.terminal}/{entry.card}",)
    if entry.card:
        return (f"card:{entry.card}",)
    if entry.hours and entry.terminal:
        return tuple(f"terminal_hour:{entry.terminal}/{hour}" for hour in entry.hours)
    if entry.hours:
        return tuple(f"hour:{hour}" for hour in entry.hours)
    if entry.terminal:
        return (f"terminal:{entry.terminal}",)
    return (f"method:{entry.method}",) if entry.method else ("total",)


def _text(entry: ExpectSection) -> str:
    """The entry in words."""
    metric = METRICS[str(entry.metric)]
    words = [metric.en]
    if entry.terminal:
        words.append(f"of {entry.terminal}")
    if entry.method:
        words.append(f"by {entry.method}")
    if entry.card:
        words.append(f"of {entry.card} cards")
    if entry.hours:
        words.append(f"at {', '.join(entry.hours)} h")
    if entry.before is not None:
        words.append(f"from {entry.before} to {entry.after}")
        if entry.falls_by is not None:
            words.append(f"falls by {entry.falls_by:.0%} at least" if entry.falls_by else "falls")
        elif entry.rises_by is not None:
            words.append(f"rises by {entry.rises_by:g} % at least" if entry.rises_by else "rises")
        elif entry.within is not None:
            unit = "percentage points" if metric.unit == "%" else metric.unit
            words.append(f"changes by {entry.within:g} {unit} at most")
        else:
            words.append(f"falls by {entry.share_of_fall:.0%} of the fall to {entry.of} at least")
        return " ".join(words)
    words.append(f"in {entry.variant}" if entry.variant else "in every variant")
    [(key, level)] = [(k, getattr(entry, k)) for k in LEVELS if getattr(entry, k) is not None]
    words.append(f"is {key.replace('_', ' ')} {level:g} {metric.unit}")
    return " ".join(words) + (", each replication" if entry.each else "")


_LEVELS_ZH = {"at_least": "不低于", "at_most": "不高于", "exactly": "等于"}
_CARDS_ZH = {"worn": "磨损的卡", "new": "完好的卡"}
_VARIANTS_ZH = {BEFORE: "“之前”", AFTER: "“之后”"}


def _text_zh(entry: ExpectSection) -> str:
    """The entry in Chinese words."""
    metric = METRICS[str(entry.metric)]
    unit = metric.unit_in("zh")
    words = metric.zh
    if entry.terminal:
        words = f"{entry.terminal} 的{words}"
    if entry.method:
        words += f"（{entry.method}）"
    if entry.card:
        words += f"（{_CARDS_ZH[entry.card]}）"
    if entry.hours:
        words += f"（{'、'.join(entry.hours)} 时）"

    def name(variant: object) -> str:
        return _VARIANTS_ZH.get(str(variant), f" {variant} ")

    if entry.before is not None:
        words += f"从{name(entry.before)}到{name(entry.after)}"
        if entry.falls_by is not None:
            return words + (f"至少下降 {entry.falls_by:.0%}" if entry.falls_by else "下降")
        if entry.rises_by is not None:
            return words + (f"至少上升 {entry.rises_by:g}%" if entry.rises_by else "上升")
        if entry.within is not None:
            unit = "个百分点" if metric.unit == "%" else unit
            return words + f"变化不超过 {entry.within:g} {unit}"
        return words + f"的降幅，至少是{name(entry.of)}降幅的 {entry.share_of_fall:.0%}"
    where = f"在{name(entry.variant)}中" if entry.variant else "在各方案中均"
    [(key, level)] = [(k, getattr(entry, k)) for k in LEVELS if getattr(entry, k) is not None]
    level_text = f"{_LEVELS_ZH[key]} {level:g} {unit}"
    return f"{words}{where}{level_text}" + ("，每次运行皆然" if entry.each else "")
