"""Quantities as people write them: what is read is what was written, and the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from posemu.profiles import quantities as q
from posemu.profiles.distributions import (
    AmountDistribution,
    DurationDistribution,
    parse_amount_distribution,
    parse_duration_distribution,
)
from posemu.sim.distributions import (
    Constant,
    Exponential,
    Lognormal,
    Uniform,
    Weibull,
)

US = {
    "us": 1,
    "µs": 1,
    "ms": 10**3,
    "s": 10**6,
    "min": 6 * 10**7,
    "h": 36 * 10**8,
    "d": 864 * 10**8,
}
PER = {"s": 10**6, "min": 6 * 10**7, "h": 36 * 10**8, "day": 864 * 10**8}
PARSERS: list[Callable[[Any], Any]] = [
    q.parse_duration,
    q.parse_rate,
    q.parse_signal,
    q.parse_gain,
    q.parse_amount,
    q.parse_probability,
    q.parse_time_of_day,
    q.parse_mti,
    q.parse_number,
    q.parse_positive_number,
    q.parse_count,
    q.parse_switch,
    parse_duration_distribution,
    parse_amount_distribution,
]
WITH_UNIT = [q.parse_duration, q.parse_rate, q.parse_signal, q.parse_gain, q.parse_amount]
decimals = st.decimals(min_value=0, max_value=10**6, places=3)
blanks = st.sampled_from(["", " ", "  "])
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text(), max_size=2),
)


@settings(deadline=None)
@given(number=decimals, blank=blanks, unit=st.sampled_from(sorted(US)))
def test_durations(number: Decimal, blank: str, unit: str) -> None:
    """A duration is its number times its unit, in whole µs, cut and never rounded up."""
    assert q.parse_duration(f"{number}{blank}{unit}") == int(number * US[unit])


@settings(deadline=None)
@given(number=decimals.filter(bool), unit=st.sampled_from(sorted(PER)))
def test_rates(number: Decimal, unit: str) -> None:
    """A rate is its number per its unit, in events per µs."""
    assert q.parse_rate(f"{number}/{unit}") == pytest.approx(float(number) / PER[unit], rel=1e-12)


@settings(deadline=None)
@given(number=st.decimals(min_value=-120, max_value=0, places=1), blank=blanks)
def test_signals(number: Decimal, blank: str) -> None:
    """A signal strength is its number of dBm."""
    assert q.parse_signal(f"{number}{blank}dBm") == float(number)


@settings(deadline=None)
@given(number=st.decimals(min_value=-99, max_value=99, places=1), blank=blanks)
def test_gains(number: Decimal, blank: str) -> None:
    """A gain is its number of dB, and may be negative."""
    assert q.parse_gain(f"{number}{blank}dB") == float(number)


@settings(deadline=None)
@given(minor=st.integers(0, 10**12), currency=st.sampled_from(sorted(q.CURRENCIES)))
def test_amounts(minor: int, currency: str) -> None:
    """An amount comes back in exactly the minor units it was written in."""
    decimals = q.CURRENCIES[currency][1]
    text = (
        f"{minor // 10**decimals}.{minor % 10**decimals:0{decimals}d}" if decimals else str(minor)
    )
    assert q.parse_amount(f"{text} {currency}") == minor


@settings(deadline=None)
@given(minor=st.integers(1, 10**6))
def test_amounts_are_never_rounded(minor: int) -> None:
    """A fraction of a minor unit is refused."""
    with pytest.raises(ValueError, match="at most 2 decimals"):
        q.parse_amount(f"{minor}.001 CNY")
    with pytest.raises(ValueError, match="at most 0 decimals"):
        q.parse_amount(f"{minor}.1 JPY")


@pytest.mark.parametrize(
    ("parse", "text"),
    [(q.parse_duration, "-1s"), (q.parse_duration, "-0s"), (q.parse_amount, "-1 CNY"),
     (q.parse_amount, "-0.00 CNY")],
)  # fmt: skip
def test_no_duration_or_amount_has_a_sign(parse: Callable[[str], int], text: str) -> None:
    """A minus sign before a duration or an amount is refused, also before zero."""
    with pytest.raises(ValueError, match="not negative"):
        parse(text)


@settings(deadline=None)
@given(p=st.floats(0, 1), percent=st.integers(0, 1000))
def test_probabilities(p: float, percent: int) -> None:
    """A probability is a number from 0 to 1, or as many per cent."""
    assert q.parse_probability(p) == p
    assert q.parse_probability(f"{percent / 10} %") == pytest.approx(percent / 1000)


@settings(deadline=None)
@given(
    p=st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.just(float("nan")))
)
def test_probabilities_out_of_range(p: float) -> None:
    """A probability below 0, above 1 or not a number is refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        q.parse_probability(p)


@settings(deadline=None)
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), second=st.integers(0, 59))
def test_times_of_day(hour: int, minute: int, second: int) -> None:
    """A quoted time of day is its µs since midnight; without quotes it is refused, with advice."""
    text = f"{hour:02d}:{minute:02d}:{second:02d}"
    assert q.parse_time_of_day(text) == ((hour * 60 + minute) * 60 + second) * 10**6
    assert q.parse_time_of_day(text[:5]) == (hour * 60 + minute) * 60 * 10**6
    with pytest.raises(ValueError, match=f'quoted; write "{text}"'):
        q.parse_time_of_day(q.Plain(text))


