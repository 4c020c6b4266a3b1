"""A key that came in a key block serves what its header allows, and nothing else (ANSI X9.143:2021
6.3.1, 6.3.3, 6.3.5).
"""

from __future__ import annotations

from posemu.crypto.errors import BadKey
from posemu.crypto.key_block.block import BoundKey, wrap_key_block
from posemu.crypto.key_block.header import KeyBlockHeader
from posemu.crypto.key_block.optional import check_optional_blocks
from posemu.crypto.keys import Key
from posemu.crypto.master_key import wrap_working_key

# What is to be done with a key -> the modes of use that allow it. N: no restriction but the usage.
_MODES = {
    "E": "EBN",  # encipher, wrap
    "D": "DBTN",  # decipher, unwrap
    "G": "GCN",  # generate a MAC or check value
    "V": "VCN",  # verify one
    "S": "STN",  # sign
    "X": "XN",  # derive keys
    "Y": "YN",  # make variants
}


def key_for(bound: BoundKey, usage: str, operation: str) -> Key:
    """The key, taken out for one purpose: `usage` as in the header (P0: PIN encryption, M3: retail
    MAC, B1: initial DUKPT key ...), `operation` one of E, D, G, V, S, X, Y.

    Raises BadKey if the header does not allow that or there is no such operation, KeyBlockError if
    a known optional block is malformed. ANSI X9.143:2021 6.3.1, 6.3.3.
    """
    header = bound.header
    check_optional_blocks(header)
    if operation not in _MODES:
        raise BadKey(f"a key is taken out for one of {', '.join(_MODES)}")
    if header.key_usage != usage:
        raise BadKey(f"a key of usage {header.key_usage} does not serve as {usage}")
    if header.mode_of_use not in _MODES[operation]:
        raise BadKey(
            f"a key of mode of use {header.mode_of_use} does not serve operation {operation}: "
            f"it takes one of {', '.join(_MODES[operation])}"
        )
    return bound.key()


def export_key_block(kbpk: Key, bound: BoundKey, padding: bytes) -> str:
    """As `wrap_key_block`, for a key that came in a key block: exportability E or S.

    Raises BadKey if it is not exportable, and what `wrap_key_block` raises.
    ANSI X9.143:2021 6.3.5, table 6.
    """
    _check_exportable(bound.header, "ES", "in a key block")
    return wrap_key_block(kbpk, bound, padding)


def export_cryptogram(master: Key, bound: BoundKey) -> bytes:
    """The bare cryptogram of a TDES key under a TDES master key, which binds nothing to the key:
    exportability S alone.

    Raises BadKey if it is not exportable so, or one of them is not a TDES key.
    ANSI X9.143:2021 6.3.5, table 6.
    """
    _check_exportable(bound.header, "S", "without a key block")
    return wrap_working_key(master, bound.key())


def _check_exportable(header: KeyBlockHeader, allowed: str, how: str) -> None:
    if header.exportability not in allowed:
        raise BadKey(
            f"a key of exportability {header.exportability} does not leave {how}: "
            f"it takes {' or '.join(allowed)}"
        )
