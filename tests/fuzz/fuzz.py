"""Fuzz every decoder, two at a time, and print what came of it (`make fuzz`).

    python tests/fuzz/fuzz.py [--seconds 60] [--seed 1] [--jobs 2] [--out out/fuzz] [TARGET ...]
    python tests/fuzz/fuzz.py --replay TARGET INPUT     run hex, or a file, again
    python tests/fuzz/fuzz.py --merge [TARGET ...]      keep what the last run found new

A run starts from the corpus and writes to `out/` alone: new inputs, the log of each target, and for
a finding the input in hex. `--merge` lets libFuzzer choose the fewest inputs that reach what the
corpus does not reach (`-merge=1`), and adds them to `tests/fuzz/corpus/`. One seed gives one
sequence of inputs, of which a faster machine sees more.

Exit codes: 0 nothing found, 1 findings, 2 bad usage, or no atheris to fuzz with.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests.fuzz.contract import keep  # noqa: E402 (the path comes first)
from tests.fuzz.corpus import FOLDER, keep_too, whole  # noqa: E402
from tests.fuzz.targets import TARGETS  # noqa: E402

_ONE = Path(__file__).with_name("one.py")
_INPUT_MAX = 2048
"""Bytes the fuzzer tries; larger sizes are the business of `test_hostile_sizes.py`."""
_KEPT_MAX = 100
"""Bytes of an input worth keeping in the corpus."""
_ARTIFACTS = ("crash-*", "timeout-*", "oom-*", "leak-*")
_ROW = "{:28}{:>12}{:>10}{:>10}{:>10}"


@dataclass(frozen=True, slots=True)
class Result:
    """What one target came to: executions, edges covered, inputs that reached something new, and
    the findings, each an input."""

    name: str
    executions: int
    coverage: int
    new: int
    findings: tuple[bytes, ...]
    failed: str
    """What ended the process where no input did; "" if nothing."""


def fuzz(name: str, seconds: int, seed: int, out: Path) -> Result:
    """Fuzz one target in a process of its own."""
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    found, start = folder / "found", folder / "start"
    found.mkdir(parents=True)
    _unpack(name, start)
    command = [
        sys.executable, str(_ONE), name, f"-max_total_time={seconds}", f"-seed={seed}",
        f"-max_len={_INPUT_MAX}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
        f"-artifact_prefix={folder}/", str(found), str(start),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    log = done.stdout + done.stderr
    (folder / "log.txt").write_text(log, "utf-8")
    findings = tuple(
        file.read_bytes() for pattern in _ARTIFACTS for file in sorted(folder.glob(pattern))
    )
    for data in findings:
        (folder / f"finding-{_digest(data)}.hex").write_text(data.hex().upper() + "\n", "ascii")
    failed = "" if findings or not done.returncode else log.strip().splitlines()[-1]
    return Result(
        name,
        _last(r"number_of_executed_units:\s*(\d+)", log),
        _last(r"cov: (\d+)", log),
        len(list(found.iterdir())),
        findings,
        failed,
    )


def merge(name: str, out: Path) -> int:
    """Add to the corpus what the last run of a target reached beyond it; how many inputs."""
    found = out / name / "found"
    if not found.is_dir():
        return 0
    known = out / name / "merged"
    shutil.rmtree(known, ignore_errors=True)
    _unpack(name, known)
    before = {file.name for file in known.iterdir()}
    short = [file for file in found.iterdir() if file.stat().st_size <= _KEPT_MAX]
    small = out / name / "short"
    shutil.rmtree(small, ignore_errors=True)
    small.mkdir()
    for file in short:
        shutil.copy(file, small)
    again = _launcher(name, out / name / "again")
    command = [str(again), "-merge=1", str(known), str(small)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    new = [file.read_bytes() for file in known.iterdir() if file.name not in before]
    return keep_too(name, new)


def _launcher(name: str, file: Path) -> Path:
    """A program that fuzzes one target. libFuzzer merges in processes of its own, for which it runs
    its own first argument: that has to be executable and to know its target."""
    line = shlex.join([sys.executable, str(_ONE), name])
    file.write_text(f'#!/bin/sh\nFUZZ_LAUNCHER="$0" exec {line} "$@"\n', "utf-8")
    file.chmod(0o755)
    return file


def replay(name: str, given: str) -> int:
    """Run one input, given in hex or as a file of hex or of bytes."""
    file = Path(given)
    if file.is_file():
        raw = file.read_bytes()
        data = bytes.fromhex(raw.decode("ascii")) if file.suffix == ".hex" else raw
    else:
        data = bytes.fromhex(given)
    try:
        refusal = keep(TARGETS[name], data)
    except Exception:
        traceback.print_exc()
        return 1
    print(f"{name}: {'taken' if refusal is None else f'refused: {refusal}'}")
    return 0


def _unpack(name: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    for data in whole(TARGETS[name]):
        (folder / _digest(data)).write_bytes(data)


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def _last(pattern: str, log: str) -> int:
    found = re.findall(pattern, log)
    return int(found[-1]) if found else 0


def _shown(result: Result, out: Path) -> None:
    numbers = (result.executions, result.coverage, result.new, len(result.findings))
    print(_ROW.format(result.name, *numbers), flush=True)
    for data in result.findings:
        file = out / result.name / f"finding-{_digest(data)}.hex"
        print(f"  {file}\n  python tests/fuzz/fuzz.py --replay {result.name} {file}")
    if result.failed:
        print(f"  ended early: {result.failed} ({out / result.name / 'log.txt'})")


def main() -> int:
    """The command line (see the head of this file)."""
    parser = argparse.ArgumentParser(description="Fuzz the decoders of wire and crypto.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all, if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; 0: another every time")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "INPUT"))
    parser.add_argument("--merge", action="store_true", help="into the corpus")
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    unknown = {*names, *(given.replay or ())[:1]} - set(TARGETS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(TARGETS)}")
    if given.replay:
        return replay(*given.replay)
    if importlib.util.find_spec("atheris") is None:
        print("make fuzz needs atheris, and there is none for this Python or machine (it has "
              "wheels for CPython 3.11 to 3.13 on Linux x86-64); make test replays the corpus "
              "without it", file=sys.stderr)  # fmt: skip
        return 2
    out = given.out.resolve()
    if given.merge:
        with ThreadPoolExecutor(given.jobs) as pool:
            for name, added in zip(
                names, pool.map(lambda name: merge(name, out), names), strict=True
            ):
                print(f"{name}: {added} inputs added to {FOLDER / name}.hex", flush=True)
        return 0
    print(_ROW.format("target", "executions", "coverage", "new", "findings"), flush=True)
    with ThreadPoolExecutor(given.jobs) as pool:
        results = []
        for result in pool.map(lambda name: fuzz(name, given.seconds, given.seed, out), names):
            results.append(result)
            _shown(result, out)
    bad = sum(bool(result.findings or result.failed) for result in results)
    executions = sum(result.executions for result in results)
    print(f"{len(results)} targets, {executions} executions, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
