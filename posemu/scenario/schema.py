"""The file a user writes, as pydantic models, and its JSON Schema for editors.

Every default stands here once, as a user would write it, and its description says where it comes
from. What one failure mode may say comes from the catalogue: `fault_entries`.
"""

from __future__ import annotations

import re
from datetime import date
from math import inf
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from posemu.profiles.distributions import AmountDistribution, DurationDistribution
from posemu.profiles.quantities import (
    Amount,
    Count,
    Duration,
    MessageType,
    OneOf,
    Probability,
    RateOrNone,
    Signal,
    TimeOfDay,
    above_zero,
)
from posemu.profiles.rulebook import profile_names
from posemu.scenario.metrics import METRICS
from posemu.terminal.states import State

VERSION = 1
TILL_NAME = r"[a-z0-9][a-z0-9-]{0,31}"
SEED_MAX = 2**63 - 1


def _parse_date(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return date.fromisoformat(value)
    raise ValueError('a date is written like "2026-03-02"')


def _parse_seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= SEED_MAX:
        raise ValueError(f"a seed is a whole number from 0 to {SEED_MAX}, without quotes")
    return value


def _parse_version(value: Any) -> int:
    if isinstance(value, bool) or value != VERSION:
        raise ValueError(
            f"this posemu reads version {VERSION} of the format; write posemu: {VERSION}"
        )
    return VERSION


def _parse_till_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(TILL_NAME, value):
        raise ValueError(
            "a till's name is lower-case letters, digits and -, at most 32, like till-1"
        )
    return value


def _parse_words(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text; put it in quotes")
    return str(value)


def _parse_factor_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(TILL_NAME, value):
        raise ValueError(
            "such a name is lower-case letters, digits and -, at most 32, like signal-booster"
        )
    return str(value)


def _parse_half_width(value: Any) -> float:
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?) *%", value.strip(), re.ASCII)
        value = None if match is None else float(match[1])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < inf:
        raise ValueError("a half-width is a number above 0 in the metric's unit, like 1 % or 50")
    return float(value)


def _parse_variants(value: Any) -> str | dict[str, list[str]]:
    if not isinstance(value, dict) or not value:
        return _DESIGN.parse(value)
    for name, chosen in value.items():
        _parse_factor_name(name)
        if not isinstance(chosen, list) or not all(isinstance(factor, str) for factor in chosen):
            raise ValueError(f"{name} is no list of interventions; write them like [booster]")
    return {str(name): [str(factor) for factor in chosen] for name, chosen in value.items()}


Date = Annotated[
    date, BeforeValidator(_parse_date), WithJsonSchema({"type": "string", "format": "date"})
]
Seed = Annotated[
    int,
    BeforeValidator(_parse_seed),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": SEED_MAX}),
]
Version = Annotated[int, BeforeValidator(_parse_version), WithJsonSchema({"const": VERSION})]
TillName = Annotated[
    str,
    BeforeValidator(_parse_till_name),
    WithJsonSchema({"type": "string", "pattern": f"^{TILL_NAME}$"}),
]
FactorName = Annotated[
    str,
    BeforeValidator(_parse_factor_name),
    WithJsonSchema({"type": "string", "pattern": f"^{TILL_NAME}$"}),
]
HalfWidth = Annotated[
    float,
    BeforeValidator(_parse_half_width),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^\d+(\.\d+)? *%$"},
            ]
        }
    ),
]
MetricId = Annotated[str, OneOf("a metric", tuple(METRICS))]
PositiveDuration = Annotated[Duration, AfterValidator(above_zero)]
_DESIGN = OneOf("a design", ("before-after", "each", "factorial"))
Variants = Annotated[
    str | dict[str, list[str]],
    PlainValidator(_parse_variants),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_DESIGN.allowed)},
                {
                    "type": "object",
                    "patternProperties": {
                        f"^{TILL_NAME}$": {"type": "array", "items": {"type": "string"}}
                    },
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        }
    ),
]
Words = Annotated[
    str, BeforeValidator(_parse_words), WithJsonSchema({"type": "string", "minLength": 1})
]
Language = Annotated[str, OneOf("a language", ("en", "zh"))]
Profile = Annotated[str, OneOf("a rule book", profile_names())]
StateName = Annotated[str, OneOf("a state", tuple(state.value for state in State))]
End = Annotated[str, OneOf("an end", ("terminal", "host"))]
JournalUse = Annotated[str, OneOf("a journal operation", ("write", "flush"))]


def _default(text: Any, description: str) -> Any:
    """A field whose default is written as in the file."""
    return Field(default=text, validate_default=True, description=description)


class Section(BaseModel):
    """Base of every map of the file; an empty one is the map with all defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


class TextSection(Section):
    en: Words
    zh: Words | None = None


class UntilSection(Section):
    """Go on until every interval is narrow enough, or the budget is spent."""

    half_width: dict[MetricId, HalfWidth] = Field(
        min_length=1,
        description="half of the 95 % interval at most, by metric, in its unit; the total of every "
        "variant",
    )
    budget: Count = Field(description="replications at most")
    batch: Count = _default(10, "replications from one look to the next")


class DaySection(Section):
    """The shop's clock."""

    date: Date = _default("2026-03-02", "assumed: a Monday without a holiday")
    from_us: TimeOfDay = Field(
        default="09:00", validate_default=True, alias="from", description="assumed: opening time"
    )
    to_us: TimeOfDay = Field(
        default="10:00",
        validate_default=True,
        alias="to",
        description="assumed: one hour is enough",
    )
    settle: TimeOfDay | None = Field(
        default=None,
        description="an end of day within the day (an early one, with business after it); "
        "there is always one after closing",
    )


