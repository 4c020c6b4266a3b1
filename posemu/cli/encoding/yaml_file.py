"""Parts of a YAML file with their places: whatever is wrong is told with line and column, and with
what may stand there instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, NoReturn

from posemu.scenario.problems import ScenarioError
from posemu.scenario.source_map import Path, Source
from posemu.wire import EncodeError


class Part:
    """One value of the file and where it stands."""

    def __init__(self, source: Source, path: Path, data: Any) -> None:
        self._source = source
        self._path = path
        self.data = data

    def refuse(self, message: str, *, at_key: bool = False) -> NoReturn:
        """Raises `ScenarioError` for this place."""
        raise ScenarioError([self._source.problem(self._path, message, at_key=at_key)]) from None

    def items(self) -> Iterator[tuple[str, Part]]:
        """The entries of a map. Refuses what is none."""
        if not isinstance(self.data, dict):
            self.refuse(f"must be a map of keys and values, not {self.found}")
        for key, value in self.data.items():
            yield key, Part(self._source, (*self._path, key), value)

    def parts(self) -> Iterator[Part]:
        """The entries of a list."""
        for place, value in enumerate(self.data):
            yield Part(self._source, (*self._path, place), value)

    def get(self, key: str) -> Part | None:
        """The entry of a map, or None."""
        if not isinstance(self.data, dict) or key not in self.data:
            return None
        return Part(self._source, (*self._path, key), self.data[key])

    def need(self, key: str, example: str) -> Part:
        """The entry of a map that must be there."""
        found = self.get(key)
        if found is None:
            self.refuse(f"{key} is missing; write {key}: {example}")
        return found

    def only(self, known: Collection[str]) -> None:
        """Refuses keys that are not known."""
        for key, part in self.items():
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                part.refuse(f"unknown key {key!r}{hint} There may stand: {', '.join(known)}",
                            at_key=True)  # fmt: skip

    def text(self) -> str:
        """Text. A number without quotes is refused: 0200 would lose its zero."""
        if isinstance(self.data, int | float):
            self.refuse(f'{self.found} without quotes is a number; write "{self.found}"')
        if not isinstance(self.data, str):
            self.refuse(f"must be text in quotes, not {self.found}")
        return str(self.data)

    def octets(self) -> bytes:
        """Bytes, written as hex."""
        digits = re.sub(r"[\s:]", "", self.text())
        if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
            self.refuse("must be bytes in hex, two digits each")
        return bytes.fromhex(digits)

    def number(self) -> int:
        """A whole number."""
        if not isinstance(self.data, int) or isinstance(self.data, bool):
            self.refuse(f"must be a whole number, not {self.found}")
        return self.data

    def flag(self) -> bool:
        """true or false."""
        if not isinstance(self.data, bool):
            self.refuse(f"must be true or false, not {self.found}")
        return self.data

    def blame(self, error: EncodeError) -> NoReturn:
        """Refuses with what an encoder said."""
        self.refuse(str(error))

    @property
    def found(self) -> str:
        return self._source.found(self._path)


def read_yaml(text: str, file: str) -> Part:
    """The whole file. Raises `ScenarioError` if it is not YAML."""
    source = Source(text, file)
    if source.problems:
        raise ScenarioError(source.problems)
    return Part(source, (), source.data)
