"""One terminal's path to a gateway, with everything in the test's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posemu.link import (
    AccessMedium,
    Connection,
    Dns,
    Gateway,
    Line,
    Path,
    Router,
    TerminalNetwork,
)
from posemu.sim import Clock, Keyed, Memory, Trace
from posemu.wire import frame

TPDU = bytes.fromhex("6000010000")


class Net:
    """A network of one terminal. `lost(what, ordinal)` may decide which segment is lost."""

    def __init__(
        self, *, loss: float = 0.0, jitter_us: int = 0, delay_us: int = 1_000, seed: int = 1,
        lost: Callable[[str, int, int], bool] | None = None, dns: Dns | None = None,
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.trace = Trace(self.clock)
        self.memory = Memory(self.trace)
        self.line = Line(delay_us, jitter_us, loss)
        self.router = Router()
        self.access = AccessMedium(-50.0)
        self.dns = dns or Dns(0, 10**12)
        self.gateway = Gateway(self.clock, self.trace.voice("gateway"))
        self.events: list[tuple[int, str, Connection, bytes]] = []
        self.segments: list[tuple[int, str, int]] = []  # when, direction, ordinal of each try
        self.at_host: list[tuple[int, bytes]] = []
        self.replies: list[Callable[[bytes], None]] = []
        self.network = TerminalNetwork(
            "till-1", self.clock, Path(self.access, self.router, self.line), self.dns,
            self.gateway, Keyed(seed), self.trace.voice("till-1"),
        )  # fmt: skip
        self.network.on_event = lambda what, which, data: self.events.append(
            (self.clock.now_us, what, which, data)
        )
        self.gateway.to_host = self._arrive
        if dns is None:  # the host's address is known
            self.network._name_known_until_us = 10**15
        if lost is not None:
            self._listen(lost)

    def _listen(self, lost: Callable[[str, int, int], bool]) -> None:
        def draws(what: str, connection: int) -> Callable[[int], float]:
            def draw(ordinal: int) -> float:
                self.segments.append((self.clock.now_us, what, ordinal))
                return 0.0 if lost(what, ordinal, self.clock.now_us) else 0.999

            return draw

        self.line = Line(self.line.delay_us, self.line.jitter_us, 0.5)
        self.network.path.line = self.line
        self.network.draws = draws  # type: ignore[method-assign]
        self.network._dns_draw = draws("dns", 0)

    def _arrive(self, terminal: str, message: bytes, reply: Callable[[bytes], None]) -> None:
        self.at_host.append((self.clock.now_us, message))
        self.replies.append(reply)

    def answer_with(self, answer: Callable[[bytes], bytes], after_us: int = 0) -> None:
        """From now on the host answers every message after so long."""

        def arrive(terminal: str, message: bytes, reply: Callable[[bytes], None]) -> None:
            self._arrive(terminal, message, reply)
            self.clock.call_in(after_us, reply, answer(message))

        self.gateway.to_host = arrive

    def connect(self) -> Connection:
        """Dials and runs until the connection is up."""
        connection = self.network.dial()
        while not connection.up:
            self.clock.step()
        return connection

    def send(self, connection: Connection, message: bytes) -> None:
        connection.send(frame(message, TPDU))

    @staticmethod
    def text(size: int, first: int) -> bytes:
        """So many bytes in which every part is told from every other."""
        return bytes((k * k + k // 7 + first) % 251 for k in range(size))

    def whats(self) -> list[str]:
        return [what for _, what, _, _ in self.events]

    def heard(self) -> bytes:
        """All bytes that reached the terminal's program, in order."""
        return b"".join(data for _, what, _, data in self.events if what == "data")

    def emitted(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.memory.events if event.kind == kind]


@pytest.fixture(scope="session")
def net() -> type[Net]:
    """The class of test networks."""
    return Net
