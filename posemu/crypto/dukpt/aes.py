"""AES DUKPT: fresh keys for every message, on the terminal and on the host (ANSI X9.24-3:2017).

The terminal holds *intermediate key registers*: the roots of exactly those parts of the key tree
that lie ahead. A transaction takes the register of its counter's lowest bit, expands it (one AES
context) and erases it; its children, if it has any, fill the registers below. What is taken from
the terminal afterwards gives no key of an earlier transaction.

What may break, and who answers for it:

- power is lost between `next_keys` and the first use of the keys: the caller stores `snapshot()`
  *before* it uses them, so a restored terminal never uses a key twice (it may skip some; the host
  does not mind);
- tampering: `erase()`;
- the host gets KSNs late, twice or out of order: it derives any of them at any time. Whether an old
  KSN is *acceptable* is the host application's rule, not this room's.
"""

from posemu.crypto.dukpt.aes_keys import TerminalWorkingKeys, WorkingKeys
from posemu.crypto.dukpt.aes_ksn import (
    COUNTER_BITS,
    MAX_COUNTER,
    MAX_ONE_BITS,
    next_counter,
    split_ksn,
)
from posemu.crypto.dukpt.aes_tree import KeyTree, check_root, derive_initial_key, update_key_below
from posemu.crypto.errors import KeyExhausted
from posemu.crypto.keys import Key, KeyType, Secret
from posemu.crypto.primitives import ecb_encryptor

# A host keeps the paths of this many terminals (about 1 to 3 kB each); the one seen first goes
# first, and is derived anew.
MAX_CACHED_TERMINALS = 10_000
# The node of the highest bit: the way from the root to the update key leads through it.
_UPDATE_NODE = 1 << COUNTER_BITS - 1


class DukptSnapshot(Secret):
    """The state of a `TerminalDukpt` at one moment: for the secure module's memory alone."""

    __slots__ = ("_counter", "_initial_key_id", "_key_type", "_registers")

    def __init__(
        self, initial_key_id: bytes, key_type: KeyType, counter: int, registers: bytes
    ) -> None:
        self._initial_key_id = initial_key_id
        self._key_type = key_type
        self._counter = counter
        self._registers = registers


class TerminalDukpt(Secret):
    """The terminal's side. Made with `load` (an initial key) or `restore` (after a power cut).
    ANSI X9.24-3:2017 6.5."""

    __slots__ = ("_counter", "_registers", "_tree")

    # Invariants, whenever no call is under way:
    #   _counter is the counter of the next transaction; larger than MAX_COUNTER if there is none;
    #   register i (stride bytes at i * stride) is the key of the node that bit i leads to from
    #   here, and zeros if no transaction ahead lies below that node; no key of a transaction before
    #   _counter is held.

    def __init__(self, tree: KeyTree, counter: int, registers: bytearray) -> None:
        self._tree = tree
        self._counter = counter
        self._registers = registers

    @classmethod
    def load(cls, initial_key: Key, initial_key_id: bytes) -> "TerminalDukpt":
        """Fill all registers from an initial key with its 8 byte id; the key itself is not kept.

        Raises BadKey if `initial_key` is not an AES key, BadKsn if the id does not have 8 bytes.
        """
        check_root(initial_key, initial_key_id)
        tree = KeyTree(initial_key_id, initial_key.key_type)
        material = tree.expand(ecb_encryptor(initial_key.expose()), 0)
        return cls(tree, 1, bytearray(material[tree.working_size :]))

    @classmethod
    def restore(cls, snapshot: DukptSnapshot) -> "TerminalDukpt":
        """The terminal as it was at `snapshot()`."""
        tree = KeyTree(snapshot._initial_key_id, snapshot._key_type)
        return cls(tree, snapshot._counter, bytearray(snapshot._registers))

    def snapshot(self) -> DukptSnapshot:
        """A copy of the whole state; store it after `next_keys` and before the keys are used."""
        tree = self._tree
        registers = bytes(self._registers)
        return DukptSnapshot(tree.initial_key_id, tree.key_type, self._counter, registers)

    @property
    def initial_key_id(self) -> bytes:
        """The 8 byte id of the loaded initial key."""
        return self._tree.initial_key_id

    @property
    def counter(self) -> int:
        """The counter of the next transaction; larger than 2**32 - 1 when no key is left."""
        return self._counter

    def __repr__(self) -> str:
        return f"TerminalDukpt({self.initial_key_id.hex().upper()}, counter={self._counter})"

    def next_keys(self) -> TerminalWorkingKeys:
        """The working keys of the next transaction; erases its register, moves the counter on.

        Raises KeyExhausted when no key is left, or all have been erased.
        """
        counter = self._counter
        if counter > MAX_COUNTER:
            raise KeyExhausted("no transaction key is left: load a new initial key")
        tree, registers = self._tree, self._registers
        stride, size = tree.stride, tree.working_size
        at = ((counter & -counter).bit_length() - 1) * stride
        encrypt = ecb_encryptor(registers[at : at + tree.width])
        material = tree.expand(encrypt, counter)
        registers[at : at + stride] = bytes(stride)
        registers[: len(material) - size] = material[size:]
        self._counter = next_counter(counter)
        ksn = tree.initial_key_id + counter.to_bytes(4)
        return TerminalWorkingKeys(tree, ksn, material[:size], None)

    def update_key(self, key_type: KeyType) -> Key:
        """The key under which the next initial key travels; it uses up no transaction.

        Load what comes under it with `load`, and give this object up. Raises BadKey if an AES key
        stronger than the initial key is asked for, KeyExhausted when the way to it is erased: after
        the counter 80000000, or with all keys. ANSI X9.24-3:2017 6.5.3.
        """
        tree = self._tree
        if self._counter > _UPDATE_NODE:
            raise KeyExhausted(
                "no register leads to the update key: load a new initial key by hand"
            )
        at = (COUNTER_BITS - 1) * tree.stride
        root = Key(bytes(self._registers[at : at + tree.width]), tree.key_type)
        return update_key_below(root, _UPDATE_NODE, tree.initial_key_id, key_type)

    def erase(self) -> None:
        """Overwrite every register, as on tampering; `next_keys` raises KeyExhausted from then."""
        self._registers[:] = bytes(len(self._registers))
        self._counter = MAX_COUNTER + 1


