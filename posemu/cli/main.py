"""The `posemu` command: a table of commands, each in a module of its own that is imported only when
it is called.

So `posemu --help` answers at once; `posemu COMMAND --help` is Typer's.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

from posemu import __version__

COMMANDS: dict[str, str] = {
    "run": "run scenarios: verdict, report, results and a replay file",
    "check": "validate scenario files without running them",
    "replay": "run a stored run again and compare digests",
    "faults": "the catalogue of failure modes; one entry explained",
    "interventions": "what a shop can do about failures; one entry explained",
    "people": "make a file of test cardholders",
    "card-keys": "make new keys for test cards",
    "decode": "what is in these bytes: ISO 8583, EMV, QR codes, tracks",
    "encode": "build a message, EMV data, a QR code or a track from YAML",
    "schema": "JSON Schema of the scenario file, for editors",
}

_HELP = """\
Usage: posemu COMMAND [ARGUMENTS]

A payment terminal you can break: runs scenarios of faults against an emulated
terminal and its host, and judges whether money and secrets were safe.

Commands:
{commands}

  posemu COMMAND --help   explains one command
  posemu --version        shows the version

Exit codes: 0 holds; 1 an invariant or expectation is violated; 2 bad usage or
bad file; 3 coverage below its floor; 4 not deterministic; 70 a worker process
was killed; 130 Ctrl-C.
"""


def help_text() -> str:
    width = max(map(len, COMMANDS))
    rows = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return _HELP.format(commands="\n".join(rows))


def main() -> None:
    """The entry point: exits with the command's code."""
    arguments = sys.argv[1:]
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help", "help"):
        print(help_text(), end="")
        sys.exit(0 if arguments else 2)
    if name == "--version":
        print(f"posemu {__version__}")
        sys.exit(0)
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        print(f"posemu: there is no command {name!r}{hint} See posemu --help.", file=sys.stderr)
        sys.exit(2)
    typer = import_module("typer")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(import_module(f"posemu.cli.{name.replace('-', '_')}").command)
    app(args=arguments[1:], prog_name=f"posemu {name}")
