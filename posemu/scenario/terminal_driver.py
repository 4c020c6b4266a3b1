"""Runs a terminal's program in virtual time, and gives the person its ports. Holds no rules."""

from __future__ import annotations

from traceback import extract_tb

from posemu.link import Connection, TerminalNetwork
from posemu.sim import Clock, Gate, Task, Timer
from posemu.terminal import CARD, CHIP, CODE, KEY, LINK, PAPER, Terminal, WrongState


class TerminalDriver:
    """`switch_on` boots; power cuts end the program where it stands; restored power boots again
    after the boot time."""

    def __init__(
        self, clock: Clock, terminal: Terminal, network: TerminalNetwork, gate: Gate
    ) -> None:
        self._clock = clock
        self._network = network
        self._gate = gate  # of the terminal's voice: it is heard while there is power
        self._task: Task | None = None
        self._boot: Timer | None = None
        self.crash: Exception | None = None  # what ended the program, for whoever debugs it
        self.terminal = terminal
        self._module = terminal.module
        self.press = terminal.keypad.press  # the person's ports
        self.swipe = terminal.reader.swipe
        self.scan = terminal.scanner.scan
        self.insert = terminal.chip.insert
        self.remove = terminal.chip.remove
        terminal.keypad.hear = self._hear
        terminal.reader.read = self._read
        terminal.scanner.read = self._scanned
        terminal.chip.changed = self._slot
        terminal.paper_ready = self._paper
        terminal.power.on_cut.append(self._cut)
        terminal.power.on_restore.append(self._restored)
        network.on_event = self._link

    # --- the person's ports -----------------------------------------------------------------------

    def change_roll(self) -> None:
        self.terminal.printer.load_paper()
        self._paper()

    @property
    def paper_low(self) -> bool:
        return self.terminal.printer.low

    @property
    def text(self) -> str:
        return self.terminal.display.text

    # --- power ------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        self.terminal.power.restore()

    def _restored(self) -> None:
        self._boot = self._clock.call_in(self.terminal.profile.boot_us, self._start)

    def _start(self) -> None:
        self._boot = None
        self._gate.open = True
        self._task = Task(self._clock, self.terminal.boot(), self.terminal.enter, self._crashed)
        self._task.start()

    def _cut(self) -> None:
        self._gate.open = False
        if self._boot is not None:
            self._boot.cancel()
            self._boot = None
        if self._task is not None:
            self._task.kill()
            self._task = None
        self.terminal.lose_power()
        self._network.lose_power()

    def _crashed(self, error: Exception) -> None:
        """The program failed: the terminal is dead until its power is cycled. The text names a
        place, never a value."""
        self.crash = error
        last = extract_tb(error.__traceback__)[-1]
        text = (
            str(error)
            if isinstance(error, WrongState)
            else f"{type(error).__name__} in {last.name}"
        )
        self.terminal.emit("crash", {"text": text})
        self.terminal.display.go_dark()

    # --- what the program does, and what happens to it --------------------------------------------

    def _hear(self, key: str) -> None:
        """A heard key: digits of a PIN go to the secure module and nowhere else."""
        if self._task is not None:
            if self._module.collecting and key.isdigit():
                self._module.pin_key(key)
            else:
                self._task.post(KEY, key, keep=False)

    def _read(self, bits: bytes) -> None:
        if self._task is not None:
            self._task.post(CARD, bits, keep=False)

    def _slot(self, there: bool) -> None:
        if self._task is not None:
            self._task.post(CHIP, there, keep=False)

    def _scanned(self, digits: str) -> None:
        if self._task is not None:
            self._task.post(CODE, digits, keep=False)

    def _paper(self) -> None:
        if self._task is not None:
            self._task.post(PAPER, "", keep=False)

    def _link(self, what: str, connection: Connection, data: bytes) -> None:
        if self._task is not None:
            self._task.post(LINK, (what, connection, data))
