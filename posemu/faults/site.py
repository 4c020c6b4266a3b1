"""What faults can act on: the parts of a world, by name. `World` fills it in; mechanisms call the
verbs of what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from posemu.card import BankCard
from posemu.host import Host
from posemu.link import AccessMedium, Dns, Gateway, Line, Router
from posemu.shop import Cashier
from posemu.sim import Clock, Keyed
from posemu.terminal import Terminal


class HostService(Protocol):
    """The host's machine around the sans-IO host: its servers and its queue."""

    host: Host

    @property
    def answers(self) -> bool: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def mute(self, p_booked: float) -> None: ...

    def unmute(self) -> None: ...


@dataclass(slots=True)
class Till:
    """One till: its terminal, its radio, who works there, and the cards that come to it."""

    name: str
    terminal: Terminal
    access: AccessMedium
    cashier: Cashier
    cards: list[BankCard]


@dataclass(slots=True)
class Site:
    """Everything faults may touch."""

    clock: Clock
    keyed: Keyed
    tills: dict[str, Till]
    router: Router
    line: Line
    dns: Dns
    gateway: Gateway
    service: HostService
