"""Every example of README and docs is run; what a page shows is what the command prints.

How a page writes an example:

    ```console            each line that begins with "$ " is run, in a folder that a page has to
    $ posemu run a.yaml   itself and that holds a copy of scenarios/ and a link to tests/; the lines
    ...                   below it are what it prints (a line "..." stands for any lines). It must
    ```                   exit with 0, unless the next command is `echo $?`.

    ```yaml               a block of YAML or Python whose first line is a comment that names a file
    # a.yaml              is put into that file; one in posemu/ goes into a copy of the package,
    ```                   which the commands below it use

`make examples` (`python tests/docs/test_examples.py [PAGE...]`) runs them and writes down what they
print.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from posemu.report.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    if "_build" not in path.parts
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w./-]+\.(?:yaml|py))\n")
ANY = "..."
PROGRESS = re.compile(r"\S+: \d+ of \d+ worlds|\S+：\d+ 次运行，已完成 \d+ 次")
"""Lines on standard error whose number depends on how fast the machine is."""
LONG = (ROOT / "README.md",)  # the coffee shop, all of it: three minutes of a core


@dataclass(frozen=True)
class Command:
    """One command of a page, and the lines shown below it, which begin at `line` (from 0)."""

    text: str
    shown: list[str]
    line: int
    may_fail: bool


@dataclass(frozen=True)
class NewFile:
    name: str
    text: str


def steps_of(page: Path) -> Iterator[Command | NewFile]:
    """The commands and files of a page, in order."""
    text = page.read_text("utf-8")
    for block in BLOCK.finditer(text):
        kind, body = block.groups()
        named = FILE_NAME.match(body)
        if kind == "console":
            yield from _commands(body.splitlines(), text.count("\n", 0, block.start(2)))
        elif kind in ("yaml", "python") and named is not None:
            yield NewFile(named[1], body)


def _commands(lines: list[str], first: int) -> Iterator[Command]:
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        may_fail = end < len(lines) and lines[end] == "$ echo $?"
        yield Command(lines[start][2:], lines[start + 1 : end], first + start + 1, may_fail)


class Shell:
    """Runs the steps of one page in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        shutil.copytree(ROOT / "scenarios", folder / "scenarios")
        (folder / "tests").symlink_to(ROOT / "tests")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._env = {**os.environ, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}

    def do(self, step: Command | NewFile) -> list[str]:
        """What it prints, errors included, without blanks at the ends of lines and without its
        progress."""
        if isinstance(step, NewFile):
            if step.name.startswith("posemu/"):
                self._own_package()
            (self.folder / step.name).write_text(step.text, "utf-8")
            return []
        if step.text == "echo $?":
            return [str(self.code)]
        done = subprocess.run(
            step.text, shell=True, cwd=self.folder, env=self._env, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900,
        )  # fmt: skip
        self.code = done.returncode
        return without_progress(done.stdout)

    def _own_package(self) -> None:
        """The page changes posemu itself, as its reader does in a clone: from now on, in a copy."""
        if not (self.folder / "posemu").exists():
            shutil.copytree(ROOT / "posemu", self.folder / "posemu")
            self._env["PYTHONPATH"] = str(self.folder)


def without_progress(printed: str) -> list[str]:
    lines = [line.rstrip() for line in printed.splitlines()]
    return [line for line in lines if PROGRESS.fullmatch(line) is None]


def fits(shown: list[str], printed: list[str]) -> bool:
    """True if the lines shown are the lines printed; a line "..." stands for any lines."""
    if ANY not in shown:
        return shown == printed
    at = shown.index(ANY)
    head, rest = shown[:at], shown[at + 1 :]
    if printed[:at] != head:
        return False
    return any(fits(rest, printed[i:]) for i in range(at, len(printed) + 1))


