"""Reading a data file of YAML so that an error can name the line at which it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from posemu.profiles.data_files import DataFileError


def read_yaml(text: str, file: str) -> Any:
    """What `text` says; `file` is what errors call it. Raises `DataFileError` for what is no YAML
    or has a value that no number, date or tag can have."""
    try:
        return YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as error:
        line = re.search(r"line (\d+)", str(error))
        problem = getattr(error, "problem", None) or "is not YAML"
        raise DataFileError(file, f"line {line[1]}" if line else "top", str(problem)) from None
    except RecursionError:
        raise DataFileError(file, "top", "is nested too deeply") from None
    except (ValueError, KeyError, OverflowError):
        raise DataFileError(file, "top", "a number, date or !!tag has no such value") from None


def place_in(text: str, keys: Sequence[str | int]) -> str:
    """The keys with dots, and the line of the file to which they lead, as far as they do."""
    node: Node | None = YAML(typ="safe", pure=True).compose(StringIO(text))
    line = None
    for key in keys:
        found = _inside(node, key)
        if found is None:
            break
        line, node = found
    name = ".".join(map(str, keys)) or "top"
    return name if line is None else f"{name} (line {line})"


def _inside(node: Node | None, key: str | int) -> tuple[int, Node] | None:
    """The line of a key or of an item, and what stands there."""
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line + 1, item
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    return None
