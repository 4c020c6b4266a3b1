"""What a card gives back to a command, and what it cost the card.

A card has no clock: it says what it did, and the reader turns that into time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from posemu.wire import Masked


class Mute(enum.Enum):
    """The card says nothing: bad contact, no power, or it was pulled out."""

    MUTE = "mute"


MUTE = Mute.MUTE


class Work(NamedTuple):
    """The cost of one command: bits of the moduli of its RSA operations with the private key,
    fields written to non-volatile memory, and time that is lost besides (µs)."""

    rsa_bits: int = 0
    writes: int = 0
    delay_us: int = 0


NO_WORK = Work()


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Masked):
    """A response APDU (data and two bytes of status), or MUTE; it shows its size only, because the
    data may be a track."""

    data: bytes | Mute
    work: Work = NO_WORK

    def masked(self) -> str:
        return "mute" if isinstance(self.data, Mute) else f"{len(self.data)} bytes"
