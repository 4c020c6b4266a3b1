"""Fault schedules, and other frozen values, as JSON data and back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from posemu.faults import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
    InSpells,
    OnJournal,
    OnMessage,
    OnState,
)
from posemu.sim import Constant, Exponential, Lognormal, Uniform, Weibull

_TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        FaultSpec,
        Always,
        AtTimes,
        OnMessage,
        OnState,
        OnJournal,
        AtRate,
        InSpells,
        Constant,
        Uniform,
        Exponential,
        Lognormal,
        Weibull,
    )
}


def to_data(value: Any) -> Any:
    """A frozen dataclass as {"is": its name, ...}; tuples as lists; all else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__} | {
            f.name: to_data(getattr(value, f.name)) for f in fields(value)
        }
    if isinstance(value, (list, tuple)):
        return [to_data(item) for item in value]
    if isinstance(value, dict):
        return {key: to_data(item) for key, item in value.items()}
    return value


def from_data(data: Any) -> Any:
    """What `to_data` was given, if it was made of what a fault schedule is made of; lists become
    tuples. Raises KeyError or TypeError."""
    if isinstance(data, dict):
        values = {key: from_data(item) for key, item in data.items() if key != "is"}
        return _TYPES[data["is"]](**values) if "is" in data else values
    if isinstance(data, list):
        return tuple(from_data(item) for item in data)
    return data
