"""Draws charts: from Vega-Lite to SVG, in a process of its own.

vl-convert is a browser's engine with threads. A process that has such threads must not be forked
any more (a lock that one of them holds would be held for ever in the copy), and the workers of a
study are forked. So the engine never runs in the process of whoever asks for a picture.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

_PROGRAM = """
import json, sys
import vl_convert
draw = vl_convert.vegalite_to_svg
json.dump([draw(spec, vl_version=version) for spec, version in json.load(sys.stdin)], sys.stdout)
"""


class DrawingError(Exception):
    """A chart could not be drawn; the message is the engine's."""


class Drawing(NamedTuple):
    """A chart to be drawn: its name in the page, its Vega-Lite specification and the version of
    Vega-Lite it is written for (like "v6.1")."""

    name: str
    spec: dict[str, Any]
    version: str


def draw(drawings: Sequence[Drawing]) -> list[str]:
    """The <svg> element of each. Their inner ids get the name before them, because several charts
    stand in one page. Raises `DrawingError`."""
    asked = json.dumps([(drawing.spec, drawing.version) for drawing in drawings])
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DrawingError(done.stderr.strip().rpartition("\n")[2] or "no picture came back")
    pairs = zip(drawings, json.loads(done.stdout), strict=True)
    return [_in_page(drawing.name, svg) for drawing, svg in pairs]


def _in_page(name: str, svg: str) -> str:
    svg = re.sub(r"\b(clip|gradient_)(\d+)", rf"{name}-\1\2", svg)
    return svg.replace("<svg ", '<svg role="img" ', 1)
