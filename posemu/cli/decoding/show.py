"""A reading as people see it: what it is, a table of its fields, and below it what is wrong, with
the bytes around the place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from posemu.cli.decoding.formats import FORMATS, Candidate
from posemu.cli.decoding.model import RECOGNISED, Node, Problem
from posemu.cli.decoding.veil import Veil
from posemu.cli.decoding.words import place, reason, say

_NEAREST = 3
_NAME_MAX = 26
_BIT = re.compile(r"(CVR )?\d\.\d(-\d)? ")
_AROUND = 8
_UNKNOWN_SHOWN = 3  # bytes that were not understood and are shown all the same, from the place on


def show(
    console: Console, best: Candidate, near: Sequence[Candidate], veil: Veil, lang: str
) -> None:
    """Print a reading."""
    reading, source = best.reading, best.source
    console.print(Text(reading.title, style="bold"), soft_wrap=True)
    key = "taken-for-text" if isinstance(source.data, str) else "taken-for"
    console.print(Text(say(lang, key, form=source.form, size=len(source.data))), end="\n\n")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(Text(say(lang, "head-field")), no_wrap=True)
    table.add_column(Text(say(lang, "head-name")), max_width=_NAME_MAX, overflow="fold")
    table.add_column(Text(say(lang, "head-value")), overflow="fold")
    wrong = {id(node) for node in _wrong_nodes(best)}
    for depth, node in _rows(best.reading.nodes, 0):
        mark = "! " if id(node) in wrong else ""
        table.add_row(Text(f"{'  ' * depth}{mark}{node.key}", style="red" if mark else ""),
                      Text(node.name), _value(node, veil))  # fmt: skip
    console.print(table)
    show_problems(console, best, veil, lang)
    if near:
        console.print()
        console.print(
            Text(say(lang, "also", formats=say(lang, "comma").join(_names(best, near, lang))))
        )
    if any(_BIT.match(line) for node in reading.walk() for line in node.meaning):
        console.print()
        console.print(Text(say(lang, "bit-numbers"), style="dim"))
    if not veil.clear and any(node.secret and node.value for node in reading.walk()):
        console.print()
        console.print(Text(say(lang, "masked"), style="dim"))


def show_problems(console: Console, best: Candidate, veil: Veil, lang: str) -> None:
    """Each problem with its place, and what stands around it."""
    problems = best.reading.problems
    if not problems:
        return
    console.print()
    console.print(Text(say(lang, "wrong", count=len(problems)), style="bold red"))
    for problem in problems:
        console.print(Text("  " + veil.text(told(problem, lang), free=True)))
        for line in excerpt(best, problem, veil, lang):
            console.print(Text("    " + line), soft_wrap=True)


def told(problem: Problem, lang: str) -> str:
    """A problem in one sentence."""
    return say(lang, "at", place=place(lang, problem.where), offset=problem.offset,
               hex=f"{problem.offset:X}", reason=reason(lang, problem.reason))  # fmt: skip


def excerpt(best: Candidate, problem: Problem, veil: Veil, lang: str) -> list[str]:
    """What stands around the place of a problem, and a caret below it: bytes in hex, or characters;
    what must not be shown is `**`."""
    data = best.source.data
    text = isinstance(data, str)
    raw = data.encode("utf-32-le") if isinstance(data, str) else data
    size = len(data)
    if best.format.id == "cpm" or best.format.id == "transcript":
        return []
    hide = _hidden_characters(best, veil) if text else veil.hidden(best.reading, raw)
    offset = min(max(problem.offset, 0), size)
    looks = [True] * size if text else veil.suspicious(raw)
    for at in range(offset, min(offset + _UNKNOWN_SHOWN, size)):
        if not looks[at] and not _in_secret(best, at):
            hide[at] = False
    first, last = max(0, offset - _AROUND), min(size, offset + _AROUND)
    if text:
        assert isinstance(data, str)
        cells = ["*" if hide[at] else data[at] for at in range(first, last)]
        blank = ""
    else:
        cells = ["**" if hide[at] else f"{raw[at]:02X}" for at in range(first, last)]
        blank = " "
    if last == size:
        cells.append(f"{'' if not text else ' '}<{say(lang, 'end')}>")
    head = f"{first:04X}  "
    before = head + "".join(cell + blank for cell in cells[: offset - first])
    caret = " " * cell_len(before) + ("^" if text else "^^")
    return [head + blank.join(cells), caret]


def show_unrecognised(
    console: Console, ranked: Sequence[Candidate], size: int, text: bool, lang: str
) -> None:
    """Print that it is nothing known, and what it came nearest to."""
    key = "not-recognised-text" if text else "not-recognised"
    console.print(Text(say(lang, key, size=size)))
    near = _nearest(ranked)
    if near:
        console.print(Text(say(lang, "closest")))
    for each in near:
        title = each.format.zh if lang == "zh" else each.format.en
        problem = told(each.reading.problems[0], lang)
        console.print(Text(say(lang, "closest-one", format=title, problem=problem)))
    console.print(Text(say(lang, "try-as")))
    console.print(Text(" ".join(each.id for each in FORMATS)))


def _nearest(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best reading of the three formats that came nearest."""
    first: dict[str, Candidate] = {}
    for each in ranked:
        if each.reading.problems:
            first.setdefault(each.format.id, each)
    return list(first.values())[:_NEAREST]


