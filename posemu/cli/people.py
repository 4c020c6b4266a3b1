"""`posemu people`: makes a file of test cardholders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posemu.scenario.people_maker import make_people


def command(
    count: Annotated[int, typer.Option(help="How many people.")] = 16,
    locale: Annotated[str, typer.Option(help="Where their names come from, like zh_CN.")] = "en_US",
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write to this file, not to the screen.")] = None,
) -> None:
    """Make a file of test cardholders for `people:` of a scenario.

    Their card numbers begin with 9999, so that they are nobody's; their PINs have twelve digits.
    """
    try:
        text = make_people(count, locale, seed)
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, "utf-8")
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{out}: cannot be written: {error.strerror or error}", err=True)
        raise typer.Exit(2) from None
