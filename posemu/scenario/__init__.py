"""The file a user writes, and the world it describes."""

from posemu.scenario.build import Build, build_names, find_build
from posemu.scenario.expectation import Expectation
from posemu.scenario.load import load_scenario, load_text, read_text
from posemu.scenario.metrics import METRICS, Metric
from posemu.scenario.problems import Problem, ScenarioError
from posemu.scenario.spec import BASE, Scenario, Variant
from posemu.scenario.world import Outcome, World

__all__ = [
    "BASE",
    "METRICS",
    "Build",
    "Expectation",
    "Metric",
    "Outcome",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Variant",
    "World",
    "build_names",
    "find_build",
    "load_scenario",
    "load_text",
    "read_text",
]
