"""What `posemu run` says on standard error: progress, and why it cannot go on."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from rich.console import Console

from posemu.report import console, messages, progress
from posemu.report.progress import Progress
from posemu.study import Difference, StoreError, Trouble, Wide, WorkerDiedError, WorldRecord

PLACE = Path("kept/one/results.sqlite")
WORLD = WorldRecord("before", 3, "AB", 1, {}, (), (), {}, {}, {}, ())


# --- progress ------------------------------------------------------------------------------------


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def shown(
    tell: Callable[[Progress, Watch], object], lang: str = "en", *, terminal: bool = False
) -> str:
    """What is shown of a study that is told so."""
    stream, watch = io.StringIO(), Watch()
    screen = Console(
        file=stream, force_terminal=terminal, width=80, color_system=None, legacy_windows=False,
        _environ={"TERM": "xterm"},
    )  # fmt: skip
    with Progress("shop", lang, screen, watch) as told:
        tell(told, watch)
    return stream.getvalue()


def worlds(told: Progress, watch: Watch, count: int, each_s: float) -> None:
    for _ in range(count):
        watch.now_s += each_s
        told.world(WORLD)


@pytest.mark.parametrize("terminal", [False, True])
def test_a_short_study_shows_nothing(terminal: bool) -> None:
    """What ends within two seconds, or with the first world after them, leaves no trace, in a
    terminal or not."""

    def tell(told: Progress, watch: Watch) -> None:
        told.batch(200, 200)
        worlds(told, watch, 199, 2**-7)
        worlds(told, watch, 1, 60)

    assert shown(tell, terminal=terminal) == ""


@pytest.mark.parametrize(
    ("lang", "line"),
    [("en", "shop: {} of 160 worlds\n"), ("zh", "shop：160 次运行，已完成 {} 次\n")],
)
def test_without_a_terminal_each_tenth_is_a_line(lang: str, line: str) -> None:
    """One line at every tenth of the work, in the language asked for."""

    def tell(told: Progress, watch: Watch) -> None:
        told.batch(160, 160)
        worlds(told, watch, 17, 0.1)  # the first tenth passes before anything is shown
        worlds(told, watch, 143, 3)

    assert shown(tell, lang) == "".join(line.format(n) for n in (18, *range(32, 161, 16)))


def test_a_study_that_goes_on_counts_what_is_there() -> None:
    """Worlds that are known count as done from the start, and another batch raises the total; what
    was done before is not told again."""

    def tell(told: Progress, watch: Watch) -> None:
        watch.now_s += 60
        told.batch(10, 4)
        worlds(told, watch, 4, 1)
        told.batch(20, 10)
        worlds(told, watch, 2, 1)
        assert (told.done, told.total) == (12, 20)

    assert [line.split()[1] for line in shown(tell).splitlines()] == [
        "7", "8", "9", "10", "12",
    ]  # fmt: skip


@pytest.mark.parametrize(("lang", "left"), [("en", "left"), ("zh", "剩余")])
def test_a_terminal_has_a_bar(lang: str, left: str) -> None:
    """The bar has the name, the worlds done, the last world and the time left; at the end it is
    gone, and the cursor is back."""
    drawn = ""

    def tell(told: Progress, watch: Watch) -> None:
        told.batch(160, 160)
        worlds(told, watch, 40, 3)

    drawn = shown(tell, lang, terminal=True)
    last = [line for line in drawn.split("\r") if "40/160" in line][-1]
    assert re.search(rf"shop .*40/160 before/3 (\d+:\d\d:\d\d|-:--:--) {left}", last)
    assert drawn.index("\x1b[?25l") < drawn.index("\x1b[?25h")
    assert drawn.endswith("\x1b[2K")


# --- messages ------------------------------------------------------------------------------------

TEXTS = {"console": console._TEXT, "messages": messages._TEXT, "progress": progress._TEXT}


@pytest.mark.parametrize("room", TEXTS)
def test_every_text_is_there_in_both_languages(room: str) -> None:
    """Each text has an English and a Chinese form, with the same values in it."""

    def values(text: str) -> set[Any]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, (en, zh) in TEXTS[room].items():
        assert en.isascii() or "±" in en or "…" in en, key
        assert re.search(r"[一-鿿]", zh), key
        assert values(en) == values(zh), key


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_trouble_has_its_words(lang: str) -> None:
    """Whatever is wrong with a results file is said with its path and the detail, each kind in its
    own words."""
    said = {messages.unusable(StoreError(kind, PLACE, "DETAIL"), lang) for kind in Trouble}
    assert len(said) == len(Trouble)
    assert all(str(PLACE) in text and "DETAIL" in text for text in said)


def test_every_difference_has_its_words() -> None:
    """A refusal names each difference with both values; long digests are cut to what tells them
    apart, versions and seeds are not."""
    found = [
        Difference("scenario", "A" * 32, "B" * 32),
        Difference("seed", "1", str(2**63 - 1)),
        Difference("posemu", "0.1.0", "0.2.0"),
        Difference("program", "C" * 32, "D" * 32),
        Difference("format", "0", "2"),
    ]
    assert messages.refused(PLACE, found, "en").splitlines() == [
        "kept/one/results.sqlite holds results of another study. Nothing was run.",
        f"  scenario (content): {'A' * 16} there, {'B' * 16} asked for",
        "  seed: 1 there, 9223372036854775807 asked for",
        "  posemu version: 0.1.0 there, 0.2.0 asked for",
        f"  program files (the study there is unfinished): {'C' * 16} there, {'D' * 16} asked for",
        "  format of the file: 0 there, 2 asked for",
        "Name another folder with --out, or delete kept/one.",
    ]
    assert len(messages.refused(PLACE, found, "zh").splitlines()) == 7


def test_how_a_worker_died() -> None:
    """A signal is told by its number, and a crash by its exit code."""
    told = [
        messages.worker_died(WorkerDiedError("a/3", code), PLACE, 4, 9, "posemu run x", "en")
        for code in (-11, 1)
    ]
    assert ["(signal 11)" in told[0], "(exit code 1)" in told[1]] == [True, True]
    assert "World a/3" in told[0]


LITTLE, MUCH = Wide("a", "txn_time", 2.0, 1.0), Wide("b", "lost_sales", 90.0, 30.0)
NEVER = Wide("a", "wait_time", None, 1.0)


@pytest.mark.parametrize(
    ("wide", "words"),
    [
        ((LITTLE,), "txn_time of a is still ± 2.00 (asked: 1)"),
        ((LITTLE, NEVER, MUCH), "lost_sales of b is still ± 90.00 (asked: 30), and 2 more"),
        ((NEVER,), "wait_time of a has no interval"),
    ],
)
def test_the_interval_farthest_from_its_limit_is_told(wide: tuple[Wide, ...], words: str) -> None:
    """When the budget is spent, the interval that is widest for its limit is named, and how many
    more there are; one that there is not is named if there is no other."""
    assert console._stop(wide, 30, "en") == f"budget of 30 replications is spent: {words}"
