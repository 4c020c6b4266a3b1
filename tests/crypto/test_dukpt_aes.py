"""AES DUKPT beyond the vectors: two sides that agree, registers that forget, counters that run out.

The oracle is a third way to the keys: the derivation written out here once more, key by key, on the
block cipher of another library (`_reference_key`).
"""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.aes import encrypt_aes_ecb

from posemu.crypto import (
    BadKey,
    HostDukpt,
    Key,
    KeyType,
    KeyUsage,
    TerminalDukpt,
    WorkingKeys,
    derive_initial_key,
    derive_transaction_key,
    dukpt_aes,
)
from posemu.crypto.dukpt_aes_tree import WORKING_USAGES, KeyTree

IKID = bytes.fromhex("1234567890123456")
LENGTHS = (16, 24, 32)
LAST_COUNTER = 0xFFFF0000  # the largest with 16 one bits
COUNTERS = st.lists(st.integers(0, 31), min_size=1, max_size=16, unique=True).map(
    lambda bits: sum(1 << bit for bit in bits)
)


def _bdk(length: int = 16) -> Key:
    return Key(bytes(range(7, 7 + length)))


def _terminal(length: int = 16) -> TerminalDukpt:
    return TerminalDukpt.load(derive_initial_key(_bdk(length), IKID), IKID)


def _ksn(counter: int) -> bytes:
    return IKID + counter.to_bytes(4)


@functools.cache
def _node_key(counter: int, length: int) -> bytes:
    return derive_transaction_key(_bdk(length), _ksn(counter)).expose()


def _registers(counter: int, length: int = 16) -> bytearray:
    """The registers a terminal must hold before it uses `counter`, and no others.

    Register i is the node of `counter` itself where i is its lowest one bit; above that, where bit
    i is zero, the node of the first counter ahead that ends in a one at bit i.
    """
    tree = KeyTree(IKID, _bdk(length).key_type)
    registers = bytearray(32 * tree.stride)
    lowest = (counter & -counter).bit_length() - 1
    for bit in range(lowest, 32):
        if bit == lowest or not counter >> bit & 1:
            at = bit * tree.stride
            node = (counter >> bit | 1) << bit
            # A key of 192 bits takes 24 of 32 bytes; what fills the rest is no secret to check.
            registers[at : at + tree.width] = _node_key(node, length)
    return registers


