"""How long characters take on the contacts of a chip, and how long a chip works.

A character is a start bit, eight bits, a parity bit and at least two etu of guard time: 12 etu from
one to the next. Where the direction turns it is 16. The etu is F/D cycles of the reader's clock:
372/1 as long as no ATR in specific mode says otherwise, which is 9600 baud at 3.5712 MHz. A payment
card can ask for no more guard time (TC1 is 00 or FF) and no other waiting time (TC2 is 0A), so both
are constants here. ISO/IEC 7816-3:2006 7.1, 7.2, 10.2; EMV Book 1 7.1, 7.3, 8.3.3, 9.2.2.1.

Promised: whole µs, and exact: what rounding leaves over is in the next piece of time, so that a
whole session takes the whole µs of all its cycles, and not one more.
"""

from __future__ import annotations

import enum

from posemu.profiles.chip_times import ChipTimes
from posemu.terminal.ports import ChipWork
from posemu.wire import Atr

CHARACTER_ETU = 12
TURN_ETU = 4  # more, for the first character in the other direction (EMV Book 1 9.2.2.1)
NO_ATR_CYCLES = 42_000  # from RST high, then the reader gives up (EMV Book 1 6.1.3.1)
_F, _D = 372, 1
WAITING_CYCLES = 960 * 10 * _F
PATIENCE_CYCLES = WAITING_CYCLES + 480 * _F
"""The work waiting time, WI being 10: in it a card says something, if only 60; a reader waits a
little longer. Both count D etu, so that D drops out (EMV Book 1 9.2.2.1)."""
_SPECIFIC, _CLOCK_RATE = "TA2", "TA1"
_D_OF = {0x11: 1, 0x12: 2, 0x13: 4}
"""TA1 -> D; the F of all of them is 372 (EMV Book 1 8.3.3.1)."""

_RSA_BITS = 1024


class Side(enum.Enum):
    """Who speaks."""

    READER = "reader"
    CARD = "card"


class Contacts:
    """The time of one card session: what passes over the contacts, counted in cycles."""

    __slots__ = ("_clock_hz", "_cycles", "_etu_d", "_spoke", "_told_us")

    def __init__(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._cycles = 0
        self._told_us = 0
        self.reset()

    def reset(self) -> None:
        """A reset: the card speaks first, at the initial etu."""
        self._etu_d = _D
        self._spoke = Side.CARD

    def agree(self, atr: Atr) -> None:
        """From now on the etu that the ATR asks for: TA1 counts in specific mode only, else the
        terminal stays at 372/1. The ATR is one that `check_emv_atr` accepts. EMV Book 1 8.3.3."""
        if _SPECIFIC in atr.interface:
            self._etu_d = _D_OF[atr.interface.get(_CLOCK_RATE, 0x11)]

    def cycles(self, count: int) -> None:
        """So many cycles of the clock go by."""
        self._cycles += count

    def characters(self, count: int, side: Side) -> None:
        """So many characters go over the line, one behind the other."""
        if count:
            turned = side is not self._spoke
            self._cycles += (count * CHARACTER_ETU + turned * TURN_ETU) * _F // self._etu_d
            self._spoke = side

    def waits_in(self, busy_us: int) -> int:
        """How often a card that works so long must say 60, lest the reader give up."""
        return busy_us * self._clock_hz // (WAITING_CYCLES * 1_000_000)

    def spent_us(self) -> int:
        """Time that went by since this was asked last [µs]."""
        now_us = self._cycles * 1_000_000 // self._clock_hz
        spent_us, self._told_us = now_us - self._told_us, now_us
        return spent_us


def work_us(work: ChipWork, times: ChipTimes) -> int:
    """How long a chip works on one command [µs].

    A private RSA operation grows with the square of the modulus: a coprocessor multiplies faster
    than by the book (the times measured of a real card are cited in the data). No command of EMV
    does two of them.
    """
    return (
        times.command_us
        + times.rsa_1024_us * work.rsa_bits**2 // _RSA_BITS**2
        + times.write_us * work.writes
        + work.delay_us
    )