@settings(deadline=None)
@given(number=st.integers(0, 2999))
def test_message_types(number: int) -> None:
    """A quoted message type comes back; what YAML makes of it without quotes is refused."""
    text = f"{number:04d}"
    assert q.parse_mti(text) == text
    for unquoted in (number, q.Plain(text)):
        with pytest.raises(ValueError, match=f'quoted; write "{text}"'):
            q.parse_mti(unquoted)


@settings(deadline=None)
@given(number=st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_bare_number_needs_its_unit(number: float) -> None:
    """A number without a unit is refused wherever a unit is needed, with an example of one."""
    for parse in WITH_UNIT:
        with pytest.raises(ValueError, match="is written like"):
            parse(number)


@settings(deadline=None)
@given(value=anything)
def test_whatever_comes_in_is_refused_in_words(value: Any) -> None:
    """No parser fails in any other way than with a ValueError that says something."""
    for parse in PARSERS:
        words = "taken"
        try:
            parse(value)
        except ValueError as error:
            words = str(error)
        assert words


@settings(deadline=None)
@given(number=st.integers())
def test_counts(number: int) -> None:
    """A count is a whole number from 1 on; true and 2.0 are none."""
    if number >= 1:
        assert q.parse_count(number) == number
    else:
        with pytest.raises(ValueError, match="at least 1"):
            q.parse_count(number)
    for other in (True, 2.0, "2"):
        with pytest.raises(ValueError, match="whole number"):
            q.parse_count(other)


def test_switches() -> None:
    """yes, no, true and false are switches; nothing else is."""
    assert [q.parse_switch(v) for v in ("yes", "no", True, False)] == [True, False, True, False]
    for other in (1, 0, "on", "", None):
        with pytest.raises(ValueError, match="yes or no"):
            q.parse_switch(other)


@settings(deadline=None)
@given(first=st.integers(1, 10**6), second=st.integers(0, 10**6), shape=st.floats(0.1, 9))
def test_distributions(first: int, second: int, shape: float) -> None:
    """Each distribution becomes the simulation's, with parameters in µs or minor units."""
    low, high = f"{first}us", f"{first + second}us"
    cases = {
        low: Constant(first),
        "constant": ({"constant": low}, Constant(first)),
        "uniform": ({"uniform": {"low": low, "high": high}}, Uniform(first, first + second)),
        "exponential": ({"exponential": {"mean": low}}, Exponential(first)),
        "lognormal": ({"lognormal": {"median": low, "sigma": shape}}, Lognormal(first, shape)),
        "weibull": ({"weibull": {"scale": low, "shape": shape}}, Weibull(first, shape)),
    }
    assert parse_duration_distribution(low) == cases.pop(low)
    for written, expected in cases.values():
        assert parse_duration_distribution(written) == expected
    amount = f"{first // 100}.{first % 100:02d} CNY"
    assert parse_amount_distribution(amount) == Constant(first)
    assert parse_amount_distribution({"exponential": {"mean": amount}}) == Exponential(first)


def test_an_amount_is_above_zero() -> None:
    """A basket of nothing is refused, alone and within a distribution."""
    for value in (
        "0.00 CNY",
        {"uniform": {"low": "0 CNY", "high": "1 CNY"}},
        {"constant": "0 CNY"},
    ):
        with pytest.raises(ValueError, match="above zero"):
            parse_amount_distribution(value)


KINDS = [
    (q.Duration, "45s"), (q.Rate, "1.2/min"), (q.Signal, "-82 dBm"), (q.Gain, "-3 dB"),
    (q.Amount, "12.50 CNY"), (q.TimeOfDay, "10:42"), (q.MessageType, "0210"),
    (q.Probability, "20 %"), (DurationDistribution, "45s"), (AmountDistribution, "12.50 CNY"),
]  # fmt: skip


def in_schema(adapter: TypeAdapter[Any], text: str) -> bool:
    """Whether one of the patterns for editors matches."""
    schema = adapter.json_schema()
    parts = schema.get("anyOf", [schema])
    return any(re.search(part["pattern"], text) for part in parts if "pattern" in part)


@pytest.mark.parametrize(("kind", "good"), KINDS)
@settings(deadline=None)
@given(
    text=st.from_regex(
        r"-?\d{1,3}(\.\d)? ?(ms|s|min|/h|/day|dBm|dB|CNY|JPY|%)|\d\d:\d\d|\d{4}", fullmatch=True
    )
)
def test_the_schema_takes_what_the_parser_takes(kind: Any, good: str, text: str) -> None:
    """The pattern for editors accepts every text that the parser accepts, and not every text."""
    adapter = TypeAdapter(kind)
    adapter.validate_python(good)
    assert in_schema(adapter, good)
    assert not in_schema(adapter, f"about {good}")
    try:
        adapter.validate_python(text)
    except ValidationError:
        return
    assert in_schema(adapter, text)


def test_not_one_of() -> None:
    """The error of a wrong word holds what was wanted and what is allowed, and can be rebuilt."""
    error = q.NotOneOfError("a colour", ("red", "green"))
    assert str(q.NotOneOfError(*error.args)) == "a colour is one of red, green"