class HostDukpt(Secret):
    """The host's side: the keys of any KSN, from the base derivation key.

    For each terminal it keeps the path from the root to the last KSN, with the children along it.
    The next KSN in order then costs one AES context, as it costs the terminal; any other costs one
    for each step that leads off the path. ANSI X9.24-3:2017 6.4.
    """

    __slots__ = ("_bdk", "_paths")

    def __init__(self, bdk: Key) -> None:
        """Take the base derivation key; BadKey if it is not an AES key."""
        check_root(bdk, bytes(8))
        self._bdk = bdk
        self._paths: dict[bytes, _Path] = {}

    def keys(self, ksn: bytes, /) -> WorkingKeys:
        """The working keys of a 12 byte KSN.

        Raises BadKsn unless the KSN has 12 bytes and its counter 1 to 16 one bits.
        """
        counter = int.from_bytes(ksn[8:])
        if len(ksn) != 12 or not 1 <= counter.bit_count() <= MAX_ONE_BITS:
            split_ksn(ksn)  # says what is wrong
        path = self._paths.get(ksn[:8])
        if path is None:
            path = self._open(ksn[:8])
        return path.keys(ksn, counter)

    def _open(self, initial_key_id: bytes) -> "_Path":
        if len(self._paths) >= MAX_CACHED_TERMINALS:
            del self._paths[next(iter(self._paths))]
        path = _Path(derive_initial_key(self._bdk, initial_key_id), initial_key_id)
        self._paths[initial_key_id] = path
        return path


class _Path:
    """The nodes from the root to a terminal's last counter, each with its children's keys."""

    __slots__ = ("_nodes", "_tree")

    def __init__(self, initial_key: Key, initial_key_id: bytes) -> None:
        tree = KeyTree(initial_key_id, initial_key.key_type)
        material = tree.expand(ecb_encryptor(initial_key.expose()), 0)
        self._tree = tree
        self._nodes = [(0, material[tree.working_size :])]

    def keys(self, ksn: bytes, counter: int) -> WorkingKeys:
        tree, nodes = self._tree, self._nodes
        node, children = nodes[-1]
        while node and not 0 < counter ^ node < node & -node:  # not above the counter: go up
            nodes.pop()
            node, children = nodes[-1]
        stride, width, size = tree.stride, tree.width, tree.working_size
        while True:
            bit = (counter ^ node).bit_length() - 1
            node |= 1 << bit
            at = bit * stride
            encrypt = ecb_encryptor(children[at : at + width])
            material = tree.expand(encrypt, node)
            if len(material) > size:
                children, material = material[size:], material[:size]
                nodes.append((node, children))
            if node == counter:
                return WorkingKeys(tree, ksn, material, encrypt)
