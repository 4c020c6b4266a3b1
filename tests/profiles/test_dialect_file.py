"""Dialect files: what posemu ships, and errors that say where and what."""

import copy
import re
from importlib.resources import files

import pytest

from posemu.profiles.dialect_file import (
    DialectFileError,
    dialect_names,
    load_dialect,
    parse_dialect,
)
from posemu.wire import Codec, Dialect, Fixed, Prefixed

NAME = "posemu-87-aes"
TEXT = (files("posemu.profiles") / "dialects" / f"{NAME}.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", dialect_names())
def test_every_dialect_loads_and_makes_a_codec(name):
    """Every dialect that ships can be used, and every field has its names in both languages."""
    dialect = load_dialect(name)
    assert isinstance(dialect, Dialect)
    assert Codec(dialect).decode(Codec(dialect).encode("0800", {})) == ("0800", {})
    for field in dialect.fields:
        assert field.text["en"]
        assert re.search("[\u4e00-\u9fff]", field.text["zh"])


def test_a_dialect_is_read_once():
    """Loading again gives the same object."""
    assert load_dialect(NAME) is load_dialect(NAME)


def test_our_dialect_carries_no_card_data_in_clear():
    """PAN, expiry and clear tracks have no field; what stands for them is marked sensitive."""
    fields = {field.number: field for field in load_dialect(NAME).fields}
    assert not {2, 14, 35, 36, 45} & set(fields)
    assert {n: f.sensitive for n, f in fields.items() if f.sensitive} == {52: "pin", 63: "track"}
    assert fields[52].length == Fixed(16)
    assert fields[62].length == Prefixed(3, 12, "bcd")
    assert load_dialect(NAME).mac_field == max(fields) == 64
    assert load_dialect(NAME).header.tpdu.hex() == "6000010000"


def test_the_file_says_that_the_dialect_is_ours():
    """Who opens the file learns first that this is no standard, and why."""
    head = TEXT[: TEXT.index("\nname:")]
    for words in ("posemu's own", "no standard place for AES DUKPT", "DE2 ", "DE14", "DE45"):
        assert words in head
    assert "own" in load_dialect(NAME).note


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("length: 12, encoding: bcd", "length: 12, encodng: bcd", "fields.4.encoding", "required"),
        (
            "length: 12, encoding: bcd",
            "length: twelve, encoding: bcd",
            "fields.4.length",
            "integer",
        ),
        ("type: n, length: 12", "type: q, length: 12", "DE4", "type 'q' is not one of n, a"),
        ("type: n, length: 12", "type: n, length: 0", "DE4", "at least 1"),
        ("prefix: LLL, max: 37", "prefix: LLL, max: 1000", "DE48", "cannot count to 1000"),
        ("prefix: LLL, max: 37", "prefix: XX, max: 37", "fields.48.length.prefix", "'LLL'"),
        ("sensitive: pin", "sensitive: pan-block", "DE52", "not one of pan, track"),
        ('"6000010000"', '"6100010000"', "header.tpdu", "pattern"),
        ("bitmap: binary", "bitmap: hex", "bitmap", "write 'binary'"),
        ("mac_field: 64", "mac_field: 63", "DE63", "fixed field"),
        ("name: posemu-87-aes", "name: other", "name", "that of the file"),
        ("  4: {name", "  3: {name", "line 2", "duplicate key"),
        ("  3: {name", "  3: {name: {", "line 2", ""),
        ("fields:\n", "fields: []\nx:\n", "fields", "dict"),
    ],
)
def test_errors_name_file_place_and_reason(old, new, place, reason):
    """A mistake in the file is told with the file, the place in it and what is wrong."""
    assert old in TEXT
    with pytest.raises(DialectFileError) as caught:
        parse_dialect(TEXT.replace(old, new, 1), f"{NAME}.yaml")
    error = caught.value
    assert error.file == f"{NAME}.yaml"
    assert error.place.startswith(place)
    assert reason in error.reason
    assert str(copy.copy(error)) == str(error) == f"{error.file}, {error.place}: {error.reason}"


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "\x00", "!!python/object:os.system {}"])
def test_what_is_no_dialect_at_all_is_refused(text):
    """No file content raises anything but DialectFileError."""
    with pytest.raises(DialectFileError):
        parse_dialect(text, "x.yaml")


@pytest.mark.parametrize("name", ["", "nobody", "../rulebooks/x", "posemu-87-aes.yaml"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    """Who misspells a name reads which there are; a name is no path."""
    with pytest.raises(DialectFileError, match=NAME):
        load_dialect(name)
