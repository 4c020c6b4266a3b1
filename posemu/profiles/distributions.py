"""Distributions as people write them: `{lognormal: {median: 90s, sigma: 0.8}}`, or only `90s`.

The parameters carry the unit of what is drawn, and the result is a distribution of `posemu.sim` in
whole µs or in minor units.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, create_model
from pydantic import WithJsonSchema as JsonSchema

from posemu.profiles.quantities import (
    AMOUNT_PATTERN,
    DURATION_PATTERN,
    Amount,
    Duration,
    NotOneOfError,
    PositiveNumber,
    above_zero,
    parse_amount,
    parse_duration,
)
from posemu.sim.distributions import (
    Constant,
    Distribution,
    Exponential,
    Lognormal,
    Uniform,
    Weibull,
)

_Build = Callable[..., Distribution]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


_DURATION = Annotated[Duration, AfterValidator(above_zero)]
_AMOUNT = Annotated[Amount, AfterValidator(above_zero)]
_SHAPES: dict[str, tuple[_Build, tuple[str, ...], tuple[str, ...]]] = {
    # name: what it becomes, the parameters in the unit of what is drawn, and those without a unit
    "constant": (Constant, ("value",), ()),
    "uniform": (Uniform, ("low", "high"), ()),
    "exponential": (Exponential, ("mean",), ()),
    "lognormal": (Lognormal, ("median",), ("sigma",)),
    "weibull": (Weibull, ("scale",), ("shape",)),
}


def parse_duration_distribution(value: Any) -> Distribution:
    """A distribution of durations in µs. Raises ValueError (a ValidationError for a part of it)."""
    if isinstance(value, dict):
        return _parse(value, "duration", "45s")
    return Constant(float(parse_duration(value)))


def parse_amount_distribution(value: Any) -> Distribution:
    """A distribution of amounts in minor units, above zero. Raises ValueError as above."""
    if isinstance(value, dict):
        return _parse(value, "amount", "12.50 CNY")
    return Constant(float(above_zero(parse_amount(value))))


def _parse(value: dict[str, Any], kind: str, example: str) -> Distribution:
    if len(value) != 1:
        raise ValueError(
            f"must be one distribution, like {{uniform: {{low: ..., high: ...}}}}, or {example}"
        )
    name = next(iter(value))
    if name not in _SHAPES:
        raise NotOneOfError("a distribution", tuple(_SHAPES))
    build, _, _ = _SHAPES[name]
    body = {"value": value[name]} if name == "constant" else value[name]
    read = _model(kind, name).model_validate({name: body})
    numbers = {key: float(number) for key, number in getattr(read, name)}
    if name == "uniform" and numbers["high"] < numbers["low"]:
        raise ValueError("`high` lies below `low`; write the smaller one as `low`")
    return build(**numbers)


@cache
def _model(kind: str, name: str) -> type[BaseModel]:
    """A model of `{name: {parameters}}`, so that an error says where in it the fault lies."""
    quantity: Any = _DURATION if kind == "duration" else _AMOUNT
    _, quantities, numbers = _SHAPES[name]
    fields: dict[str, Any] = dict.fromkeys(quantities, (quantity, ...))
    fields |= dict.fromkeys(numbers, (PositiveNumber, ...))
    whole: dict[str, Any] = {name: (create_model(name, __base__=_Strict, **fields), ...)}
    return create_model(f"{kind}_{name}", __base__=_Strict, **whole)


def _schema(pattern: str, what: str) -> dict[str, Any]:
    quantity = {"type": "string", "pattern": pattern}
    number = {"type": "number", "exclusiveMinimum": 0}
    shapes: list[dict[str, Any]] = [quantity]
    for name, (_, quantities, numbers) in _SHAPES.items():
        keys = dict.fromkeys(quantities, quantity) | dict.fromkeys(numbers, number)
        body: dict[str, Any] = {
            "type": "object",
            "properties": keys,
            "required": list(keys),
            "additionalProperties": False,
        }
        shapes.append(
            {
                "type": "object",
                "properties": {name: quantity if name == "constant" else body},
                "required": [name],
                "additionalProperties": False,
            }
        )
    return {"anyOf": shapes, "description": f"{what}, or a distribution of such"}


DurationDistribution = Annotated[
    Distribution,
    PlainValidator(parse_duration_distribution),
    JsonSchema(_schema(DURATION_PATTERN, "a duration, like 45s")),
]
AmountDistribution = Annotated[
    Distribution,
    PlainValidator(parse_amount_distribution),
    JsonSchema(_schema(AMOUNT_PATTERN, "an amount, like 12.50 CNY")),
]
