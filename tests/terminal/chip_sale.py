"""A chip sale at a reader: our card, watched, our kernel, people who say yes, and an issuer that
approves. Time is what the waits ask for, added up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from posemu.card.chip import ChipCard, Holder, Memory, load_card_profile, personalise
from posemu.crypto import Pin, PinFormat, encode_pin_block
from posemu.crypto.emv.offline_pin import encipher_offline_pin
from posemu.profiles import load_terminal
from posemu.profiles.chip_times import load_chip_times
from posemu.sim import Story, Wait
from posemu.terminal.chip_dialogue import converse
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import (
    AskPin,
    ChooseApplication,
    Chosen,
    GoOnline,
    HostAnswer,
    PinEntered,
    Request,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.terminal.ports import LINK, ChipAnswer, ChipExchange

HOLDER = Holder("9999074985333805", "2910", "Anthony Wong")
PIN = Pin("134900971134")
TIMES = load_chip_times("posemu-default")
HOST_US = 1_234_567
FLOOR_MINOR = 10_000


def run(story: Story) -> tuple[Any, int]:
    """What a program returns, and the µs of all its waits; nothing happens meanwhile."""
    total_us = 0
    while True:
        try:
            total_us += story.send(None).timeout_us
        except StopIteration as end:
            return end.value, total_us


def never(ordinal: int) -> float:
    raise AssertionError("nothing is worn: nothing is drawn")


def new_reader(draw: Callable[[int], float] = never) -> ChipReader:
    return ChipReader(TIMES, draw, lambda kind, data: None)


def new_card(profile: str = "credit-cda") -> ChipCard:
    image = personalise(load_card_profile(profile), HOLDER, PIN, name=profile)
    count = iter(range(1, 1 << 30))
    return ChipCard(image, lambda n: next(count).to_bytes(n), never)


@dataclass
class Watched:
    """A card, and what it was told and answered: (command, answer), and what it held then."""

    card: ChipCard
    said: list[tuple[bytes, bytes]] = field(default_factory=list)
    work: list[Any] = field(default_factory=list)
    held: list[Memory] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.power_on, self.reset = self.card.power_on, self.card.reset
        self.power_off, self.pull = self.card.power_off, self.card.pull
        self.held.append(self.card.memory)

    def begin(self, apdu: bytes) -> ChipExchange:
        return _Exchange(self, apdu, self.card.begin(apdu))


@dataclass
class _Exchange:
    watched: Watched
    apdu: bytes
    inner: Any

    @property
    def work(self) -> Any:
        return self.inner.work

    def commit(self) -> ChipAnswer:
        answer = self.inner.commit()
        self.watched.said.append((self.apdu, answer.data))
        self.watched.work.append(self.inner.work)
        self.watched.held.append(self.watched.card.memory)
        return answer


def people(reader: ChipReader) -> Callable[[Request], Story]:
    """Whoever answers the kernel: the first application, the right PIN, an issuer that approves
    after `HOST_US`."""

    def ask(request: Request) -> Story:
        match request:
            case ChooseApplication():
                return Chosen(0)
            case AskPin():
                return PinEntered(1)
            case VerifyOffline(_, challenge, key):
                p2, data = b"\x80", encode_pin_block(PinFormat.ISO_2, PIN)
                if key is not None:
                    padding = bytes(len(key.modulus) - 17)
                    p2, data = b"\x88", encipher_offline_pin(key, PIN, challenge, padding)
                verify = b"\x00\x20\x00" + p2 + bytes((len(data),)) + data
                return (yield from reader.transmit(verify))
            case GoOnline():
                yield Wait(frozenset({LINK}), HOST_US)
                return HostAnswer(True, "00")
        return None

    return ask


def transaction(amount_minor: int) -> Transaction:
    return Transaction(amount_minor, "261122", "120000", bytes.fromhex("01234567"), 1)


def sale(reader: ChipReader, card: Any, amount_minor: int) -> Story:
    """Insert, power on, converse: the `Outcome`."""
    reader.insert(card)
    yield from reader.power_on()
    steps = transact(load_terminal("posemu-default"), transaction(amount_minor))
    outcome: Outcome = yield from converse(reader, steps, people(reader))
    return outcome
