"""Card numbers that are nobody's: the only ones a test card may bear.

Two kinds, and they are not the same: a *range* in which no card can be issued, and *single numbers*
that processors publish for tests (their ranges belong to real issuers, hence only the very numbers
are taken). Both are data with their sources. A laboratory may add a file of its own; a number found
there carries the file's name, so that every report can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from posemu.profiles.data_files import DataFileError
from posemu.profiles.yaml_places import read_yaml
from posemu.wire import luhn_valid, mask_pan

_FILE = "test_pans.yaml"
_SHORTEST, _LONGEST = 12, 19
_Digits = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4,19}$")]
_Text = Annotated[str, StringConstraints(strict=True, min_length=1)]


class TestPansError(DataFileError):
    """A file of test numbers that cannot be used."""

    __test__ = False  # for pytest


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Range(_Model):
    prefix: _Digits
    source: _Text


class _File(_Model):
    ranges: tuple[_Range, ...] = ()
    numbers: dict[_Digits, _Text] = {}


@dataclass(frozen=True, slots=True)
class PanSource:
    """Where a number comes from: the file that allows it, and what that says of it."""

    file: str
    source: str


class TestPans:
    """The numbers of one or more files; the first file that allows a number is its source."""

    __slots__ = ("_files",)
    __test__ = False

    def __init__(self, entries: tuple[tuple[str, _File], ...]) -> None:
        self._files = entries

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files."""
        return tuple(name for name, _ in self._files)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the numbers of a range begin with."""
        return tuple(row.prefix for _, entry in self._files for row in entry.ranges)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The single numbers."""
        return tuple(number for _, entry in self._files for number in entry.numbers)

    def check(self, pan: str) -> PanSource:
        """The source of `pan`; ValueError, which shows it masked only, unless it is a test number
        of 12 to 19 digits with a right check digit."""
        if not (pan.isascii() and pan.isdigit() and _SHORTEST <= len(pan) <= _LONGEST):
            raise ValueError(f"a PAN has {_SHORTEST} to {_LONGEST} digits, in quotes")
        found = self._find(pan)
        if found is None:
            raise ValueError(
                f"{mask_pan(pan)} may be somebody's card; write a number that begins with "
                f"{', '.join(self.prefixes)}, which no issuer has, or a published test number"
            )
        if not luhn_valid(pan):
            raise ValueError(f"{mask_pan(pan)} has a wrong check digit (Luhn)")
        return found

    def _find(self, pan: str) -> PanSource | None:
        for name, entry in self._files:
            for row in entry.ranges:
                if pan.startswith(row.prefix):
                    return PanSource(name, row.source)
            if pan in entry.numbers:
                return PanSource(name, entry.numbers[pan])
        return None


@cache
def load_test_pans() -> TestPans:
    """The numbers that come with posemu."""
    text = (files("posemu.profiles") / _FILE).read_text("utf-8")
    return TestPans(((_FILE, _parse(text, _FILE)),))


def read_test_pans(path: Path) -> TestPans:
    """The numbers that come with posemu, and those of a laboratory's file.

    Raises `TestPansError`, OSError, UnicodeDecodeError.
    """
    mine = _parse(path.read_text("utf-8-sig"), str(path))
    return TestPans((*load_test_pans()._files, (str(path), mine)))


def _parse(text: str, file: str) -> _File:
    try:
        return _File.model_validate(read_yaml(text, file, TestPansError))
    except ValidationError as error:
        # The key of an entry may be a card number: name the section only.
        first = error.errors(include_input=False, include_url=False)[0]
        place = str(first["loc"][0]) if first["loc"] else "the file"
        raise TestPansError(
            file, place, "write ranges: [{prefix: digits, source: text}], numbers: {digits: text}"
        ) from None
