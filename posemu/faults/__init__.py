"""Failure modes and interventions as data, and the mechanisms they use."""

from posemu.faults.catalogue import FailureMode, load_catalogue
from posemu.faults.injector import Injector, compile_rates
from posemu.faults.mechanisms import MECHANISMS
from posemu.faults.site import Site, Till
from posemu.faults.triggers import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
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
    "Injector",
    "OnJournal",
    "OnMessage",
    "OnState",
    "Site",
    "Till",
    "Trigger",
    "compile_rates",
    "load_catalogue",
]
