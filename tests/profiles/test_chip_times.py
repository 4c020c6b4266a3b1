"""Times of chip readers and chips from files: what posemu ships, and errors that say where."""

from __future__ import annotations

from importlib.resources import files

import pytest

from posemu.profiles.chip_times import (
    ChipTimes,
    chip_times_names,
    load_chip_times,
    parse_chip_times,
)
from posemu.profiles.data_files import DataFileError

FILE = "posemu-default.yaml"
TEXT = (files("posemu.profiles") / "chip_times" / FILE).read_text("utf-8")
RSA = {896: 86.3, 1024: 106.7, 1280: 156.4, 1536: 225.4}
"""ms on an Athena IDProtect, RSA_CRT_PRIVATE NOPAD (crocs-muni/jcalgtest_results)."""


@pytest.mark.parametrize("name", chip_times_names())
def test_every_file_that_ships_can_be_used(name: str) -> None:
    """It loads, once."""
    assert load_chip_times(name) is load_chip_times(name)


def test_the_default_says_what_its_file_says() -> None:
    """Durations become µs, counts stay counts."""
    assert load_chip_times("posemu-default") == ChipTimes(
        3_571_200, 10_000, 42_500, 10_000, 20_000, 5_000, 106_700, 4_000
    )


@pytest.mark.parametrize(("bits", "measured_ms"), RSA.items())
def test_the_square_of_the_length_is_near_what_was_measured(bits: int, measured_ms: float) -> None:
    """Within 7 % of the card that the data names, from 896 to 1536 bits."""
    modelled_ms = load_chip_times("posemu-default").rsa_1024_us * bits**2 / 1024**2 / 1000
    assert abs(modelled_ms / measured_ms - 1) < 0.07


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("3571200", "372", "reader.clock_hz (line 9)", "greater than or equal to 1000000"),
        ("3571200", "'fast'", "reader.clock_hz (line 9)", "valid integer"),
        ("42500", "39999", "reader.reset_cycles (line 11)", "greater than or equal to 40000"),
        ("20000", "40001", "card.atr_cycles (line 15)", "less than or equal to 40000"),
        ("5 ms", "5", "card.command (line 16)", "a bare number has no unit"),
        ("write:", "wrote:", "card.write (line 14)", "Field required"),
        ("name: posemu-default", "name: other", "name (line 6)", "must be that of the file"),
        ("reader:", "reader", "line 8", "could not find expected ':'"),
    ],
)
def test_an_error_says_where_and_what(old: str, new: str, place: str, reason: str) -> None:
    """A wrong number, a missing or misspelt key, another name, no YAML: the place in the file."""
    assert TEXT.count(old) >= 1
    with pytest.raises(DataFileError) as caught:
        parse_chip_times(TEXT.replace(old, new, 1), FILE)
    assert reason in caught.value.reason
    assert caught.value.place.startswith(place)


def test_a_name_that_is_none_is_refused() -> None:
    """The error names those there are."""
    with pytest.raises(DataFileError, match="there are only: posemu-default"):
        load_chip_times("no-such")
