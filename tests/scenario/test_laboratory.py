"""A laboratory's own test numbers: a file that the scenario names; no error shows one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.profiles.pans import load_test_pans
from posemu.scenario import Scenario, ScenarioError, World, load_scenario, load_text
from posemu.scenario.people import load_laboratory, parse_people
from posemu.scenario.spec import CardNumbers
from posemu.wire import luhn_check_digit

GOOD = Path(__file__).parent / "good"
FILE = GOOD / "laboratory.yaml"
KEY = "test_pans: pans/laboratory.yaml\n"
SHAPE = "write ranges: [{prefix: digits, source: text}], numbers: {digits: text}"
POSEMU_AND_OURS = load_laboratory(GOOD / "pans" / "laboratory.yaml")


@pytest.fixture
def scenario() -> Scenario:
    return load_scenario(FILE)


def without(text: str, part: str) -> str:
    assert part in text
    return text.replace(part, "")


def test_a_laboratory_adds_numbers(scenario: Scenario) -> None:
    """People bear numbers of both files, and it is known how many of which."""
    assert len(scenario.people) == 4
    assert scenario.card_numbers == (
        CardNumbers("test_pans.yaml", 2, laboratory=False),
        CardNumbers("laboratory.yaml", 2, laboratory=True),
    )


def test_posemus_numbers_are_enough() -> None:
    """Without the key there is one file, and everybody's number is of it."""
    scenario = load_scenario(GOOD / "smallest.yaml")
    assert scenario.test_pans is None
    assert scenario.card_numbers == (CardNumbers("test_pans.yaml", 16, laboratory=False),)


def test_the_key_needs_no_people_of_their_own() -> None:
    """The built-in people bear posemu's numbers under a laboratory's file, too."""
    text = without(FILE.read_text("utf-8"), "people: people/laboratory.yaml\n")
    assert [each.people for each in load_text(text, str(FILE)).card_numbers] == [16, 0]


def test_without_its_file_they_are_refused() -> None:
    """The very same people are refused, masked, with the key that would allow their numbers."""
    text = without(FILE.read_text("utf-8"), KEY)
    with pytest.raises(ScenarioError) as refused:
        load_text(text, str(FILE))
    shown = str(refused.value)
    assert [problem.line for problem in refused.value.problems] == [2, 3]
    assert shown.count("may be somebody's card") == shown.count("test_pans: lab.yaml") == 2
    assert "4000001234560019" not in shown


def test_chips_bear_them(scenario: Scenario) -> None:
    """A chip is personalised with a laboratory's number, and keeps where it is from; a world whose
    scenario has lost the file makes no such card."""
    chips = [card.chip for card in World(scenario, 0)._cards if card.chip is not None]
    files = [Path(chip._image.pan_source.file).name for chip in chips]
    assert files == ["test_pans.yaml", "laboratory.yaml"]
    with pytest.raises(ValueError, match=r"400000\*+0019 may be somebody's card"):
        World(replace(scenario, test_pans=None), 0)


def test_where_a_number_is_allowed_changes_no_world(tmp_path: Path) -> None:
    """A number of a range or a single one, of a laboratory's or of posemu's as well: the same
    scenario, and the same bytes."""
    pans = [person.pan for person in load_scenario(FILE).people]
    (tmp_path / "people.yaml").write_bytes((GOOD / "people" / "laboratory.yaml").read_bytes())
    text = FILE.read_text("utf-8").replace("people/laboratory", "people")
    text = text.replace("pans/laboratory", "numbers")
    scenarios = []
    for numbers in (
        "ranges: [{prefix: '40000012345', source: ours}]",
        "numbers: {" + ", ".join(f"'{pan}': {i}th" for i, pan in enumerate(pans)) + "}",
    ):
        (tmp_path / "numbers.yaml").write_text(numbers, "utf-8")
        scenarios.append(load_text(text, str(tmp_path / "laboratory.yaml")))
    scenarios.append(load_scenario(FILE))
    assert scenarios[0] == scenarios[1] == scenarios[2]
    assert len({World(each, 0).run().digest for each in scenarios}) == 1
    assert [each.card_numbers[1].people for each in scenarios] == [2, 2, 2]


