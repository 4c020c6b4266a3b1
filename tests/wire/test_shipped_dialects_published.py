"""The dialects that come with posemu, held against field tables and messages of others: a round
trip alone would not see a field that is too short on both sides."""

import json
from pathlib import Path

import iso8583.specs
import pytest

from posemu.profiles.dialect_file import load_dialect
from posemu.wire import Codec, Fixed, split_head

PUBLISHED = Path(__file__).parents[1] / "vectors" / "published"
DIFFERENT = {
    54: "additional amounts: 120 in the standard, two sets of them in pyiso8583",
    65: "extended bitmap: one byte in the standard, a third bitmap in pyiso8583",
}


def _published(kind):
    return json.loads((PUBLISHED / f"{kind}.json").read_text("utf-8"))["vectors"]


def _sizes(field):
    """Digits of the length (0: fixed) and the most units; bytes as hex count twice, as there."""
    fixed = isinstance(field.length, Fixed)
    most = field.length.count if fixed else field.length.max
    return 0 if fixed else field.length.digits, most * (2 if field.encoding == "hex" else 1)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("generic-87-ascii", iso8583.specs.default_ascii),
        ("generic-87-bcd", iso8583.specs.default),
    ],
)
def test_fields_of_1987_are_those_of_pyiso8583(name, table):
    """Which fields there are; fixed, or behind how long a length; and how long at most."""
    ours = {field.number: _sizes(field) for field in load_dialect(name).fields}
    theirs = {
        int(key): (entry["len_type"], entry["max_len"])
        for key, entry in table.items()
        if key.isdigit() and key != "1"
    }
    assert {n for n in ours | theirs if ours.get(n) != theirs.get(n)} == set(DIFFERENT)


def test_fields_of_1993_are_those_of_jpos():
    """The table of a published message of 1993: fixed or not, and how long at most; for chip data
    (55) it has no limit but its length's own."""
    (vector,) = (v for v in _published("iso8583") if v["name"] == "jpos-iso93-ebcdic-header")
    fields = load_dialect("generic-93-binary").fields
    ours = {field.number: (isinstance(field.length, Fixed), _sizes(field)[1]) for field in fields}
    theirs = {
        int(key): (entry["len_type"] == 0, entry["max_len"])
        for key, entry in vector["inputs"]["spec"].items()
        if key.isdigit()
    }
    assert len(theirs) >= 15
    assert {n for n in theirs if ours[n] != theirs[n]} == {55}


@pytest.mark.parametrize(
    "vector",
    [v for v in _published("iso8583_cup_pos") if v["op"] == "decode" and "fields" in v["expected"]],
    ids=lambda vector: vector["name"],
)
def test_published_messages_of_unionpay_are_read(vector):
    """Our dialect reads what the published field table reads, TPDU and header included, and writes
    the same bytes."""
    dialect = load_dialect("unionpay-pos")
    raw, expected = bytes.fromhex(vector["inputs"]["message"]), vector["expected"]
    head = split_head(dialect.header, raw)
    codec = Codec(dialect)
    mti, fields = codec.decode(raw[head.end :])
    found = {str(n): v if isinstance(v, str) else v.hex().upper() for n, v in fields.items()}
    assert head.tpdu.hex().upper() == expected["tpdu"]
    assert head.private.hex().upper() == expected["header"]
    assert {"t": mti, "p": codec.bitmap(raw[head.end :])} | found == expected["fields"]
    assert codec.encode(mti, fields) == raw[head.end :]
