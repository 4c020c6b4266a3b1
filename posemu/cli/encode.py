"""`posemu encode`: YAML -> the bytes of a message, of chip data, a QR code or a track."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from posemu.cli.decode import read_dialects
from posemu.cli.encoding.build import BUILDERS, TRACKS, track_bits
from posemu.cli.encoding.message import message_bytes
from posemu.cli.encoding.yaml_file import Part, read_yaml
from posemu.scenario.load import read_text
from posemu.scenario.problems import ScenarioError
from posemu.wire import Dialect


def command(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file of YAML; - reads standard input.")
    ],
    dialect: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Dialect, where the file names none."),
    ] = None,
    length_header: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="none, binary2, ascii4 ...; default: the dialect's."),
    ] = None,
    binary: Annotated[
        bool, typer.Option("--binary", help="Write the bytes themselves, not hex.")
    ] = False,
    bits: Annotated[bool, typer.Option("--bits", help="Of a track: the bits of a swipe.")] = False,
) -> None:
    """Build a message from YAML and print it as hex; QR codes and tracks are printed as they are.

    A file is an ISO 8583 message (mti, fields, dialect, tpdu, header, length), messages: a list of
    them, or one of tlv, command, response, qr, cpm, track1, track2, track3. Text stands in quotes.

    posemu decode --yaml --unsafe prints the file that makes the same bytes of what it is given.
    """
    default = None if dialect is None else read_dialects(dialect)[0]
    try:
        text = sys.stdin.read() if file == "-" else read_text(Path(file))
        built, kind, part = _build(read_yaml(text, file), default, length_header)
        if bits:
            if kind not in TRACKS or not isinstance(built, str):
                part.refuse("--bits is for track1, track2 and track3")
            built = track_bits(kind, built, part)
    except ScenarioError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if binary:
        sys.stdout.buffer.write(built.encode() if isinstance(built, str) else built)
    else:
        typer.echo(built if isinstance(built, str) else built.hex().upper())


def _build(top: Part, default: Dialect | None, length: str | None) -> tuple[bytes | str, str, Part]:
    """What the file describes, the key it is under, and its part."""
    for kind, builder in BUILDERS.items():
        part = top.get(kind)
        if part is not None:
            top.only((kind,))
            return builder(part), kind, part
    messages = top.get("messages")
    if messages is not None:
        top.only(("messages",))
        if not isinstance(messages.data, list):
            messages.refuse(f"must be a list of messages, not {messages.found}")
        return b"".join(message_bytes(p, default, length) for p in messages.parts()), "", top
    if top.get("mti") is None:
        kinds = ", ".join(("mti and fields", "messages", *BUILDERS))
        top.refuse(f"nothing to build is here; write one of {kinds}")
    return message_bytes(top, default, length), "", top
