"""Quantities, distributions and maps as a scenario file writes them: exactly, or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from posemu.profiles.quantities import CURRENCIES
from posemu.sim import Constant, Distribution, Exponential, Lognormal, Uniform, Weibull

_UNITS = (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))
_DAY_S = 86_400
_OTHER_THINGS = frozenset({"true", "false", "null", "yes", "no", "off", "y", "n", "nan", "inf"})


class NotWritable(Exception):  # noqa: N818 (said of a value, not of a failure)
    """Something that a scenario file cannot say exactly; the message says what."""


class Bare(str):
    """Text that stands in the file as it is, without quotes."""

    __slots__ = ()


def duration(us: float) -> str:
    """`90000000` as 90s: the largest unit in which it is a whole number. Raises `NotWritable`."""
    whole = _whole(us, "µs")
    for name, factor in _UNITS:
        if whole % factor == 0 and whole >= factor:
            return Bare(f"{whole // factor}{name}")
    return Bare("0s")


def time_of_day(us: int) -> str:
    """µs after midnight as 09:20 or 09:20:05. Raises `NotWritable`."""
    seconds, rest = divmod(us, 1_000_000)
    if rest or seconds >= _DAY_S:
        raise NotWritable(f"{us} µs after midnight is no whole second of the day")
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def amount(minor: float, currency: str) -> str:
    """`1250` as 12.50 CNY. Raises `NotWritable`."""
    decimals = CURRENCIES[currency][1]
    whole, part = divmod(_whole(minor, "minor units"), 10**decimals)
    return Bare(f"{whole}.{part:0{decimals}d} {currency}" if decimals else f"{whole} {currency}")


def with_unit(value: float, unit: str) -> str:
    """`-82.0` as -82 dBm."""
    return Bare(f"{_number(value)} {unit}")


def distribution(found: Distribution, quantity: Callable[[float], str]) -> Any:
    """The distribution, its parameters written by `quantity`. Raises `NotWritable`."""
    match found:
        case Constant(value):
            return quantity(value)
        case Uniform(low, high):
            return {"uniform": {"low": quantity(low), "high": quantity(high)}}
        case Exponential(mean):
            return {"exponential": {"mean": quantity(mean)}}
        case Lognormal(median, sigma):
            return {"lognormal": {"median": quantity(median), "sigma": sigma}}
        case Weibull(scale, shape):
            return {"weibull": {"scale": quantity(scale), "shape": shape}}


def flow(value: Any) -> str:
    """YAML on one line. Text that some YAML reader takes for something else stands in quotes."""
    match value:
        case dict():
            pairs = [f"{flow(key)}: {flow(part)}" for key, part in value.items()]
            return "{" + ", ".join(pairs) + "}"
        case bool():
            return "yes" if value else "no"
        case Bare():
            return str(value)
        case str() if re.fullmatch(r"[a-z][a-z0-9_-]*", value) and value not in _OTHER_THINGS:
            return value
        case str():
            return json.dumps(value, ensure_ascii=False)
        case float():
            return _number(value)
        case _:
            return str(value)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _whole(value: float, what: str) -> int:
    if value != int(value) or value < 0:
        raise NotWritable(f"{value!r} is not a whole number of {what}")
    return int(value)
