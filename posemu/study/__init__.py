"""Replications, metrics, statistics, results and replay files."""

from posemu.scenario import METRICS, Metric
from posemu.study.causes import Failure
from posemu.study.document import as_document
from posemu.study.identity import Identity, identity_of
from posemu.study.pool import WorkerDiedError
from posemu.study.replay import ReplayError, StoredRun, StoredWorld, read_replay, write_replay
from posemu.study.results import Finding, StudyResult, WorldRecord, study_digest
from posemu.study.run import run_study, run_world
from posemu.study.statistics import Estimate, estimate
from posemu.study.stopping import Wide
from posemu.study.store import Difference, Store, StoreError, Trouble, differences

__all__ = [
    "METRICS",
    "Difference",
    "Estimate",
    "Failure",
    "Finding",
    "Identity",
    "Metric",
    "ReplayError",
    "Store",
    "StoreError",
    "StoredRun",
    "StoredWorld",
    "StudyResult",
    "Trouble",
    "Wide",
    "WorkerDiedError",
    "WorldRecord",
    "as_document",
    "differences",
    "estimate",
    "identity_of",
    "read_replay",
    "run_study",
    "run_world",
    "study_digest",
    "write_replay",
]
