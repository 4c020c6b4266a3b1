"""Quantities as people write them: `45s`, `-82 dBm`, `12.50 CNY`, `1.2/min`, `20 %`.

Each type below is an annotated plain number for pydantic models: the file holds the text, the
program gets whole µs, whole minor units, dBm, or a probability. A bare number where a unit is
needed is refused, and so is a time of day or a message type without quotes: one YAML reader's 10:42
is text, another's is the number 642. Every error says what may be written instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_plain_validator_function

_DURATION_US = {
    "us": 1, "µs": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000,
    "d": 86_400_000_000,
}  # fmt: skip
_PER_US = {"s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "hour": 3_600_000_000,
           "day": 86_400_000_000, "d": 86_400_000_000}  # fmt: skip
_UNSIGNED = r"\d+(?:\.\d+)?"
_NUMBER = f"-?{_UNSIGNED}"
_N = TypeVar("_N", int, float)
CURRENCIES = {
    "CNY": ("156", 2),
    "EUR": ("978", 2),
    "USD": ("840", 2),
    "GBP": ("826", 2),
    "JPY": ("392", 0),
}
DURATION_PATTERN = rf"^{_UNSIGNED} *({'|'.join(_DURATION_US)})$"
AMOUNT_PATTERN = rf"^{_UNSIGNED} *({'|'.join(CURRENCIES)})$"


class Plain(str):
    """Text that stood without quotes in the file; whoever reads a file says so with this type."""

    __slots__ = ()


class NotOneOfError(ValueError):
    """A word that is not allowed. `args`: what it should be ("a state") and the words allowed."""

    def __init__(self, what: str, allowed: tuple[str, ...]) -> None:
        super().__init__(what, allowed)
        self.what = what
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.what} is one of {', '.join(self.allowed)}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """For `Annotated[str, OneOf(...)]`: a word of those allowed. Digits must stand in quotes."""

    what: str
    allowed: tuple[str, ...]

    def parse(self, value: Any) -> str:
        """Raises ValueError; `NotOneOfError` if the word is another."""
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and f"{value:02d}" in self.allowed
        ):
            raise ValueError(f'must be quoted; write "{value:02d}"')
        if not isinstance(value, str) or value not in self.allowed:
            raise NotOneOfError(self.what, self.allowed)
        return str(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.allowed)}


def _split(value: Any, what: str, example: str) -> tuple[Decimal, str]:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{what} is written like {example}")
    text = value.strip() if isinstance(value, str) else "0"
    match = re.fullmatch(rf"({_NUMBER})\s*(\S.*)?", text, re.ASCII)
    if match is None:
        raise ValueError(f"{what} is written like {example}")
    if match[2] is None:
        raise ValueError(f"a bare number has no unit; {what} is written like {example}")
    return Decimal(match[1]), match[2]


def parse_duration(value: Any) -> int:
    """`300ms`, `45s`, `2 min`, `1.5h` as whole µs. Raises ValueError."""
    number, unit = _split(value, "a duration", "45s")
    if unit not in _DURATION_US:
        raise ValueError(f"unknown unit of time {unit!r}; write us, ms, s, min, h or d")
    if number.is_signed():
        raise ValueError("a duration is not negative")
    return int(number * _DURATION_US[unit])


def parse_rate(value: Any) -> float:
    """`2/day`, `1.2/min` as events per µs, above zero. Raises ValueError."""
    rate = parse_rate_or_none(value)
    if rate == 0:
        raise ValueError("a rate is above zero")
    return rate


def parse_rate_or_none(value: Any) -> float:
    """As `parse_rate`; `0/h` says that there are none. Raises ValueError."""
    number, unit = _split(value, "a rate", "1.2/min")
    per = unit.removeprefix("/").strip()
    if not unit.startswith("/") or per not in _PER_US:
        raise ValueError(f"unknown unit of a rate {unit!r}; write /s, /min, /h or /day")
    if number < 0:
        raise ValueError("a rate is not negative")
    return float(number / _PER_US[per])


def parse_signal(value: Any) -> float:
    """`-82 dBm` as dBm. Raises ValueError."""
    number, unit = _split(value, "a signal strength", "-82 dBm")
    if unit != "dBm":
        raise ValueError(f"a signal strength is in dBm, not {unit!r}; write it like -82 dBm")
    if not -120 <= number <= 0:
        raise ValueError("a signal strength lies between -120 dBm and 0 dBm")
    return float(number)


def parse_gain(value: Any) -> float:
    """`12 dB` as dB. Raises ValueError."""
    number, unit = _split(value, "a gain", "12 dB")
    if unit != "dB":
        raise ValueError(f"a gain is in dB, not {unit!r}; write it like 12 dB")
    return float(number)


def parse_amount(value: Any) -> int:
    """`12.50 CNY` as minor units. Raises ValueError."""
    number, unit = _split(value, "an amount", "12.50 CNY")
    if unit not in CURRENCIES:
        raise ValueError(f"unknown currency {unit!r}; write one of {', '.join(CURRENCIES)}")
    decimals = CURRENCIES[unit][1]
    minor = number.scaleb(decimals)
    if minor != int(minor) or minor.is_signed():
        raise ValueError(f"an amount in {unit} has at most {decimals} decimals and is not negative")
    return int(minor)


def parse_probability(value: Any) -> float:
    """`0.2` or `20 %` as a number in [0, 1]. Raises ValueError."""
    p: float | Decimal
    if isinstance(value, str):
        match = re.fullmatch(rf"({_NUMBER})\s*%", value.strip(), re.ASCII)
        if match is None:
            raise ValueError("a probability is written like 0.2 or 20 %, without quotes")
        p = Decimal(match[1]) / 100
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        p = value
    else:
        raise ValueError("a probability is written like 0.2 or 20 %")
    if not 0.0 <= p <= 1.0:
        raise ValueError("a probability lies between 0 and 1 (0 % and 100 %)")
    return float(p)


def parse_time_of_day(value: Any) -> int:
    """`"10:42"` or `"10:42:30"`, quoted, as µs since midnight. Raises ValueError."""
    match = isinstance(value, str) and re.fullmatch(
        r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", value, re.ASCII
    )
    if not match:
        raise ValueError('a time of day is written in quotes, like "10:42" or "10:42:30"')
    if isinstance(value, Plain):
        raise ValueError(f'a time of day must be quoted; write "{value}"')
    return ((int(match[1]) * 60 + int(match[2])) * 60 + int(match[3] or 0)) * 1_000_000


def parse_mti(value: Any) -> str:
    """`"0210"`, quoted. Raises ValueError."""
    number = isinstance(value, int) and not isinstance(value, bool)
    text = f"{value:04d}" if number else str(value)
    if not re.fullmatch(r"[0-2]\d{3}", text, re.ASCII):
        raise ValueError('a message type is four digits in quotes, like "0210"')
    if number or isinstance(value, Plain):
        raise ValueError(f'a message type must be quoted; write "{text}"')
    return text


def parse_number(value: Any) -> float:
    """A plain number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise ValueError("must be a plain number, without a unit and without quotes")
    return float(value)


