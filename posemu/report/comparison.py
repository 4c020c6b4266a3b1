"""Many variants side by side, for a terminal window of 80 columns; all other figures are in the
page and in the SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import east_asian_width

from posemu.scenario import METRICS
from posemu.study import Estimate, StudyResult


class _Column(NamedTuple):
    metric: str
    digits: int
    en: tuple[str, str]
    zh: tuple[str, str]


_COLUMNS = (
    _Column("timeout_rate", 1, ("timeouts", "%"), ("超时率", "%")),
    _Column("lost_sales", 0, ("lost sales", "CNY per day"), ("流失销售额", "元/天")),
    _Column("txn_time_p95", 1, ("time, 95 %", "s"), ("时间95分位", "秒")),
)
_WIDTH = 14  # of a column
_NAME = 80 - _WIDTH * len(_COLUMNS)


def comparison(result: StudyResult, lang: str) -> Iterator[str]:
    """A heading and a line for each variant: mean and half-width of the 95 % interval."""
    for line in range(2):
        heads = [(each.zh if lang == "zh" else each.en)[line] for each in _COLUMNS]
        yield " " * _NAME + "".join(map(_right, heads))
    for name in result.variants():
        found = result.estimates(name, "total")
        cells = [_cell(each, found.get(each.metric)) for each in _COLUMNS]
        head = f"  {name}"
        if len(head) > _NAME:
            yield head
            head = ""
        yield f"{head:{_NAME}}" + "".join(map(_right, cells))


def _cell(column: _Column, found: Estimate | None) -> str:
    if found is None or found.mean is None:
        return "-"
    if found.mean == 0 and found.n > 3 and METRICS[column.metric].counts:
        return f"< 3/{found.n}"
    text = f"{found.mean:.{column.digits}f}"
    if found.low is None or found.high is None:
        return text
    return f"{text} \N{PLUS-MINUS SIGN}{(found.high - found.low) / 2:.{column.digits}f}"


def _right(text: str) -> str:
    """At the right of a column; a Chinese character takes two places."""
    columns = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return " " * (_WIDTH - columns) + text
