"""How far a study is, on standard error: a bar in a terminal, and otherwise a line at every tenth
of the work. A study that ends at once shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from posemu.study import WorldRecord

QUIET_S = 2.0
"""Studies as short as this show nothing."""
_TENTHS = 10

_TEXT: dict[str, tuple[str, str]] = {
    "line": ("{name}: {done} of {total} worlds", "{name}：{total} 次运行，已完成 {done} 次"),
    "left": ("left", "剩余"),
}


class Progress:
    """Of one study; use it in a `with` statement, and tell it of batches and worlds."""

    def __init__(
        self, name: str, lang: str, console: Console, clock: Callable[[], float] = monotonic
    ) -> None:
        self.done = 0
        self.total = 0
        self._name = name
        self._lang = lang
        self._console = console
        self._clock = clock
        self._began_s = clock()
        self._world = ""
        self._tenth = 0
        self._shown = False
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar is not None:
            self._bar.stop()

    def batch(self, total: int, missing: int) -> None:
        """There are so many worlds now, and so many of them are still to run."""
        self.total = total
        self.done = total - missing
        self._tenth = self._tenths()
        self._show()

    def world(self, world: WorldRecord) -> None:
        """One more is done."""
        self.done += 1
        self._world = f"{world.variant}/{world.replication}"
        self._show()

    def _tenths(self) -> int:
        return _TENTHS * self.done // max(1, self.total)

    def _show(self) -> None:
        quiet = self._clock() - self._began_s <= QUIET_S or self.done == self.total
        if quiet and not self._shown:
            return
        self._shown = True
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._draw()
        elif self._tenths() > self._tenth:
            self._tenth = self._tenths()
            values = {"name": self._name, "done": self.done, "total": self.total}
            print(self._say("line").format(**values), file=self._console.file, flush=True)

    def _draw(self) -> None:
        if self._bar is None:
            # No thread redraws it: workers are forked from this process, batch after batch.
            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[world]}", markup=False),
                TimeRemainingColumn(),
                TextColumn(self._say("left")),
                console=self._console,
                auto_refresh=False,
                transient=True,
                expand=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task(self._name, total=self.total, world="")
            self._bar.start()
        self._bar.update(
            self._task, total=self.total, completed=self.done, world=self._world, refresh=True
        )

    def _say(self, key: str) -> str:
        return _TEXT[key][self._lang == "zh"]
