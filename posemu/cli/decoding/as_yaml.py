"""A reading as the YAML that `posemu encode` makes the same bytes of."""

from __future__ import annotations

import json
from typing import Any

from posemu.cli.decoding.secret import Secret
from posemu.wire import mask_pan


def as_yaml(document: Any, clear: bool) -> str:
    """The YAML of a document; what is secret is masked unless `clear`. Every text stands in
    quotes, so that no reader takes 0200 for a number."""
    return "\n".join(_lines(document, 0, clear)) + "\n"


def _lines(value: Any, depth: int, clear: bool) -> list[str]:
    indent = "  " * depth
    lines = []
    if isinstance(value, list):
        for each in value:
            inner = _lines(each, depth + 1, clear)
            lines += [f"{indent}- {inner[0].lstrip()}", *inner[1:]]
        return lines
    for key, each in value.items():
        if isinstance(each, dict | list) and each:
            lines += [f"{indent}{_key(key)}:", *_lines(each, depth + 1, clear)]
        else:
            lines.append(f"{indent}{_key(key)}: {_scalar(each, clear)}")
    return lines


def _key(key: Any) -> str:
    text = str(key)
    plain = text.isidentifier() if not isinstance(key, int) else True
    return text if plain and text not in ("y", "n") else json.dumps(text)


def _scalar(value: Any, clear: bool) -> str:
    if isinstance(value, Secret) and not clear:
        masked = mask_pan(value) if value.kind == "pan" and value.isdigit() else "*" * 3
        return json.dumps(masked)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return json.dumps(value, ensure_ascii=False)
