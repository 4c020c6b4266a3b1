"""Can a sale that is started now reach the host? Told in the trace whenever the answer changes.

A till is usable while its terminal is on and signed on, and everything between it and the host
stands: radio, router, name service, line, gateway, and a host that answers. What comes and goes in
a bursty line is not looked at: such a line stands.
"""

from __future__ import annotations

from posemu.faults import Site, Till
from posemu.sim import Event, Trace
from posemu.terminal import State

OUT_OF_REACH = 0.9  # loss of segments at which hardly a connection comes about
_NOT_READY = {
    State.STARTING, State.RECOVERING, State.SIGN_ON_CONNECTING, State.SIGN_ON_WAITING,
    State.NOT_SIGNED_ON, State.OUT_OF_SERVICE,
}  # fmt: skip


_TURNS = frozenset(state.value for state in (*_NOT_READY, State.IDLE))


class Availability:
    """Attach it before the world runs. It looks behind each moment in which something changed."""

    def __init__(self, site: Site, trace: Trace) -> None:
        self._site = site
        self._trace = trace
        self._told: dict[str, bool] = {}
        self._due: dict[str, None] = {}  # the tills to look at behind this moment
        for kind in ("fault", "intervention", "power"):
            trace.observe(self._changed, kind)
        trace.observe(self._entered, "state")

    def _entered(self, event: Event) -> None:
        if event.data["state"] in _TURNS:
            self._changed(event)

    def _changed(self, event: Event) -> None:
        if not self._due:
            self._site.clock.call_in(0, self._look)
        tills = self._site.tills
        self._due.update({event.source: None} if event.source in tills else dict.fromkeys(tills))

    def _look(self) -> None:
        due, self._due = self._due, {}
        names = due if len(due) == 1 else [name for name in self._site.tills if name in due]
        for name in names:
            usable = self._reachable(self._site.tills[name])
            if usable != self._told.get(name):
                self._told[name] = usable
                self._trace.emit(name, "usable", {"card": usable, "code": usable})

    def _reachable(self, till: Till) -> bool:
        site, terminal = self._site, till.terminal
        return (
            terminal.power.on
            and terminal.state not in _NOT_READY
            and till.access.loss < OUT_OF_REACH
            and site.router.up
            and site.dns.answers
            and site.line.whole
            and site.gateway.accepts
            and site.service.answers
        )
