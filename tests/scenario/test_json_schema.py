"""The JSON Schema that editors use agrees with what the loader takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from posemu.faults.catalogue import load_catalogue
from posemu.faults.interventions import interventions, load_intervention
from posemu.scenario.json_schema import keys_at, scenario_schema
from posemu.terminal.states import State

HERE = Path(__file__).parent
CAFE = HERE.parents[1] / "scenarios" / "cases" / "coffee-wifi.yaml"
SHAPE = [  # broken files whose fault the schema alone can see
    "anchor", "bare-number", "missing-key", "misfit", "probability", "till-name", "unknown-fault",
    "unknown-key", "unknown-names", "unknown-parameter", "unknown-state", "unquoted-code",
    "unquoted-message", "version", "wrong-type", "wrong-unit",
]  # fmt: skip


def read(path: Path) -> Any:
    data = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    day = data.get("day")
    if isinstance(day, dict) and "date" in day:
        day["date"] = str(day["date"])  # a JSON document has no dates
    return data


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("file", sorted((HERE / "good").glob("*.yaml")), ids=lambda f: f.stem)
def test_good_files_are_accepted(file: Path, validator: Any) -> None:
    """A file that loads is valid under the schema."""
    assert [error.message for error in validator.iter_errors(read(file))] == []


@pytest.mark.parametrize("name", SHAPE)
def test_broken_files_are_refused(name: str, validator: Any) -> None:
    """A file whose keys or single values are wrong is not valid under the schema."""
    assert not validator.is_valid(read(HERE / "broken" / f"{name}.yaml"))


def test_all_failure_modes_states_and_parameters_are_in_it() -> None:
    """Every failure mode with its parameters, and every state of the terminal, can be completed."""
    schema = scenario_schema()
    assert keys_at(schema, ("faults", 0))[0] == list(load_catalogue())
    for mode in load_catalogue().values():
        assert set(mode.params) <= set(keys_at(schema, ("faults", 0, mode.id))[0])
    states = schema["$defs"]["OnSection"]["properties"]["state"]["anyOf"][0]["enum"]
    assert states == [state.value for state in State]


def test_interventions_and_expectations_are_in_it(validator: Any) -> None:
    """Every intervention with its parameters and every key of an expectation can be completed; one
    that is spelt wrong is refused."""
    schema = scenario_schema()
    at = ("interventions", "mine", 0)
    assert keys_at(schema, at)[0] == list(interventions())
    for name in interventions():
        keys = keys_at(schema, (*at, name))[0]
        assert set(load_intervention(name).params) <= set(keys)
    keys, required = keys_at(schema, ("expect", 0))
    assert {"falls_by", "share_of_fall", "from", "hours"} <= set(keys)
    assert required == ["metric"]
    file = read(CAFE)
    assert validator.is_valid(file)
    file["interventions"]["booster"][0]["signal-booster"]["gian"] = "3 dB"
    assert not validator.is_valid(file)
    file = read(CAFE)
    file["expect"][0]["metric"] = "timeout_rat"
    assert not validator.is_valid(file)
