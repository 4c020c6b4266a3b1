"""AES DUKPT: how every key follows from the base key (ANSI X9.24-3:2017 6.3).

The keys of one device form a tree. The root is the initial key, made of the base derivation key and
the device's initial key id. The child of a node is made by setting one more bit of the 32 bit
transaction counter, below the lowest bit that is set; the node whose bits are exactly those of the
counter is the transaction key, and its leaves are the working keys.

               initial key  (counter 0)
        80000000 ... 00000004   00000002   00000001
                        |           |
                 ...6 ...5     00000003

Deriving is enciphering a block that describes the wanted key (`derivation_data`) under the key
above it. One AES context under a node therefore gives all its leaves and all its children in one
call: `KeyTree.expand`.
"""

import enum
from functools import cache
from typing import NamedTuple

from posemu.crypto.dukpt.aes_ksn import COUNTER_BITS, MAX_COUNTER, MAX_ONE_BITS, split_ksn
from posemu.crypto.errors import BadKey, BadKsn
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.primitives import Update, ecb_encryptor


class KeyUsage(enum.IntEnum):
    """What a derived key is for, seen from the device: with "generation" keys the host verifies.
    ANSI X9.24-3:2017 6.3.2, tables 2 and 3."""

    KEY_ENCRYPTION = 0x0002
    PIN_ENCRYPTION = 0x1000
    MAC_GENERATION = 0x2000
    MAC_VERIFICATION = 0x2001
    MAC_BOTH_WAYS = 0x2002
    DATA_ENCRYPTION = 0x3000
    DATA_DECRYPTION = 0x3001
    DATA_BOTH_WAYS = 0x3002
    KEY_DERIVATION = 0x8000
    KEY_DERIVATION_INITIAL = 0x8001


# The working keys every transaction may need, in the order in which `KeyTree.expand` gives them.
WORKING_USAGES = (
    KeyUsage.PIN_ENCRYPTION,
    KeyUsage.MAC_GENERATION,
    KeyUsage.MAC_VERIFICATION,
    KeyUsage.DATA_ENCRYPTION,
    KeyUsage.DATA_DECRYPTION,
)

_BITS = {
    KeyType.TDES2: 128,
    KeyType.TDES3: 192,
    KeyType.AES128: 128,
    KeyType.AES192: 192,
    KeyType.AES256: 256,
}
_HMAC_BITS = (128, 192, 256)
# No stronger than 112 bits, whatever their length: any AES key may be above them.
_TDES = (KeyType.TDES2, KeyType.TDES3)


