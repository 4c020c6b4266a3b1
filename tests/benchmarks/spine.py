"""The simulator: what a card sale, a day of the café, many terminals and the start of the command
cost."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import floor
from measure import Effort, aimed, microseconds

from posemu.scenario import Scenario, World, load_scenario, load_text
from posemu.scenario.spec import TillSpec
from posemu.sim import Constant

CAFE = Path(__file__).parents[2] / "scenarios" / "cases" / "coffee-wifi.yaml"
_SCENARIO = """
posemu: 1
day: {date: "2026-03-02", from: "06:00", to: "23:00"}
people: sixteen
tills: {till-1: {rssi: -50 dBm}}
cardholders: {each: 100, gap: 30s, basket: {uniform: {low: 10.00 CNY, high: 99.00 CNY}}}
host: {balance: 90000000.00 CNY}
network: {line: {loss: 0 %}}
"""


def sales_scenario(sales: int, tills: int = 1) -> Scenario:
    """A day of so many card sales per till: no fault, no chip card, nobody short of money."""
    scenario = load_text(_SCENARIO, "bench.yaml")
    people = tuple(p for p in scenario.people if p.service_code[0] == "1")
    day = replace(scenario.day, to_us=scenario.day.from_us + (sales + 1) * 62_000_000)
    names = tuple(TillSpec(f"till-{n + 1}", -50.0) for n in range(tills))
    coming = replace(scenario.cardholders, each=sales, gap=Constant(40_000_000))
    host = replace(scenario.host, servers=scenario.host.servers * tills)  # nobody waits for it
    return replace(
        scenario, people=people, day=day, tills=names, cardholders=coming, host=host
    )  # fmt: skip


def world_seconds(sales: int, tills: int, judged: bool) -> float:
    """Seconds per sale; the world is built before the clock starts."""
    return seconds_per_sale(World(sales_scenario(sales, tills), judged=judged), sales * tills)


def seconds_per_sale(world: World, sales: int) -> float:
    """Runs a world in which so many sales are booked."""
    gc.collect()
    start = time.process_time()
    world.run()
    taken = time.process_time() - start
    booked = sum(len(books.originals) for books in world.host.books.values())
    assert booked == sales, f"{booked} of {sales} sales were booked"
    return taken / booked


def timed(work: Callable[[int], object], count: int) -> float:
    """Seconds of CPU per item."""
    start = time.process_time()
    work(count)
    return (time.process_time() - start) / count


def bench_sale(effort: Effort) -> dict[str, Any]:
    """One sale after the other, beside the floor: bare events and bare cryptography."""
    rows = []
    for _ in range(effort.world_rounds):
        events = timed(floor.run_events, _sales(effort))
        crypto = timed(floor.run_crypto, _sales(effort))
        bare = world_seconds(_sales(effort), 1, judged=False)
        judged = world_seconds(_sales(effort), 1, judged=True)
        rows.append((events, crypto, bare, judged))
    return {
        **beside_floor(rows),
        "floor_events": [f"{count} x {name}" for name, count in floor.OCCURRENCES],
        "floor_event_count": floor.EVENTS,
        "floor_primitives": floor.primitives(),
    }


def beside_floor(rows: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    """Figures of rounds in which floor (events, cryptography) and world (without the judge, with
    it) took turns: seconds a sale."""
    events, crypto, bare, judged = zip(*rows, strict=True)
    ratio = round(median(row[2] / (row[0] + row[1]) for row in rows), 2)
    return {
        "sales_per_s": round(1 / median(bare)),
        "sales_per_s_judged": round(1 / median(judged)),
        "us_per_sale": microseconds(bare),
        "us_per_sale_judged": microseconds(judged),
        "floor_us": round(microseconds(events) + microseconds(crypto), 1),
        "floor_events_us": microseconds(events),
        "floor_crypto_us": microseconds(crypto),
        "ratio_to_floor": aimed(ratio, "<= 2.5"),
        "ratio_to_floor_judged": round(median(row[3] / (row[0] + row[1]) for row in rows), 2),
    }


def _sales(effort: Effort) -> int:
    return 100 if effort.quick else 400


def cafe_seconds(variant: str) -> float:
    """Seconds per started sale of a day of the café, judged; the world is built before the clock
    starts."""
    world = World(load_scenario(CAFE).under(variant))
    started = []
    world.trace.observe(started.append, "sale-started")
    gc.collect()
    start = time.process_time()
    world.run()
    return (time.process_time() - start) / len(started)


def bench_cafe(effort: Effort) -> dict[str, Any]:
    """A day of the café beside card sales one after another, trace and judge on in both."""
    rows = [
        (world_seconds(_sales(effort), 1, judged=True), *map(cafe_seconds, ("before", "after")))
        for _ in range(effort.world_rounds)
    ]
    sale, before, after = zip(*rows, strict=True)
    return {
        "us_per_started_sale": {"before": microseconds(before), "after": microseconds(after)},
        "us_per_judged_sale": microseconds(sale),
        "ratio": aimed(round(median(max(row[1:]) / row[0] for row in rows), 2), "<= 1.5"),
    }


def bench_scale(effort: Effort) -> dict[str, Any]:
    """Cost per sale with 1, 100 and 1,000 terminals."""
    sizes = {1: 400, 100: 20, 1000: 6} if not effort.quick else {1: 100, 100: 6}
    rows = [
        {tills: world_seconds(each, tills, judged=False) for tills, each in sizes.items()}
        for _ in range(3)
    ]
    cost = {str(tills): microseconds([row[tills] for row in rows]) for tills in sizes}
    return {
        "us_per_sale": cost,
        "worst_to_best": aimed(round(max(cost.values()) / min(cost.values()), 2), "<= 1.5"),
    }


def bench_memory(effort: Effort) -> dict[str, Any]:
    """Peak memory of a day of 1,000 terminals (245 sales each) without keeping the trace, in a
    process of its own."""
    tills, sales = (1000, 245) if not effort.quick else (50, 10)
    if not effort.quick:
        print(" (about five minutes)", end="", file=sys.stderr, flush=True)
    folder = str(Path(__file__).parent)
    code = (
        f"import sys, resource; sys.path.insert(0, {folder!r}); "
        f"import spine; spine.world_seconds({sales}, {tills}, judged=False); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    peak_kib = int(done.stdout.split()[-1])
    return {
        "terminals": tills,
        "sales_each": sales,
        "peak_mib": aimed(round(peak_kib / 1024), "<= 1024"),
    }


def bench_help(effort: Effort) -> dict[str, Any]:
    """How long `posemu --help` takes, start to end, by the clock on the wall."""
    command = [str(Path(sys.executable).parent / "posemu"), "--help"]
    times = []
    for _ in range(effort.world_rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return {"seconds": aimed(round(median(times), 3), "<= 0.4")}
