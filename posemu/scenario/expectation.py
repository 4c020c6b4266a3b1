"""What a scenario expects of a metric, ready to be judged (by `posemu.study.expectations`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation. Numbers are in the metric's unit (% is 0 to 100), shares in [0, 1].

    A level has one of `at_least`, `at_most`, `exactly`, for each of `variants`, of the mean or of
    `each` replication. A comparison has `before` and `after`, and one of `falls_by`, `rises_by`,
    `within` (the change lies within so much either way), or `of_the_fall_to` with `share` (so much
    of the fall from `before` to that variant).
    """

    text: str
    text_zh: str
    metric: str
    breakdowns: tuple[str, ...]
    variants: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    exactly: float | None = None
    each: bool = False
    before: str = ""
    after: str = ""
    falls_by: float | None = None
    rises_by: float | None = None
    within: float | None = None
    of_the_fall_to: str | None = None
    share: float = 1.0

    @property
    def compared(self) -> bool:
        return self.before != ""