def above_zero(number: _N) -> _N:
    """The number itself. Raises ValueError if it is zero or less."""
    if number <= 0:
        raise ValueError("must be above zero")
    return number


def parse_positive_number(value: Any) -> float:
    """A plain number above zero. Raises ValueError."""
    return above_zero(parse_number(value))


def parse_count(value: Any) -> int:
    """A whole number from 1 on. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number, without a unit and without quotes")
    if value < 1:
        raise ValueError("must be at least 1")
    return value


def parse_switch(value: Any) -> bool:
    """`yes` or `no` (true and false will do). Raises ValueError."""
    if value in ("yes", "no"):
        return bool(value == "yes")
    if not isinstance(value, bool):
        raise ValueError("must be yes or no")
    return value


def _text(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description})


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    _text(DURATION_PATTERN, "a duration, like 45s or 2 min"),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    _text(rf"^{_NUMBER} */ *({'|'.join(_PER_US)})$", "a rate, like 1.2/min"),
]
RateOrNone = Annotated[
    float,
    BeforeValidator(parse_rate_or_none),
    _text(rf"^{_NUMBER} */ *({'|'.join(_PER_US)})$", "a rate, like 1.2/min or 0/h"),
]
Signal = Annotated[
    float,
    BeforeValidator(parse_signal),
    _text(rf"^{_NUMBER} *dBm$", "a signal strength, like -82 dBm"),
]
Gain = Annotated[
    float, BeforeValidator(parse_gain), _text(rf"^{_NUMBER} *dB$", "a gain, like 12 dB")
]
Amount = Annotated[
    int, BeforeValidator(parse_amount), _text(AMOUNT_PATTERN, "an amount, like 12.50 CNY")
]
TimeOfDay = Annotated[
    int,
    BeforeValidator(parse_time_of_day),
    _text(r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$", 'a time of day in quotes, like "10:42"'),
]
MessageType = Annotated[
    str, BeforeValidator(parse_mti), _text(r"^[0-2]\d{3}$", 'a message type in quotes, like "0210"')
]
Probability = Annotated[
    float,
    BeforeValidator(parse_probability),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": rf"^{_NUMBER} *%$"},
            ],
            "description": "0.2 or 20 %",
        }
    ),
]
Number = Annotated[float, BeforeValidator(parse_number), WithJsonSchema({"type": "number"})]
PositiveNumber = Annotated[
    float,
    BeforeValidator(parse_positive_number),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Count = Annotated[
    int, BeforeValidator(parse_count), WithJsonSchema({"type": "integer", "minimum": 1})
]
Switch = Annotated[
    bool, BeforeValidator(parse_switch), WithJsonSchema({"enum": ["yes", "no", True, False]})
]
