"""The table of algorithms and formats says of each what it follows and what shows it right. Here it
is held against the code and the tests; and each public docstring against its standard."""

from __future__ import annotations

import inspect
import json
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import posemu.crypto
import posemu.wire

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "algorithms.md"
PUBLISHED = ROOT / "tests" / "vectors" / "published"
ROOMS = (posemu.crypto, posemu.wire)
COLUMNS = ["what", "standard", "vectors", "tests", "where"]

STANDARD = re.compile(
    r"ISO(/IEC)? \d|ANSI X9|TR-31|EMV|NIST SP|RFC \d|GB/T|PCI |IBM 3624|UnionPay|QRCPS"
    r"|Visa|Mastercard|M/Chip"
)
PLAIN = {
    "posemu.crypto": {
        # errors
        "BadCardData", "BadCiphertext", "BadKey", "BadKsn", "BadPin", "CryptoError",
        "KeyBlockError", "KeyExhausted", "NotAuthentic", "PinBlockError",
        # values that mask themselves, and their state
        "Secret", "Key", "DukptSnapshot", "TdesDukptSnapshot",
        # comparing in constant time; a mask that no standard fixes
        "same", "variant",
    },
    "posemu.wire": {
        # errors, masking, tables for people
        "DecodeError", "DialectError", "EncodeError", "TrackError", "WireError", "Masked",
        "mask_field", "Explanation", "Row", "explain",
        # how messages lie on a line, which acquirers settle among themselves
        "Deframer", "Frame", "FrameLength", "Head", "Header", "LengthHeader", "answer_tpdu",
        "frame", "join_head", "length_header", "split_head",
        # what a dialect says is inside a field; damage to a swipe
        "Part", "Subfields", "turn_over",
    },
}  # fmt: skip
"""What is public and implements no standard."""
OURS = "posemu.crypto.hierarchy."
"""Our interface over several standards: each of them is named where it is implemented."""


@cache
def rows() -> list[dict[str, str]]:
    """The rows of all tables that have the five columns."""
    found: list[dict[str, str]] = []
    columns: list[str] = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if not cells or set(line) <= set("|- "):
            columns = columns if cells else []
        elif not columns:
            columns = cells
        elif columns == COLUMNS:
            found.append(dict(zip(columns, cells, strict=True)))
    return found


def quoted(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def files(pattern: str) -> list[Path]:
    """The files of a pattern in the "where" column."""
    return sorted((ROOT / "posemu").glob(pattern))


def public(room: ModuleType) -> dict[str, Any]:
    """Every function and class that a room exports."""
    found = {name: inspect.unwrap(getattr(room, name)) for name in room.__all__}
    return {
        name: item
        for name, item in found.items()
        if inspect.isfunction(item) or (inspect.isclass(item) and item.__module__ != "types")
    }


def test_the_tables_are_read() -> None:
    """A page whose form changed would pass everything else."""
    assert len(rows()) >= 75
    assert len({row["what"] for row in rows()}) == len(rows())


def test_every_row_is_whole() -> None:
    """What it follows, where it is, and a vector or a test: nothing else counts as shown."""
    for row in rows():
        assert all(row.values()), row["what"]
        assert quoted(row["tests"]), row["what"]
        assert quoted(row["vectors"]) or row["vectors"].startswith("none"), row["what"]


def test_every_kind_of_vectors_is_there() -> None:
    """Each named kind is published, and each published kind is named."""
    kinds = {json.loads(path.read_text("utf-8"))["kind"] for path in PUBLISHED.glob("*.json")}
    named = {kind for row in rows() for kind in quoted(row["vectors"])}
    assert named == kinds


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["what"][:40])
def test_every_test_and_file_of_a_row_is_there(row: dict[str, str]) -> None:
    """Each pattern names one test function at least, and each code file is a file."""
    for item in quoted(row["tests"]):
        name, _, pattern = item.partition("::")
        text = (ROOT / "tests" / name).read_text("utf-8")
        functions = re.findall(r"^def (test_\w+)", text, re.MULTILINE)
        assert any(fnmatch(function, pattern) for function in functions), item
    for item in quoted(row["where"]):
        assert files(item), item


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_public_name_is_in_a_row(room: ModuleType) -> None:
    """The file of each function and class that follows a standard is the "where" of some row."""
    covered = {path for row in rows() for item in quoted(row["where"]) for path in files(item)}
    missing = {
        name: item.__module__
        for name, item in public(room).items()
        if name not in PLAIN[room.__name__]
        and ROOT / f"{item.__module__.replace('.', '/')}.py" not in covered
    }
    assert missing == {}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_public_name_says_its_standard(room: ModuleType) -> None:
    """Each has a docstring, and its own words name the standard, unless it implements none."""
    plain = PLAIN[room.__name__]
    assert plain <= set(public(room)), "a name is gone: take it out of the list"
    silent = []
    for name, item in public(room).items():
        own = vars(item).get("__doc__") if inspect.isclass(item) else item.__doc__
        assert own, name
        if name not in plain and not item.__module__.startswith(OURS):
            silent += [] if STANDARD.search(" ".join(own.split())) else [name]
    assert silent == []


def test_vectors_in_doubt_are_there() -> None:
    """The page doubts vectors that exist, by kind and name."""
    text = PAGE.read_text("utf-8").partition("## Vectors we doubt")[2]
    doubts = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    assert doubts
    for cell in doubts:
        kind, *names = quoted(cell)
        vectors = json.loads((PUBLISHED / f"{kind}.json").read_text("utf-8"))["vectors"]
        assert set(names) <= {vector["name"] for vector in vectors}
