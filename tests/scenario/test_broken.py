"""Broken scenario files: the whole text a user sees, file by file. `broken/` holds both."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from posemu.scenario.load import load_scenario, load_text
from posemu.scenario.problems import Problem, ScenarioError

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_problem_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken file is refused with all its problems, each with its place, and what is allowed."""
    monkeypatch.chdir(BROKEN)
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file.name)
    assert f"{refused.value}\n" == file.with_suffix(".txt").read_text("utf-8")


def test_there_are_enough_broken_files() -> None:
    """At least twenty ways to break a file are covered, and no expected text lacks its file."""
    assert len(FILES) >= 20
    assert {path.stem for path in BROKEN.glob("*.txt")} == {path.stem for path in FILES}


def test_problems_stand_in_the_order_of_the_file() -> None:
    """Problems come sorted by position, each once, whichever check found them."""
    third, first = Problem("a.yaml", 9, 2, "late"), Problem("a.yaml", 2, 11, "early")
    second = Problem("a.yaml", 9, 1, "middle")
    assert ScenarioError([third, first, second, first]).problems == (first, second, third)


def test_an_error_survives_being_rebuilt() -> None:
    """A `ScenarioError` is rebuildable from its `args`, text and all."""
    error = ScenarioError([Problem("a.yaml", 1, 2, "wrong")])
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "a.yaml:1:2: wrong"


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """A scenario that is not there is refused like a broken one, not with a traceback."""
    with pytest.raises(ScenarioError, match=r"nothing\.yaml:1:1: cannot be read: No such file"):
        load_scenario(tmp_path / "nothing.yaml")


def test_a_file_in_another_encoding_is_a_problem(tmp_path: Path) -> None:
    """A scenario saved as GBK is refused with advice."""
    file = tmp_path / "gbk.yaml"
    file.write_bytes("posemu: 1\ntitle: {en: x, zh: 交易}\n".encode("gbk"))
    with pytest.raises(ScenarioError, match="is not text in UTF-8; save it as UTF-8"):
        load_scenario(file)


def test_control_characters_are_placed() -> None:
    """A character that YAML does not know is reported where it stands."""
    with pytest.raises(ScenarioError, match=r"^x:2:6: not YAML: a character"):
        load_text("posemu: 1\nseed:\x07 3\n", "x")


def test_a_value_that_holds_itself_is_a_problem() -> None:
    """An alias to the part it stands in is refused and does not hang."""
    with pytest.raises(ScenarioError, match=r"x:2:8: a value refers to itself"):
        load_text("posemu: 1\ntills: &t {till-1: *t}\ncardholders: {each: 1}\n", "x")


@pytest.mark.parametrize("key", ["[a, b]", "{a: 1}"])
def test_a_key_that_is_no_word_is_a_problem(key: str) -> None:
    """YAML allows a list or a map as a key; here it is refused where it stands."""
    with pytest.raises(ScenarioError, match=r"^x:2:3: a key must be a single word"):
        load_text(f"posemu: 1\n? {key}\n: 3\ntills: {{t: {{}}}}\ncardholders: {{each: 1}}\n", "x")


def test_private_tags_are_a_problem() -> None:
    """A tag of Python's or anybody's is refused."""
    with pytest.raises(ScenarioError, match=r"x:2:7: tag !!?python.*plain YAML only"):
        load_text("posemu: 1\nseed: !python/object:os.system 3\n", "x")
