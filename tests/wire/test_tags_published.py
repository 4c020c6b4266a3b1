"""The dictionary of tags held against what real cards and terminals wrote: every object in the
published traces has a length and characters that its entry allows."""

import json
from pathlib import Path

import pytest

from posemu.wire import DecodeError, decode_tlv, emv_tag

PUBLISHED = Path(__file__).parents[1] / "vectors" / "published"


def _objects(tlv):
    for item in tlv:
        yield item.tag, item.value
        yield from _objects(item.children or ())


def _published():
    """(tag, value) of all card answers and field 55 data of the vectors."""
    found = set()
    for name in ("emv_apdu_traces", "iso8583", "ber_tlv"):
        vectors = json.loads((PUBLISHED / f"{name}.json").read_text("utf-8"))["vectors"]
        for vector in vectors:
            raw = {"rapdu": "rapdu", "icc_data": "data"}.get(vector["op"])
            if raw is None or "error" in vector["expected"]:
                continue
            data = bytes.fromhex(vector["inputs"][raw])
            try:
                found.update(_objects(decode_tlv(data[:-2] if raw == "rapdu" else data)))
            except DecodeError:
                continue  # an answer of plain bytes
    return sorted(found)


FOUND = _published()


def _digits(value):
    return value.hex().isdecimal()


def _compressed(value):
    return value.hex().rstrip("f").isdecimal()


def _printable(value):
    return all(0x20 <= byte < 0x7F for byte in value)


FORMS = {"n": _digits, "cn": _compressed, "a": _printable, "an": _printable, "ans": _printable}


def test_there_is_something_to_compare():
    """Most tags of the traces are in the dictionary: without them the next test says nothing."""
    known = {tag for tag, _ in FOUND if emv_tag(tag)}
    assert len(known) >= 75


@pytest.mark.parametrize("tag", sorted({tag for tag, _ in FOUND if emv_tag(tag)}))
def test_what_was_published_fits_its_entry(tag):
    """EMV Book 3 annex A: length and format of each value."""
    entry = emv_tag(tag)
    for value in (value for found, value in FOUND if found == tag):
        assert entry.shortest <= len(value) <= entry.longest
        assert FORMS.get(entry.format, lambda _: True)(value)
