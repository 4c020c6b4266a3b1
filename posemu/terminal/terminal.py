"""One payment terminal: its parts, wired, and the program that runs on them.

The program (`flows.program`) is a generator: it yields what takes time and every state it enters,
and neither sleeps nor reads a clock of its own. A driver runs it: `World` in virtual time, live
mode on a real loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from posemu.profiles import Profile
from posemu.profiles.emv import Terminal as EmvTerminal
from posemu.sim import Story
from posemu.terminal import states
from posemu.terminal.advice_queue import AdviceQueue
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.diagnosis import Diagnosis
from posemu.terminal.display import Display
from posemu.terminal.flash import Flash
from posemu.terminal.flows import program
from posemu.terminal.journal import Journal
from posemu.terminal.keypad import Keypad
from posemu.terminal.messages import load_messages
from posemu.terminal.ports import Draw, Emit, Network, NowUs, ShopClock
from posemu.terminal.power import Power
from posemu.terminal.printer import Printer
from posemu.terminal.reader import StripeReader
from posemu.terminal.scanner import Scanner
from posemu.terminal.secure_module import Sealed, SecureModule
from posemu.terminal.states import State
from posemu.wire import Codec, Deframer, Value


@dataclass(frozen=True, slots=True)
class Ports:
    """What the world gives a terminal."""

    emit: Emit
    now_us: NowUs
    calendar: ShopClock
    today: Callable[[], str]  # YYMMDD
    network: Network
    draw: Draw


class Terminal:
    """The parts are public: a scenario's faults act through their verbs, a person through keypad,
    reader, display and power."""

    def __init__(
        self, name: str, terminal_id: str, merchant_id: str, profile: Profile, ports: Ports,
        module: SecureModule, codec: Codec, keypad: Keypad, reader: StripeReader, chip: ChipReader,
        emv: EmvTerminal, lang: str,
    ) -> None:  # fmt: skip
        texts = load_messages()
        self.name = name
        self.terminal_id = terminal_id
        self.merchant_id = merchant_id
        self.profile = profile
        self.codec = codec
        self.emit = ports.emit
        self.now_us = ports.now_us
        self.calendar = ports.calendar
        self.today = ports.today
        self.draw = ports.draw
        self.network = ports.network
        self.words: Mapping[str, str] = texts.slips(lang)
        self.codes: Mapping[str, str] = texts.codes(lang)
        self.module: SecureModule = module
        self.keypad = keypad
        self.reader = reader
        self.chip = chip
        self.emv = emv
        self.scanner = Scanner()
        self.display = Display(ports.emit, texts, lang)
        self.printer = Printer(ports.emit, profile.line_us, profile.roll_lines)
        self.power = Power(ports.emit)
        self.flash = Flash(profile.flush_us)
        self.journal: Journal = Journal(self.flash, ports.emit, ports.now_us)
        self._advice_flash = Flash(profile.flush_us)
        self.queue: AdviceQueue = AdviceQueue(self._advice_flash, ports.emit, ports.now_us)
        self.state = State.STARTING
        self.chips = 0  # chip transactions begun since it was made
        self.settlements = 0  # batches settled since it was made
        self.paper_ready: Callable[[], object] = lambda: (
            None
        )  # the operator closed the printer's cover
        self._reset()

    def _reset(self) -> None:
        """The program's own memory, as it is when the program starts."""
        self.deframer = Deframer()
        self.diagnosis = Diagnosis()
        self.signed_on = False
        self.settle_sent = False
        self.next_sign_on_us = 0
        self.next_reversal_us = 0
        self.next_order_us = 0
        self.next_advice_us = 0
        self.next_settle_us = 0

    def boot(self) -> Story:
        """The program from the beginning, after power came (back)."""
        self._reset()
        self.flash.get_power()
        self._advice_flash.get_power()
        self.module.lose_power()  # a program that had not noticed the cut may have written there
        self.display.lit = True
        self.state = State.STARTING
        return program(self)

    def lose_power(self) -> None:
        """Everything volatile is gone."""
        self.flash.lose_power(self.now_us())
        self._advice_flash.lose_power(self.now_us())
        self.chip.lose_power()
        self.module.lose_power()
        self.display.go_dark()

    def enter(self, state: State) -> None:
        """The program enters `state`. Raises `WrongState` if the table forbids it."""
        states.check(self, self.state, state)
        self.state = state
        self.emit("state", {"state": state._value_})

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        return self.module.seal(mti, fields, with_card)

    def authentic(self, sealed: Sealed, message: bytes) -> bool:
        return self.module.authentic(sealed.keys, message)

    @property
    def sale_status(self) -> str:
        """Status of the open sale, or ""."""
        sale = self.journal.current
        return sale.status if sale is not None else ""

    def money(self, amount_minor: int) -> str:
        """An amount as people read it."""
        whole, part = divmod(amount_minor, 100)
        return f"{whole}.{part:02d} {self.profile.currency_name}"
