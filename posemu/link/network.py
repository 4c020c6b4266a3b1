"""The terminal's network stack: resolves the host's name, dials, and hands on what arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from posemu.link.connection import Connection
from posemu.link.elements import Dns, Draw, Path
from posemu.link.gateway import Gateway
from posemu.sim import Clock, Keyed

DNS_TIMEOUT_US = 5_000_000  # resolver default
DNS_TRIES = 2


class TerminalNetwork:
    """`dial()` begins a connection; its fate goes to `on_event(what, connection, data)`: "up",
    "refused", "no-name", "data", "reset"."""

    def __init__(
        self, terminal: str, clock: Clock, path: Path, dns: Dns, gateway: Gateway, keyed: Keyed,
        emit: Callable[[str, dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self.terminal = terminal
        self.path = path
        self.gateway = gateway
        self.on_event: Callable[[str, Connection, bytes], None] = lambda what, which, data: None
        self._clock = clock
        self._dns = dns
        self._keyed = keyed
        self._emit = emit
        self._opened = 0
        self._name_known_until_us = -1
        self._open: Connection | None = None
        self._questions = 0
        self._dns_draw = keyed.sequence("link/dns", terminal)

    def draws(self, what: str, connection: int) -> Draw:
        return self._keyed.sequence(f"link/{what}", f"{self.terminal}/{connection}")

    def dial(self) -> Connection:
        self._opened += 1
        connection = Connection(self, self._clock, self._opened)
        self._open = connection
        if self._clock.now_us < self._name_known_until_us:
            connection.dial()
        else:
            self._ask_name(connection, 1)
        return connection

    def lose_power(self) -> None:
        """Connections die without a word; the cached address is gone."""
        self._name_known_until_us = -1
        if self._open is not None:
            self._open.die()
            self._open = None

    def _ask_name(self, connection: Connection, tries: int) -> None:
        """Asks for the host's address; an unanswered question is asked again, then given up."""
        if not connection.terminal_alive:
            return
        if tries > DNS_TRIES:
            connection.close()
            self.event("no-name", connection)
            return
        path = self.path
        there_us = path.transit_us(
            self._clock.now_us, path.router.epoch, self._dns_draw, self._questions
        )
        self._questions += 1
        if self._dns.answers and there_us is not None:
            self._clock.call_in(self._dns.delay_us + there_us, self._resolved, connection)
        else:
            self._clock.call_in(DNS_TIMEOUT_US, self._ask_name, connection, tries + 1)

    def _resolved(self, connection: Connection) -> None:
        if connection.terminal_alive:
            self._name_known_until_us = self._clock.now_us + self._dns.ttl_us
            connection.dial()

    # --- what the connections tell ----------------------------------------------------------------

    def sent(self, connection: Connection, data: bytes) -> None:
        self._emit(
            "frame-sent", {"end": "terminal", "connection": connection.number, "bytes": data}
        )

    def received(self, connection: Connection, data: bytes) -> None:
        self._emit(
            "frame-received", {"end": "terminal", "connection": connection.number, "bytes": data}
        )
        self.on_event("data", connection, data)

    def event(self, what: str, connection: Connection) -> None:
        self._emit("connection", {"what": what, "connection": connection.number})
        self.on_event(what, connection, b"")
