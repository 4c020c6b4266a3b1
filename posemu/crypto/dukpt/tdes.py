"""TDES DUKPT: a fresh key for every transaction, on the terminal and on the host (ANSI
X9.24-1:2009 annex A; also ANSI X9.24-3:2017 annex C).

The terminal holds *future key registers*: the roots of exactly those parts of the key tree that lie
ahead. A transaction takes the register of its counter's lowest bit, fills the registers below with
that key's children and erases it. What is taken from the terminal afterwards gives no key of an
earlier transaction.

What may break, and who answers for it, is as in `aes`: the caller stores `snapshot()` after
`next_keys` and before it uses the keys; tampering is `erase()`; the host takes KSNs late, twice or
out of order, and whether an old one is acceptable is the rule of the host application.
"""

from posemu.crypto.dukpt.aes_ksn import next_counter
from posemu.crypto.dukpt.tdes_keys import TdesTerminalWorkingKeys, TdesWorkingKeys
from posemu.crypto.dukpt.tdes_ksn import (
    TDES_MAX_COUNTER,
    TDES_MAX_ONE_BITS,
    join_tdes_ksn,
    parse_tdes_ksn,
    split_tdes_ksn,
)
from posemu.crypto.dukpt.tdes_tree import (
    KEY_BYTES,
    base_ciphers,
    check_tdes_root,
    children,
    descend,
    initial_key,
)
from posemu.crypto.errors import BadKsn, KeyExhausted
from posemu.crypto.keys import Key, Secret
from posemu.crypto.pin.block_64 import PinFormat, check_format_64

# A host keeps the paths of this many terminals (about 1 to 5 kB each); the one seen first goes
# first, and is derived anew.
MAX_CACHED_TERMINALS = 10_000


class TdesDukptSnapshot(Secret):
    """The state of a `TdesTerminalDukpt` at one moment: for the secure module's memory alone."""

    __slots__ = ("_counter", "_device", "_pin_format", "_registers")

    def __init__(self, device: int, counter: int, registers: bytes, pin_format: PinFormat) -> None:
        self._device = device
        self._counter = counter
        self._registers = registers
        self._pin_format = pin_format


class TdesTerminalDukpt(Secret):
    """The terminal's side. Made with `load` (an initial key) or `restore` (after a power cut).
    ANSI X9.24-1:2009 A.2."""

    __slots__ = ("_counter", "_device", "_pin_format", "_registers")

    # Invariants, whenever no call is under way:
    #   _counter is the counter of the next transaction; larger than TDES_MAX_COUNTER if there is
    #   none;
    #   register i (16 bytes at 16 * i) is the key of the node that bit i leads to from here, and
    #   zeros if no transaction ahead lies below that node; no key of a transaction before _counter
    #   is held.

    def __init__(
        self,
        device: int,
        counter: int,
        registers: bytearray,
        pin_format: PinFormat = PinFormat.ISO_0,
    ) -> None:
        self._device = device
        self._counter = counter
        self._registers = registers
        self._pin_format = pin_format

    @classmethod
    def load(
        cls, initial_key: Key, initial_ksn: bytes, pin_format: PinFormat = PinFormat.ISO_0
    ) -> "TdesTerminalDukpt":
        """Fill all registers from an initial key with its KSN; the key itself is not kept.

        `pin_format` is that of its PIN blocks. Raises BadKey unless the key is a TDES key of two
        parts, BadKsn unless the KSN has 10 bytes (or 8, FFFF left out) and counter 0, PinBlockError
        for format 4.
        """
        check_format_64(pin_format)
        raw = check_tdes_root(initial_key)
        device, counter = parse_tdes_ksn(initial_ksn)
        if counter:
            raise BadKsn(f"an initial key is loaded with counter 0, not {counter:06X}")
        return cls(device, 1, bytearray(children(raw, device, 0)), pin_format)

    @classmethod
    def restore(cls, snapshot: TdesDukptSnapshot) -> "TdesTerminalDukpt":
        """The terminal as it was at `snapshot()`."""
        registers = bytearray(snapshot._registers)
        return cls(snapshot._device, snapshot._counter, registers, snapshot._pin_format)

    def snapshot(self) -> TdesDukptSnapshot:
        """A copy of the whole state; store it after `next_keys` and before the keys are used."""
        registers = bytes(self._registers)
        return TdesDukptSnapshot(self._device, self._counter, registers, self._pin_format)

    @property
    def initial_ksn(self) -> bytes:
        """The 10 byte KSN of the loaded initial key, its counter 0."""
        return join_tdes_ksn(self._device, 0)

    @property
    def counter(self) -> int:
        """The counter of the next transaction; larger than 2**21 - 1 when no key is left."""
        return self._counter

    def __repr__(self) -> str:
        return f"TdesTerminalDukpt({self.initial_ksn.hex().upper()}, counter={self._counter})"

    def next_keys(self) -> TdesTerminalWorkingKeys:
        """The working keys of the next transaction; erases its register, moves the counter on.

        Raises KeyExhausted when no key is left, or all have been erased.
        """
        counter, registers = self._counter, self._registers
        if counter > TDES_MAX_COUNTER:
            raise KeyExhausted("no transaction key is left: load a new initial key")
        at = ((counter & -counter).bit_length() - 1) * KEY_BYTES
        key = bytes(registers[at : at + KEY_BYTES])
        below = children(key, self._device, counter)
        registers[at : at + KEY_BYTES] = bytes(KEY_BYTES)
        registers[: len(below)] = below
        self._counter = next_counter(counter, TDES_MAX_ONE_BITS)
        ksn = join_tdes_ksn(self._device, counter)
        return TdesTerminalWorkingKeys(ksn, key, self._pin_format)

    def erase(self) -> None:
        """Overwrite every register, as on tampering; `next_keys` raises KeyExhausted from then."""
        self._registers[:] = bytes(len(self._registers))
        self._counter = TDES_MAX_COUNTER + 1


