"""The acquirer's gateway: the far end of every terminal's connection. Takes frames apart, hands
messages to the host, brings answers back.

It works on whole messages behind TCP's checksum, so it is the one place where a message can be
lost, damaged, doubled or held up without TCP noticing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from posemu.sim import Clock
from posemu.wire import DecodeError, Deframer, answer_tpdu, frame

if TYPE_CHECKING:
    from posemu.link.connection import Connection

REQUEST, ANSWER = "request", "answer"
Mischief = Callable[[int, str, str], "tuple[str, int, float] | None"]
Reply = Callable[[bytes], None]


class Gateway:
    """Verbs: `refuse()`, `listen()`, `reset_all()`, `spoil(mischief)`, `leave_alone(mischief)`.

    A *mischief* is asked about each message with (ordinal, terminal, direction) and answers None
    (let it pass), or an effect, its delay in µs and a draw: "drop", "bitflip", "delay",
    "duplicate".
    """

    def __init__(self, clock: Clock, emit: Callable[[str, dict[str, Any]], None]) -> None:
        self._clock = clock
        self._emit = emit
        self.to_host: Callable[[str, bytes, Reply], None] = lambda terminal, message, reply: None
        self._open: dict[Connection, None] = {}  # in order of opening
        self._refusals = 0
        self._mischiefs: list[Mischief] = []
        self._messages = 0

    # --- verbs ------------------------------------------------------------------------------------

    @property
    def accepts(self) -> bool:
        return self._refusals == 0

    def refuse(self) -> None:
        self._refusals += 1

    def listen(self) -> None:
        self._refusals = max(0, self._refusals - 1)

    def reset_all(self) -> None:
        """Tears down every connection, as a restart of the gateway does."""
        for connection in self._open:
            connection.reset()
        self._open.clear()

    def spoil(self, mischief: Mischief) -> None:
        self._mischiefs.append(mischief)

    def leave_alone(self, mischief: Mischief) -> None:
        if mischief in self._mischiefs:
            self._mischiefs.remove(mischief)

    # --- connections ------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self._open[connection] = None
        connection.session = Session(connection.terminal, connection.send_back)

    def closed(self, connection: Connection) -> None:
        """The terminal closed it. What it sent before still arrives; answers find nobody."""
        self._open.pop(connection, None)

    def data(self, connection: Connection, data: bytes) -> None:
        session = connection.session
        if session is None or connection.torn:
            return
        try:
            frames = session.deframer.feed(data)
        except DecodeError:
            frames = []
        for tpdu, payload in frames:
            self._pass(session, REQUEST, tpdu, payload)
        if session.deframer.error is not None:
            connection.reset()
            self._open.pop(connection, None)

    def _pass(self, session: Session, direction: str, tpdu: bytes, payload: bytes) -> None:
        """One message on its way through, and whatever happens to it here."""
        self._messages += 1
        hand_on = self._to_host if direction == REQUEST else self._to_terminal
        for mischief in self._mischiefs:
            done = mischief(self._messages, session.terminal, direction)
            if done is None:
                continue
            effect, delay_us, u = done
            self._emit(
                "mischief", {"effect": effect, "direction": direction, "terminal": session.terminal}
            )
            if effect == "drop":
                return
            if effect == "bitflip":
                payload = flip_bit(payload, u)
            elif effect == "delay":
                self._clock.call_in(delay_us, hand_on, session, tpdu, payload)
                return
            elif effect == "duplicate":
                self._clock.call_in(delay_us, hand_on, session, tpdu, payload)
        hand_on(session, tpdu, payload)

    def _to_host(self, session: Session, tpdu: bytes, payload: bytes) -> None:
        terminal = session.terminal
        self._emit(
            "frame-received", {"end": "host", "terminal": terminal, "bytes": frame(payload, tpdu)}
        )

        def reply(answer: bytes) -> None:
            back = answer_tpdu(tpdu)
            self._emit(
                "frame-sent", {"end": "host", "terminal": terminal, "bytes": frame(answer, back)}
            )
            self._pass(session, ANSWER, back, answer)

        self.to_host(terminal, payload, reply)

    def _to_terminal(self, session: Session, tpdu: bytes, payload: bytes) -> None:
        session.send_back(frame(payload, tpdu))


class Session:
    """What the gateway keeps of one connection: whose it is, the way back, and the bytes of a frame
    that is not whole yet."""

    __slots__ = ("deframer", "send_back", "terminal")

    def __init__(self, terminal: str, send_back: Callable[[bytes], None]) -> None:
        self.terminal = terminal
        self.send_back = send_back
        self.deframer = Deframer()


def flip_bit(payload: bytes, u: float) -> bytes:
    """The payload with one bit turned over; `u` in [0, 1) chooses it."""
    bit = int(u * len(payload) * 8)
    spoiled = bytearray(payload)
    spoiled[bit // 8] ^= 0x80 >> bit % 8
    return bytes(spoiled)
