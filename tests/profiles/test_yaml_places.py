"""Every file of data that a user may bring is refused with its own error, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from posemu.profiles.card_keys import CardKeysError, read_card_keys
from posemu.profiles.data_files import DataFileError
from posemu.profiles.dialect_file import DialectFileError, read_dialect
from posemu.profiles.emv import parse_terminal
from posemu.profiles.pans import TestPansError, read_test_pans

READERS = {
    "dialect": (read_dialect, DialectFileError),
    "keys": (read_card_keys, CardKeysError),
    "numbers": (read_test_pans, TestPansError),
    "terminal": (lambda path: parse_terminal(path.read_text(), path.name), DataFileError),
}


@pytest.mark.parametrize(
    "text", ["a: 2026-99-99", "a: !!bool x", "a: !!int abc", "{", "[" * 1500, "- 1", ""]
)
@pytest.mark.parametrize("kind", READERS)
def test_what_no_file_may_be_is_refused(kind: str, text: str, tmp_path: Path) -> None:
    """Impossible dates and numbers, tags without a value, nesting without end, another shape."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    read, error = READERS[kind]
    with pytest.raises(error, match=r"mine\.yaml"):
        read(path)
