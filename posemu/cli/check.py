"""`posemu check`: validates scenario files without running them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posemu.profiles import DialectFileError, is_dialect, read_dialect
from posemu.scenario.load import load_scenario
from posemu.scenario.problems import ScenarioError


def command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Scenario or dialect files.")
    ],
) -> None:
    """Validate scenario files, and dialects of ISO 8583, without running them.

    Every problem is shown as file:line:column, what was found, and what may stand there.
    """
    good = True
    for path in files:
        try:
            if _is_dialect(path):
                fields = len(read_dialect(path).fields)
                typer.echo(f"{path}: OK (dialect, {_count(fields, 'field')})")
                continue
            scenario = load_scenario(path)
        except (DialectFileError, ScenarioError) as error:
            typer.echo(str(error), err=True)
            good = False
        else:
            tills, faults = len(scenario.tills), len(scenario.faults)
            typer.echo(f"{path}: OK ({_count(tills, 'till')}, {_count(faults, 'fault')})")
    if not good:
        raise typer.Exit(2)


def _is_dialect(path: Path) -> bool:
    try:
        return is_dialect(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return False  # what is wrong with it, the loader of scenarios says


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
