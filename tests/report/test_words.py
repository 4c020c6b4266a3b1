"""The words of a story: all that can occur have them, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import posemu
from posemu.faults import load_catalogue
from posemu.report import words
from posemu.report.moments import _TELLERS
from posemu.report.words import (
    MESSAGES,
    MISCHIEF,
    RECORDS,
    SLIPS,
    STATES,
    STORY_TEXT,
    SYMPTOMS,
    WHY,
    said,
)
from posemu.terminal import State
from posemu.terminal.journal import Journal
from posemu.terminal.kernel.prompts import PROMPTS

CODE = Path(posemu.__file__).parent
FLOWS = CODE / "terminal" / "flows"
HAN = re.compile("[\u4e00-\u9fff]")
TABLES = {name: table for name, table in vars(words).items() if name.isupper()}
ENTRIES = [(name, key) for name, table in TABLES.items() for key in table]
MERE_FRAMES = {"STORY_TEXT/fault-strength", "STORY_TEXT/sent", "STORY_TEXT/and"}


def trees(*files: Path) -> Iterator[ast.AST]:
    for file in files:
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def strings(node: ast.AST) -> set[str]:
    """Every string constant in a piece of code."""
    return {
        part.value for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }  # fmt: skip


def called(name: str, place: int, files: list[Path]) -> set[str]:
    """The constants that are given as this argument in calls of this name."""
    found: set[str] = set()
    for node in trees(*files):
        if isinstance(node, ast.Call) and len(node.args) > place:
            func = node.func
            callee = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
            if callee == name:
                found |= strings(node.args[place])
    return found


def results(file: Path) -> set[str]:
    """What a flow may give as the result of a sale."""
    found: set[str] = set()
    for node in trees(file):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "result":
                    found |= strings(value)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "result":
            found |= {
                value.value for part in ast.walk(node.value) if isinstance(part, ast.IfExp)
                for value in (part.body, part.orelse) if isinstance(value, ast.Constant)
            }  # fmt: skip
    return found


def returned(function: str, file: Path) -> set[str]:
    """The strings that a function may return."""
    found: set[str] = set()
    for defined in trees(file):
        if isinstance(defined, ast.FunctionDef) and defined.name == function:
            for node in ast.walk(defined):
                if isinstance(node, ast.Return):
                    value = node.value.body if isinstance(node.value, ast.IfExp) else node.value
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        found.add(value.value)
    return found


def all_symptoms() -> set[str]:
    sale, end, code = FLOWS / "sale.py", FLOWS / "sale_end.py", FLOWS / "code_sale.py"
    refused = called("cancelled", 2, [sale, code])
    refused |= set(PROMPTS.values()) - {"approved", "declined", "unknown"}  # of a chip
    unread = returned("_present", sale) | returned("_scan", code)
    ended = (results(end) | results(code)) - {"approved", "declined", "cancelled"}
    measured = {"power", "too-slow"}
    named = {text for node in trees(CODE / "study" / "metrics.py") for text in strings(node)}
    assert measured <= named
    return refused | unread | ended | measured


def test_every_symptom_has_words() -> None:
    """Whatever makes a sale fail has words, and there are words for nothing else."""
    assert set(SYMPTOMS) == all_symptoms()


def test_every_state_has_words() -> None:
    """Every public state of the terminal has words, and there are words for nothing else."""
    assert set(STATES) == {state.value for state in State}


def test_every_record_of_the_journal_has_words() -> None:
    kinds = {name.removeprefix("_on_") for name in vars(Journal) if name.startswith("_on_")}
    assert set(RECORDS) == kinds


def test_every_slip_has_words() -> None:
    named = called("_print", 1, [FLOWS / "receipt.py"])
    assert set(SLIPS) == named | {"merchant-copy", "customer-copy"}


def test_every_mischief_has_words() -> None:
    """Each effect on a message, whichever way it goes."""
    params = load_catalogue()["transmission-loss"].params
    ways = [way for way in params["direction"].choices if way != "both"]
    assert set(MISCHIEF) == {f"{what}/{way}" for what in params["effect"].choices for way in ways}


def test_every_type_of_message_has_words() -> None:
    """Each request of the terminal, and each type that it takes for an answer."""
    requests = {
        value for node in trees(CODE / "terminal" / "requests.py")
        if isinstance(node, ast.Assign) for value in strings(node.value)
        if re.fullmatch("0[0-9]{3}", value) and value[1] in "24568"
    }  # fmt: skip
    files = list(FLOWS.glob("*.py"))
    answers = {text for text in called("answer", 3, files) if text.isdigit()}
    assert {key[:4] for key in MESSAGES} == requests | answers


def test_every_reason_has_words() -> None:
    """Why there is no connection, no answer and no slip."""
    told = {text for node in trees(CODE / "link" / "network.py") for text in strings(node)}
    told |= {text for node in trees(CODE / "link" / "connection.py") for text in strings(node)}
    for key in WHY:
        kind, _, why = key.partition("/")
        if kind != "slip" and why != "timeout":
            assert why in told
    assert {key.partition("/")[2] for key in WHY if key.startswith("connection/")} == {
        "timeout", "refused", "no-name", "reset",
    }  # fmt: skip
    assert {key for key in WHY if key.startswith("slip/")} == {"slip/no-paper", "slip/jam"}


def test_every_kind_of_event_is_told_or_known_to_be_silent() -> None:
    """A new kind of event must be told, or be named here."""
    silent = {"usable", "intervention", "drain", "journal-flush"}
    silent |= {"queue-flush"}
    elsewhere = {"frame-sent", "frame-received", "fault"}
    emitted: set[str] = set()
    for node in trees(*(file for file in CODE.rglob("*.py") if "testing" not in file.parts)):
        if isinstance(node, ast.Call) and len(node.args) in (2, 3):
            name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            kind = node.args[len(node.args) - 2]
            if name in ("emit", "_emit") and isinstance(kind, ast.Constant):
                emitted.add(str(kind.value))
    assert emitted == set(_TELLERS) | silent | elsewhere


@pytest.mark.parametrize(("table", "key"), ENTRIES, ids=lambda value: str(value))
def test_both_languages(table: str, key: str) -> None:
    """Each text stands in English and in Chinese, and both take the same values."""
    en, zh = TABLES[table][key]
    assert en
    assert not HAN.search(en)
    assert HAN.search(zh) or f"{table}/{key}" in MERE_FRAMES
    fields = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in (en, zh)]
    assert fields[0] == fields[1]


def test_the_page_asks_for_what_there_is() -> None:
    """Every text that the page asks for is there, and each one there is asked for by somebody."""
    page = (CODE / "report" / "templates" / "story.html.j2").read_text(encoding="utf-8")
    asked = set(re.findall(r"'(story-[a-z-]+)'", page))
    assert asked == {key for key in STORY_TEXT if key.startswith("story-")}
    code = "".join(
        (CODE / "report" / file).read_text(encoding="utf-8")
        for file in ("story.py", "moments.py", "course.py")
    )
    for key in set(STORY_TEXT) - asked:
        head = key.partition("/")[0]
        assert any(text in code for text in (f'"{key}"', f'"{head}"', f'"{head}/')), key


def test_an_unknown_key_stands_for_itself() -> None:
    """A state of somebody else's terminal is shown by its name."""
    assert said(STATES, "warming-up", "zh") == "warming-up"
    assert said(STATES, "idle", "zh") == "空闲"
