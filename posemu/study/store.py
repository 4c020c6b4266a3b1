"""Results on disk: an SQLite file that any tool can query."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from posemu import __version__
from posemu.scenario import METRICS
from posemu.study.results import StudyResult

_SCHEMA = """
CREATE TABLE study (scenario TEXT, seed INTEGER, replications INTEGER, digest TEXT, verdict TEXT,
                    posemu TEXT);
CREATE TABLE world (variant TEXT, replication INTEGER, digest TEXT, events INTEGER,
                    PRIMARY KEY (variant, replication));
CREATE TABLE metric (id TEXT PRIMARY KEY, unit TEXT, en TEXT, zh TEXT);
CREATE TABLE value (variant TEXT, replication INTEGER, breakdown TEXT, item TEXT, metric TEXT,
                    value REAL);
CREATE TABLE estimate (variant TEXT, breakdown TEXT, item TEXT, metric TEXT, mean REAL, low REAL,
                       high REAL, n INTEGER);
CREATE TABLE violation (variant TEXT, replication INTEGER, t_us INTEGER, invariant TEXT, till TEXT,
                        text TEXT);
CREATE TABLE coverage (variant TEXT, replication INTEGER, state TEXT, fault TEXT, times INTEGER);
CREATE TABLE situation (variant TEXT, replication INTEGER, situation TEXT, times INTEGER);
"""


def write_results(result: StudyResult, path: Path) -> None:
    """Writes the file anew. `breakdown` is "total", "terminal", "hour" or "terminal_hour"; `item`
    is which."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        db.executescript(_SCHEMA)
        verdict = "holds" if result.holds else "violated"
        db.execute(
            "INSERT INTO study VALUES (?, ?, ?, ?, ?, ?)",
            (
                result.scenario,
                result.seed,
                result.replications,
                result.digest,
                verdict,
                __version__,
            ),
        )
        db.executemany(
            "INSERT INTO metric VALUES (?, ?, ?, ?)",
            [(name, metric.unit, metric.en, metric.zh) for name, metric in METRICS.items()],
        )
        for world in result.worlds:
            key = (world.variant, world.replication)
            db.execute("INSERT INTO world VALUES (?, ?, ?, ?)", (*key, world.digest, world.events))
            db.executemany(
                "INSERT INTO value VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (*key, *_split(name), metric, value)
                    for name, values in world.values.items()
                    for metric, value in values.items()
                ],
            )
            db.executemany(
                "INSERT INTO violation VALUES (?, ?, ?, ?, ?, ?)",
                [(*key, v.t_us, v.invariant, v.till, v.text) for v in world.violations],
            )
            db.executemany(
                "INSERT INTO coverage VALUES (?, ?, ?, ?, ?)",
                [(*key, *pair, times) for pair, times in sorted(world.pairs.items())],
            )
            db.executemany(
                "INSERT INTO situation VALUES (?, ?, ?, ?)",
                [(*key, *item) for item in sorted(world.situations.items())],
            )
        for variant in result.variants():
            for name in result.breakdowns(variant):
                db.executemany(
                    "INSERT INTO estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (variant, *_split(name), metric, *found)
                        for metric, found in result.estimates(variant, name).items()
                    ],
                )
    db.close()


def _split(breakdown: str) -> tuple[str, str]:
    kind, _, item = breakdown.partition(":")
    return kind, item