def shown_anew(shown: list[str], printed: list[str]) -> list[str]:
    """The lines to show instead: those shown, if they fit; else, with "...", as many as before at
    the head and at the end."""
    if fits(shown, printed):
        return shown
    if ANY not in shown:
        return printed
    tail = len(shown) - shown.index(ANY) - 1
    return [*printed[: shown.index(ANY)], ANY, *printed[len(printed) - tail :]]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.exhaustive if page in LONG else ()) for page in PAGES],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_examples_of_a_page_do_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Every command of the page exits as it says and prints what it shows (else: make examples)."""
    shell = Shell(tmp_path / "page")
    for step in steps_of(page):
        printed = shell.do(step)
        if isinstance(step, Command):
            where = f"{page.relative_to(ROOT)}: {step.text}\n" + "\n".join(printed)
            assert step.may_fail or shell.code == 0 or step.text == "echo $?", where
            assert not step.shown or fits(step.shown, printed), where


def test_a_page_that_adds_to_posemu_does_so_in_a_copy(tmp_path: Path) -> None:
    """A file that a page puts into posemu/ is used by its commands, and by nobody else."""
    shell = Shell(tmp_path / "page")
    name = "posemu/faults/interventions/nothing.yaml"
    shell.do(NewFile(name, "wrong"))
    assert "nothing.yaml" in "\n".join(shell.do(Command("posemu interventions", [], 0, True)))
    assert shell.code != 0
    assert not (ROOT / name).exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_progress_is_no_part_of_what_a_page_shows(lang: str) -> None:
    """What a slow machine says of its progress is left out, and nothing else."""
    ticks, out, world = count(0, 10), StringIO(), SimpleNamespace(variant="base", replication=1)
    progress = Progress("small", lang, Console(file=out), clock=lambda: next(ticks))
    progress.batch(4, 4)
    progress.world(cast(Any, world))
    assert out.getvalue()
    assert without_progress(out.getvalue() + "HOLDS \n") == ["HOLDS"]


def test_every_make_target_that_a_page_names_exists() -> None:
    """README and docs name no target that the Makefile lacks."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        text = page.read_text("utf-8")
        named = set(re.findall(r"(?:`|^)make ([a-z]+)\b", text, re.MULTILINE))
        assert named <= targets, page


def test_every_file_that_a_page_names_exists() -> None:
    """A path of the project in backquotes leads somewhere."""
    path = re.compile(r"`((?:posemu|tests|docs|scenarios)/[\w./-]+)`")
    for page in PAGES:
        missing = [
            name for name in path.findall(page.read_text("utf-8")) if not (ROOT / name).exists()
        ]
        assert not missing, page


@pytest.mark.parametrize(
    ("shown", "printed", "good"),
    [
        ("a b", "a b", True),
        ("a", "a b", False),
        ("a ...", "a b c", True),
        ("a ... c", "a b c", True),
        ("a ... d", "a b c", False),
        ("... b", "a b", True),
        ("...", "", True),
        ("b ...", "a b", False),
    ],
)
def test_shown_lines_are_compared_strictly(shown: str, printed: str, good: bool) -> None:
    """What a page shows must be there, in order, with gaps only where it says so."""
    assert fits(shown.split(), printed.split()) is good


@pytest.mark.parametrize(
    ("shown", "printed", "new"),
    [
        ("a b", "a c d", "a c d"),
        ("a ... d", "b x y e", "b ... e"),
        ("a ... c ... e", "a b c d e", "a ... c ... e"),
    ],
)
def test_lines_are_written_down_with_their_gaps(shown: str, printed: str, new: str) -> None:
    """`make examples` keeps what is still true, and the gap of what is not."""
    assert shown_anew(shown.split(), printed.split()) == new.split()


def update(page: Path) -> bool:
    """Runs a page's examples and writes down what they print. True if it changed."""
    lines = page.read_text("utf-8").split("\n")
    before = list(lines)
    moved = 0
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder) / "page")
        for step in steps_of(page):
            printed = shell.do(step)
            if isinstance(step, Command) and step.shown:
                new = shown_anew(step.shown, printed)
                start = step.line + moved
                lines[start : start + len(step.shown)] = new
                moved += len(new) - len(step.shown)
    page.write_text("\n".join(lines), "utf-8")
    return lines != before


if __name__ == "__main__":
    for one in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        print("changed" if update(one) else "as it was", one.relative_to(ROOT))
