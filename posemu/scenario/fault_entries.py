"""One entry of `faults:`: a model for each failure mode, made from its parameters in the catalogue.

A fault says when it strikes by at most one of `at`, `on`, `rate` and `spells`; without one it holds
from the start. `for` says how long. A failure mode offers only those keys that make sense for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import Field, create_model

from posemu.faults.catalogue import FailureMode, load_failure_mode
from posemu.faults.triggers import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
    InSpells,
    OnJournal,
    OnMessage,
    OnState,
    Trigger,
)
from posemu.profiles.distributions import DurationDistribution
from posemu.profiles.quantities import Rate, TimeOfDay
from posemu.scenario.schema import OnSection, Section, SpellsSection, Words
from posemu.scenario.spec import Day
from posemu.sim.distributions import Distribution

TRIGGERS = ("at", "on", "rate", "spells")
_TRIGGER_FIELDS: dict[str, Any] = {
    "at": (TimeOfDay | None, Field(default=None, description="at this time of the shop's clock")),
    "on": (OnSection | None, Field(default=None, description="when this happens")),
    "rate": (Rate | None, Field(default=None, description="at random, so often")),
    "spells": (SpellsSection | None, Field(default=None, description="in bad spells, at random")),
}


@cache
def entry_model(mode_id: str) -> type[Section]:
    """The model of this failure mode's map. Raises `CatalogueError`."""
    mode = load_failure_mode(mode_id)
    fields: dict[str, Any] = {}
    if mode.target == "till":
        words = "the till it strikes; default: every till, or the one where the trigger was"
        fields["target"] = (Words | None, Field(default=None, description=words))
    fields |= {name: _TRIGGER_FIELDS[name] for name in TRIGGERS if name in mode.triggers}
    if mode.shape != "moment":
        words = f"how long; default: {mode.span_text or 'to the end of the day'}"
        fields["span"] = (
            DurationDistribution | None,
            Field(default=None, alias="for", description=words),
        )
    for name, param in mode.params.items():
        fields[name] = (
            param.annotation,
            Field(default=param.written, validate_default=True, description=param.text.en),
        )
    doc = f"{mode.name.en[0].upper()}{mode.name.en[1:]}."
    return create_model(_class_name(mode_id), __base__=Section, __doc__=doc, **fields)


def build_fault(mode_id: str, entry: Section, day: Day) -> FaultSpec:
    """The fault that a valid entry describes; moments count from the start of the day."""
    mode = load_failure_mode(mode_id)
    params = {name: getattr(entry, name) for name in mode.params}
    target: str | None = getattr(entry, "target", None)
    span: Distribution | None = getattr(entry, "span", None)
    trigger = _trigger(entry, day)
    if isinstance(trigger, Always):
        if span is not None:
            trigger = AtTimes(((0, None),))
    elif span is None and not isinstance(trigger, InSpells):
        span = mode.span
    return FaultSpec(mode_id, None if target is None else str(target), params, trigger, span)


def sending_end(mti: str) -> str:
    """Who sends a message of this type: the third digit is even in requests, odd in answers."""
    return "host" if int(mti[2]) % 2 else "terminal"


def _trigger(entry: Section, day: Day) -> Trigger:
    at: int | None = getattr(entry, "at", None)
    on: OnSection | None = getattr(entry, "on", None)
    rate: float | None = getattr(entry, "rate", None)
    if at is not None:
        return AtTimes(((at - day.from_us, None),))
    if rate is not None:
        return AtRate(rate)
    spells: SpellsSection | None = getattr(entry, "spells", None)
    if spells is not None:
        return InSpells(spells.good, spells.bad)
    if on is None:
        return Always()
    if on.message is not None:
        return OnMessage(on.message, on.end or sending_end(on.message), on.nth, on.after)
    if on.state is not None:
        return OnState(on.state, on.nth, on.after)
    assert on.journal is not None, "the checks let no other anchor through"
    return OnJournal(on.journal, on.nth, on.after)


def _class_name(mode_id: str) -> str:
    return "".join(part.capitalize() for part in mode_id.split("-")) + "Entry"


def misfit(mode: FailureMode, key: str) -> str | None:
    """Why this failure mode does not take `key`, which others do; None if it does or none would."""
    if key == "target" and mode.target != "till":
        return f"{mode.id} strikes the {mode.target}, not a till, and takes no target; delete it"
    if key == "for" and mode.shape == "moment":
        return f"{mode.id} acts on what comes next and takes no `for`; delete it"
    if key in TRIGGERS and key not in mode.triggers:
        allowed = [name for name in TRIGGERS if name in mode.triggers]
        ways = f"use {' or '.join(allowed)}, or nothing" if allowed else "delete it"
        return f"{mode.id} takes no `{key}`; {ways}"
    return None