def _heads(usage: KeyUsage, key_type: KeyType, bits: int) -> list[bytes]:
    """First halves of the derivation data, one for each 16 bytes of the key."""
    # version 01, number of the block, usage, type, bits of the key
    rest = usage.to_bytes(2) + key_type.to_bytes(2) + bits.to_bytes(2)
    return [bytes((1, block)) + rest for block in range(1, (bits + 127) // 128 + 1)]


def derivation_data(
    usage: KeyUsage, key_type: KeyType, initial_key_id: bytes, counter: int, hmac_bits: int = 128
) -> bytes:
    """The first 16 byte block that is enciphered to derive a key (ANSI X9.24-3:2017 6.3.3).

    `initial_key_id` has 8 bytes, `counter` is 0 to 2**32 - 1. The block of an initial key holds the
    whole id instead of its last half and the counter. `hmac_bits` is the length of an HMAC key.
    Raises BadKsn for an id or a counter of another size, BadKey for another HMAC length.
    """
    check_id(initial_key_id)
    if not 0 <= counter <= MAX_COUNTER:
        raise BadKsn(f"a transaction counter has {COUNTER_BITS} bits: 0 to {MAX_COUNTER:08X}")
    head = _heads(usage, key_type, _key_bits(key_type, hmac_bits))[0]
    if usage is KeyUsage.KEY_DERIVATION_INITIAL:
        return head + initial_key_id
    return head + initial_key_id[4:] + counter.to_bytes(4)


def _key_bits(key_type: KeyType, hmac_bits: int) -> int:
    if key_type is not KeyType.HMAC:
        return _BITS[key_type]
    if hmac_bits not in _HMAC_BITS:
        raise BadKey(f"an HMAC key has 128, 192 or 256 bits, not {hmac_bits}")
    return hmac_bits


def derive_key(
    encrypt: Update,
    above: int,
    usage: KeyUsage,
    key_type: KeyType,
    tail: bytes,
    hmac_bits: int | None = None,
) -> Key:
    """One key of the tree.

    `encrypt` enciphers under the key above, which has `above` bytes; `tail` is the second half of
    the derivation data. An HMAC key has `hmac_bits`, or else is as long as the key above.
    Raises BadKey if an AES or HMAC key would be stronger than the key above.
    """
    most = above * 8
    bits = _key_bits(key_type, most if hmac_bits is None else hmac_bits)
    if bits > most and key_type not in _TDES:
        raise BadKey(f"{key_type.name} of {bits} bits cannot be derived from a key of {most} bits")
    material = encrypt(b"".join([head + tail for head in _heads(usage, key_type, bits)]))
    return Key(material[: bits // 8], key_type)


def derive_initial_key(bdk: Key, initial_key_id: bytes) -> Key:
    """The key that is loaded into the device of this 8 byte initial key id; as long as `bdk`.

    Raises BadKey if `bdk` is not an AES key, BadKsn if the id does not have 8 bytes.
    ANSI X9.24-3:2017 6.3.1, 6.3.3.
    """
    check_root(bdk, initial_key_id)
    raw = bdk.expose()
    usage = KeyUsage.KEY_DERIVATION_INITIAL
    return derive_key(ecb_encryptor(raw), len(raw), usage, bdk.key_type, initial_key_id)


def derive_update_key(initial_key: Key, initial_key_id: bytes, key_type: KeyType) -> Key:
    """The key under which the device's next initial key travels; errors as `derive_initial_key`.

    It hangs below the node of counter FFFFFFFF, which no transaction uses. A device that has given
    up its initial key has `TerminalDukpt.update_key`. ANSI X9.24-3:2017 6.5.3.
    """
    check_root(initial_key, initial_key_id)
    return update_key_below(initial_key, 0, initial_key_id, key_type)


def update_key_below(key: Key, node: int, initial_key_id: bytes, key_type: KeyType) -> Key:
    """As `derive_update_key`, from the key of a node on the way to counter FFFFFFFF: the initial
    key at node 0, or the one at 80000000 that a terminal still holds."""
    raw = _walk(key, node, initial_key_id, MAX_COUNTER).expose()
    tail = initial_key_id[4:] + MAX_COUNTER.to_bytes(4)
    return derive_key(ecb_encryptor(raw), len(raw), KeyUsage.KEY_ENCRYPTION, key_type, tail)


def derive_transaction_key(bdk: Key, ksn: bytes) -> Key:
    """The transaction key of a 12 byte KSN, key by key; `HostDukpt` is the quick way.

    Raises BadKsn as `split_ksn` does, BadKey if `bdk` is not an AES key.
    ANSI X9.24-3:2017 6.3.1, 6.4.
    """
    initial_key_id, counter = split_ksn(ksn)
    return _walk(derive_initial_key(bdk, initial_key_id), 0, initial_key_id, counter)


def _walk(key: Key, node: int, initial_key_id: bytes, counter: int) -> Key:
    """The key of the node `counter`, from that of a node above it."""
    for bit in reversed(range(COUNTER_BITS)):
        if (counter ^ node) >> bit & 1:
            node |= 1 << bit
            raw, tail = key.expose(), initial_key_id[4:] + node.to_bytes(4)
            usage = KeyUsage.KEY_DERIVATION
            key = derive_key(ecb_encryptor(raw), len(raw), usage, key.key_type, tail)
    return key


def check_root(key: Key, initial_key_id: bytes) -> None:
    """Raise BadKey unless `key` is an AES key, BadKsn unless the initial key id has 8 bytes."""
    if not key.key_type.is_aes:
        raise BadKey(f"AES DUKPT starts from an AES key, not {key.key_type.name}")
    check_id(initial_key_id)


def check_id(initial_key_id: bytes) -> None:
    """Raise BadKsn unless the initial key id has 8 bytes."""
    if len(initial_key_id) != 8:
        raise BadKsn(f"an initial key id has 8 bytes, not {len(initial_key_id)}")


class _Blocks(NamedTuple):
    """The derivation data of all keys below a node, as one number: `constant` holds what is the
    same under every node with as many bits to set, and `ends` a 1 at the end of each block, where
    device and counter stand. The blocks are `constant + ends * tail`, in `size` bytes."""

    constant: int
    ends: int
    size: int


@cache
def _blocks_below(key_type: KeyType) -> tuple[_Blocks, ...]:
    """For nodes with 0 to 32 bits below the lowest one that is set."""
    bits = _BITS[key_type]
    working = [head for usage in WORKING_USAGES for head in _heads(usage, key_type, bits)]
    child = _heads(KeyUsage.KEY_DERIVATION, key_type, bits)
    parts = [head + bytes(8) for head in working]
    found = []
    for bit in range(COUNTER_BITS + 1):
        size = 16 * len(parts)
        ends = int.from_bytes((bytes(15) + b"\x01") * len(parts))
        found.append(_Blocks(int.from_bytes(b"".join(parts)), ends, size))
        parts += [head + (1 << bit).to_bytes(8) for head in child]
    return tuple(found)


class KeyTree:
    """The tree of one initial key id.

    `width` is the length of a key in bytes; each key takes `stride` bytes (whole blocks) of what
    `expand` returns: first the working keys in the order of WORKING_USAGES, `working_size` bytes,
    then the children, the one for bit 0 first.
    """

    __slots__ = (
        "_blocks",
        "_device",
        "initial_key_id",
        "key_type",
        "stride",
        "width",
        "working_size",
    )

    def __init__(self, initial_key_id: bytes, key_type: KeyType) -> None:
        self.initial_key_id = initial_key_id
        self.key_type = key_type
        self.width = _BITS[key_type] // 8
        self.stride = -(-self.width // 16) * 16
        self.working_size = self.stride * len(WORKING_USAGES)
        self._blocks = _blocks_below(key_type)
        self._device = int.from_bytes(initial_key_id[4:]) << COUNTER_BITS

    def expand(self, encrypt: Update, counter: int) -> bytes:
        """Working keys and children of the node `counter`, whose key `encrypt` enciphers under."""
        if counter & 1 or counter.bit_count() >= MAX_ONE_BITS:
            below = 0
        else:
            below = (counter & -counter).bit_length() - 1 if counter else COUNTER_BITS
        # The bit that leads to a child is 0 in the counter: adding sets it.
        constant, ends, size = self._blocks[below]
        return encrypt((constant + ends * (self._device | counter)).to_bytes(size))
