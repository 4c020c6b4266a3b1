"""How a chip card breaks.

The real things: contacts worn thin or dirty (no ATR, or silence in mid-dialogue: the bits are lost
on the way in or on the way out), a chip whose software answers with a wrong status, answers cut off
or garbled, a slow chip, a key that went bad (wrong cryptograms), a counter stuck in worn-out
memory. What is stored on the card does not change by itself.

A card can have several flaws, also the same one twice. Each verb adds one and gives it back;
`mend(flaw)` takes away that one, `heal()` all.

Which exchange a worn contact spoils is drawn by its ordinal: a worn card draws for no other.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

Draw = Callable[[int], float]
_STATUS = 2


class _Kind(enum.Enum):
    CONTACTS = enum.auto()
    STATUS = enum.auto()
    CUT = enum.auto()
    GARBLED = enum.auto()
    SLOW = enum.auto()
    CRYPTOGRAM = enum.auto()
    ATC = enum.auto()


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """One thing that is wrong with a card; another one like it is another flaw. `ins` is the
    instruction it strikes, where it strikes one."""

    kind: _Kind
    ins: int = -1
    sw: int = 0
    delay_us: int = 0
    p_no_atr: float = 0.0
    p_mute: float = 0.0


class Wear:
    """The condition of a card. `draw(ordinal)` in [0, 1) decides what contacts do at the n-th use
    (power-on or command). The worst of several bad contacts counts, and the last of several wrong
    statuses; delays add up."""

    __slots__ = ("_draw", "_flaws", "_uses")

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._uses = 0
        self._flaws: tuple[Flaw, ...] = ()

    # --- verbs ------------------------------------------------------------------------------------

    def heal(self) -> None:
        """As new."""
        self._flaws = ()

    def mend(self, flaw: Flaw) -> None:
        """Without this flaw; nothing happens if it is gone already."""
        self._flaws = tuple(other for other in self._flaws if other is not flaw)

    def wear_contacts(self, p_no_atr: float, p_mute: float) -> Flaw:
        """Power-on gives no ATR, a command no answer, with these probabilities."""
        return self._add(Flaw(_Kind.CONTACTS, p_no_atr=p_no_atr, p_mute=p_mute))

    def answer_wrongly(self, ins: int, sw: int) -> Flaw:
        """Commands with this instruction are not done, and answered with `sw` alone."""
        return self._add(Flaw(_Kind.STATUS, ins, sw))

    def truncate(self, ins: int) -> Flaw:
        """Answers to this instruction lose the second half of their data."""
        return self._add(Flaw(_Kind.CUT, ins))

    def garble(self, ins: int) -> Flaw:
        """Answers to this instruction have one byte of their data wrong."""
        return self._add(Flaw(_Kind.GARBLED, ins))

    def slow_down(self, delay_us: int) -> Flaw:
        """Every command takes this much longer."""
        return self._add(Flaw(_Kind.SLOW, delay_us=delay_us))

    def spoil_cryptogram(self) -> Flaw:
        """Every cryptogram is wrong; what is signed with it (CDA) holds the same wrong one."""
        return self._add(Flaw(_Kind.CRYPTOGRAM))

    def stick_atc(self) -> Flaw:
        """The ATC counts no more."""
        return self._add(Flaw(_Kind.ATC))

    def _add(self, flaw: Flaw) -> Flaw:
        self._flaws = (*self._flaws, flaw)
        return flaw

    # --- what the card asks -----------------------------------------------------------------------

    @property
    def contacts_worn(self) -> bool:
        """Whether its contacts may fail: what a look at the card shows."""
        return any(flaw.p_no_atr > 0 or flaw.p_mute > 0 for flaw in self._flaws)

    @property
    def atc_stuck(self) -> bool:
        return self._has(_Kind.ATC)

    @property
    def cryptogram_spoiled(self) -> bool:
        return self._has(_Kind.CRYPTOGRAM)

    @property
    def delay_us(self) -> int:
        return sum(flaw.delay_us for flaw in self._flaws)

    def loses_atr(self) -> bool:
        """Whether this power-on fails."""
        self._uses += 1
        p = max((flaw.p_no_atr for flaw in self._flaws), default=0.0)
        return p > 0 and self._draw(self._uses) < p

    def loses_command(self) -> tuple[bool, bool]:
        """Whether this command is lost before it reaches the card, and whether the answer is."""
        self._uses += 1
        p = max((flaw.p_mute for flaw in self._flaws), default=0.0)
        if not p:
            return False, False
        u = self._draw(self._uses)
        return u < p / 2, p / 2 <= u < p

    def status_instead(self, ins: int) -> int | None:
        """The status that stands for doing this instruction, None if it is done."""
        wrong = [flaw.sw for flaw in self._flaws if (flaw.kind, flaw.ins) == (_Kind.STATUS, ins)]
        return wrong[-1] if wrong else None

    def spoil(self, ins: int, answer: bytes) -> bytes:
        """The answer APDU as it leaves the card; its status stays whole."""
        if not self._flaws:
            return answer
        data, status = answer[:-_STATUS], answer[-_STATUS:]
        if self._has(_Kind.CUT, ins):
            data = data[: len(data) // 2]
        if data and self._has(_Kind.GARBLED, ins):
            at = int(self._draw(self._uses) * len(data))
            data = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        return data + status

    def _has(self, kind: _Kind, ins: int = -1) -> bool:
        return bool(self._flaws) and any(
            (flaw.kind, flaw.ins) == (kind, ins) for flaw in self._flaws
        )
