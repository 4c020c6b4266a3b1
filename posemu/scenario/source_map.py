"""A YAML file as data, and where in the file each part of it stands.

The file is read as YAML 1.2 into a tree of nodes, and the data is made from the tree, because only
the tree knows the line of a value and whether it stood in quotes: 0210 without quotes is the number
210, and text without quotes becomes `Plain`. Keys that appear twice, values that refer to
themselves and private tags are problems.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from posemu.profiles.quantities import Plain
from posemu.scenario.problems import Problem, ScenarioError

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_CORE = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "omap", "set")
_FOUND_MAX = 40


class Source:
    """One file: its data, and where its parts stand, by path, as ("tills", "till-1", "rssi")."""

    __slots__ = ("_keys", "_nodes", "data", "file", "problems")

    def __init__(self, text: str, file: str) -> None:
        """Raises `ScenarioError` if the text is not YAML at all."""
        self.file = file
        self.problems: list[Problem] = []
        self._nodes: dict[Path, Node] = {}
        self._keys: dict[Path, Node] = {}
        root = _compose(text, file)
        self.data: Any = None if root is None else self._build(root, (), ())

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """A problem of the part at `path`, or of the nearest part around it that the file has."""
        place = path
        while place and place not in self._nodes:
            place = place[:-1]
        node = self._nodes.get(place)
        if (at_key and place == path) or _is_empty(node):
            node = self._keys.get(place, node)
        return self._at(node, message)

    def found(self, path: Path) -> str:
        """What stands at `path`, as the file writes it, for a message."""
        node = self._nodes.get(path)
        if isinstance(node, MappingNode):
            return "a map" if node.value else "an empty map"
        if isinstance(node, SequenceNode):
            return "a list" if node.value else "an empty list"
        if not isinstance(node, ScalarNode) or _is_empty(node):
            return "empty"
        text = node.value if len(node.value) <= _FOUND_MAX else node.value[:_FOUND_MAX] + "..."
        return f'"{text}"' if node.style in ('"', "'") else str(text)

    def key_is_quoted(self, path: Path) -> bool:
        """True unless the key at the end of `path` stands without quotes."""
        node = self._keys.get(path)
        return not isinstance(node, ScalarNode) or node.style is not None

    def _at(self, node: Node | None, message: str) -> Problem:
        if node is None:
            return Problem(self.file, 1, 1, message)
        mark = node.start_mark
        return Problem(self.file, mark.line + 1, mark.column + 1, message)

    def _build(self, node: Node, path: Path, above: tuple[Node, ...]) -> Any:
        self._nodes[path] = node
        kind = str(node.tag or "").removeprefix(_TAG)
        if any(node is other for other in above):
            self.problems.append(self._at(node, "a value refers to itself; write it out"))
            return None
        if kind not in _CORE:
            self.problems.append(self._at(node, f"tag {node.tag}; plain YAML only, without tags"))
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, above)
        if isinstance(node, SequenceNode):
            return [
                self._build(part, (*path, i), (*above, node)) for i, part in enumerate(node.value)
            ]
        assert isinstance(node, ScalarNode)
        try:
            return _scalar(node, kind)
        except ValueError:  # !!int x, or thousands of digits
            message = f"no value of !!{kind}; write it in quotes, or without the tag"
            self.problems.append(self._at(node, message))
            return None

    def _mapping(self, node: MappingNode, path: Path, above: tuple[Node, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.problems.append(self._at(key_node, "a key must be a single word"))
                continue
            key = str(key_node.value)
            if key in data:
                line = self._keys[(*path, key)].start_mark.line + 1
                message = (
                    f"key {key!r} appears twice; the first is on line {line}, keep one of them"
                )
                self.problems.append(self._at(key_node, message))
                continue
            self._keys[(*path, key)] = key_node
            data[key] = self._build(value_node, (*path, key), (*above, node))
        return data


def _is_empty(node: Node | None) -> bool:
    plain = isinstance(node, ScalarNode) and node.style is None
    return plain and node is not None and node.value in ("", "~", "null")


def _compose(text: str, file: str) -> Node | None:
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ScenarioError([Problem(file, line, column, _not_yaml(error))]) from None
    except RecursionError:
        raise ScenarioError([Problem(file, 1, 1, "not YAML: nested too deeply")]) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        before = text[:position]
        line, column = before.count("\n") + 1, position - before.rfind("\n")
        message = "not YAML: a character that may not stand in a text file; delete it"
        raise ScenarioError([Problem(file, line, column, message)]) from None
    return root


def _not_yaml(error: MarkedYAMLError) -> str:
    problem = " ".join(str(error.problem or error.context).split())
    hint = "check the indentation, brackets and quotes up to here"
    if "'\\t'" in problem:
        hint = "indent with spaces, not with tabs"
    elif "single document" in str(error.context):
        problem, hint = "a second document begins here", "one document per file"
    return f"not YAML: {problem}; {hint}"


def _scalar(node: ScalarNode, kind: str) -> Any:
    text = str(node.value)
    if node.style is not None or kind in ("str", "timestamp"):
        return Plain(text) if node.style is None else text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    digits = text.replace("_", "")
    if kind == "float":
        return float(re.sub(r"\.(inf|nan)$", r"\1", digits.lower()))
    return int(digits, 0) if re.match(r"[-+]?0[xob]", digits) else int(digits)
