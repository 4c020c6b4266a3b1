"""What is wrong with a file a user wrote: where, what was found, what may stand there instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One fault of a file; line and column count from 1. Problems sort by position."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ScenarioError(Exception):
    """A file that cannot be used: a scenario, or one of people. `problems` are in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted({Problem(*problem) for problem in problems}))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
