"""`pytest tests/vectors --vectors DIR` runs the vectors of another folder through the same
adapters. At the end stands how many of each kind were run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PUBLISHED = Path(__file__).parent / "published"
_KEY = "vector"


class Vector(NamedTuple):
    """One vector of a file."""

    kind: str
    name: str
    operation: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def read(folder: Path) -> list[Vector]:
    """All vectors of a folder, file by file. Raises ValueError if there is none."""
    found = []
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text("utf-8"))
        found += [
            Vector(document["kind"], v["name"], v["op"], v["inputs"], v["expected"])
            for v in document["vectors"]
        ]
    if not found:
        raise ValueError(f"{folder}: no vectors (files of the shape *.json)")
    return found


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--vectors", metavar="DIR", default=None, help="vectors of another folder")


def pytest_generate_tests(metafunc: Any) -> None:
    if "vector" in metafunc.fixturenames:
        folder = metafunc.config.getoption("--vectors", None)
        vectors = read(PUBLISHED if folder is None else Path(folder))
        ids = [f"{v.kind}-{v.operation}-{v.name}" for v in vectors]
        metafunc.parametrize("vector", vectors, ids=ids)


@pytest.fixture
def count(record_property: Any) -> Any:
    """`count(vector)`: it was run."""
    return lambda vector: record_property(_KEY, [vector.kind, "error" in vector.expected])


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    ran: dict[str, Counter[bool]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for key, value in report.user_properties:
                    if key == _KEY:
                        ran.setdefault(value[0], Counter())[value[1]] += 1
    if not ran:
        return
    for kind, counts in sorted(ran.items()):
        total = sum(counts.values())
        terminalreporter.write_line(
            f"vectors: {kind:24}{total:5}  of them to be refused {counts[True]}"
        )
