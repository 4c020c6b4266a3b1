"""Where a terminal can be made faulty without touching its flows: its journal, its queue of
advices, its display, its printer, its chip reader, and the steps of its program.

The program is a story of effects (see `posemu.sim.task`). `Twisted` runs the correct one and stands
between it and the driver, so that a bug is a few lines at one state: it may do something more
there, or drop the program and start it anew.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from posemu.profiles.chip_times import load_chip_times
from posemu.sim import Story
from posemu.terminal import State, Terminal
from posemu.terminal.advice_queue import AdviceQueue
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.display import Display
from posemu.terminal.journal import Journal, SaleRecord
from posemu.terminal.messages import load_messages
from posemu.terminal.printer import Printer


class StartAnew(Exception):  # noqa: N818 (a jump, not an error)
    """Raised in `Twisted.before`: the program is dropped where it stands and starts from the
    beginning."""


class Twisted(Terminal):
    """Its program is the correct one, but for what `before` and `answered` do."""

    def before(self, state: State) -> Story:
        """Runs when the program is about to enter `state`."""
        yield from ()

    def answered(self, effect: Any, answer: Any) -> Story:
        """Runs when `effect` was answered; what it returns is what the program gets."""
        yield from ()
        return answer

    def boot(self) -> Story:
        while True:
            try:
                yield from self._twisted(super().boot())
            except StartAnew:
                continue
            return

    def _twisted(self, story: Story) -> Story:
        answer: Any = None
        try:
            while True:
                effect = story.send(answer)
                if type(effect) is State:
                    yield from self.before(effect)
                answer = yield from self.answered(effect, (yield effect))
        except StopIteration:
            return
        finally:
            story.close()


class OtherJournal(Terminal):
    """A correct terminal with the journal `keep`."""

    keep: type[Journal]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.journal = self.keep(self.flash, self.emit, self.now_us)


class OtherQueue(Terminal):
    """A correct terminal with the queue of advices `keep`."""

    keep: type[AdviceQueue]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = self.keep(self._advice_flash, self.emit, self.now_us)


class OtherChipReader(Terminal):
    """A correct terminal with the chip reader `slot`."""

    slot: type[ChipReader]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draw = partial(self.draw, "chip-reader")
        self.chip = self.slot(load_chip_times("posemu-default"), draw, self.emit)


class OtherDisplay(Terminal):
    """A correct terminal with the display `screen`."""

    screen: type[Display]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        *_, lang = args
        self.display = self.screen(self.emit, load_messages(), lang)


class OtherPrinter(Terminal):
    """A correct terminal with the printer `press`."""

    press: type[Printer]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.printer = self.press(self.emit, self.profile.line_us, self.profile.roll_lines)


class LazyJournal(Journal):
    """After `put_off` it leaves out the next flush and says that it is durable; the flush after
    that one is real."""

    def __init__(self, *args: Any) -> None:
        self._put_off = self._lying = False
        super().__init__(*args)

    def put_off(self) -> None:
        self._put_off = True

    def flush(self) -> Generator[int, None, None]:
        self._lying, self._put_off = self._put_off, False
        if not self._lying:
            yield from super().flush()

    @property
    def durable(self) -> bool:
        return self._lying or super().durable


class BlindJournal(Journal):
    """Does not show the pending reversal in some states: `terminal` tells the state, `blind` are
    those in which it looks away."""

    terminal: Terminal
    blind: frozenset[State]
    _pending: SaleRecord | None

    @property
    def reversal(self) -> SaleRecord | None:
        terminal = getattr(self, "terminal", None)
        return None if terminal is not None and terminal.state in self.blind else self._pending

    @reversal.setter
    def reversal(self, sale: SaleRecord | None) -> None:
        self._pending = sale


class Blind(Terminal):
    """A correct terminal with a `BlindJournal` that is blind in the states `blind`."""

    blind: frozenset[State]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        journal = BlindJournal(self.flash, self.emit, self.now_us)
        journal.terminal, journal.blind = self, self.blind
        self.journal = journal
