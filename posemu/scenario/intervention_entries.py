"""One entry of `interventions:`: a model for each, made from its parameters in the catalogue."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import Field, create_model

from posemu.faults.catalogue import load_catalogue
from posemu.faults.interventions import InterventionSpec, load_intervention
from posemu.profiles.quantities import TimeOfDay
from posemu.scenario.schema import Section, TillName
from posemu.scenario.spec import Day


@cache
def intervention_model(intervention_id: str) -> type[Section]:
    """The model of this intervention's map. Raises `CatalogueError`."""
    intervention = load_intervention(intervention_id)
    fields: dict[str, Any] = {
        "at": (
            TimeOfDay | None,
            Field(default=None, description="from this time of the shop's clock; default: always"),
        ),
    }
    modes = [load_catalogue()[mode_id] for mode_id in intervention.acts_on]
    if not modes or any(mode.target == "till" for mode in modes):  # else: of the whole shop
        fields["tills"] = (
            list[TillName], Field(default=[], description="where; default: at every till")
        )  # fmt: skip
    for name, param in intervention.params.items():
        fields[name] = (
            param.annotation,
            Field(default=param.written, validate_default=True, description=param.text.en),
        )
    words = "".join(part.capitalize() for part in intervention_id.split("-"))
    doc = f"{intervention.name.en[0].upper()}{intervention.name.en[1:]}."
    return create_model(f"{words}Intervention", __base__=Section, __doc__=doc, **fields)


def build_intervention(intervention_id: str, entry: Section, day: Day) -> InterventionSpec:
    """The intervention that a valid entry describes."""
    params = {name: getattr(entry, name) for name in load_intervention(intervention_id).params}
    at_us: int | None = getattr(entry, "at", None)
    tills: list[str] = getattr(entry, "tills", [])
    begin_us = 0 if at_us is None else at_us - day.from_us
    return InterventionSpec(intervention_id, tuple(tills), params, begin_us)
