"""Optional blocks on their way: each kind the standard names, and one of somebody's own, goes into
a key block of every version and comes out of it as it went in."""

from __future__ import annotations

import pytest
from psec import tr31

from posemu.crypto import (
    BoundKey,
    Key,
    KeyBlockError,
    KeyBlockHeader,
    OptionalBlock,
    check_optional_blocks,
    padding_length,
    tdes_key,
    unwrap_key_block,
    wrap_key_block,
)

# The oracle asks for TDES where the library has announced to move it from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

BLOCKS = {
    "KS": "00604B120F9292800000",
    "IK": "1234567890123456",
    "KC": "000169E3",
    "KP": "0108793E25AB",
    "KV": "0100",
    "HM": "21",
    "CT": "02" + "00000CMIIBIjANBgkq" + "010008MIIBIjAN",
    "DA": "01P0TENM3AGE",
    "LB": "till 2, counter",
    "TS": "20200818221218Z",
    "TC": "2020-08-18T22:12:18Z",
    "WP": "001",
    "ZZ": "of somebody",
}
LONG = {"LB": "x" * 300}
RAW = bytes(range(16))
SECRET = bytes(range(100, 116))


def _header(version: str, blocks: dict[str, str]) -> KeyBlockHeader:
    optional = tuple(OptionalBlock(*block) for block in blocks.items())
    return KeyBlockHeader(version, "K0", "A", "B", "00", "E", optional)


def _wrapped(version: str, blocks: dict[str, str]) -> tuple[Key, str]:
    kbpk = tdes_key(RAW) if version in "ABC" else Key(RAW)
    header = _header(version, blocks)
    padding = bytes(padding_length(header, len(SECRET)))
    return kbpk, wrap_key_block(kbpk, BoundKey(header, SECRET), padding)


@pytest.mark.parametrize("version", "ABCDE")
@pytest.mark.parametrize("chosen", [*BLOCKS, "all", "long"])
def test_every_optional_block_travels(version: str, chosen: str) -> None:
    """One by one, all at once, and one longer than its two digits of length hold (ANSI X9.143:2021
    6.3.6); a pad block (PB) fills the header up and is the last."""
    several = {"all": BLOCKS, "long": LONG}
    blocks = several.get(chosen) or {chosen: BLOCKS[chosen]}
    kbpk, text = _wrapped(version, blocks)
    bound = unwrap_key_block(kbpk, text)
    check_optional_blocks(bound.header)
    ids = [block.id for block in bound.header.optional_blocks]
    assert bound.expose() == SECRET
    assert ids == [*blocks, "PB"] or ids == [*blocks]
    assert {block_id: bound.header.optional(block_id) for block_id in blocks} == blocks
    if version != "E":  # which psec does not have
        header, key = tr31.unwrap(RAW, text)
        assert key == SECRET
        assert {name: data for name, data in header.blocks.items() if name != "PB"} == blocks


@pytest.mark.parametrize("version", "ABCDE")
@pytest.mark.parametrize("block_id", BLOCKS)
def test_no_optional_block_can_be_changed(version: str, block_id: str) -> None:
    """The MAC covers every one of them: a changed, but well-formed, text is not believed."""
    kbpk, text = _wrapped(version, {block_id: BLOCKS[block_id]})
    place = text.index(BLOCKS[block_id]) + len(BLOCKS[block_id]) - 1
    other = "1" if text[place] == "0" else "0"
    with pytest.raises(KeyBlockError, match="MAC"):
        unwrap_key_block(kbpk, text[:place] + other + text[place + 1 :])
