"""A terminal and its host with one base key of AES DUKPT, for the tests of both."""

import functools

from hypothesis import strategies as st

from posemu.crypto import (
    Key,
    KeyType,
    TerminalDukpt,
    WorkingKeys,
    derive_initial_key,
    derive_transaction_key,
)
from posemu.crypto.dukpt.aes_tree import WORKING_USAGES, KeyTree

IKID = bytes.fromhex("1234567890123456")

LENGTHS = (16, 24, 32)

LAST_COUNTER = 0xFFFF0000  # the largest with 16 one bits

COUNTERS = st.lists(st.integers(0, 31), min_size=1, max_size=16, unique=True).map(
    lambda bits: sum(1 << bit for bit in bits)
)


def base_key(length: int = 16) -> Key:
    return Key(bytes(range(7, 7 + length)))


def new_terminal(length: int = 16) -> TerminalDukpt:
    return TerminalDukpt.load(derive_initial_key(base_key(length), IKID), IKID)


def ksn_of(counter: int) -> bytes:
    return IKID + counter.to_bytes(4)


@functools.cache
def node_key(counter: int, length: int) -> bytes:
    return derive_transaction_key(base_key(length), ksn_of(counter)).expose()


def registers_at(counter: int, length: int = 16) -> bytearray:
    """The registers a terminal must hold before it uses `counter`, and no others.

    Register i is the node of `counter` itself where i is its lowest one bit; above that, where bit
    i is zero, the node of the first counter ahead that ends in a one at bit i.
    """
    tree = KeyTree(IKID, base_key(length).key_type)
    registers = bytearray(32 * tree.stride)
    lowest = (counter & -counter).bit_length() - 1
    for bit in range(lowest, 32):
        if bit == lowest or not counter >> bit & 1:
            at = bit * tree.stride
            node = (counter >> bit | 1) << bit
            # A key of 192 bits takes 24 of 32 bytes; what fills the rest is no secret to check.
            registers[at : at + tree.width] = node_key(node, length)
    return registers


def all_keys(keys: WorkingKeys, key_type: KeyType = KeyType.AES128) -> list[bytes]:
    """A host's are derived on request; a terminal gives none out, so they are taken out of it."""
    if keys._encrypt is None:
        return [keys._raw(place) for place in range(len(WORKING_USAGES))]
    return [keys.working_key(usage, key_type).expose() for usage in WORKING_USAGES]


def cut_up(terminal: TerminalDukpt) -> list[bytes]:
    return cut_up_registers(terminal._registers, terminal._tree)


def cut_up_registers(registers: bytearray, tree: KeyTree) -> list[bytes]:
    return [
        bytes(registers[at : at + tree.width]) for at in range(0, 32 * tree.stride, tree.stride)
    ]
