"""The stored run: what is in it, that it comes back as it was, and when it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from posemu import __version__
from posemu.faults import AtRate
from posemu.scenario import ScenarioError
from posemu.study import ReplayError, read_replay, run_world, write_replay


@pytest.fixture
def stored(files: Path, result: Any, text: str) -> Path:
    path = files / "out" / "replay.json"
    path.parent.mkdir()
    write_replay(result, files / "tiny.yaml", text, path)
    return path


def test_a_run_comes_back_as_it_was(stored: Path, result: Any) -> None:
    """Scenario, seed, worlds, digests and schedules are read as they were written."""
    run = read_replay(stored)
    assert run.seed == result.seed
    assert run.scenario.name == "tiny"
    assert [(w.variant, w.replication, w.digest, w.schedule) for w in run.worlds] == [
        (w.variant, w.replication, w.digest, w.schedule) for w in result.worlds
    ]


def test_every_world_replays_to_its_digest(stored: Path) -> None:
    """Run again under its stored schedule, each world has its stored digest."""
    run = read_replay(stored)
    for world in run.worlds:
        again = run_world(run.scenario, world.replication, schedule=world.schedule)
        assert again.digest == world.digest


def test_the_occurrences_are_stored_and_not_the_generator(stored: Path) -> None:
    """A random process is stored as the moments it gave, which differ between worlds."""
    schedules = [world.schedule for world in read_replay(stored).worlds]
    assert not any(isinstance(f.trigger, AtRate) for schedule in schedules for f in schedule)
    assert len({str(schedule) for schedule in schedules}) == 3
    assert "20/h" in json.loads(stored.read_text("utf-8"))["scenario"]["text"]


def test_no_card_data_is_stored(stored: Path) -> None:
    """The file has no PAN and no PIN of any cardholder."""
    run = read_replay(stored)
    content = stored.read_text("utf-8")
    for person in run.scenario.people:
        assert person.pan not in content
        assert person.pin not in content


def test_a_file_that_is_moved_with_its_scenario_still_works(stored: Path, files: Path) -> None:
    """The replay file names the scenario's folder relative to itself, never absolutely."""
    place = json.loads(stored.read_text("utf-8"))["scenario"]
    assert (place["file"], place["folder"]) == ("tiny.yaml", "..")
    assert str(files) not in stored.read_text("utf-8")


def test_a_world_is_found_by_name(stored: Path) -> None:
    """VARIANT/N is one world; another name is refused with the names there are."""
    run = read_replay(stored)
    assert run.world("base/2").replication == 2
    with pytest.raises(ReplayError, match=r"base/9.*base/0, base/1, base/2"):
        run.world("base/9")


def change(path: Path, how: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text("utf-8"))
    how(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def fault(document: dict[str, Any]) -> dict[str, Any]:
    """The first fault of the first world."""
    first: dict[str, Any] = document["worlds"][0]["faults"][0]
    return first


@pytest.mark.parametrize("key", ["posemu", "posemu_replay"])
def test_another_version_is_refused_naming_both(stored: Path, key: str) -> None:
    """A file of another posemu, or another format, is refused; the message names both versions."""
    change(stored, lambda d: d.update({key: "9.8.7" if key == "posemu" else 42}))
    with pytest.raises(ReplayError) as caught:
        read_replay(stored)
    said = str(caught.value)
    assert ("9.8.7" if key == "posemu" else "42") in said
    assert __version__ in said


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda d: d.pop("posemu"), "damaged: KeyError: 'posemu'"),
        (lambda d: d.pop("seed"), "damaged: KeyError: 'seed'"),
        (lambda d: d.pop("worlds"), "damaged: KeyError: 'worlds'"),
        (lambda d: d["worlds"][0].pop("digest"), "damaged: KeyError: 'digest'"),
        (lambda d: d["worlds"][0].update(world="base/x"), "damaged: ValueError: .*'x'"),
        (lambda d: fault(d).update({"is": "Nonsense"}), "damaged: KeyError: 'Nonsense'"),
        (lambda d: fault(d).pop("trigger"), "damaged: TypeError: .*'trigger'"),
        (lambda d: fault(d).update(id="meteorite"), "there is no failure mode 'meteorite'"),
        (lambda d: fault(d).update(params={"q": 1}), r"has the parameters \[.*'p'\], not \['q'\]"),
        (lambda d: fault(d).update(target="till-9"), "strikes 'till-9'; the tills are .*'till-2'"),
        (lambda d: d["scenario"].pop("text"), "damaged: KeyError: 'text'"),
        (lambda d: d.update(worlds=7), "damaged: TypeError"),
        (lambda d: d.update(worlds=[]), "damaged: it holds no world"),
    ],
)
def test_a_damaged_file_is_refused(
    stored: Path, how: Callable[[dict[str, Any]], object], words: str
) -> None:
    """Whatever is missing or wrong in the file: a `ReplayError` that names the file and says it."""
    change(stored, how)
    with pytest.raises(ReplayError, match=rf"replay\.json: .*{words}"):
        read_replay(stored)


def test_a_fault_at_one_till_is_read(stored: Path) -> None:
    """A stored fault may strike one of the scenario's tills alone."""
    change(stored, lambda d: fault(d).update(target="till-2"))
    assert read_replay(stored).worlds[0].schedule[0].target == "till-2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read"), ("{", "cannot be read"), ("\udcff", "cannot be read"),
        ("[]", "not a replay file"), ("7", "not a replay file"), ('{"a": 1}', "not a replay file"),
    ],
)  # fmt: skip
def test_another_kind_of_file_is_refused(stored: Path, content: str, words: str) -> None:
    """What is no replay file is refused as such."""
    stored.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReplayError, match=rf"replay\.json: .*{words}"):
        read_replay(stored)


def test_a_missing_file_is_refused(stored: Path) -> None:
    """What is not there cannot be read."""
    stored.unlink()
    with pytest.raises(ReplayError, match=r"replay\.json: cannot be read: .*No such file"):
        read_replay(stored)


def test_a_wrong_scenario_inside_is_told_as_one(stored: Path) -> None:
    """What is wrong in the stored scenario is told as for any scenario, with its line."""
    change(stored, lambda d: d["scenario"].update(text="posemu: 1\nname: x\n"))
    with pytest.raises(ScenarioError, match=r"tiny\.yaml:1:1: key 'tills' is missing"):
        read_replay(stored)
