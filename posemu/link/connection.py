"""A TCP connection as the two programs at its ends see it: delay, reset or silence, never missing
bytes.

A lost segment is sent again after a time-out that doubles; data arrives in order, once. Whoever
sends into silence learns so after the last retransmission (Linux `tcp_retries2` = 15, some 15
minutes): long after any payment timer.

    half-open   one end has lost the connection (power cut, a router that forgot);
                the other does not know it
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from posemu.sim import Clock, Timer

if TYPE_CHECKING:
    from posemu.link.gateway import Session
    from posemu.link.network import TerminalNetwork

RTO_US = 200_000  # first retransmission of data: Linux's minimum, right for paths of this length
SYN_RTO_US = 1_000_000  # first retransmission of a SYN (RFC 6298, 2.1)
RTO_MAX_US = 120_000_000  # Linux TCP_RTO_MAX
RETRIES = 15  # Linux tcp_retries2
SYN_RETRIES = 6  # Linux tcp_syn_retries
SEGMENT = 1_400  # bytes: an Ethernet MTU less headers and tunnels


class Direction:
    """One way of a connection: segments in order, the head one sent again until it arrives."""

    __slots__ = (
        "_clock",
        "_connection",
        "_deliver",
        "_draw",
        "_earliest_us",
        "_queue",
        "_sent",
        "_timer",
    )

    def __init__(
        self, connection: Connection, clock: Clock, draw: Callable[[int], float],
        deliver: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        self._connection = connection
        self._clock = clock
        self._draw = draw
        self._deliver = deliver
        self._queue: deque[bytes] = deque()
        self._sent = 0
        self._earliest_us = 0  # nothing arrives before what was sent before it
        self._timer: Timer | None = None

    def send(self, data: bytes) -> None:
        if len(data) <= SEGMENT:
            self._queue.append(data)
        else:
            self._queue.extend(data[i : i + SEGMENT] for i in range(0, len(data), SEGMENT))
        if self._timer is None:
            self._try(RTO_US, 0)

    def stop(self) -> None:
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _try(self, rto_us: int, tries: int) -> None:
        """Sends what is queued, segment by segment, until one is lost; that one is tried again
        later."""
        self._timer = None
        connection, clock = self._connection, self._clock
        now_us = clock.now_us
        while self._queue:
            self._sent += 1
            delay_us = connection.path.transit_us(now_us, connection.epoch, self._draw, self._sent)
            if delay_us is None:
                if tries == RETRIES:
                    connection.give_up()
                    return
                self._timer = clock.call_in(
                    rto_us, self._try, min(2 * rto_us, RTO_MAX_US), tries + 1
                )
                return
            rto_us, tries = RTO_US, 0
            arrival_us = max(now_us + delay_us, self._earliest_us)
            self._earliest_us = arrival_us
            clock.call_in(arrival_us - now_us, self._deliver, self._queue.popleft())


class Connection:
    """The terminal's end has `send` and `close`; the gateway's end answers with `send_back`.
    States: dialling, up, closed."""

    __slots__ = (
        "_back",
        "_clock",
        "_draw",
        "_forth",
        "_network",
        "_syns",
        "_timer",
        "epoch",
        "number",
        "path",
        "session",
        "terminal_alive",
        "torn",
        "up",
    )

    def __init__(self, network: TerminalNetwork, clock: Clock, number: int) -> None:
        self._network = network
        self._clock = clock
        self.number = number
        self.path = network.path
        self.epoch = network.path.router.epoch
        self.up = False
        self.terminal_alive = True
        self.torn = False  # reset by the far end, or given up
        self.session: Session | None = None  # the gateway's side of it
        self._syns = 0
        self._timer: Timer | None = None
        self._draw = network.draws("syn", number)
        self._forth = Direction(self, clock, network.draws("out", number), self._at_gateway)
        self._back = Direction(self, clock, network.draws("in", number), self._at_terminal)

    # --- the terminal's end -----------------------------------------------------------------------

    @property
    def terminal(self) -> str:
        """The name of the terminal that dialled."""
        return self._network.terminal

    @property
    def usable(self) -> bool:
        return self.up and self.terminal_alive

    def send(self, data: bytes) -> None:
        if self.usable:
            self._network.sent(self, data)
            if self.terminal_alive:  # power may fail in the very moment of sending
                self._forth.send(data)

    def close(self) -> None:
        """The terminal is done. What is still under way towards it will find nobody."""
        if self.terminal_alive:
            self.terminal_alive = False
            self._forget()
            if self.up:
                self._network.gateway.closed(self)

    def die(self) -> None:
        """The terminal lost its power: no FIN, no further retransmission; the other end does not
        know."""
        self.terminal_alive = False
        self._forth.stop()
        self._forget()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._back.stop()

    # --- the handshake ----------------------------------------------------------------------------

    def dial(self) -> None:
        self._try_syn(SYN_RTO_US, 0)

    def _try_syn(self, rto_us: int, tries: int) -> None:
        self._timer = None
        self._syns += 1
        self.epoch = self.path.router.epoch  # a SYN makes a new entry in the router's table
        delay_us = self.path.transit_us(self._clock.now_us, self.epoch, self._draw, 2 * self._syns)
        if delay_us is not None:
            self._clock.call_in(delay_us, self._syn_arrived, self._syns)
        if tries < SYN_RETRIES:
            self._timer = self._clock.call_in(rto_us, self._try_syn, 2 * rto_us, tries + 1)

    def _syn_arrived(self, syn: int) -> None:
        accepts = self._network.gateway.accepts
        delay_us = self.path.transit_us(self._clock.now_us, self.epoch, self._draw, 2 * syn + 1)
        if delay_us is not None:
            self._clock.call_in(delay_us, self._answered, accepts)

    def _answered(self, accepted: bool) -> None:
        if self.up or not self.terminal_alive:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if accepted:
            self.up = True
            self._network.gateway.opened(self)
            self._network.event("up", self)
        else:
            self.terminal_alive = False
            self._network.event("refused", self)

    # --- the gateway's end ------------------------------------------------------------------------

    def send_back(self, data: bytes) -> None:
        self._back.send(data)

    def reset(self) -> None:
        """The gateway (or something on the way) tears the connection down; the terminal is told, if
        that gets through."""
        self.torn = True
        delay_us = self.path.transit_us(self._clock.now_us, self.epoch, self._draw, 1)
        self._forth.stop()
        self._back.stop()
        if delay_us is not None:
            self._clock.call_in(delay_us, self._was_reset)

    def _was_reset(self) -> None:
        if self.terminal_alive:
            self.terminal_alive = False
            self._network.event("reset", self)

    def give_up(self) -> None:
        """The last retransmission went unanswered."""
        self._forth.stop()
        self._back.stop()
        self._was_reset()

    def _at_gateway(self, data: bytes) -> None:
        self._network.gateway.data(self, data)

    def _at_terminal(self, data: bytes) -> None:
        if self.terminal_alive:
            self._network.received(self, data)
