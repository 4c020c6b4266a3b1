"""Benchmarks, side by side in one run, as one JSON document on standard output; progress goes to
standard error. No test asserts a time: machines differ, and so do days.

    make bench
    .venv/bin/python tests/benchmarks/bench.py [--quick] [--only NAME]...

Every figure with an aim has `value`, `aim` and `met` side by side; `missed` lists those that are
not met. `measure.py` says what a figure is worth.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from chip import bench_cda, bench_kernel
from chip_sale import bench_chip_sale
from measure import Effort
from messages import bench_messages
from peers import PEERS
from spine import bench_cafe, bench_help, bench_memory, bench_sale, bench_scale, world_seconds

BENCHMARKS: Mapping[str, Callable[[Effort], dict[str, Any]]] = {
    "messages": bench_messages,
    **PEERS,
    "kernel": bench_kernel,
    "cda": bench_cda,
    "help": bench_help,
    "sale": bench_sale,
    "chip_sale": bench_chip_sale,
    "cafe": bench_cafe,
    "scale": bench_scale,
    "memory": bench_memory,
}
"""Name -> benchmark, the quick ones first."""


def missed(results: Any, path: str = "") -> Iterator[str]:
    """The paths of the figures in a document that do not meet their aims."""
    if not isinstance(results, Mapping):
        return
    if results.get("met") is False:
        yield f"{path}: {results['value']}, aim {results['aim']}"
    for name, part in results.items():
        yield from missed(part, f"{path}/{name}" if path else name)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything, in a minute")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME",
                        help=f"one of {', '.join(BENCHMARKS)}; may be given again")  # fmt: skip
    options = parser.parse_args()
    effort = Effort(options.quick)
    names = options.only or list(BENCHMARKS)
    world_seconds(20, 1, judged=True)  # warm: catalogues and tables are loaded
    results, seconds = {}, {}
    for place, name in enumerate(names, 1):
        print(f"{place}/{len(names)} {name} ...", end="", file=sys.stderr, flush=True)
        start = time.perf_counter()
        results[name] = BENCHMARKS[name](effort)
        seconds[name] = round(time.perf_counter() - start, 1)
        print(f" {seconds[name]} s", file=sys.stderr)
    report = {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "quick": options.quick,
        **results,
        "seconds": seconds,
        "missed": list(missed(results)),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
