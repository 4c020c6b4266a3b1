"""`posemu decode`: what is in these bytes. Sensitive values are masked, whatever comes in."""

from __future__ import annotations

import json
import re
import sys
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from posemu.cli.decoding.as_yaml import as_yaml
from posemu.cli.decoding.formats import BY_ID, FORMATS, Candidate, candidates, others
from posemu.cli.decoding.model import RECOGNISED
from posemu.cli.decoding.show import as_data, show, show_unrecognised
from posemu.cli.decoding.source import sources
from posemu.cli.decoding.veil import Veil
from posemu.cli.decoding.words import say
from posemu.profiles import DialectFileError, dialect_names, load_dialect, read_dialect
from posemu.wire import Dialect

_WIDTH = 80
_PREFERRED = "posemu-87-aes"
_EPILOG = (
    "FORMAT is one of: " + "; ".join(f"{each.id} ({each.en})" for each in FORMATS) + "."
    "\n\nExamples: posemu decode - < message.txt; wl-paste | posemu decode - --lang zh; "
    "posemu decode - --dialect my-host.yaml < frame.hex."
    "\n\nExit codes: 0 all is right; 1 something in it is wrong, or it is not recognised; "
    "2 bad usage."
)  # fmt: skip


def command(
    data: Annotated[
        str, typer.Argument(metavar="HEX|-", help="The data itself; - reads standard input.")
    ],
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language.")] = "en",
    only: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="Take it for this format.")
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Dialect of ISO 8583; says --as iso8583 too."),
    ] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Show card data, PIN blocks and keys.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print the YAML for posemu encode.")] = False,
) -> None:
    """Say what something is, explain every field of it, and mark what is wrong and where.

    Recognised are ISO 8583 messages, EMV data (field 55), commands and answers of cards, EMV QR
    codes, tracks and more; as hex in any writing, hexdump, base64, or as they are.

    Prefer - and give the data on standard input: what stands on a command line stays in the history
    of the shell and in the list of processes. Sensitive values are masked in the output.
    """
    if only is not None and only not in BY_ID:
        _refuse(f"there is no format {only!r}; --as is one of {', '.join(BY_ID)}")
    if as_json and yaml:
        _refuse("--json and --yaml exclude each other; give one of them")
    dialects = read_dialects(dialect)
    only = only or ("iso8583" if dialect is not None else None)
    given = sources(
        sys.stdin.buffer.read() if data == "-" else data.encode("utf-8", "surrogateescape")
    )
    if not given:
        _refuse(say(lang, "nothing"))
    if unsafe:
        typer.echo(say(lang, "unsafe"), err=True)
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _WIDTH)
    ranked = candidates(given, dialects, lang, only)
    if not ranked or (only is None and ranked[0].reading.score < RECOGNISED):
        if as_json:
            typer.echo(json.dumps({"recognised": False, "format": None}))
        else:
            size, text = len(given[0].data), isinstance(given[0].data, str)
            show_unrecognised(console, ranked, size, text, lang)
        raise typer.Exit(1)
    _print(console, ranked, lang, unsafe, "yaml" if yaml else "json" if as_json else "table")
    if ranked[0].reading.problems:
        raise typer.Exit(1)


def _print(console: Console, ranked: list[Candidate], lang: str, unsafe: bool, form: str) -> None:
    """The best reading as a table, as JSON or as YAML."""
    best, near = ranked[0], others(ranked)
    veil = Veil(best.reading, lang, unsafe)
    if form == "yaml":
        if best.reading.document is None:
            typer.echo(say(lang, "no-yaml"), err=True)
            raise typer.Exit(1)
        if not unsafe:
            typer.echo(say(lang, "yaml-masked"))
        typer.echo(veil.text(as_yaml(best.reading.document, unsafe), free=True), nl=False)
    elif form == "json":
        document = as_data(best, near, veil, lang)
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        show(console, best, near, veil, lang)


_TEXT = re.sub(r"(?<!\n)\n(?!\n)", " ", getdoc(command) or "")  # Typer keeps the ends of lines
command.__doc__ = f"{_TEXT}\n\n{_EPILOG}"


def read_dialects(wanted: str | None) -> list[Dialect]:
    """The dialects to try, posemu's own first; or the one that is wanted."""
    try:
        if wanted is None:
            names = sorted(dialect_names(), key=lambda name: name != _PREFERRED)
            return [load_dialect(name) for name in names]
        if wanted in dialect_names():
            return [load_dialect(wanted)]
        if "/" in wanted or wanted.endswith(".yaml"):
            return [read_dialect(Path(wanted))]
        load_dialect(wanted)
    except DialectFileError as error:
        _refuse(f"dialect {wanted!r} cannot be used: {error}")
    raise AssertionError


def _refuse(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(2)