def as_data(best: Candidate, near: Sequence[Candidate], veil: Veil, lang: str) -> dict[str, Any]:
    """The same as `show` prints, as data of JSON."""
    reading, source = best.reading, best.source
    return {
        "recognised": reading.score >= RECOGNISED,
        "format": best.format.id,
        "title": reading.title,
        "dialect": reading.dialect,
        "score": round(reading.score, 3),
        "input": {"form": source.form, "size": len(source.data)},
        "masked": not veil.clear,
        "fields": [_node_data(node, veil) for node in reading.nodes],
        "problems": [
            _problem_data(best, each, veil, lang)
            for each in reading.problems
        ],
        "also": [
            {"format": each.format.id, "dialect": each.reading.dialect,
             "score": round(each.reading.score, 3)}
            for each in near
        ],
    }  # fmt: skip


def _problem_data(best: Candidate, problem: Problem, veil: Veil, lang: str) -> dict[str, Any]:
    return {
        "where": problem.where,
        "offset": problem.offset,
        "reason": veil.text(reason(lang, problem.reason), free=True),
        "around": excerpt(best, problem, veil, lang),
    }


def _node_data(node: Node, veil: Veil) -> dict[str, Any]:
    return {
        "key": node.key,
        "name": node.name,
        "value": veil.value(node),
        "meaning": [veil.text(line, free=node.free) for line in node.meaning],
        "secret": node.secret,
        "start": node.start if node.start >= 0 else None,
        "end": node.end if node.start >= 0 else None,
        "fields": [_node_data(child, veil) for child in node.children],
    }


def _rows(nodes: Sequence[Node], depth: int) -> Iterator[tuple[int, Node]]:
    for node in nodes:
        yield depth, node
        yield from _rows(node.children, depth + 1)


def _value(node: Node, veil: Veil) -> Text:
    value = veil.value(node)
    lines = [veil.text(line, free=node.free) for line in node.meaning]
    short = len(lines) == 1 and cell_len(value) + cell_len(lines[0]) <= 36
    if short and value:
        return Text(value).append(f"  {lines[0]}", style="dim")
    text = Text(value)
    for line in lines:
        text.append(("\n" if text else "") + line, style="dim")
    return text


def _wrong_nodes(best: Candidate) -> Iterator[Node]:
    """The innermost nodes in which a problem lies."""
    for problem in best.reading.problems:
        inside = [
            n for n in best.reading.walk() if n.start <= problem.offset < n.end and n.start >= 0
        ]
        if inside:
            yield inside[-1]


def _in_secret(best: Candidate, at: int) -> bool:
    return any(n.secret and n.start <= at < n.end for n in best.reading.walk())


def _hidden_characters(best: Candidate, veil: Veil) -> list[bool]:
    data = str(best.source.data)
    if veil.clear:
        return [False] * len(data)
    if best.format.id == "mpm":
        veiled = veil.text(data, free=True)
        return [a != b for a, b in zip(data, veiled, strict=True)]
    hide = [True] * len(data)
    for node in best.reading.walk():
        for at in range(max(node.start, 0), min(node.end, len(data))):
            hide[at] = node.secret is not None
    return hide


def _names(best: Candidate, near: Sequence[Candidate], lang: str) -> Iterator[str]:
    for each in near:
        if each.format.id == best.format.id and each.reading.dialect:
            yield say(lang, "also-dialect", dialect=each.reading.dialect)
        else:
            yield say(lang, "also-as", title=each.reading.title, id=each.format.id)
