"""Results on disk: an SQLite file that any tool can query, and that a study can go on from.

It is made when the study begins. Each world is written in one transaction when it is done, and what
is concluded from all of them at the end. So whatever ends the program, Ctrl-C or SIGKILL, the file
holds whole worlds; the same study goes on from there.

    study        one row: what was asked, and, when it is complete, digest and verdict
    world        one row a world; the tables of `posemu.study.rows` hold what was found in each
    metric       what the metrics are called, and their units
    estimate     mean and interval over replications  (when complete)
    expectation  what the scenario expects, and whether it holds  (when complete)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from posemu.scenario import METRICS
from posemu.study.identity import Identity
from posemu.study.results import StudyResult, WorldRecord
from posemu.study.rows import TABLES, Row, rows_of, split, world_of

FORMAT = 2
"""Of the file, in its `user_version`; the first had none."""
WAIT_S = 60
"""For somebody who reads the file at the moment."""

_OTHER_TABLES = {
    "study": "scenario TEXT, scenario_digest TEXT, seed INTEGER, posemu TEXT, program TEXT, "
    "replications INTEGER, complete INTEGER, digest TEXT, verdict TEXT",
    "metric": "id TEXT PRIMARY KEY, unit TEXT, en TEXT, zh TEXT",
    "estimate": "variant TEXT, breakdown TEXT, item TEXT, metric TEXT, mean REAL, low REAL, "
    "high REAL, n INTEGER",
    "expectation": "text TEXT, holds INTEGER, observed",
}


class Trouble(StrEnum):
    """Why a file cannot be used."""

    DAMAGED = "damaged"
    FOREIGN = "foreign"
    UNREACHABLE = "unreachable"
    SHARED = "shared"


class StoreError(Exception):
    """A results file that cannot be used: why, and what SQLite or the system says."""

    def __init__(self, trouble: Trouble, path: Path, detail: str) -> None:
        super().__init__(trouble, path, detail)
        self.trouble = trouble
        self.path = path
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.path}: {self.trouble}: {self.detail}"


class Difference(NamedTuple):
    """Why stored results are not this study's: `what` is "scenario", "seed", "posemu", "program"
    or "format"; the value in the file, and the one asked for."""

    what: str
    there: str
    asked: str


class _Found(NamedTuple):
    """What the `study` table says."""

    identity: Identity
    format: int
    complete: bool


def differences(path: Path, identity: Identity) -> tuple[Difference, ...]:
    """What distinguishes the results at `path` from this study; none if there are no results.

    The program's own files count while a study is not complete: a complete one is never gone on
    with. Raises `StoreError`.
    """
    if not path.exists():
        return ()
    with closing(_open(path)) as db, _trouble(path):
        found = _study(db, path)
    return () if found is None else _differ(found, identity)


class Store:
    """The file of one study, open; use it in a `with` statement.

    `worlds` are those that an earlier, unfinished run of this study has done. Anything else of
    posemu's that was at `path` is replaced: ask `differences` first. Everything raises
    `StoreError`.
    """

    def __init__(self, path: Path, identity: Identity, replications: int) -> None:
        self.path = path
        self.worlds: tuple[WorldRecord, ...] = ()
        self._identity = identity
        self._db = _open(path)
        try:
            with _trouble(path):
                found = _study(self._db, path)
                if found is None or found.complete or _differ(found, identity):
                    self._create(replications)
                else:
                    self.worlds = _worlds(self._db, path)
                    with _transaction(self._db):
                        self._db.execute("UPDATE study SET replications = ?", (replications,))
        except BaseException:
            self._db.close()
            raise
        self._expected = len(self.worlds)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._db.close()

    @property
    def count(self) -> int:
        """How many worlds are in the file."""
        with _trouble(self.path):
            [(count,)] = self._db.execute("SELECT count(*) FROM world")
        return int(count)

    def add(self, world: WorldRecord) -> None:
        """Writes one finished world."""
        with _trouble(self.path), _transaction(self._db):
            self._check_unshared()
            for table, rows in rows_of(world).items():
                _insert(self._db, table, [(world.variant, world.replication, *r) for r in rows])
        self._expected += 1

    def finish(self, result: StudyResult) -> None:
        """Writes what the worlds come to, and leaves out worlds that are not part of it."""
        with _trouble(self.path), _transaction(self._db):
            self._check_unshared()
            for table in TABLES:
                self._db.execute(
                    f"DELETE FROM {table} WHERE replication >= ?", (result.replications,)
                )
            _insert(self._db, "estimate", list(_estimates(result)))
            _insert(
                self._db, "expectation", [(f.text, f.holds, f.observed) for f in result.findings]
            )
            self._db.execute(
                "UPDATE study SET replications = ?, complete = 1, digest = ?, verdict = ?",
                (result.replications, result.digest, "holds" if result.holds else "violated"),
            )

    def _check_unshared(self) -> None:
        found = _study(self._db, self.path)
        if found is None or found.identity != self._identity or self.count != self._expected:
            detail = f"{self._expected} worlds were expected in it"
            raise StoreError(Trouble.SHARED, self.path, detail)

    def _create(self, replications: int) -> None:
        """Makes the tables anew. The file itself is never deleted: another run that still had it
        open would damage the new one."""
        with _transaction(self._db):
            for name in (*_OTHER_TABLES, *TABLES):
                self._db.execute(f"DROP TABLE IF EXISTS {name}")
            for name, columns in _OTHER_TABLES.items():
                self._db.execute(f"CREATE TABLE {name} ({columns})")
            for name, columns in TABLES.items():
                if name == "world":
                    columns += ", PRIMARY KEY (variant, replication)"
                self._db.execute(
                    f"CREATE TABLE {name} (variant TEXT, replication INTEGER, {columns})"
                )
            _insert(self._db, "metric", [(name, *metric) for name, metric in METRICS.items()])
            mine = self._identity
            row = (mine.name, mine.scenario, mine.seed, mine.posemu, mine.program)
            _insert(self._db, "study", [(*row, replications, 0, None, None)])
            self._db.execute(f"PRAGMA user_version = {FORMAT}")


def _open(path: Path) -> sqlite3.Connection:
    with _trouble(path):
        return sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    """Whatever goes wrong with the file, as a `StoreError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(Trouble.UNREACHABLE, path, str(error)) from None
    except sqlite3.DatabaseError as error:
        foreign = error.sqlite_errorname == "SQLITE_NOTADB"
        raise StoreError(
            Trouble.FOREIGN if foreign else Trouble.DAMAGED, path, str(error)
        ) from None


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _insert(db: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _study(db: sqlite3.Connection, path: Path) -> _Found | None:
    """What the file is of; None if it is empty. Raises `StoreError` if it is not posemu's."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return None
    [(number,)] = db.execute("PRAGMA user_version")
    cursor = db.execute("SELECT * FROM study") if "study" in tables else None
    row = None if cursor is None else cursor.fetchone()
    if cursor is None or row is None or "posemu" not in (c[0] for c in cursor.description):
        raise StoreError(Trouble.FOREIGN, path, f"its tables are {', '.join(sorted(tables))}")
    known = dict(zip((column[0] for column in cursor.description), row, strict=True))
    identity = Identity(
        known["scenario"],
        known.get("scenario_digest", ""),
        known["seed"],
        known["posemu"],
        known.get("program", ""),
    )
    return _Found(identity, number, bool(known.get("complete")))


def _differ(found: _Found, asked: Identity) -> tuple[Difference, ...]:
    there = found.identity
    pairs = [
        ("seed", str(there.seed), str(asked.seed)),
        ("posemu", there.posemu, asked.posemu),
        ("format", str(found.format), str(FORMAT)),
    ]
    if found.format == FORMAT:  # the first has no digests
        pairs.insert(0, ("scenario", there.scenario, asked.scenario))
        if not found.complete:
            pairs.append(("program", there.program, asked.program))
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def _worlds(db: sqlite3.Connection, path: Path) -> tuple[WorldRecord, ...]:
    by_world: dict[tuple[str, int], dict[str, list[Row]]] = {}
    for table in TABLES:
        for variant, replication, *row in db.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            rows = by_world.setdefault((variant, replication), {})
            rows.setdefault(table, []).append(tuple(row))
    try:
        return tuple(world_of(*place, rows) for place, rows in by_world.items())
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(Trouble.DAMAGED, path, f"{type(error).__name__}: {error}") from None


def _estimates(result: StudyResult) -> Iterator[Row]:
    for variant in result.variants():
        for breakdown in result.breakdowns(variant):
            for metric, found in result.estimates(variant, breakdown).items():
                yield (variant, *split(breakdown), metric, *found)
