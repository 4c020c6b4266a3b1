"""What a terminal needs from the world around it. The terminal imports none of these parts: `World`
wires them.

Everything that happens to the terminal's program arrives as a post of one of the kinds below;
everything it does in time, it yields (see `posemu.sim.task`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

KEY = "key"  # value: "0".."9", "ENTER", "CLEAR", "CANCEL", a function key; never a PIN digit
CARD = "card"  # value: the bits of track 2 as they left the read head
CODE = "code"  # value: the digits that the scanner read off a phone
LINK = "link"  # value: (what, connection, bytes); what: "up", "refused", "data", "closed", "reset"
PAPER = "paper"  # the printer's cover was closed: new paper, or a jam cleared
CHIP = "chip"  # value: whether there is a card in the chip slot now

Emit = Callable[[str, dict[str, Any]], None]  # emit(kind, data): one trace event of this terminal
NowUs = Callable[[], int]


class Connection(Protocol):
    """The terminal's end of one TCP connection."""

    @property
    def usable(self) -> bool: ...

    def send(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Network(Protocol):
    """The terminal's network stack: `dial` begins a connection, whose fate is posted as LINK."""

    def dial(self) -> Connection: ...


class ShopClock(Protocol):
    """The terminal's own calendar clock: local time as HHMMSS and date as MMDD."""

    def __call__(self) -> tuple[str, str]: ...


class Draw(Protocol):
    """Chance: in [0, 1), the `ordinal`-th draw for this purpose."""

    def __call__(self, what: str, ordinal: int) -> float: ...


class ChipWork(Protocol):
    """What one command cost a chip."""

    @property
    def rsa_bits(self) -> int:
        """Of the modulus of a private operation, 0 for none."""

    @property
    def writes(self) -> int:
        """Fields of non-volatile memory."""

    @property
    def delay_us(self) -> int:
        """Lost besides."""


class ChipAnswer(Protocol):
    """What a chip says to a command: `data` are bytes, or anything else for silence."""

    @property
    def data(self) -> object: ...


class ChipExchange(Protocol):
    """A command that the card has worked on; it stores nothing before `commit`."""

    @property
    def work(self) -> ChipWork: ...

    def commit(self) -> ChipAnswer: ...


class ChipCard(Protocol):
    """A card with contacts. ATRs and answers are bytes; `begin` takes a command APDU."""

    def power_on(self) -> bytes | None: ...

    def reset(self) -> bytes | None: ...

    def power_off(self) -> None: ...

    def pull(self) -> None: ...

    def begin(self, apdu: bytes) -> ChipExchange: ...
