"""A day with an end of day in it: what a file can say, and what a fault can then meet."""

from __future__ import annotations

from posemu.scenario import World, load_text
from posemu.sim import Memory

_FILE = """
posemu: 1
day: {{from: "09:00", to: "09:20", settle: "09:04"}}
tills: {{till-1: {{}}}}
cardholders: {{each: 10, gap: 30s}}
faults: {faults}
"""


def settled(faults: str) -> tuple[list[int], list[str], tuple[object, ...]]:
    """When batches were settled, which faults struck, and the violations."""
    world = World(load_text(_FILE.format(faults=faults), "settle.yaml"))
    memory = Memory(world.trace)
    violations = world.run().violations
    at_us = [e.t_us for e in memory.events if e.kind == "state" and e.data["state"] == "settled"]
    struck = [e.data["fault"] for e in memory.events if e.kind == "fault" and "fault" in e.data]
    return at_us, struck, violations


def test_both_halves_of_the_day_are_settled() -> None:
    """The first batch is settled at its time, the second after closing; all rules hold."""
    at_us, _, violations = settled("[]")
    assert not violations
    assert len(at_us) == 2
    assert 240_000_000 <= at_us[0] < 300_000_000
    assert at_us[1] > 1_200_000_000


def test_a_fault_of_a_file_can_meet_the_end_of_day() -> None:
    """Power is cut while the totals are under way: settled after the restart; the rules hold."""
    at_us, struck, violations = settled(
        "[{power-unstable: {on: {state: settle-waiting}, for: 3s}}]"
    )
    assert struck == ["power-unstable"]
    assert not violations
    assert len(at_us) == 2
