"""Runs the sans-IO host in virtual time: servers, a queue, service times. Holds no rules.

Verbs: `freeze()`/`thaw()` (messages pile up and are worked off later: late answers),
`mute(p)`/`unmute()` (requests vanish, booked with probability p, never answered).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from posemu.host import Host
from posemu.sim import Clock, Data, Distribution

Reply = Callable[[bytes], None]


class _Job(NamedTuple):
    terminal: str
    message: bytes
    reply: Reply


class HostDriver:
    """A queue in front of so many servers; a message is handled when its service ends."""

    def __init__(
        self, clock: Clock, host: Host, servers: int, service: Distribution,
        draw: Callable[[str], Callable[[int], float]], emit: Callable[[str, Data], None],
        today: Callable[[], str],
    ) -> None:  # fmt: skip
        self.host = host
        self._clock = clock
        self._free = servers
        self._service = service
        self._draws = draw
        self._by_terminal: dict[str, tuple[Callable[[int], float], int]] = {}
        self._emit = emit
        self._today = today
        self._queue: deque[_Job] = deque()
        self._frozen = False
        self._p_booked: float | None = None
        self._muted = draw("muted")
        self._handled = 0

    @property
    def answers(self) -> bool:
        """False while it is frozen, mute, or out of order."""
        return not self._frozen and self._p_booked is None and not self.host.failing

    def freeze(self) -> None:
        self._frozen = True

    def thaw(self) -> None:
        self._frozen = False
        self._serve()

    def mute(self, p_booked: float) -> None:
        self._p_booked = p_booked

    def unmute(self) -> None:
        self._p_booked = None

    def arrive(self, terminal: str, message: bytes, reply: Reply) -> None:
        self._queue.append(_Job(terminal, message, reply))
        self._serve()

    def _serve(self) -> None:
        while self._queue and self._free and not self._frozen:
            job = self._queue.popleft()
            self._free -= 1
            draw, n = self._by_terminal.get(job.terminal) or (self._draws(job.terminal), 0)
            self._by_terminal[job.terminal] = (draw, n + 1)
            self._clock.call_in(self._service.quantile_us(draw(n)), self._done, job)

    def _done(self, job: _Job) -> None:
        self._free += 1
        if self._frozen:
            self._queue.appendleft(job)
            return
        self._handled += 1
        silent = self._p_booked is not None
        if not silent or self._muted(self._handled) < (self._p_booked or 0.0):
            self._handle(job, silent)
        if self._queue:
            self._serve()

    def _handle(self, job: _Job, silent: bool) -> None:
        answer, postings, note = self.host.handle(job.message, self._today())
        for _, stan, date, amount_minor in postings:
            self._emit("posting", {
                "terminal": job.terminal, "stan": stan, "date": date, "amount_minor": amount_minor,
            })  # fmt: skip
        if answer is None:
            self._emit("host-refused", {"terminal": job.terminal, "why": note})
        elif not silent:
            job.reply(answer)
