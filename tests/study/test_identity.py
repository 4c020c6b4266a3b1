"""Which studies are the same: what makes another scenario or program, and what does not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from posemu.scenario import Build, load_scenario, load_text
from posemu.study import identity_of
from posemu.study.identity import NOT_OF_A_WORLD, program_digest, scenario_digest
from posemu.terminal import Terminal

LABORATORY = Path(__file__).parents[1] / "scenario" / "good" / "pans" / "laboratory.yaml"


def test_words_and_counts_do_not_make_another_scenario(text: str, scenario: Any) -> None:
    """Comments, titles, the file's name, replications, the stopping rule, expectations and a
    laboratory's test numbers leave the digest as it is; so a study may be gone on with under
    others."""
    said = text.replace("name: tiny", "name: other\ntitle: {en: Shop}\nabout: {en: Small}\n# !")
    said = said.replace("replications: 3", "replications: 9")
    said += "until: {half_width: {txn_time: 1}, budget: 9}\n"
    said += "expect: [{metric: timeout_rate, at_most: 1}]\n"
    said += f"test_pans: {LABORATORY}\n"
    other = load_text(said.replace("seed: 3", "seed: 4"), "some/where/else.yaml")
    assert {f.name for f in fields(other) if getattr(other, f.name) != getattr(scenario, f.name)
            } == set(NOT_OF_A_WORLD)  # fmt: skip
    assert scenario_digest(other) == scenario_digest(scenario)
    assert (identity_of(other).name, identity_of(other).seed) == ("other", 4)


def test_whatever_a_world_is_built_of_makes_another_scenario(scenario: Any) -> None:
    """Every other part of a scenario changes the digest."""
    parts = [f.name for f in fields(scenario) if f.name not in NOT_OF_A_WORLD]
    digests = {scenario_digest(replace(scenario, **{part: "changed"})) for part in parts}
    assert len(digests | {scenario_digest(scenario)}) == len(parts) + 1


def test_people_make_another_scenario(tmp_path: Path) -> None:
    """The file of people counts by what it says, the PIN included, not by its comments."""
    person = '- {name: Ann, pan: "9999168021425391", expiry: "3208", service_code: "101", '
    scenario = tmp_path / "s.yaml"
    scenario.write_text("posemu: 1\npeople: p.yaml\ntills: {a: {}}\ncardholders: {each: 1}\n")
    digests = []
    for people in ('pin: "630048509188"}', 'pin: "630048509188"} # Ann', 'pin: "630048509189"}'):
        (tmp_path / "p.yaml").write_text(person + people + "\n")
        digests.append(scenario_digest(load_scenario(scenario)))
    assert digests[0] == digests[1] != digests[2]


def test_a_part_without_a_digest_is_an_error(scenario: Any) -> None:
    """A value whose text may differ from run to run is not taken silently."""
    with pytest.raises(TypeError, match="a scenario holds a object, which has no digest"):
        scenario_digest(replace(scenario, host=object()))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a terminal of its own."""
    folder = tmp_path / "acme_pos"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from posemu.terminal import Terminal\n\n\nclass Acme(Terminal):\n    pass\n"
    )
    (folder / "rules.py").write_text("LIMIT = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    del sys.modules["acme_pos"]


def test_the_program_is_posemus_files_and_the_builds(package: Path) -> None:
    """A build's package counts with all its modules; without a build posemu counts alone."""
    acme = Build(terminal=importlib.import_module("acme_pos").Acme)
    digests = [program_digest(None), program_digest(Build(terminal=Terminal)), program_digest(acme)]
    (package / "notes.txt").write_text("not part of a program")
    digests.append(program_digest(acme))
    (package / "rules.py").write_text("LIMIT = 2\n")
    digests.append(program_digest(acme))
    assert digests[0] == digests[1] != digests[2] == digests[3] != digests[4]
