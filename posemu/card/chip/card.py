"""A chip card with contacts (EMV Book 1, ISO/IEC 7816): it has power or not, and answers APDUs.

What may break: it may be pulled out at any moment, and everything in `wear`. What is promised:

- every APDU gets an answer (or silence), whatever its bytes; the statuses are those of `status`;
- what a command changes is stored all at once when its answer is ready, or, if the card is pulled
  before, not at all: `begin` does the work, `Exchange.commit` stores it and gives the answer;
- a session (selection, phase, challenge, PIN verified) ends with the power; counters, PIN tries,
  blocks and limits do not.

The card is one application processor behind its transport: T=0 procedure bytes are the reader's
(`posemu.wire.t0_exchange`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from posemu.card.chip import script
from posemu.card.chip.answer import MUTE, Answer, Work
from posemu.card.chip.application import CardImage, Memory, Phase, Session
from posemu.card.chip.authentication import external_authenticate, internal_authenticate
from posemu.card.chip.generate_ac import generate_ac
from posemu.card.chip.pin import get_challenge, verify
from posemu.card.chip.reading import get_data, get_processing_options, read_record
from posemu.card.chip.selection import select
from posemu.card.chip.status import NO_SUCH_CLASS, NO_SUCH_COMMAND, NOT_NOW, WRONG_LENGTH
from posemu.card.chip.turn import RandomBytes, Refused, Turn, writes_between
from posemu.card.chip.wear import Draw, Wear
from posemu.wire import Command, DecodeError, Response, encode_response, parse_command


class _Entry(NamedTuple):
    """What does a command, and the phases in which the card listens to it."""

    run: Callable[[Turn], Response]
    phases: tuple[Phase, ...]


_ALL = tuple(Phase)
_SELECTED = (Phase.SELECTED, Phase.INITIATED, Phase.ASKED, Phase.DECIDED)
_ANSWERED = (Phase.ASKED, Phase.DECIDED)

_COMMANDS: Mapping[tuple[int, int], _Entry] = {
    (0x00, 0xA4): _Entry(select, _ALL),
    (0x00, 0xB2): _Entry(read_record, _ALL),
    (0x80, 0xCA): _Entry(get_data, _SELECTED),
    (0x80, 0xA8): _Entry(get_processing_options, (Phase.SELECTED,)),
    (0x00, 0x84): _Entry(get_challenge, _SELECTED),
    (0x00, 0x20): _Entry(verify, (Phase.INITIATED,)),
    (0x00, 0x88): _Entry(internal_authenticate, (Phase.INITIATED,)),
    (0x80, 0xAE): _Entry(generate_ac, (Phase.INITIATED, Phase.ASKED)),
    (0x00, 0x82): _Entry(external_authenticate, (Phase.ASKED,)),
    (0x84, 0x16): _Entry(script.card_block, _ANSWERED),
    (0x84, 0x18): _Entry(script.application_unblock, _ANSWERED),
    (0x84, 0x1E): _Entry(script.application_block, _ANSWERED),
    (0x84, 0x24): _Entry(script.pin_change, _ANSWERED),
    (0x84, 0xDA): _Entry(script.put_data, _ANSWERED),
    (0x04, 0xDA): _Entry(script.put_data, _ANSWERED),
}
"""(class, instruction) -> the command (EMV Book 3 6.3.2; PUT DATA: VIS 1.6, in either class)."""
_CLASSES = tuple(dict.fromkeys(cla for cla, _ in _COMMANDS))


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """A command that the card has worked on and not yet stored."""

    _card: ChipCard
    _answer: Answer
    _memory: Memory
    _session: Session
    _moment: int

    @property
    def work(self) -> Work:
        """What it costs the card; known before the answer is."""
        return self._answer.work

    def commit(self) -> Answer:
        """Store what the command changed and give the answer; MUTE, and nothing stored, if the card
        has lost its power or begun another command since."""
        if not self._card.keep(self._moment, self._memory, self._session):
            return Answer(MUTE)
        if self._answer.data is MUTE:  # stored, and the answer lost at a bad contact
            self._card.power_off()
        return self._answer


class ChipCard:
    """`power_on`, `transmit`, `power_off`; `wear` has the verbs of how it breaks, but `pull`."""

    __slots__ = ("_image", "_memory", "_moment", "_powered", "_random", "_session", "wear")

    def __init__(self, image: CardImage, random_bytes: RandomBytes, draw: Draw) -> None:
        """`random_bytes(n)` gives challenges and dynamic numbers; `draw(ordinal)` decides what worn
        contacts do."""
        self._image = image
        self._memory = image.memory
        self._random = random_bytes
        self._session = Session()
        self._powered = False
        self._moment = 0  # moves on with every command and every loss of power
        self.wear = Wear(draw)

    # --- the contacts ---

    def power_on(self) -> bytes | None:
        """The ATR, or None if the contacts are bad. Anything said before is forgotten."""
        self.power_off()
        if self.wear.loses_atr():
            return None
        self._powered = True
        return self._image.atr

    def reset(self) -> bytes | None:
        """A warm reset: like power-on (EMV Book 1 6.1.3)."""
        return self.power_on()

    def power_off(self) -> None:
        """End the session; what was not committed is lost."""
        self._moment += 1
        self._powered = False
        self._session = Session()

    def pull(self) -> None:
        """Take the card out: silence from now on, until `power_on`."""
        self.power_off()

    def transmit(self, apdu: bytes) -> Answer:
        """The answer to a command APDU, and its cost."""
        return self.begin(apdu).commit()

    def begin(self, apdu: bytes) -> Exchange:
        """Work on a command without storing anything; whoever pulls the card now cuts in before the
        commit."""
        lost, answer_lost = self.wear.loses_command()
        if lost:
            self.power_off()
        self._moment += 1
        if not self._powered:
            return Exchange(self, Answer(MUTE), self._memory, self._session, self._moment)
        turn, answer = self._answer(apdu)
        work = Work(turn.rsa_bits, writes_between(self._memory, turn.memory), self.wear.delay_us)
        given = Answer(MUTE if answer_lost else answer, work)
        return Exchange(self, given, turn.memory, turn.session, self._moment)

    def keep(self, moment: int, memory: Memory, session: Session) -> bool:
        """The commit: False, and nothing kept, unless the card still stands where it was at
        `moment`."""
        if not self._powered or moment != self._moment:
            return False
        self._memory, self._session = memory, session
        return True

    def _answer(self, apdu: bytes) -> tuple[Turn, bytes]:
        session = self._session
        if session.challenge:
            session = replace(session, challenge=b"")
        turn = Turn(
            self._image, self._memory, session, _NOTHING, self._random,
            self.wear.atc_stuck, self.wear.cryptogram_spoiled, self._session.challenge,
        )  # fmt: skip
        ins = apdu[1] if len(apdu) > 1 else -1
        instead = self.wear.status_instead(ins)
        if instead is not None:
            return turn, instead.to_bytes(2)
        try:
            response = self._run(turn, apdu)
        except Refused as refused:
            turn.memory, turn.session = self._memory, session
            response = Response(b"", refused.sw)
        return turn, self.wear.spoil(ins, encode_response(response))

    def _run(self, turn: Turn, apdu: bytes) -> Response:
        try:
            turn.command = parse_command(apdu)
        except DecodeError:
            raise Refused(WRONG_LENGTH) from None
        command = turn.command
        if command.extended:
            raise Refused(WRONG_LENGTH)
        entry = _COMMANDS.get((command.cla, command.ins))
        if entry is None:
            raise Refused(NO_SUCH_COMMAND if command.cla in _CLASSES else NO_SUCH_CLASS)
        if turn.session.phase not in entry.phases:
            raise Refused(NOT_NOW)
        return entry.run(turn)

    # --- what can be seen from outside, for drivers and tests ---

    @property
    def memory(self) -> Memory:
        """What the card has stored; a value."""
        return self._memory


_NOTHING = Command(0, 0, 0, 0)
