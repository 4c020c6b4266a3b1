"""The corpus: what each target starts from.

Two sources: the inputs of published vectors and a few made messages, which are never stored twice;
and `corpus/TARGET.hex`, one input a line in hex, which fuzzing found worth keeping (a new path
through the decoder, or a fault that was there once). Lines behind a # are comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.contract import Target

FOLDER = Path(__file__).parent / "corpus"
PUBLISHED = Path(__file__).parents[1] / "vectors" / "published"
_TEXT = {
    ("tr31", "block"), ("tr31", "header"), ("iso8583", "mti"), ("iso8583_cup_pos", "value"),
    ("iso8583_response_codes", "code"), ("card_verification", "service_code"),
    ("emv_qr", "payload"), ("emv_qr", "payload_base64"), ("emv_qr", "data_utf8"),
    ("magstripe", "track1"), ("magstripe", "track2"),
}  # fmt: skip
"""Inputs of vectors that are text; all others are hex."""


def seeds(target: Target) -> list[bytes]:
    """What is known beforehand: the inputs of vectors, and what the target makes itself."""
    found = [target.frame(data) for kind, name in target.seeds for data in _inputs(kind, name)]
    return list(dict.fromkeys([*found, *target.made()]))


def kept(name: str) -> list[bytes]:
    """The inputs in the file of a target, in order; none if there is no file."""
    file = FOLDER / f"{name}.hex"
    if not file.exists():
        return []
    lines = (line.partition("#")[0].strip() for line in file.read_text("ascii").splitlines())
    return [bytes.fromhex(line.strip("-")) for line in lines if line]


def keep_too(name: str, found: Iterable[bytes]) -> int:
    """Add inputs to the file of a target, the short ones first; returns how many were new."""
    before = kept(name)
    new = sorted(set(found) - set(before), key=lambda data: (len(data), data))
    if new:
        lines = "".join(f"{data.hex().upper() or '-'}\n" for data in [*before, *new])
        (FOLDER / f"{name}.hex").write_text(lines, "ascii")
    return len(new)


def whole(target: Target) -> list[bytes]:
    """Seeds and kept inputs, each once."""
    return list(dict.fromkeys([*seeds(target), *kept(target.name)]))


@cache
def _vectors(kind: str) -> Any:
    return json.loads((PUBLISHED / f"{kind}.json").read_text("utf-8"))["vectors"]


def _inputs(kind: str, name: str) -> Iterator[bytes]:
    for vector in _vectors(kind):
        text = vector["inputs"].get(name)
        if isinstance(text, str) and (kind, name) in _TEXT:
            yield text.encode("utf-8", "surrogateescape")
        elif isinstance(text, str) and re.fullmatch("([0-9A-Fa-f]{2})*", text):
            yield bytes.fromhex(text)
