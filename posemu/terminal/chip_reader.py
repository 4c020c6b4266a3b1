"""The chip reader: a slot with contacts, and T=0 over them (ISO/IEC 7816-3; EMV Book 1, 5 to 9).

It powers a card, judges its answer to reset, and carries commands to it, each in the time that its
characters and the card's work take. What may break: the card is pulled at any moment, its contacts
or the reader's are bad, it says nothing, or what no protocol has. Promised: every exchange ends
after a bounded time with one of the kernel's answers, and nothing else; a card that was pulled
before its commit has stored nothing, one pulled later has.

A program calls `power_on`, `transmit` and `power_off` with `yield from`; they yield waits, and a
card that comes or goes cuts a wait short, if whoever drives the program posts what `changed` says
as (CHIP, there is a card). A post that nobody waits for is dropped: the reader looks for itself.

    power_on -> Answered(ATR) | Mute | Removed | TransportFailed
    transmit -> Answered | Mute | Removed | TransportFailed

What it tells the trace: "slot", when a card comes or goes; "apdu", what the card said to a command
(class, instruction and parameters, status, whether it was heard), and of GENERATE AC the answer
itself. Other commands and answers may hold card data, or a PIN, and stay here.

The reader counts insertions; how many failed ones lead to the stripe is for the flow to count, as
it counts swipes. A card that asks for T=1 is refused: this reader has T=0 alone.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import replace

from posemu.profiles.chip_times import ChipTimes
from posemu.sim import Story, Wait
from posemu.terminal.chip_timing import (
    NO_ATR_CYCLES,
    PATIENCE_CYCLES,
    Contacts,
    Side,
    work_us,
)
from posemu.terminal.kernel.requests import Answered, CardAnswer, Mute, Removed, TransportFailed
from posemu.terminal.ports import CHIP, ChipCard, Emit
from posemu.terminal.reader import Wear
from posemu.terminal.t0_card import T0Card
from posemu.wire import (
    Atr,
    Command,
    DecodeError,
    WireError,
    check_emv_atr,
    encode_response,
    parse_atr,
    parse_command,
    t0_exchange,
)
from posemu.wire.emv.t0 import Exchange

_SLOT = frozenset({CHIP})
_NULL = b"\x60"
_GENERATE_AC = 0xAE  # EMV Book 3, 6.5.5
_TB1, _TD1 = "TB1", "TD1"


class Moment(enum.Enum):
    """Where in an exchange a card can be pulled by `pull_at`; `remove` works at any µs."""

    BEFORE_COMMAND = "before-command"  # it has heard nothing
    BEFORE_COMMIT = "before-commit"  # it has worked, and stored nothing
    BEFORE_ANSWER = "before-answer"  # it has stored, and nobody heard of it


class ChipReader:
    """`insert(card)` and `remove()` are a hand, `changed(there)` is told of both. Verbs:
    `wear(...)`, `replace_contacts()`, `pull_at(...)`, `leave_in()`; `heal()` undoes them all."""

    __slots__ = (
        "_card", "_contacts", "_draw", "_emit", "_plan", "_powered", "_session", "_times",
        "_touches", "_wear", "changed", "exchanges", "insertions", "visit",
    )  # fmt: skip

    # visit moves on with every card that comes or goes: a wait that ends in another visit than it
    # began has lost its card. _session: the visit that `power_on` was last called in. _powered: the
    # card of this visit has given an ATR that was accepted, and was not deactivated.

    def __init__(self, times: ChipTimes, draw: Callable[[int], float], emit: Emit) -> None:
        """`draw(insertion)` in [0, 1) decides what worn contacts do."""
        self._times = times
        self._draw = draw
        self._emit = emit
        self._contacts = Contacts(times.clock_hz)
        self._card: ChipCard | None = None
        self.visit = self._session = 0
        self._powered = False
        self._touches = False
        self._wear: Wear | None = None
        self._plan: tuple[int, Moment] | None = None
        self.insertions = 0
        self.exchanges = 0  # since power-on
        self.changed: Callable[[bool], None] = lambda there: None

    # --- the hand ---------------------------------------------------------------------------------

    @property
    def holds_card(self) -> bool:
        """Whether there is a card in the slot."""
        return self._card is not None

    def insert(self, card: ChipCard) -> None:
        """Put a card in. ValueError if there is one."""
        if self._card is not None:
            raise ValueError("the chip slot holds a card: remove it first")
        self.insertions += 1
        p_bad = 0.0 if self._wear is None else self._wear.p_bad(self.insertions)
        self._touches = not (p_bad and self._draw(self.insertions) < p_bad)
        self._card = card
        self.visit += 1
        self._emit("slot", {"card": True})
        self.changed(True)

    def remove(self) -> None:
        """Take the card out, whatever it is doing; nothing happens if there is none."""
        if self._card is not None:
            self._card.pull()
            self._card = None
            self._powered = False
            self.visit += 1
            self._emit("slot", {"card": False})
            self.changed(False)

    # --- how it breaks ----------------------------------------------------------------------------

    def wear(self, wear: Wear, insertions: int | None = None) -> None:
        """The reader's contacts wear by `wear`, counted in insertions; `insertions` says how many
        they have already seen. A bad insertion gives no ATR, whatever the card."""
        self._wear = wear
        if insertions is not None:
            self.insertions = insertions

    def replace_contacts(self) -> None:
        """New contacts, and the count of their insertions begins anew."""
        self._wear = None
        self.insertions = 0

    def pull_at(self, exchange: int, moment: Moment) -> None:
        """The card will be pulled at this command of a session, counted from 1, once."""
        self._plan = (exchange, moment)

    def leave_in(self) -> None:
        """No card will be pulled any more."""
        self._plan = None

    def heal(self) -> None:
        """As new."""
        self.replace_contacts()
        self.leave_in()

    def lose_power(self) -> None:
        """The terminal's supply fails: so does the card's."""
        if self._card is not None:
            self._card.power_off()
        self._powered = False

    # --- a session --------------------------------------------------------------------------------

    def power_on(self) -> Story:
        """Activation, cold reset and, if the ATR is not that of a payment card, one warm reset.
        Answered(ATR): the card listens. After anything else it is without power. EMV Book 1 6.1.2,
        6.1.3, 8.3, 8.4."""
        card = self._card
        if card is None:
            return Removed()
        self.exchanges = 0
        self._session = self.visit
        self._powered = False
        self._contacts = Contacts(self._times.clock_hz)
        if not (yield from self._stays(self._times.activation_us)):
            return Removed()
        answer: CardAnswer = Mute()
        for reset, cold in ((card.power_on, True), (card.reset, False)):
            answer = yield from self._reset(reset, cold)
            if not isinstance(answer, TransportFailed):
                break
        if isinstance(answer, Answered):
            self._powered = True
        elif not isinstance(answer, Removed):
            yield from self._deactivate()
        return answer

    def transmit(self, apdu: bytes) -> Story:
        """Carry one command APDU to the card, and its answer back. A card that is mute or breaks
        the protocol is deactivated (EMV Book 1, 9.2.2.1 and 6.1.5). A command that T=0 cannot carry
        is a TransportFailed that the card does not hear of; another card than the one powered on is
        not spoken to."""
        try:
            command = parse_command(apdu)
            exchange = t0_exchange(command)
            header = next(exchange)
        except WireError as error:
            return TransportFailed(str(error))
        self.exchanges += 1
        self._pull_if(Moment.BEFORE_COMMAND)
        card = self._card
        if card is None or self._session != self.visit:
            return Removed()
        if not self._powered:
            return Mute()
        contacts, visit = self._contacts, self.visit
        _send(contacts, exchange, header, command)
        if not (yield from self._stays(contacts.spent_us())):
            return Removed()
        pending = card.begin(apdu)
        busy_us = work_us(pending.work, self._times)
        said: object = None
        answer: CardAnswer = Removed()
        if (yield from self._stays(busy_us)):
            self._pull_if(Moment.BEFORE_COMMIT)
            said = pending.commit().data
            self._pull_if(Moment.BEFORE_ANSWER)
        if self._card is not None and visit == self.visit:
            answer = yield from self._answer(exchange, command, header, said, busy_us)
        self._tell(apdu, said, isinstance(answer, Answered))
        if isinstance(answer, Mute | TransportFailed):
            yield from self._deactivate()
        return answer

    def _answer(
        self, exchange: Exchange, command: Command, header: bytes, said: object, busy_us: int
    ) -> Story:
        """What comes back over the line of what the card said."""
        contacts = self._contacts
        answer: CardAnswer = Mute()
        if isinstance(said, bytes):
            nulls = contacts.waits_in(busy_us)
            answer = self._hear(exchange, T0Card(command, said), header, nulls)
            left_us = contacts.spent_us()
        else:  # it waits from the last character on, and does not know that the card is busy
            contacts.cycles(PATIENCE_CYCLES)
            left_us = max(0, contacts.spent_us() - busy_us)
        return answer if (yield from self._stays(left_us)) else Removed()

    def _tell(self, apdu: bytes, said: object, heard: bool) -> None:
        """The exchange, for the trace."""
        status, data = "", b""
        if isinstance(said, bytes):
            status = said[-2:].hex().upper()
            data = said[:-2] if apdu[1] == _GENERATE_AC else b""
        self._emit("apdu", {
            "n": self.exchanges, "command": apdu[:4], "status": status, "heard": heard,
            "data": data,
        })  # fmt: skip

    def power_off(self) -> Story:
        """The contacts are deactivated; the card may be taken out (EMV Book 1, 6.1.5)."""
        if self._powered:
            yield from self._deactivate()

    # --- how it does it ---------------------------------------------------------------------------

    def _stays(self, time_us: int) -> Story:
        """Let time go by. True if the card stays where it is."""
        visit = self.visit
        yield Wait(_SLOT, time_us)
        return visit == self.visit

    def _deactivate(self) -> Story:
        """Take the power from the contacts."""
        self.lose_power()
        yield from self._stays(self._times.deactivation_us)

    def _reset(self, reset: Callable[[], bytes | None], cold: bool) -> Story:
        """RST low, RST high, and what the card says to that."""
        contacts = self._contacts
        contacts.reset()
        contacts.cycles(self._times.reset_cycles)
        if not (yield from self._stays(contacts.spent_us())):
            return Removed()
        said = reset() if self._touches else None
        if said is None:
            contacts.cycles(NO_ATR_CYCLES)
        else:
            contacts.cycles(self._times.atr_cycles)
            contacts.characters(len(said), Side.CARD)
        if not (yield from self._stays(contacts.spent_us())):
            return Removed()
        if said is None:
            return Mute()
        try:
            contacts.agree(_accepted(said, cold))
        except DecodeError as error:
            return TransportFailed(f"ATR: {error}")
        return Answered(said)

    def _pull_if(self, moment: Moment) -> None:
        if self._plan == (self.exchanges, moment):
            self._plan = None
            self.remove()

    def _hear(self, exchange: Exchange, card: T0Card, header: bytes, nulls: int) -> CardAnswer:
        """The card's answer as it comes over the line, counted."""
        contacts = self._contacts
        heard = _NULL * nulls + card.first(header)
        try:
            while True:
                contacts.characters(len(heard), Side.CARD)
                sent = exchange.send(heard)
                if not sent:  # the card owes something, and has nothing
                    contacts.cycles(PATIENCE_CYCLES)
                    return Mute()
                contacts.characters(len(sent), Side.READER)
                heard = card.to(sent)
        except DecodeError as error:
            return TransportFailed(str(error))
        except StopIteration as end:
            return Answered(encode_response(end.value))


def _send(contacts: Contacts, exchange: Exchange, header: bytes, command: Command) -> None:
    """The command goes over: header, and data behind the card's procedure byte."""
    contacts.characters(len(header), Side.READER)
    if command.data:
        contacts.characters(1, Side.CARD)
        contacts.characters(len(exchange.send(header[1:2])), Side.READER)


def _accepted(said: bytes, cold: bool) -> Atr:
    """The ATR taken apart, if it is a payment card's and asks for T=0. Raises `DecodeError`.

    After a warm reset TB1 may have any value or be missing. EMV Book 1 8.3.3.2.
    """
    atr = parse_atr(said)
    check_emv_atr(atr if cold else replace(atr, interface={**atr.interface, _TB1: 0}))
    if atr.protocols[0] != 0:
        raise DecodeError(_TD1, 0, "asks for T=1, and this reader has T=0 alone")
    return atr