def test_a_file_of_the_same_name_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laboratory that calls its file as posemu does still owns its numbers."""
    monkeypatch.chdir(tmp_path)
    Path("test_pans.yaml").write_bytes((GOOD / "pans" / "laboratory.yaml").read_bytes())
    Path("people.yaml").write_bytes((GOOD / "people" / "laboratory.yaml").read_bytes())
    text = FILE.read_text("utf-8").replace("people/laboratory", "people")
    found = load_text(text.replace("pans/laboratory", "test_pans"), "x.yaml").card_numbers
    assert found == (("test_pans.yaml", 2, False), ("test_pans.yaml", 2, True))


def test_the_path_begins_at_the_scenario(tmp_path: Path) -> None:
    """As that of the people does, wherever the command runs."""
    with pytest.raises(ScenarioError, match=r"test_pans is pans/laboratory\.yaml; No such file"):
        load_text(FILE.read_text("utf-8"), str(tmp_path / "x.yaml"))


def test_a_file_in_another_encoding_is_a_problem(tmp_path: Path) -> None:
    """A file saved as GBK is refused at the key that names it."""
    (tmp_path / "gbk.yaml").write_bytes("ranges: # 测试\n".encode("gbk"))
    text = FILE.read_text("utf-8").replace(KEY, "test_pans: gbk.yaml\n")
    with pytest.raises(ScenarioError, match=r"x\.yaml:4:12: test_pans is gbk\.yaml; .* in UTF-8"):
        load_text(text, str(tmp_path / "x.yaml"))


def person_with(pan: str) -> str:
    return (
        f'- {{name: Ann, pan: "{pan}", expiry: "3012", service_code: "101", pin: "482910375521"}}\n'
    )


@settings(deadline=None)
@given(body=st.from_regex(r"[0-9]{15}", fullmatch=True))
def test_a_number_of_neither_file_is_refused(body: str) -> None:
    """A number with a right check digit that may be somebody's is refused, masked, beside a
    laboratory's file as well; what to do about it is said, and none of its own numbers."""
    pan = body + luhn_check_digit(body)
    if pan.startswith(POSEMU_AND_OURS.prefixes) or pan in POSEMU_AND_OURS.numbers:
        assert parse_people(person_with(pan), "x", POSEMU_AND_OURS)
        return
    with pytest.raises(ScenarioError, match="may be somebody's card") as refused:
        parse_people(person_with(pan), "x", POSEMU_AND_OURS)
    shown = str(refused.value)
    assert "test_pans: lab.yaml" in shown
    assert pan not in shown
    assert "400000123456" not in shown


@pytest.mark.parametrize("pan", ["4000001234560018", "9999075123741248"])
def test_a_wrong_check_digit_in_a_range(pan: str) -> None:
    """It is refused for that, in either file's range; another file would not help."""
    with pytest.raises(ScenarioError, match=r"\d{6}\*+\d{4} has a wrong check digit \(Luhn\)$"):
        parse_people(person_with(pan), "x", POSEMU_AND_OURS)


BROKEN = {
    # what the file says, and what is said to it
    "no head": ('"{pan}": ours', SHAPE),
    "no head, as a number": ("{pan}: ours", SHAPE),
    "a list": ("- {pan}", SHAPE),
    "numbers in a list": ('numbers: ["{pan}"]', SHAPE),
    "a text that is none": ('numbers: {{"{pan}": 3}}', SHAPE),
    "a number as the text": ('numbers: {{"{pan}": {pan}}}', SHAPE),
    "no quotes": ("ranges: [{{prefix: {pan}, source: ours}}]", SHAPE),
    "no source": ('ranges: [{{prefix: "{pan}"}}]', SHAPE),
    "another key": ('ranges: [{{prefix: "4242", source: ours, "{pan}": 1}}]', SHAPE),
    "groups": ('numbers: {{"{pan} {pan}": ours}}', SHAPE),
    "twice": ('numbers: {{"{pan}": a, "{pan}": b}}', "keep one of them"),
    "an alias": ("numbers: *{pan}", "check the indentation"),
    "a tag": ("numbers: !{pan} a", "plain YAML only"),
    "an open bracket": ("numbers: {{{pan}: [", "check the indentation"),
    "a control character": ("numbers: {{{pan}: \a}}", "delete it"),
    "a tag that does not fit": ("numbers: !!int {pan}-{pan}", "without the tag"),
    "two documents": ("--- {pan}\n--- {pan}", "one document per file"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_no_error_of_the_file_shows_a_number(tmp_path: Path, kind: str) -> None:
    """Whatever is wrong is told with file and place and what to write; no digit of a number is."""
    text, advice = BROKEN[kind]
    path = tmp_path / "lab.yaml"
    path.write_text(text.format(pan="4539578763621486"), "utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_laboratory(path)
    for problem in refused.value.problems:
        assert problem.file == str(path)
        assert advice in problem.message
        assert not any(part in problem.message for part in ("4539", "5787", "6362", "1486"))


def test_posemus_file_is_left_as_it_is() -> None:
    """A laboratory's numbers are allowed where its file is named, and nowhere else."""
    assert POSEMU_AND_OURS.files[0] == load_test_pans().files[0]
    with pytest.raises(ValueError, match="may be somebody's"):
        load_test_pans().check("4000001234560019")