def _reference(root: bytes, usage: int, node: bytes) -> bytes:
    """One derivation as the standard writes it; `node` is the second half of the data."""
    bits = len(root) * 8
    kind = {128: 2, 192: 3, 256: 4}[bits]
    blocks = [f"01{n:02X}{usage:04X}{kind:04X}{bits:04X}" for n in range(1, 1 + -(-bits // 128))]
    return encrypt_aes_ecb(root, b"".join(bytes.fromhex(b) + node for b in blocks))[: len(root)]


def _reference_key(bdk: bytes, counter: int, usage: int) -> bytes:
    key, node = _reference(bdk, 0x8001, IKID), 0
    for bit in reversed(range(32)):
        if counter >> bit & 1:
            node |= 1 << bit
            key = _reference(key, 0x8000, IKID[4:] + node.to_bytes(4))
    return _reference(key, usage, IKID[4:] + counter.to_bytes(4))


def _all_keys(keys: WorkingKeys, key_type: KeyType = KeyType.AES128) -> list[bytes]:
    return [keys.working_key(usage, key_type).expose() for usage in WORKING_USAGES]


@pytest.mark.parametrize(("length", "transactions"), [(16, 5000), (24, 600), (32, 600)])
def test_terminal_and_host_agree_in_order(length: int, transactions: int) -> None:
    """Counting up from 1, the terminal's and the host's working keys are the same for each KSN."""
    terminal, host = _terminal(length), HostDukpt(_bdk(length))
    key_type = _bdk(length).key_type
    for counter in range(1, transactions + 1):
        assert terminal.counter == counter
        keys = terminal.next_keys()
        assert keys.ksn == _ksn(counter)
        assert _all_keys(keys, key_type) == _all_keys(host.keys(keys.ksn), key_type)


@settings(deadline=None, max_examples=200)
@given(length=st.sampled_from(LENGTHS), counter=COUNTERS, usage=st.sampled_from(WORKING_USAGES))
def test_host_agrees_with_the_written_out_derivation(
    length: int, counter: int, usage: KeyUsage
) -> None:
    """The host's key of any KSN, usage and length is what the standard's steps give."""
    bdk = _bdk(length)
    key = HostDukpt(bdk).keys(_ksn(counter)).working_key(usage, bdk.key_type)
    assert key.expose() == _reference_key(bdk.expose(), counter, usage)


@settings(deadline=None, max_examples=100)
@given(counters=st.lists(COUNTERS | st.integers(1, 40), min_size=1, max_size=30))
def test_host_takes_ksns_in_any_order(counters: list[int]) -> None:
    """Late, repeated and skipped KSNs give the same keys as a host that sees only that one KSN."""
    host = HostDukpt(_bdk())
    for counter in counters:
        keys = host.keys(_ksn(counter))
        assert _all_keys(keys) == _all_keys(HostDukpt(_bdk()).keys(_ksn(counter)))


def test_working_keys_agree_however_they_are_made() -> None:
    """The key that a host derives on request is the one it derived beforehand for the hot path."""
    for length in LENGTHS:
        keys = HostDukpt(_bdk(length)).keys(_ksn(0x00010105))
        raw = [keys._raw(place) for place in range(len(WORKING_USAGES))]
        assert raw == _all_keys(keys, _bdk(length).key_type)
        assert len(set(raw)) == len(raw)


def test_host_keeps_terminals_apart_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """More terminals than the cache holds still get right keys, and the cache keeps its bound."""
    monkeypatch.setattr(dukpt_aes, "MAX_CACHED_TERMINALS", 3)
    host, ids = HostDukpt(_bdk()), [bytes(7) + bytes([n]) for n in range(5)]
    terminals = [TerminalDukpt.load(derive_initial_key(_bdk(), ikid), ikid) for ikid in ids]
    for _ in range(20):
        for terminal in terminals:
            keys = terminal.next_keys()
            assert _all_keys(keys) == _all_keys(host.keys(keys.ksn))
            assert len(host._paths) <= 3


@settings(deadline=None, max_examples=50)
@given(counters=st.lists(COUNTERS, min_size=1, max_size=20))
def test_host_cache_of_one_terminal_is_bounded(counters: list[int]) -> None:
    """Whatever KSNs arrive, a terminal's path has no more nodes than a counter has one bits."""
    host = HostDukpt(_bdk())
    for counter in counters:
        host.keys(_ksn(counter))
        assert len(host._paths[IKID]._nodes) <= 1 + counter.bit_count()


@pytest.mark.parametrize("length", LENGTHS)
def test_registers_hold_only_what_lies_ahead(length: int) -> None:
    """Forward secrecy: after each transaction the registers are exactly the roots of the keys
    ahead; the register that gave the key is overwritten."""
    terminal = _terminal(length)
    tree = terminal._tree
    assert _cut(terminal) == _cut_registers(_registers(1, length), tree)
    for counter in range(1, 300):
        lowest = (counter & -counter).bit_length() - 1
        used = _node_key(counter, length)
        assert used in _cut(terminal)
        terminal.next_keys()
        assert used not in _cut(terminal)
        assert _cut(terminal)[lowest] == bytes(tree.width)
        assert _cut(terminal) == _cut_registers(_registers(counter + 1, length), tree)


def _cut(terminal: TerminalDukpt) -> list[bytes]:
    return _cut_registers(terminal._registers, terminal._tree)


def _cut_registers(registers: bytearray, tree: KeyTree) -> list[bytes]:
    return [
        bytes(registers[at : at + tree.width]) for at in range(0, 32 * tree.stride, tree.stride)
    ]


def test_terminal_keeps_neither_initial_nor_transaction_key() -> None:
    """The initial key is nowhere in a loaded terminal, and a transaction's keys do not hold the
    transaction key or any key ahead."""
    initial = derive_initial_key(_bdk(), IKID).expose()
    terminal = _terminal()
    assert initial not in bytes(terminal._registers)
    for counter in (1, 2, 3, 4):
        keys = terminal.next_keys()
        held = keys._material
        assert _node_key(counter, 16) not in held
        assert keys._encrypt is None
        assert not any(key in held for key in _cut(terminal) if any(key))
        assert len(held) == 16 * len(WORKING_USAGES)


def test_terminal_gives_no_other_key_than_its_own() -> None:
    """With the transaction key erased, a key of another type or usage is refused, not invented."""
    keys = _terminal().next_keys()
    for usage, key_type in [
        (KeyUsage.KEY_ENCRYPTION, KeyType.AES128),
        (KeyUsage.PIN_ENCRYPTION, KeyType.TDES2),
        (KeyUsage.MAC_GENERATION, KeyType.HMAC),
    ]:
        with pytest.raises(BadKey):
            keys.working_key(usage, key_type)


def test_no_side_gives_out_keys_of_the_tree() -> None:
    """A working key for key derivation is the host's to give and is no key of the tree: with one,
    later keys could be made. An initial key is no working key."""
    host = HostDukpt(_bdk()).keys(_ksn(8))
    key = host.working_key(KeyUsage.KEY_DERIVATION, KeyType.AES128).expose()
    assert key == _reference(_node_key(8, 16), 0x8000, IKID[4:] + (8).to_bytes(4))
    assert key not in [_node_key(counter, 16) for counter in range(1, 17)]
    terminal = _terminal().next_keys()
    with pytest.raises(BadKey):
        terminal.working_key(KeyUsage.KEY_DERIVATION, KeyType.AES128)
    for keys in (terminal, host):
        with pytest.raises(BadKey):
            keys.working_key(KeyUsage.KEY_DERIVATION_INITIAL, KeyType.AES128)
