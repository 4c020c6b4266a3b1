"""The thermal printer: paper that ends, paper that jams.

A receipt that fails never undoes a sale. The paper's end is seen before a line is lost, so a slip
is printed whole or not.
"""

from __future__ import annotations

from posemu.terminal.ports import Emit

OK = "ok"
NO_PAPER = "no-paper"
JAM = "jam"
LOW_LINES = 130  # half a metre


class Printer:
    """Verbs: `run_out_of_paper()`, `load_paper(lines)`, `jam()`, `clear_jam()`."""

    __slots__ = ("_emit", "_jammed", "line_us", "lines_left", "roll_lines")

    def __init__(self, emit: Emit, line_us: int, roll_lines: int) -> None:
        self._emit = emit
        self.line_us = line_us
        self.roll_lines = roll_lines
        self.lines_left = roll_lines
        self._jammed = False

    def condition(self, lines: int = 1) -> str:
        """OK, NO_PAPER or JAM, for a slip of so many lines."""
        if self._jammed:
            return JAM
        return OK if self.lines_left >= lines else NO_PAPER

    @property
    def low(self) -> bool:
        """The coloured stripe at the end of the roll shows; there is still paper."""
        return 0 < self.lines_left < LOW_LINES

    def feed(self, slip: str, stan: str, lines: tuple[str, ...]) -> None:
        """The slip is out: `lines` are on paper. Call it when the printing time has passed and
        `condition` is OK."""
        self.lines_left -= len(lines)
        self._emit("receipt", {"slip": slip, "stan": stan, "lines": lines})

    def run_out_of_paper(self) -> None:
        self.lines_left = 0

    def load_paper(self) -> None:
        self.lines_left = self.roll_lines

    def jam(self) -> None:
        self._jammed = True

    def clear_jam(self) -> None:
        self._jammed = False
