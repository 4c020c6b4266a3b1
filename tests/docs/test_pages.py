"""The pages that list something list all of it, and links lead somewhere."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields
from pathlib import Path

from posemu.card.chip import card_profiles
from posemu.cli.main import COMMANDS
from posemu.faults import Intervention
from posemu.faults.catalogue import failure_modes
from posemu.faults.remedies import REMEDIES
from posemu.oracle import INVARIANTS
from posemu.scenario.expectation_entries import CHANGES, LEVELS
from posemu.scenario.schema import ScenarioFile
from posemu.terminal.states import State

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]


def in_first_column(page: Path) -> list[str]:
    """What stands in backquotes at the beginning of a table's rows."""
    return re.findall(r"^\| `([\w-]+)` \|", page.read_text("utf-8"), re.MULTILINE)


def test_the_judge_page_has_every_rule() -> None:
    """Each rule of the judge is explained once, and no rule that is gone."""
    assert sorted(in_first_column(DOCS / "explanation" / "judge.md")) == sorted(INVARIANTS)


def test_the_judge_page_marks_the_rules_that_need_the_probe() -> None:
    """A rule whose own words name the probe is marked so in the table."""
    rows = (DOCS / "explanation" / "judge.md").read_text("utf-8").splitlines()
    for rule, (words, _) in INVARIANTS.items():
        row = next(row for row in rows if row.startswith(f"| `{rule}` |"))
        assert "(probe)" in row or "(probe)" not in words, rule


def test_the_commands_page_has_every_command() -> None:
    """Each command has a section of its own, in the order of `posemu --help`."""
    text = (DOCS / "reference" / "commands.md").read_text("utf-8")
    assert re.findall(r"^## `posemu ([\w-]+)`", text, re.MULTILINE) == list(COMMANDS)


def test_the_scenario_page_has_every_key_mode_and_state() -> None:
    """The page made from the JSON Schema leaves out no key, failure mode or state."""
    page: str = runpy.run_path(str(DOCS / "scenario_format.py"))["page"]()
    named = set(re.findall(r"`([\w-]+)`", page))
    keys = {field.alias or name for name, field in ScenarioFile.model_fields.items()}
    assert keys | set(failure_modes()) | {state.value for state in State} <= named


def test_the_architecture_page_has_every_room() -> None:
    """Each room of the house has a row in the table, and no room that is gone."""
    text = (DOCS / "explanation" / "architecture.md").read_text("utf-8")
    rooms = {path.parent.name for path in (ROOT / "posemu").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `posemu/(\w+)` \|", text, re.MULTILINE)) == rooms


def test_the_intervention_page_has_every_mechanism_and_key() -> None:
    """Who looks for a mechanism finds all there are; the keys of an entry are those it has."""
    rows = in_first_column(DOCS / "how-to" / "add-an-intervention.md")
    assert sorted(rows) == sorted([*REMEDIES, *(field.name for field in fields(Intervention))])


def test_the_statistics_page_has_every_expectation() -> None:
    """Each way to expect something has a row that says how it is judged."""
    text = (DOCS / "explanation" / "statistics.md").read_text("utf-8")
    rows = "".join(re.findall(r"^\| `.*", text, re.MULTILINE))
    assert {key for key in (*LEVELS, *CHANGES) if f"`{key}" not in rows} == set()


def test_the_table_of_contents_has_every_page() -> None:
    """Each page is reached from the index."""
    index = (DOCS / "index.md").read_text("utf-8")
    listed = set(re.findall(r"^[a-z-]+/[a-z-]+$", index, re.MULTILINE))
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES} - {"index"}
    assert listed == pages


def test_every_link_between_pages_leads_to_a_file() -> None:
    """A relative link of README or docs names a file that is there."""
    for page in [ROOT / "README.md", *PAGES]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_the_chip_page_has_every_card_profile() -> None:
    """Who looks for a card finds all there are."""
    text = (DOCS / "how-to" / "try-chip-cards.md").read_text("utf-8")
    rows = "".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))
    assert set(re.findall(r"`([\w-]+)`", rows)) == set(card_profiles())
