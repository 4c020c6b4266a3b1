"""Track bits written out once more, character by character, from ISO/IEC 7811-2: its code tables,
odd parity, and the longitudinal check."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import (
    decode_track1,
    decode_track2,
    decode_track3,
    encode_track1,
    encode_track2,
    encode_track3,
)

# The numeric set, bits b1 (read first) to b4 and parity, as its table prints it.
NUMERIC = {
    "0": "00001", "1": "10000", "2": "01000", "3": "11001", "4": "00100", "5": "10101",
    "6": "01101", "7": "11100", "8": "00010", "9": "10011", ":": "01011", ";": "11010",
    "<": "00111", "=": "10110", ">": "01110", "?": "11111",
}  # fmt: skip
# Rows of the alphanumeric set: columns of its table (b6, b5) by rows (b4 to b1).
ALPHANUMERIC = (" !\"#$%&'()*+,-./", "0123456789:;<=>?", "@ABCDEFGHIJKLMNO", "PQRSTUVWXYZ[\\]^_")


def _alphanumeric(char):
    column = next(place for place, row in enumerate(ALPHANUMERIC) if char in row)
    bits = f"{column:02b}{ALPHANUMERIC[column].index(char):04b}"[::-1]
    return bits + ("0" if bits.count("1") % 2 else "1")


def _written(chars, code):
    """The codes one behind the other, then one that makes every column of bits even; its parity is
    its own."""
    rows = [code(char) for char in chars]
    columns = [sum(row[bit] == "1" for row in rows) % 2 for bit in range(len(rows[0]) - 1)]
    lrc = [*columns, (sum(columns) + 1) % 2]
    return bytes(int(bit) for bit in "".join(rows)) + bytes(lrc)


TRACKS = [
    pytest.param(encode_track1, decode_track1, _alphanumeric, "%", 76, id="track1"),
    pytest.param(encode_track2, decode_track2, NUMERIC.get, ";", 37, id="track2"),
    pytest.param(encode_track3, decode_track3, NUMERIC.get, ";", 104, id="track3"),
]


@pytest.mark.parametrize(("encode", "decode", "code", "start", "most"), TRACKS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_bits_are_those_of_the_text(encode, decode, code, start, most, data):
    """Any characters between the sentinels, up to the longest track."""
    letters = "".join(ALPHANUMERIC) if start == "%" else "".join(NUMERIC)
    body = data.draw(st.text(letters.replace("?", ""), max_size=most))
    chars = f"{start}{body}?"
    assert encode(chars) == _written(chars, code)
    assert decode(_written(chars, code)) == chars
