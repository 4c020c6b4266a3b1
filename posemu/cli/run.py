"""`posemu run`: run scenarios, print the verdict, write results and a replay file."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from posemu.report import NotTheSameError, run_report
from posemu.report.messages import interrupted, refused, unusable, worker_died
from posemu.report.progress import Progress
from posemu.scenario import SEED_MAX, Scenario, ScenarioError, load_text, read_text
from posemu.study import (
    Identity,
    Store,
    StoreError,
    StudyResult,
    WorkerDiedError,
    WorldRecord,
    as_document,
    differences,
    identity_of,
    run_study,
    write_replay,
)

HOLDS, VIOLATED, BAD_FILE, NOT_DETERMINISTIC, WORKER_DIED, INTERRUPTED = 0, 1, 2, 4, 70, 130
SCRATCH = Path("out")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One study of this call."""

    file: Path
    text: str
    scenario: Scenario
    identity: Identity
    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results.sqlite"

    @property
    def replay(self) -> Path:
        return self.folder / "replay.json"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"


def command(
    files: Annotated[list[Path], typer.Argument(help="scenario files", metavar="FILE...")],
    seed: Annotated[
        int | None, typer.Option(help="instead of the file's seed", min=0, max=SEED_MAX)
    ] = None,
    replications: Annotated[
        int | None, typer.Option(help="exactly so many, instead of the file's number", min=1)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="processes; default: one per core", min=1)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="folder for results; those of another study there are refused. "
            "Default: out, where they are replaced"
        ),
    ] = None,
    page: Annotated[
        bool, typer.Option("--report/--no-report", help="write report.html, which takes seconds")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document and nothing else")
    ] = False,
    lang: Annotated[str, typer.Option(help="en or zh")] = "en",
) -> None:
    """Run scenarios and judge them. After Ctrl-C the same command goes on. Exit code 0: all hold;
    1: an invariant or an expectation is violated; 2: a file is wrong; 4: not deterministic; 130:
    Ctrl-C."""
    if lang not in ("en", "zh"):
        raise typer.BadParameter(
            f"{lang!r} is not a language here; write en or zh", param_hint="--lang"
        )
    studies = _studies(_load(files), seed, SCRATCH if out is None else out)
    documents: list[dict[str, Any]] = []
    holds = True
    with _one_interrupt():
        try:
            _check(studies, lang, scratch=out is None)
            for asked in studies:
                result = _run(asked, replications, jobs or os.cpu_count() or 1, lang, page)
                holds = holds and result.holds
                if as_json:
                    documents.append(_document(result, asked))
                else:
                    written = {"results": asked.results, "report": asked.report}
                    text = run_report(
                        result, asked.scenario, lang,
                        {name: str(path) for name, path in written.items() if path.exists()},
                        str(asked.replay),
                    )  # fmt: skip
                    print(text, end="", flush=True)
        except StoreError as error:
            _leave(unusable(error, lang), BAD_FILE)
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


def _studies(loaded: list[tuple[Path, str, Scenario]], seed: int | None, out: Path) -> list[_Asked]:
    """Each in a folder of its own: two scenarios of one name do not overwrite each other."""
    studies: list[_Asked] = []
    for file, text, scenario in loaded:
        if seed is not None:
            scenario = replace(scenario, seed=seed)
        used = [asked.folder for asked in studies]
        folder, n = out / scenario.name, 1
        while folder in used:
            n += 1
            folder = out / f"{scenario.name}-{n}"
        studies.append(_Asked(file, text, scenario, identity_of(scenario), folder))
    return studies


def _check(studies: list[_Asked], lang: str, *, scratch: bool) -> None:
    """Before anything is run: no file of results is unusable, and none is another study's, or exit
    code 2 with all that are. In the scratch folder another study's may be replaced."""
    found = [(asked.results, differences(asked.results, asked.identity)) for asked in studies]
    wrong = [refused(path, each, lang) for path, each in found if each and not scratch]
    if wrong:
        _leave("\n".join(wrong), BAD_FILE)
    for asked in studies:
        try:
            asked.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _leave(f"{asked.folder}: {error.strerror or error}", BAD_FILE)


def _run(asked: _Asked, replications: int | None, jobs: int, lang: str, page: bool) -> StudyResult:
    """Runs what is missing of a study and writes its files, or leaves with what is done so far."""
    scenario = asked.scenario
    with Store(asked.results, asked.identity, replications or scenario.replications) as store:
        for path in (asked.replay, asked.report):  # a folder never has files of two studies
            path.unlink(missing_ok=True)
        progress = Progress(scenario.name, lang, Console(stderr=True))

        def done(world: WorldRecord) -> None:
            store.add(world)
            progress.world(world)

        try:
            with progress:
                result = run_study(
                    scenario,
                    replications=replications,
                    jobs=jobs,
                    known=store.worlds,
                    on_batch=progress.batch,
                    on_done=done,
                )
            write_replay(result, asked.file, asked.text, asked.replay)
            if page:
                _write_page(result, asked, lang)
            store.finish(result)
        except (KeyboardInterrupt, WorkerDiedError) as error:
            again = shlex.join(["posemu", "run", *sys.argv[2:]])
            so_far = (asked.results, store.count, progress.total, again, lang)
            if isinstance(error, WorkerDiedError):
                _leave(worker_died(error, *so_far), WORKER_DIED)
            _leave(interrupted(*so_far), INTERRUPTED)
    return result


def _write_page(result: StudyResult, asked: _Asked, lang: str) -> None:
    """Charts take half a second to import: only who wants a page pays for it."""
    html = import_module("posemu.report.html")
    try:
        text = html.page(result, asked.scenario, lang, str(asked.replay))
    except NotTheSameError as error:
        _leave(str(error), NOT_DETERMINISTIC)
    asked.report.write_text(text, "utf-8")


def _document(result: StudyResult, asked: _Asked) -> dict[str, Any]:
    """The study's document, and whose test numbers its people bear."""
    numbers = [each._asdict() for each in asked.scenario.card_numbers]
    return as_document(result, str(asked.replay)) | {"card_numbers": numbers}


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(code)


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt once; pressed again, while the run is ending, it does nothing
    more. Where it is ignored, as in a script's background, it stays so."""
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)
