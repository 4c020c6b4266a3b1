"""TDES DUKPT: how every key follows from the base key (ANSI X9.24-1:2009 annex A).

The keys of one device form a tree of the same shape as that of AES DUKPT, over a counter of 21
bits: the child of a node is made by setting one more bit, below the lowest bit that is set.

A child is made by the *non-reversible key generation process* (A.2): with the last 8 bytes of the
KSN, counter bits as in the child, in the crypto register,

    right half = DES(left half of the key, register XOR right half) XOR right half
    left half  = the same under the key XOR C0C0C0C000000000 C0C0C0C000000000

One DES context for each half under a node therefore gives the halves of all its children in one
call, and the XORs are done for all of them at once on one long integer.
"""

from collections.abc import Iterator

from posemu.crypto.dukpt.tdes_ksn import (
    TDES_COUNTER_BITS,
    TDES_MAX_ONE_BITS,
    parse_tdes_ksn,
    split_tdes_ksn,
)
from posemu.crypto.errors import BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.primitives import Update
from posemu.crypto.tdes import tdes_encryptor

KEY_BYTES = 16
"""Length of every key of the tree."""

_HALF = 8
_HALF_MASK = 0xC0C0C0C000000000
_KEY_MASK = _HALF_MASK << 64 | _HALF_MASK
_REGISTER_MASK = (1 << 64) - 1

_COUNTS = range(TDES_COUNTER_BITS + 1)
# A one in each of n blocks of 8 bytes, so that a factor of it stands in each; and the bit that each
# of n children sets, the child for bit 0 in the first block.
_REPEAT = [sum(1 << 64 * place for place in range(n)) for n in _COUNTS]
_CHILD_BITS = [sum(1 << bit + 64 * (n - 1 - bit) for bit in range(n)) for n in _COUNTS]


def derive_tdes_initial_key(bdk: Key, ksn: bytes) -> Key:
    """The key that is loaded into the device of this KSN, whatever its counter (ANSI X9.24-1:2009
    A.6).

    Raises BadKey unless `bdk` is a TDES key of two parts, BadKsn if the KSN has neither 10 bytes
    nor 8 (FFFF left out).
    """
    device, _ = parse_tdes_ksn(ksn)
    return Key(initial_key(base_ciphers(bdk), device), KeyType.TDES2)


def derive_tdes_transaction_key(bdk: Key, ksn: bytes) -> Key:
    """The transaction key of a KSN, key by key (ANSI X9.24-1:2009 A.2, A.3); `TdesHostDukpt` is the
    quick way.

    Raises BadKsn as `split_tdes_ksn` does, BadKey as `derive_tdes_initial_key`.
    """
    device, counter = split_tdes_ksn(ksn)
    key = initial_key(base_ciphers(bdk), device)
    for _, below in descend(key, device, 0, counter):
        key = below
    return Key(key, KeyType.TDES2)


def base_ciphers(bdk: Key) -> tuple[Update, Update]:
    """What enciphers under a base derivation key and under its variant for the right half (A.6).

    Raises BadKey unless it is a TDES key of two parts.
    """
    raw = check_tdes_root(bdk)
    masked = (int.from_bytes(raw) ^ _KEY_MASK).to_bytes(KEY_BYTES)
    return tdes_encryptor(raw), tdes_encryptor(masked)


def check_tdes_root(key: Key) -> bytes:
    """The 16 raw bytes of a base derivation key or initial key; BadKey if it has another type."""
    if key.key_type is not KeyType.TDES2:
        raise BadKey(
            f"TDES DUKPT starts from a TDES key of two parts (TDES2), not {key.key_type.name}"
        )
    return key.expose()


def initial_key(ciphers: tuple[Update, Update], device: int) -> bytes:
    """The raw initial key of a device part (`parse_tdes_ksn`), from `base_ciphers` (A.6)."""
    block = (device >> 16).to_bytes(_HALF)  # the first 8 of its 10 bytes
    left, right = ciphers
    return left(block) + right(block)


def descend(key: bytes, device: int, node: int, counter: int) -> Iterator[tuple[int, bytes]]:
    """The nodes below `node`, which has the raw key `key`, down to `counter`, with their keys."""
    register = device & _REGISTER_MASK
    while node != counter:
        node |= 1 << (counter ^ node).bit_length() - 1
        key = _generate(key, register | node, 1)
        yield node, key


def children(key: bytes, device: int, node: int) -> bytes:
    """The raw keys of all children of `node`, 16 bytes each, the one for bit 0 first."""
    count = (node & -node).bit_length() - 1 if node else TDES_COUNTER_BITS
    if not count or node.bit_count() >= TDES_MAX_ONE_BITS:
        return b""
    registers = (device & _REGISTER_MASK | node) * _REPEAT[count] | _CHILD_BITS[count]
    return _generate(key, registers, count)


def _generate(key: bytes, registers: int, count: int) -> bytes:
    """The non-reversible key generation process (A.2), for `count` crypto registers of 8 bytes
    side by side."""
    size, repeat = _HALF * count, _REPEAT[count]
    left_key, right_key = int.from_bytes(key[:_HALF]), int.from_bytes(key[_HALF:])
    lefts, rights = (
        _generate_half(left_key ^ mask, (right_key ^ mask) * repeat, registers, size)
        for mask in (_HALF_MASK, 0)
    )
    if count == 1:
        return lefts + rights
    return b"".join(
        [lefts[at : at + _HALF] + rights[at : at + _HALF] for at in range(0, size, _HALF)]
    )


def _generate_half(left_key: int, right_keys: int, registers: int, size: int) -> bytes:
    encrypt = tdes_encryptor(left_key.to_bytes(_HALF))
    enciphered = encrypt((registers ^ right_keys).to_bytes(size))
    return (int.from_bytes(enciphered) ^ right_keys).to_bytes(size)
