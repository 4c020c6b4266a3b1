"""Replications, metrics, statistics, results and replay files."""

from posemu.scenario import METRICS, Metric
from posemu.study.causes import Failure
from posemu.study.document import as_document
from posemu.study.replay import ReplayError, StoredRun, StoredWorld, read_replay, write_replay
from posemu.study.results import Finding, StudyResult, WorldRecord, study_digest
from posemu.study.run import run_study, run_world
from posemu.study.statistics import Estimate, estimate
from posemu.study.store import write_results

__all__ = [
    "METRICS",
    "Estimate",
    "Failure",
    "Finding",
    "Metric",
    "ReplayError",
    "StoredRun",
    "StoredWorld",
    "StudyResult",
    "WorldRecord",
    "as_document",
    "estimate",
    "read_replay",
    "run_study",
    "run_world",
    "study_digest",
    "write_replay",
    "write_results",
]
