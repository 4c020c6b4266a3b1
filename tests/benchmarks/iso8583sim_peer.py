"""iso8583sim, timed in a process and an environment of its own: its licence is the AGPL, so nothing
of posemu imports it, and this program imports nothing of posemu.

Standard input has one JSON array a line, and standard output answers each with one JSON value:

    ["message", MTI, {"2": "9999..."}]    keeps this message; its text, as iso8583sim builds it
    ["encode", 1000]                      CPU seconds per message, over so many
    ["decode", 1000]                      the same

It uses what iso8583sim offers as its quickest: the parser of text with its compiled parts, and
parser, builder and message made once.
"""

from __future__ import annotations

import json
import sys
from time import process_time

from iso8583sim.core.builder import ISO8583Builder
from iso8583sim.core.parser import ISO8583Parser
from iso8583sim.core.types import ISO8583Message


def main() -> None:
    """Answer until standard input ends."""
    builder, parser = ISO8583Builder(), ISO8583Parser()
    message, text, works = None, "", {}
    for line in sys.stdin:
        what, *rest = json.loads(line)
        if what == "message":
            fields = {int(number): value for number, value in rest[1].items()}
            message = ISO8583Message(mti=rest[0], fields=dict(fields))
            text = builder.build(message)
            read = {n: value for n, value in parser.parse(text).fields.items() if n}
            assert read == fields, "iso8583sim reads other values than it was given"
            works = {"encode": (builder.build, message), "decode": (parser.parse, text)}
            answer = text
        else:
            work, argument = works[what]
            start = process_time()
            for _ in range(rest[0]):
                work(argument)
            answer = (process_time() - start) / rest[0]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
