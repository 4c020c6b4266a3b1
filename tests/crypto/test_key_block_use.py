"""A key that came in a key block serves what its header allows, and nothing else."""

from __future__ import annotations

import pytest

from posemu.crypto.errors import BadKey, KeyBlockError
from posemu.crypto.key_block.block import BoundKey, unwrap_key_block
from posemu.crypto.key_block.header import KeyBlockHeader, OptionalBlock
from posemu.crypto.key_block.use import export_cryptogram, export_key_block, key_for
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.master_key import tdes_key, unwrap_working_key

VALUE = bytes(range(0x30, 0x40))
KBPK = tdes_key(bytes(range(16)))
# Mode of use -> the operations it allows (ANSI X9.143:2021 6.3.3), written out once more.
ALLOWED = {
    "B": "ED",
    "C": "GV",
    "D": "D",
    "E": "E",
    "G": "G",
    "N": "EDGVSXY",
    "S": "S",
    "T": "SD",
    "V": "V",
    "X": "X",
    "Y": "Y",
    "1": "",
}


def _bound(mode: str = "E", exportability: str = "N", algorithm: str = "T") -> BoundKey:
    header = KeyBlockHeader("B", "P0", algorithm, mode, "00", exportability)
    return BoundKey(header, VALUE)


@pytest.mark.parametrize("mode", ALLOWED)
def test_every_mode_allows_its_operations_and_no_other(mode: str) -> None:
    """All modes times all operations; a proprietary mode allows nothing."""
    for operation in "EDGVSXY":
        if operation in ALLOWED[mode]:
            assert key_for(_bound(mode), "P0", operation) == Key(VALUE, KeyType.TDES2)
        else:
            with pytest.raises(BadKey, match=f"mode of use {mode}"):
                key_for(_bound(mode), "P0", operation)


@pytest.mark.parametrize("usage", ["M3", "K0", "D0", "p0", ""])
def test_another_usage_is_refused(usage: str) -> None:
    """A PIN key does not serve as a MAC key, in no mode."""
    with pytest.raises(BadKey, match="usage P0"):
        key_for(_bound("N"), usage, "E")


@pytest.mark.parametrize("operation", ["", "N", "B", "encrypt"])
def test_an_unknown_operation_is_refused(operation: str) -> None:
    """A mode is no operation; the error lists what there is."""
    with pytest.raises(BadKey, match="E, D, G, V, S, X, Y"):
        key_for(_bound("N"), "P0", operation)


@pytest.mark.parametrize(
    ("algorithm", "size", "key_type"),
    [
        ("T", 16, KeyType.TDES2),
        ("T", 24, KeyType.TDES3),
        ("A", 16, KeyType.AES128),
        ("A", 24, KeyType.AES192),
        ("A", 32, KeyType.AES256),
        ("H", 16, KeyType.HMAC),
        ("H", 32, KeyType.HMAC),
        ("T", 8, None),
        ("T", 32, None),
        ("A", 20, None),
        ("D", 16, None),
        ("H", 20, None),
        ("R", 16, None),
    ],
)
def test_algorithm_and_length_make_the_key(
    algorithm: str, size: int, key_type: KeyType | None
) -> None:
    """The type of the key follows from both; what fits none is refused."""
    bound = BoundKey(KeyBlockHeader("D", "D0", algorithm, "N", "00", "N"), bytes(size))
    if key_type is None:
        with pytest.raises(BadKey, match=f"algorithm {algorithm}"):
            key_for(bound, "D0", "E")
    else:
        assert key_for(bound, "D0", "E") == Key(bytes(size), key_type)


def test_a_des_key_is_a_tdes_key_of_equal_parts() -> None:
    """Algorithm D, 8 bytes."""
    bound = BoundKey(KeyBlockHeader("A", "M1", "D", "C", "00", "N"), VALUE[:8])
    assert key_for(bound, "M1", "G") == tdes_key(VALUE[:8])


def test_a_malformed_known_block_keeps_the_key_in() -> None:
    """A key with an initial KSN that is none is not given out."""
    header = KeyBlockHeader("B", "B1", "T", "X", "00", "N", (OptionalBlock("KS", "1234"),))
    with pytest.raises(KeyBlockError, match="KS"):
        key_for(BoundKey(header, VALUE), "B1", "X")


@pytest.mark.parametrize("exportability", "ENS1")
def test_exportability_is_obeyed(exportability: str) -> None:
    """E leaves in a key block, S also without one, N and proprietary ones not at all."""
    bound = _bound(exportability=exportability)
    if exportability in "ES":
        assert unwrap_key_block(KBPK, export_key_block(KBPK, bound, bytes(6))) == bound
    else:
        with pytest.raises(BadKey, match=f"exportability {exportability}"):
            export_key_block(KBPK, bound, bytes(6))
    if exportability == "S":
        assert unwrap_working_key(KBPK, export_cryptogram(KBPK, bound)).expose() == VALUE
    else:
        with pytest.raises(BadKey, match=f"exportability {exportability}"):
            export_cryptogram(KBPK, bound)


def test_errors_do_not_hold_the_key() -> None:
    """No refusal shows a byte of the key."""
    for refused in (
        lambda: key_for(_bound(), "M3", "G"),
        lambda: key_for(_bound(), "P0", "D"),
        lambda: key_for(_bound(algorithm="A"), "P0", "X"),
        lambda: export_cryptogram(KBPK, _bound()),
    ):
        with pytest.raises(BadKey) as caught:
            refused()
        assert VALUE.hex() not in str(caught.value).lower()
        assert VALUE.decode() not in str(caught.value)
