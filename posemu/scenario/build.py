"""The classes that a world is built of: posemu's own, or somebody's under a name.

Names are GROUP/NAME. A package offers a group as an entry point of `posemu.builds`, which is a map
of names to builds; posemu's own group is `zoo`, the faulty terminals and hosts that show that the
judge can fail. So a scenario file can say what is tried, and yet names nothing that was not
installed on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from posemu.host import Host
from posemu.terminal import SecureModule, Terminal

GROUP = "posemu.builds"


@dataclass(frozen=True, slots=True)
class Build:
    """The classes a world is built of. A zoo of faulty terminals and hosts replaces one of them."""

    terminal: type[Terminal] = Terminal
    module: type[SecureModule] = SecureModule
    host: type[Host] = Host


def find_build(name: str) -> Build:
    """The build GROUP/NAME. Raises KeyError."""
    group, _, key = name.partition("/")
    return _offered(group)[key]


def build_names() -> list[str]:
    """The names of all builds that are installed, in order."""
    groups = sorted({point.name for point in entry_points(group=GROUP)})
    return [f"{group}/{key}" for group in groups for key in sorted(_offered(group))]


def _offered(group: str) -> Mapping[str, Build]:
    found: Mapping[str, Build] = {}
    for point in entry_points(group=GROUP, name=group):
        found = point.load()
    return found
