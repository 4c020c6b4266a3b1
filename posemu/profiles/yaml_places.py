"""Reading a data file of YAML so that an error can name the line at which it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from posemu.profiles.data_files import SUFFIX, DataFileError


def read_yaml(text: str, file: str, error: type[DataFileError] = DataFileError) -> Any:
    """What `text` says; `file` is what errors call it. Raises `error` for what is no YAML or has a
    value that no number, date or tag can have."""
    try:
        return YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as problem:
        line = re.search(r"line (\d+)", str(problem))
        reason = getattr(problem, "problem", None) or "is not YAML"
        raise error(file, f"line {line[1]}" if line else "top", str(reason)) from None
    except RecursionError:
        raise error(file, "top", "is nested too deeply") from None
    except (ValueError, KeyError, OverflowError):
        raise error(file, "top", "a number, date or !!tag has no such value") from None


def place_in(text: str, keys: Sequence[str | int], name: str = "") -> str:
    """`name`, or the keys with dots, and the line of the file to which the keys lead, as far as
    they do."""
    node: Node | None = YAML(typ="safe", pure=True).compose(StringIO(text))
    line = None
    for key in keys:
        found = _inside(node, key)
        if found is None:
            break
        line, node = found
    name = name or ".".join(map(str, keys)) or "top"
    return name if line is None else f"{name} (line {line})"


def check_name(name: str, text: str, file: str) -> None:
    """Raises `DataFileError` unless a file that says what it is called is called so."""
    if f"{name}{SUFFIX}" != file:
        raise DataFileError(
            file, place_in(text, ["name"]), f"must be that of the file, not {name!r}"
        )


def _inside(node: Node | None, key: str | int) -> tuple[int, Node] | None:
    """The line of a key or of an item, and what stands there."""
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line + 1, item
    if isinstance(node, MappingNode):
        for found, value in node.value:
            if found.value == str(key):
                return found.start_mark.line + 1, value
    return None
