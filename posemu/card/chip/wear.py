"""How a chip card breaks.

The real things: contacts worn thin or dirty (no ATR, or silence in mid-dialogue: the bits are lost
on the way in or on the way out), a chip whose software answers with a wrong status, answers cut off
or garbled, a slow chip, a key that went bad (wrong cryptograms), a counter stuck in worn-out
memory. What is stored on the card does not change by itself, and `heal()` mends all of it.

Which exchange a worn contact spoils is drawn by its ordinal: a worn card draws for no other.
"""

from __future__ import annotations

from collections.abc import Callable

Draw = Callable[[int], float]
_STATUS = 2


class Wear:
    """The condition of a card. `draw(ordinal)` in [0, 1) decides what contacts do at the n-th use
    (power-on or command)."""

    __slots__ = (
        "_cut",
        "_draw",
        "_garbled",
        "_p_mute",
        "_p_no_atr",
        "_statuses",
        "_uses",
        "atc_stuck",
        "cryptogram_spoiled",
        "delay_us",
    )

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._uses = 0
        self.heal()

    def heal(self) -> None:
        """As new."""
        self._p_no_atr = 0.0
        self._p_mute = 0.0
        self._statuses: dict[int, int] = {}
        self._cut: tuple[int, ...] = ()
        self._garbled: tuple[int, ...] = ()
        self.atc_stuck = False
        self.cryptogram_spoiled = False
        self.delay_us = 0

    def wear_contacts(self, p_no_atr: float, p_mute: float) -> None:
        """Power-on gives no ATR, a command no answer, with these probabilities."""
        self._p_no_atr, self._p_mute = p_no_atr, p_mute

    def answer_wrongly(self, ins: int, sw: int) -> None:
        """Commands with this instruction are not done, and answered with `sw` alone."""
        self._statuses[ins] = sw

    def truncate(self, ins: int) -> None:
        """Answers to this instruction lose the second half of their data."""
        self._cut = (*self._cut, ins)

    def garble(self, ins: int) -> None:
        """Answers to this instruction have one byte of their data wrong."""
        self._garbled = (*self._garbled, ins)

    def slow_down(self, delay_us: int) -> None:
        """Every command takes this much longer."""
        self.delay_us = delay_us

    def spoil_cryptogram(self) -> None:
        """Every cryptogram is wrong; what is signed with it (CDA) holds the same wrong one."""
        self.cryptogram_spoiled = True

    def stick_atc(self) -> None:
        """The ATC counts no more."""
        self.atc_stuck = True

    def loses_atr(self) -> bool:
        """Whether this power-on fails."""
        self._uses += 1
        return bool(self._p_no_atr) and self._draw(self._uses) < self._p_no_atr

    def loses_command(self) -> tuple[bool, bool]:
        """Whether this command is lost before it reaches the card, and whether the answer is."""
        self._uses += 1
        if not self._p_mute:
            return False, False
        u = self._draw(self._uses)
        return u < self._p_mute / 2, self._p_mute / 2 <= u < self._p_mute

    def status_instead(self, ins: int) -> int | None:
        """The status that stands for doing this instruction, None if it is done."""
        return self._statuses.get(ins)

    def spoil(self, ins: int, answer: bytes) -> bytes:
        """The answer APDU as it leaves the card; its status stays whole."""
        data, status = answer[:-_STATUS], answer[-_STATUS:]
        if ins in self._cut:
            data = data[: len(data) // 2]
        if data and ins in self._garbled:
            at = int(self._draw(self._uses) * len(data))
            data = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        return data + status
