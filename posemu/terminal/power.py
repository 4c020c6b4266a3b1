"""The terminal's supply. `cut` ends the program where it stands; `restore` starts it again after
the boot time.

What is volatile dies: the program's memory, the screen, open connections, written but unflushed
journal bytes, the card data and PIN in the secure module. What survives: flushed journal bytes, the
secure module's keys and counter, paper.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.terminal.ports import Emit


class Power:
    """Verbs: `cut()`, `restore()`. The driver hangs its own work on `on_cut` and `on_restore`."""

    __slots__ = ("_emit", "on", "on_cut", "on_restore")

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.on = False
        self.on_cut: list[Callable[[], None]] = []
        self.on_restore: list[Callable[[], None]] = []

    def cut(self) -> None:
        if self.on:
            self.on = False
            self._emit("power", {"on": False})
            for call in self.on_cut:
                call()

    def restore(self) -> None:
        if not self.on:
            self.on = True
            self._emit("power", {"on": True})
            for call in self.on_restore:
                call()
