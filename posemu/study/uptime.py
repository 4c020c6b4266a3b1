"""How long the tills could be used, by till and hour: from the trace's own word about it."""

from __future__ import annotations

from collections.abc import Callable

from posemu.sim import Event, Trace
from posemu.study.figures import US_PER_HOUR

KINDS = ("card", "code")


class UptimeCollector:
    """Attach it before the world runs; ask `usable_us` when the shop has closed."""

    def __init__(self, trace: Trace, hour: Callable[[int], str], begins_us: int) -> None:
        self._hour = hour
        self._begins_us = begins_us
        self._since: dict[str, tuple[int, dict[str, bool]]] = {}
        self.usable_us: dict[tuple[str, str, str], int] = {}  # till, hour, kind
        self._open = True
        trace.observe(self._told, "usable")
        trace.observe(self._close, "closed")

    @property
    def told(self) -> bool:
        """False if nothing in the trace says what could be used."""
        return bool(self._since)

    def _told(self, event: Event) -> None:
        if self._open:
            self._count(event.source, event.t_us)
            self._since[event.source] = (event.t_us, event.data)

    def _close(self, event: Event) -> None:
        for till in self._since:
            self._count(till, event.t_us)
        self._open = False

    def _count(self, till: str, now_us: int) -> None:
        since_us, usable = self._since.get(till, (now_us, {}))
        kinds = [kind for kind in KINDS if usable.get(kind)]
        while kinds and since_us < now_us:
            past_us = (self._begins_us + since_us) % US_PER_HOUR
            until_us = min(now_us, since_us + US_PER_HOUR - past_us)
            for kind in kinds:
                key = (till, self._hour(since_us), kind)
                self.usable_us[key] = self.usable_us.get(key, 0) + until_us - since_us
            since_us = until_us
