"""The page of the outcomes of a chip sale shows every scenario, as it runs."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "chip-outcomes.md"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(sys, "path", [*sys.path])  # the script adds to it
    return runpy.run_path(str(ROOT / "docs" / "chip_outcomes.py"))


def test_the_page_is_what_the_scenarios_come_to(script: dict[str, Any]) -> None:
    """Else: python docs/chip_outcomes.py."""
    assert script["PAGE"] == PAGE
    assert PAGE.read_text("utf-8") == script["page"]()


def test_every_scenario_is_on_the_page_once(script: dict[str, Any]) -> None:
    """In one of its parts."""
    shown = [name for names in script["PARTS"].values() for name in names]
    there = [path.stem for path in (ROOT / "scenarios" / "outcomes").glob("*.yaml")]
    assert sorted(shown) == sorted(there)
