"""Benchmarks, side by side in one run, as JSON on standard output. No test asserts a time: machines
differ, and so do days.

    python tests/benchmarks/bench.py [--quick]

Figures are medians over interleaved rounds; ratios are medians of the rounds' own ratios, so that a
drift of the machine cancels.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import iso8583

sys.path.insert(0, str(Path(__file__).parent))
import floor
from peers import bench_peers

from posemu.profiles import load_dialect
from posemu.scenario import Scenario, World, load_scenario, load_text
from posemu.scenario.spec import TillSpec
from posemu.sim import Constant
from posemu.wire import Codec

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 9
SALES = 100 if QUICK else 400
BATCH = 2_000 if QUICK else 10_000

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
    world = World(sales_scenario(sales, tills), judged=judged)
    gc.collect()
    start = time.process_time()
    world.run()
    taken = time.process_time() - start
    booked = sum(len(books.originals) for books in world.host.books.values())
    assert booked == sales * tills, f"{booked} of {sales * tills} sales were booked"
    return taken / booked


def timed(work: Callable[[int], object], count: int) -> float:
    """Seconds of CPU per item."""
    start = time.process_time()
    work(count)
    return (time.process_time() - start) / count


def bench_sale() -> dict[str, Any]:
    rows = []
    for _ in range(ROUNDS):
        events = timed(floor.run_events, SALES)
        crypto = timed(floor.run_crypto, SALES)
        bare = world_seconds(SALES, 1, judged=False)
        judged = world_seconds(SALES, 1, judged=True)
        rows.append((events, crypto, bare, judged))
    events, crypto, bare, judged = (median(column) for column in zip(*rows, strict=True))
    return {
        "sales_per_s": round(1 / bare),
        "sales_per_s_judged": round(1 / judged),
        "us_per_sale": round(bare * 1e6, 1),
        "us_per_sale_judged": round(judged * 1e6, 1),
        "floor_us": round((events + crypto) * 1e6, 1),
        "floor_events_us": round(events * 1e6, 1),
        "floor_crypto_us": round(crypto * 1e6, 1),
        "ratio_to_floor": round(median(r[2] / (r[0] + r[1]) for r in rows), 2),
        "ratio_to_floor_judged": round(median(r[3] / (r[0] + r[1]) for r in rows), 2),
        "aim": "ratio_to_floor <= 2.5",
        "floor_events": [f"{count} x {name}" for name, count in floor.OCCURRENCES],
        "floor_event_count": floor.EVENTS,
        "floor_primitives": [f"{count} x {name}" for name, count in floor.PRIMITIVES],
    }


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


def bench_cafe() -> dict[str, Any]:
    """A day of the café beside card sales one after another, trace and judge on in both."""
    rows = [
        (world_seconds(SALES, 1, judged=True), cafe_seconds("before"), cafe_seconds("after"))
        for _ in range(ROUNDS)
    ]
    sale, before, after = (median(column) for column in zip(*rows, strict=True))
    return {
        "us_per_started_sale": {"before": round(before * 1e6, 1), "after": round(after * 1e6, 1)},
        "us_per_judged_sale": round(sale * 1e6, 1),
        "ratio": round(median(max(row[1:]) / row[0] for row in rows), 2),
        "aim": "ratio <= 1.5",
    }


def bench_codec() -> dict[str, Any]:
    """A sale's request, without the MAC field, by our codec and by pyiso8583."""
    codec = Codec(load_dialect("posemu-87-aes"))
    fields: dict[int, Any] = {
        3: "000000", 4: "000000004322", 11: "000002", 12: "090027", 13: "0302", 22: "021", 25: "00",
        41: "T0000001", 42: "POSEMU000000001", 49: "156", 52: bytes(16), 60: "22000001000",
        62: bytes(12), 63: bytes(48),
    }  # fmt: skip
    message = codec.encode("0200", fields)
    spec = _pyiso8583_spec()
    theirs, _ = iso8583.decode(message, spec)
    document = {k: v for k, v in theirs.items() if k not in ("p",)}
    assert bytes(iso8583.encode(dict(document), spec)[0]) == message

    def encode(n: int) -> None:
        for _ in range(n):
            codec.encode("0200", fields)

    def decode(n: int) -> None:
        for _ in range(n):
            codec.decode(message)

    def their_encode(n: int) -> None:
        for _ in range(n):
            iso8583.encode(document, spec)

    def their_decode(n: int) -> None:
        for _ in range(n):
            iso8583.decode(message, spec)

    count = BATCH // 4
    rows = [
        [timed(work, count) for work in (encode, decode, their_encode, their_decode)]
        for _ in range(ROUNDS)
    ]
    ours_e, ours_d, theirs_e, theirs_d = (median(column) for column in zip(*rows, strict=True))
    return {
        "encode_us": round(ours_e * 1e6, 2),
        "decode_us": round(ours_d * 1e6, 2),
        "pyiso8583_encode_us": round(theirs_e * 1e6, 2),
        "pyiso8583_decode_us": round(theirs_d * 1e6, 2),
        "encode_times_faster": round(median(r[2] / r[0] for r in rows), 1),
        "decode_times_faster": round(median(r[3] / r[1] for r in rows), 1),
        "aim": "both >= 5",
        "bytes": len(message),
    }


