"""Failure modes and interventions as data, and the mechanisms they use."""

from posemu.faults.catalogue import FailureMode, load_catalogue
from posemu.faults.injector import Injector, compile_chance
from posemu.faults.interventions import (
    Intervention,
    InterventionSpec,
    interventions,
    load_intervention,
)
from posemu.faults.mechanisms import MECHANISMS
from posemu.faults.site import Site, Till
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

__all__ = [
    "MECHANISMS",
    "Always",
    "AtRate",
    "AtTimes",
    "FailureMode",
    "FaultSpec",
    "InSpells",
    "Injector",
    "Intervention",
    "InterventionSpec",
    "OnJournal",
    "OnMessage",
    "OnState",
    "Site",
    "Till",
    "Trigger",
    "compile_chance",
    "interventions",
    "load_catalogue",
    "load_intervention",
]
