"""The path from terminal to host: access medium, router, name service, line, connections,
gateway."""

from posemu.link.connection import Connection
from posemu.link.elements import (
    AccessMedium,
    Bursts,
    Dns,
    Line,
    LineQuality,
    Path,
    Router,
    loss_at,
)
from posemu.link.gateway import ANSWER, REQUEST, Gateway, flip_bit
from posemu.link.network import TerminalNetwork

__all__ = [
    "ANSWER",
    "REQUEST",
    "AccessMedium",
    "Bursts",
    "Connection",
    "Dns",
    "Gateway",
    "Line",
    "LineQuality",
    "Path",
    "Router",
    "TerminalNetwork",
    "flip_bit",
    "loss_at",
]
