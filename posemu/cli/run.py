"""`posemu run`: run scenarios, print the verdict, write results and a replay file."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from posemu.report import run_report
from posemu.scenario import Scenario, ScenarioError, load_text, read_text
from posemu.study import StudyResult, as_document, run_study, write_replay, write_results

HOLDS, VIOLATED, BAD_FILE = 0, 1, 2


def command(
    files: Annotated[list[Path], typer.Argument(help="scenario files", metavar="FILE...")],
    seed: Annotated[int | None, typer.Option(help="instead of the file's seed", min=0)] = None,
    replications: Annotated[
        int | None, typer.Option(help="exactly so many, instead of the file's number", min=1)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="processes; default: one per core", min=1)
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for results and replay files")] = Path("out"),
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document and nothing else")
    ] = False,
    lang: Annotated[str, typer.Option(help="en or zh")] = "en",
) -> None:
    """Run scenarios and judge them. Exit code 0: all hold; 1: an invariant is violated; 2: a file
    is wrong."""
    if lang not in ("en", "zh"):
        raise typer.BadParameter(
            f"{lang!r} is not a language here; write en or zh", param_hint="--lang"
        )
    loaded = _load(files)
    documents: list[dict[str, Any]] = []
    holds = True
    used: set[Path] = set()
    for path, text, scenario in loaded:
        if seed is not None:
            scenario = replace(scenario, seed=seed)
        result = run_study(scenario, replications=replications, jobs=jobs or os.cpu_count() or 1)
        folder = _folder(out, scenario.name, used)
        results, replay = _write(result, path, text, folder)
        holds = holds and result.holds
        if as_json:
            documents.append(as_document(result, str(replay)))
        else:
            print(run_report(result, scenario, lang, str(results), str(replay)), end="")
    if as_json:
        json.dump(
            documents[0] if len(documents) == 1 else documents, sys.stdout, ensure_ascii=False
        )
        print()
    raise typer.Exit(HOLDS if holds else VIOLATED)


def _load(files: list[Path]) -> list[tuple[Path, str, Scenario]]:
    """All files, or exit code 2 with everything that is wrong with any of them."""
    loaded, wrong = [], False
    for path in files:
        try:
            text = read_text(path)
            loaded.append((path, text, load_text(text, str(path))))
        except ScenarioError as error:
            print(error, file=sys.stderr)
            wrong = True
    if wrong:
        raise typer.Exit(BAD_FILE)
    return loaded


def _folder(out: Path, name: str, used: set[Path]) -> Path:
    """A folder of its own for each scenario of this call: two of one name do not overwrite each
    other."""
    folder, n = out / name, 1
    while folder in used:
        n += 1
        folder = out / f"{name}-{n}"
    used.add(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(result: StudyResult, path: Path, text: str, folder: Path) -> tuple[Path, Path]:
    results, replay = folder / "results.sqlite", folder / "replay.json"
    write_results(result, results)
    write_replay(result, path, text, replay)
    return results, replay
