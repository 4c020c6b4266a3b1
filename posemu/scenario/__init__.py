"""The file a user writes, and the world it describes."""

from posemu.scenario.build import Build, build_names, find_build
from posemu.scenario.expectation import Expectation
from posemu.scenario.load import load_scenario, load_text, read_text
from posemu.scenario.metrics import METRICS, Metric
from posemu.scenario.problems import Problem, ScenarioError
from posemu.scenario.schema import SEED_MAX
from posemu.scenario.spec import BASE, Scenario, Until, Variant
from posemu.scenario.variants import AFTER, BEFORE
from posemu.scenario.world import Outcome, World

__all__ = [
    "AFTER",
    "BASE",
    "BEFORE",
    "METRICS",
    "SEED_MAX",
    "Build",
    "Expectation",
    "Metric",
    "Outcome",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Until",
    "Variant",
    "World",
    "build_names",
    "find_build",
    "load_scenario",
    "load_text",
    "read_text",
]
