"""Exhaustive tests say at the end of pytest's output how many worlds they ran, how often each fault
struck, and in how many worlds it was felt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

_KEY = "exhaustive"
Tell = Callable[..., None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """`tell(search, worlds=n, ...)`: the counts of one test. Those of one search are added up over
    all tests and processes; with `of=...` they are also shown for each failure mode by itself."""

    def tell_counts(search: str, of: str = "", **counts: int) -> None:
        record_property(_KEY, [search, of, counts])

    return tell_counts


def pytest_terminal_summary(terminalreporter: Any) -> None:
    sums: dict[str, dict[str, Counter[str]]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "call":
                continue
            for key, value in report.user_properties:
                if key == _KEY:
                    search, of, counts = value
                    sums.setdefault(search, {}).setdefault(of, Counter()).update(counts)
    for search, parts in sorted(sums.items()):
        total = Counter[str]()
        for counts in parts.values():
            total.update(counts)
        terminalreporter.write_line(f"exhaustive: {search}: {_words(total)}")
        for of, counts in sorted(parts.items()):
            if of:
                terminalreporter.write_line(f"  {of:24}{_words(counts)}")


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items())
