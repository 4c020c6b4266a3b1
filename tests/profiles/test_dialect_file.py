"""Dialect files: what posemu ships, and errors that say where and what."""

import copy
import dataclasses
import re
from importlib.resources import files

import pytest

from posemu.profiles.dialect_file import (
    DialectFileError,
    dialect_names,
    is_dialect,
    load_dialect,
    parse_dialect,
    read_dialect,
)
from posemu.wire import Codec, Dialect, Field, Fixed, Prefixed

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
    sensitive = {n: f.sensitive for n, f in fields.items() if f.sensitive}
    assert sensitive == {52: "pin", 55: "track", 63: "track"}
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
        ("type: n, length: 12", "type: n, length: -1", "DE4", "at least 0"),
        ("length: 12,", "length: {fixed: 12},", "fields.4.length.counts", "required"),
        ("length: 12,", "length: {fixed: 12, counts: words},", "DE4", "not one of units, bytes"),
        (
            "type: n, length: 12",
            "type: n, inside: {}, length: 12",
            "fields.4.inside",
            "write one of",
        ),
        ("mti: bcd", "mti: bcd\nversion: '1986'", "version", "not one of 1987, 1993"),
        ("mti: bcd", "mti: bcd\nresponse_codes: mine", "response_codes", "not one of 1987"),
        ("mti: bcd", "mti: bcd\nsecondary: sometimes", "secondary", "needed, either"),
        ("mti: bcd", "mti: bcd\nbitmaps: 4", "bitmaps", "1, 2 or 3"),
        ("{tpdu:", "{length: binary3, tpdu:", "header.length", "not one of none, binary2"),
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


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("type: n, length: 12,", "type: q, length: 12,", "DE4"),
        ("type: n, length: 12,", "type: n, length: x,", "fields.4.length"),
        ("mti: bcd", "mti: morse", "MTI"),
        ("{tpdu:", "{length: morse, tpdu:", "header.length"),
        ("bitmap: binary", "bitmap: binary\nsecondary: morse", "secondary"),
    ],
)
def test_errors_name_the_line(old, new, place):
    """Where a mistake stands in the file is told by its line."""
    text = TEXT.replace(old, new, 1)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if new.splitlines()[-1] in row)
    with pytest.raises(DialectFileError) as caught:
        parse_dialect(text, f"{NAME}.yaml")
    assert caught.value.place == f"{place} (line {line})"


def test_a_mistake_in_subfields_is_found_too():
    """In a subfield, by its line; in a message inside a field, by the field's name."""
    shipped = (files("posemu.profiles") / "dialects" / "unionpay-pos.yaml").read_text("utf-8")
    text = shipped.replace("name: batch, type: n, length: 6,", "name: batch, type: q, length: 6,")
    with pytest.raises(DialectFileError, match=r"DE60\.2 \(line \d+\): type 'q'"):
        parse_dialect(text, "unionpay-pos.yaml")
    line = "  65: {name: x, type: b, length: 4, encoding: binary, en: X, zh: 乙, inside: "
    inner = "{message: {bitmap: binary, fields: {65: {name: a, type: b, length: 2, "
    rest = "encoding: binary, en: A, zh: 甲}}}}}\n"
    with pytest.raises(DialectFileError, match=r"x\.DE65: a field's number is 2 to 64"):
        parse_dialect(TEXT + line + inner + rest, f"{NAME}.yaml")


def test_a_user_adds_a_dialect_as_a_file(tmp_path):
    """A file anywhere is a dialect; its mistakes, and that it cannot be read, are told by name."""
    mine = tmp_path / "mine.yaml"
    with pytest.raises(DialectFileError, match=r"mine\.yaml, top: cannot be read: No such file"):
        read_dialect(mine)
    mine.write_text(TEXT.replace(NAME, "mine"), "utf-8")
    assert read_dialect(mine).fields == load_dialect(NAME).fields
    mine.write_text(TEXT, "utf-8")
    with pytest.raises(DialectFileError, match="must be that of the file"):
        read_dialect(mine)
    mine.write_bytes(b"\xff")
    with pytest.raises(DialectFileError, match="not UTF-8"):
        read_dialect(mine)


def test_a_dialect_is_told_from_a_scenario():
    """A file that means to be a dialect is one, also with mistakes; nothing else is."""
    assert is_dialect(TEXT)
    assert is_dialect(TEXT.replace("length", "lenght"))
    for text in ("", "[]", "{", "tills: 3", "mti: bcd"):
        assert not is_dialect(text)


def test_a_file_says_what_is_inside_a_field():
    """Subfields, TLV and a message of its own; one that is inside itself is refused."""
    inside = {
        "{tlv: true}": "tlv",
        "{subfields: {1: FIELD}}": (Field(1, "a", "b", Fixed(2), "binary"),),
        "{message: {bitmap: ascii, fields: {7: FIELD}}}": (Field(7, "a", "b", Fixed(2), "binary"),),
    }
    part = "{name: a, type: b, length: 2, encoding: binary, en: A, zh: 甲}"
    line = "  65: {name: x, type: b, length: 4, encoding: binary, en: X, zh: 乙, inside: "
    for text, expected in inside.items():
        full = f"{TEXT}{line}{text.replace('FIELD', part)}}}\n"
        found = parse_dialect(full, f"{NAME}.yaml").fields[-1].inside
        if isinstance(found, Dialect):
            assert (found.mti, found.bitmap, found.bitmaps) == ("", "ascii", 1)
            found = found.fields
        if isinstance(found, tuple):
            found = tuple(dataclasses.replace(entry, text={}) for entry in found)
        assert found == expected
    loop = "&a {message: {bitmap: ascii, fields: {2: " + part[:-1] + ", inside: *a}}}}"
    with pytest.raises(DialectFileError, match="cyclic"):
        parse_dialect(f"{TEXT}{line}{loop}}}\n", f"{NAME}.yaml")


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{", "\x00", "!!python/object:os.system {}", "[" * 1500]
)
def test_what_is_no_dialect_at_all_is_refused(text):
    """No file content raises anything but DialectFileError."""
    with pytest.raises(DialectFileError):
        parse_dialect(text, "x.yaml")


@pytest.mark.parametrize("name", ["", "nobody", "../rulebooks/x", "posemu-87-aes.yaml"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    """Who misspells a name reads which there are; a name is no path."""
    with pytest.raises(DialectFileError, match=NAME):
        load_dialect(name)