def _pyiso8583_spec() -> dict[str, Any]:
    """The dialect's field table in pyiso8583's words."""

    def fixed(kind: str, length: int, **more: Any) -> dict[str, Any]:
        return {
            "data_enc": kind,
            "len_enc": "bcd",
            "len_type": 0,
            "max_len": length,
            "desc": "",
            **more,
        }

    nibbles = {"len_count": "nibbles", "left_pad": "0"}
    spec = {"h": fixed("ascii", 0), "t": fixed("b", 2), "p": fixed("b", 8), "1": fixed("b", 8)}
    for number, length in {3: 6, 4: 12, 11: 6, 12: 6, 13: 4, 22: 3, 25: 2, 49: 3}.items():
        spec[str(number)] = fixed("b", length, **nibbles)
    for number, length in {37: 12, 38: 6, 39: 2, 41: 8, 42: 15}.items():
        spec[str(number)] = fixed("ascii", length)
    spec["52"] = fixed("b", 16)
    for number, length in {60: 11, 61: 16}.items():
        spec[str(number)] = {**fixed("ascii", length), "len_type": 2}
    for number, length in {62: 12, 63: 128}.items():
        spec[str(number)] = {**fixed("b", length), "len_type": 2}
    spec["64"] = fixed("b", 8)
    return spec


def bench_scale() -> dict[str, Any]:
    """Cost per sale with 1, 100 and 1,000 terminals."""
    sizes = {1: 400, 100: 20, 1000: 6} if not QUICK else {1: 100, 100: 6}
    rows = [
        {tills: world_seconds(each, tills, judged=False) for tills, each in sizes.items()}
        for _ in range(3)
    ]
    cost = {tills: median(row[tills] for row in rows) for tills in sizes}
    return {
        "us_per_sale": {str(tills): round(seconds * 1e6, 1) for tills, seconds in cost.items()},
        "worst_to_best": round(max(cost.values()) / min(cost.values()), 2),
        "aim": "within 1.5 times",
    }


def bench_memory() -> dict[str, Any]:
    """Peak memory of a day of 1,000 terminals (245 sales each) without keeping the trace, in a
    process of its own."""
    tills, sales = (1000, 245) if not QUICK else (50, 10)
    folder = str(Path(__file__).parent)
    code = (
        f"import sys, resource; sys.argv = ['bench']; sys.path.insert(0, {folder!r}); "
        f"import bench; bench.world_seconds({sales}, {tills}, judged=False); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    peak_kib = int(done.stdout.split()[-1])
    return {
        "terminals": tills,
        "sales_each": sales,
        "peak_mib": round(peak_kib / 1024),
        "aim": "<= 1024 MiB",
    }


def bench_help() -> dict[str, Any]:
    """How long `posemu --help` takes, start to end."""
    command = [str(Path(sys.executable).parent / "posemu"), "--help"]
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return {"seconds": round(median(times), 3), "aim": "<= 0.4 s"}


def main() -> None:
    world_seconds(20, 1, judged=True)  # warm: catalogues and tables are loaded
    report = {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "sale": bench_sale(),
        "cafe": bench_cafe(),
        "codec": bench_codec(),
        "peers": bench_peers(BATCH // 10, ROUNDS),
        "scale": bench_scale(),
        "memory": bench_memory(),
        "help": bench_help(),
        "own_peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