class TillSection(Section):
    rssi: Signal = _default(
        "-55 dBm", "what its radio receives; assumed: a few metres from the router"
    )


class BuyersSection(Section):
    """How those who come pay."""

    basket: AmountDistribution = _default(
        {"lognormal": {"median": "38.00 CNY", "sigma": 0.6}},
        "assumed: a coffee and something to eat",
    )
    patience: Duration = _default("3 min", "until they give up; assumed: three times T_svc")
    key: Duration = _default("250ms", "from key to key; assumed: four keys a second")
    swipe: Duration = _default("900ms", "for one swipe; assumed")
    insert: Duration = _default("2s", "to put a card into the chip reader; assumed")
    scan: Duration = _default("1500ms", "to hold a code to the scanner; assumed")
    look: Duration = _default("700ms", "from seeing a screen to acting; assumed: a choice reaction")
    by_code: Probability = _default("0 %", "how many pay by a code on their phone, not by card")
    cash: Probability = _default("80 %", "how many could pay in cash, if asked; assumed")
    queue: DurationDistribution | None = Field(
        default=None, description="patience in the queue; default: endless"
    )
    order: DurationDistribution | None = Field(
        default=None, description="the order, before payment begins; default: it is known"
    )


class CardholdersSection(BuyersSection):
    """They come to each till one after another."""

    each: Count = Field(description="how many come to each till")
    gap: DurationDistribution = _default("20s", "from one to the next; assumed: a short queue")


class CustomersSection(BuyersSection):
    """They come when they like, choose a till, and wait in its queue."""

    arrivals: dict[TimeOfDay, RateOrNone] = Field(
        min_length=1, description="how many come to the shop, from each time of day on"
    )
    tills: dict[TillName, Probability] = _default(
        {}, "the share that chooses each till; default: all the same"
    )


class LineSection(Section):
    """The line from the shop to the host, one way."""

    delay: Duration = _default("18ms", "assumed: within the 10 to 40 ms of DSL")
    jitter: Duration = _default("8ms", "assumed")
    loss: Probability = _default(
        "0.1 %", "per segment; FCC Measuring Broadband America: lowest class, below 0.4 %"
    )


class DnsSection(Section):
    delay: Duration = _default("40ms", "assumed: an answer from the provider's cache")
    ttl: Duration = _default("5 min", "how long an address stays valid; assumed: a common setting")


class NetworkSection(Section):
    line: LineSection = _default({}, "the line")
    dns: DnsSection = _default({}, "the name service")


class HostSection(Section):
    """The acquirer and the issuer behind it."""

    servers: Count = _default(4, "requests served at a time; assumed")
    service: DurationDistribution = _default(
        {"lognormal": {"median": "180ms", "sigma": 0.5}},
        "assumed: somewhat above the 140 ms that networks claim for their core",
    )
    balance: Amount = _default("5000.00 CNY", "of every account; assumed: enough for any basket")
    pin_tries: Count = _default(3, "wrong PINs until the card is blocked; common practice")


class OnSection(Section):
    """An anchor: the n-th time that a message is sent, a state entered, or the journal used."""

    message: MessageType | None = Field(default=None, description="the message type, in quotes")
    end: End | None = Field(
        default=None, description="where the message is seen; default: at the end that sends it"
    )
    state: StateName | None = Field(default=None, description="a state of the terminal")
    journal: JournalUse | None = None
    nth: Count = _default(1, "which time")
    after: Duration = _default("0s", "and so long after")


class SpellsSection(Section):
    """Good and bad spells in turn, of exponential lengths; the day begins with a good one."""

    good: PositiveDuration = Field(description="mean length of a good spell")
    bad: PositiveDuration = Field(description="mean length of a bad spell")


class DrainSection(Section):
    within: Duration = _default(
        "30 min", "after the day, all must be settled within; assumed: many times the retry timers"
    )


class ScenarioFile(Section):
    """A scenario of posemu."""

    posemu: Version = Field(description="version of this format")
    name: Words | None = Field(default=None, description="default: the file's name")
    title: TextSection | None = None
    about: TextSection | None = None
    seed: Seed = _default(1, "all chance derives from it")
    replications: Count = _default(1, "how many worlds, each with a seed of its own")
    until: UntilSection | None = Field(
        default=None, description="go on after the first `replications`; default: stop there"
    )
    day: DaySection = _default({}, "the shop's day")
    profile: Profile = _default("posemu-default", "the acquirer's rule book")
    lang: Language = _default("en", "language of screens and slips")
    people: Words = _default("sixteen", "test cardholders: built in, or the path of a .yaml file")
    test_pans: Words | None = Field(
        default=None,
        description="the path of a laboratory's file of test card numbers; people may bear them "
        "besides those of posemu",
    )
    tills: dict[TillName, TillSection] = Field(min_length=1, description="by name")
    cardholders: CardholdersSection | None = Field(
        default=None, description="who comes, one after another (or `customers`)"
    )
    customers: CustomersSection | None = Field(
        default=None, description="who comes, when they like (or `cardholders`)"
    )
    network: NetworkSection = _default({}, "the path to the host")
    host: HostSection = _default({}, "the host")
    faults: list[Any] = _default([], "what goes wrong: a list of maps of one failure mode each")
    interventions: dict[FactorName, list[Any]] = _default(
        {}, "what can be done about it, by name: lists of maps of one intervention each"
    )
    variants: Variants = _default(
        "before-after",
        "which interventions are tried together: before-after, each (alone, too), factorial (every "
        "combination), or lists of their names, by name",
    )
    expect: list[Any] = _default([], "what must come out: a list of expectations")
    drain: DrainSection = _default({}, "the time to come to rest")
    build: Words | None = Field(
        default=None, description="whose terminal and host are tried, GROUP/NAME; default: posemu's"
    )
