"""Data object lists: the card gets each value in the length it wants, or the list is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError, EncodeError
from posemu.wire.emv.dol import DolEntry, build_dol, dol_length, gpo_command, parse_dol, split_dol

few = settings(deadline=None, max_examples=100)
PDOL = bytes.fromhex("9F66049F02069F03069F1A0295055F2A029A039C019F3704")
entries = st.lists(
    st.builds(
        DolEntry, st.sampled_from(["9F02", "5A", "9F37", "DF8101", "95"]), st.integers(0, 255)
    ),
    max_size=8,
)


def _written(items):
    return b"".join(bytes.fromhex(tag) + bytes((length,)) for tag, length in items)


def _read(parse, data):
    """What is read, or the error."""
    try:
        return parse(data)
    except DecodeError as error:
        return error


@few
@given(entries, st.randoms(use_true_random=False))
def test_round_trip(items, random):
    """A list is read back, data built for it has its length and is cut into what was put in."""
    assert parse_dol(_written(items)) == tuple(items)
    values = {tag: random.randbytes(length) for tag, length in items if length}
    wanted = [(tag, length) for tag, length in items if len(values.get(tag, b"")) == length]
    kept = [DolEntry(*item) for item in wanted]
    data = build_dol(kept, values)
    assert len(data) == dol_length(kept)
    assert split_dol(kept, data) == tuple((tag, values.get(tag, b"")) for tag, _ in kept)


@few
@given(st.binary(max_size=40))
def test_any_bytes(data):
    """Any bytes are a list that is written the same, or a DecodeError."""
    items = _read(parse_dol, data)
    if isinstance(items, DecodeError):
        assert 0 <= items.offset <= len(data)
        return
    assert _written(items) == data


@pytest.mark.parametrize(
    ("tag", "length", "value", "fitted"),
    [
        ("9F02", 3, "000123456789", "456789"),  # n: the first bytes go
        ("9F03", 7, "000987654321", "00000987654321"),
        ("5A", 5, "541333008902001F", "5413330089"),  # cn: the last go, F behind
        ("9F20", 5, "12345F", "12345FFFFF"),
        ("95", 6, "1234554321", "123455432100"),  # b: the last go, zeros behind
        ("9F37", 3, "DEADBEEF", "DEADBE"),
        ("50", 4, "56495341", "56495341"),
        ("50", 6, "56495341", "564953410000"),
        ("DF01", 3, "0102", "010200"),  # not in the dictionary
        ("DF01", 1, "0102", "01"),
        ("9F02", 2, "", "0000"),  # no value
        ("5A", 2, "", "0000"),
        ("70", 2, "9A00", "0000"),  # a template
        ("9F02", 0, "000123456789", ""),
    ],
)
def test_values_are_cut_and_padded_by_format(tag, length, value, fitted):
    """EMV Book 3, 5.4: which end is cut and what fills depends on the format of the tag."""
    built = build_dol([DolEntry(tag, length)], {tag: bytes.fromhex(value)})
    assert built.hex().upper() == fitted


def test_a_tag_without_a_value_is_zeros():
    """What the terminal does not know it fills with zeros."""
    assert build_dol(parse_dol(bytes.fromhex("9F3704DF0102")), {}) == bytes(6)


@pytest.mark.parametrize("dol", ["9F02069F37", "9F", "9F37", "0004", "9F370400"])
def test_lists_that_end_too_early(dol):
    """A list that ends inside an entry, and a tag that is none."""
    with pytest.raises(DecodeError):
        parse_dol(bytes.fromhex(dol))


@pytest.mark.parametrize("size", [0, 9, 11])
def test_data_must_fit_its_list(size):
    """One byte less or more than the list wants is refused."""
    with pytest.raises(DecodeError):
        split_dol(parse_dol(bytes.fromhex("9F02069F3704")), bytes(size))


def test_gpo_command():
    """GET PROCESSING OPTIONS carries the values in tag 83; without a PDOL tag 83 is empty."""
    assert gpo_command(b"", {}).hex().upper() == "80A8000002830000"
    values = {"9F66": b"\x36\0\0\0", "9F02": bytes.fromhex("000000001000")}
    assert gpo_command(PDOL, values).hex().upper() == (
        "80A8000023832136000000000000001000" + "00" * 23 + "00"
    )
    assert gpo_command(bytes.fromhex("DF01C8"), {})[4:8].hex() == "cb8381c8"
    with pytest.raises(EncodeError, match="at most 255"):
        gpo_command(bytes.fromhex("DF01FFDF02FF"), {})