class TdesHostDukpt(Secret):
    """The host's side: the keys of any KSN, from the base derivation key.

    For each terminal it keeps the path from the root to the last KSN. The next KSN in order then
    costs at most two DES contexts, as it costs the terminal; any other costs two for each step that
    leads off the path. ANSI X9.24-1:2009 A.3.
    """

    __slots__ = ("_base", "_paths", "_pin_format")

    def __init__(self, bdk: Key, pin_format: PinFormat = PinFormat.ISO_0) -> None:
        """Take the base derivation key and the format of PIN blocks; BadKey unless it is a TDES key
        of two parts, PinBlockError for format 4."""
        check_format_64(pin_format)
        self._base = base_ciphers(bdk)
        self._pin_format = pin_format
        self._paths: dict[int, _Path] = {}

    def keys(self, ksn: bytes, /) -> TdesWorkingKeys:
        """The working keys of a KSN of 10 bytes, or of 8 (FFFF left out).

        Raises BadKsn for another length, or unless its counter has 1 to 10 one bits.
        """
        device, counter = split_tdes_ksn(ksn)
        path = self._paths.get(device)
        if path is None:
            path = self._open(device, counter)
        return TdesWorkingKeys(join_tdes_ksn(device, counter), path.key(counter), self._pin_format)

    def _open(self, device: int, counter: int) -> "_Path":
        if len(self._paths) >= MAX_CACHED_TERMINALS:
            del self._paths[next(iter(self._paths))]
        path = _Path(initial_key(self._base, device), device, counter)
        self._paths[device] = path
        return path


class _Path:
    """The nodes from the root to a terminal's last counter, with their keys.

    The first KSN pays for its own nodes only. Where a later one leaves the path, all children are
    made at once: KSNs in order find their keys there.
    """

    __slots__ = ("_children", "_device", "_nodes")

    def __init__(self, initial_key: bytes, device: int, counter: int) -> None:
        self._device = device
        self._nodes = [(0, initial_key), *descend(initial_key, device, 0, counter)]
        self._children: dict[int, bytes] = {}

    def key(self, counter: int) -> bytes:
        """The raw transaction key of a counter; the path then leads to it."""
        nodes = self._nodes
        node, key = nodes[-1]
        while node and counter ^ node >= node & -node:  # it does not lie below: go up
            nodes.pop()
            self._children.pop(node, None)
            node, key = nodes[-1]
        if node != counter:
            below = self._children.get(node)
            if below is None:
                below = self._children[node] = children(key, self._device, node)
            bit = (counter ^ node).bit_length() - 1
            node |= 1 << bit
            key = below[bit * KEY_BYTES : (bit + 1) * KEY_BYTES]
            nodes.append((node, key))
            nodes += descend(key, self._device, node, counter)
        return nodes[-1][1]
