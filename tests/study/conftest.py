"""A small scenario, run once for all tests that only look at its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posemu.scenario import load_text
from posemu.study import run_study

TEXT = """\
posemu: 1
name: tiny
seed: 3
replications: 3
day: {from: "09:00", to: "09:05"}
tills: {till-1: {}, till-2: {}}
cardholders: {each: 4}
faults:
  - transmission-loss: {direction: answer, on: {message: "0210"}}
  - comms-outage: {rate: 20/h, for: 5s}
"""


@pytest.fixture(scope="session")
def text() -> str:
    return TEXT


@pytest.fixture(scope="session")
def scenario() -> Any:
    return load_text(TEXT, "tiny.yaml")


@pytest.fixture(scope="session")
def result(scenario: Any) -> Any:
    """Three worlds, judged and measured. Nobody may change it."""
    return run_study(scenario)


@pytest.fixture
def files(tmp_path: Path, result: Any) -> Path:
    (tmp_path / "tiny.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path
