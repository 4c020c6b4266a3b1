"""A study as the JSON document that other tools build on (`posemu run --json`)."""

from __future__ import annotations

from typing import Any

from posemu.scenario import METRICS
from posemu.study.results import StudyResult
from posemu.study.statistics import Estimate


def as_document(result: StudyResult, replay: str) -> dict[str, Any]:
    """The contract of `--json`; `replay` is the path of the replay file."""
    return {
        "scenario": result.scenario,
        "verdict": "holds" if result.holds else "violated",
        "seed": result.seed,
        "digest": result.digest,
        "replications": result.replications,
        "variants": {variant: _variant(result, variant) for variant in result.variants()},
        "expectations": [finding._asdict() for finding in result.findings],
        "violations": [
            {
                "invariant": v.invariant,
                "variant": world.variant,
                "replication": world.replication,
                "t_us": v.t_us,
                "text": f"{v.till}: {v.text}",
            }
            for world in result.worlds
            for v in world.violations
        ],
        "replay": replay,
    }


def _variant(result: StudyResult, variant: str) -> dict[str, Any]:
    by: dict[str, dict[str, Any]] = {}
    for breakdown in result.breakdowns(variant):
        kind, _, item = breakdown.partition(":")
        if item:
            by.setdefault(kind, {})[item] = _metrics(result.estimates(variant, breakdown))
    return {"metrics": _metrics(result.estimates(variant, "total")), "by": by}


def _metrics(estimates: dict[str, Estimate]) -> dict[str, Any]:
    return {
        name: {
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "n": found.n,
            "unit": METRICS[name].unit,
        }
        for name, found in estimates.items()
    }
