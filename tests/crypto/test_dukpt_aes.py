"""AES DUKPT beyond the vectors: two sides that agree, registers that forget, counters that run out.

The oracle is a third way to the keys: the derivation written out here once more, key by key, on the
block cipher of another library (`_reference_key`).
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.aes import encrypt_aes_ecb

from posemu.crypto import (
    BadKey,
    HostDukpt,
    KeyType,
    KeyUsage,
    TerminalDukpt,
    derive_initial_key,
)
from posemu.crypto.dukpt import aes as aes_module
from posemu.crypto.dukpt.aes_tree import WORKING_USAGES

from .aes_sides import (
    COUNTERS,
    IKID,
    LENGTHS,
    all_keys,
    base_key,
    cut_up,
    cut_up_registers,
    ksn_of,
    new_terminal,
    node_key,
    registers_at,
)


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


@pytest.mark.parametrize(("length", "transactions"), [(16, 5000), (24, 600), (32, 600)])
def test_terminal_and_host_agree_in_order(length: int, transactions: int) -> None:
    """Counting up from 1, the terminal's and the host's working keys are the same for each KSN."""
    terminal, host = new_terminal(length), HostDukpt(base_key(length))
    key_type = base_key(length).key_type
    for counter in range(1, transactions + 1):
        assert terminal.counter == counter
        keys = terminal.next_keys()
        assert keys.ksn == ksn_of(counter)
        assert all_keys(keys, key_type) == all_keys(host.keys(keys.ksn), key_type)


@settings(deadline=None, max_examples=200)
@given(length=st.sampled_from(LENGTHS), counter=COUNTERS, usage=st.sampled_from(WORKING_USAGES))
def test_host_agrees_with_the_written_out_derivation(
    length: int, counter: int, usage: KeyUsage
) -> None:
    """The host's key of any KSN, usage and length is what the standard's steps give."""
    bdk = base_key(length)
    key = HostDukpt(bdk).keys(ksn_of(counter)).working_key(usage, bdk.key_type)
    assert key.expose() == _reference_key(bdk.expose(), counter, usage)


@settings(deadline=None, max_examples=100)
@given(counters=st.lists(COUNTERS | st.integers(1, 40), min_size=1, max_size=30))
def test_host_takes_ksns_in_any_order(counters: list[int]) -> None:
    """Late, repeated and skipped KSNs give the same keys as a host that sees only that one KSN."""
    host = HostDukpt(base_key())
    for counter in counters:
        keys = host.keys(ksn_of(counter))
        assert all_keys(keys) == all_keys(HostDukpt(base_key()).keys(ksn_of(counter)))


def test_working_keys_agree_however_they_are_made() -> None:
    """The key that a host derives on request is the one it derived beforehand for the hot path."""
    for length in LENGTHS:
        keys = HostDukpt(base_key(length)).keys(ksn_of(0x00010105))
        raw = [keys._raw(place) for place in range(len(WORKING_USAGES))]
        assert raw == all_keys(keys, base_key(length).key_type)
        assert len(set(raw)) == len(raw)


def test_host_keeps_terminals_apart_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """More terminals than the cache holds still get right keys, and the cache keeps its bound."""
    monkeypatch.setattr(aes_module, "MAX_CACHED_TERMINALS", 3)
    host, ids = HostDukpt(base_key()), [bytes(7) + bytes([n]) for n in range(5)]
    terminals = [TerminalDukpt.load(derive_initial_key(base_key(), ikid), ikid) for ikid in ids]
    for _ in range(20):
        for terminal in terminals:
            keys = terminal.next_keys()
            assert all_keys(keys) == all_keys(host.keys(keys.ksn))
            assert len(host._paths) <= 3


@settings(deadline=None, max_examples=50)
@given(counters=st.lists(COUNTERS, min_size=1, max_size=20))
def test_host_cache_of_one_terminal_is_bounded(counters: list[int]) -> None:
    """Whatever KSNs arrive, a terminal's path has no more nodes than a counter has one bits."""
    host = HostDukpt(base_key())
    for counter in counters:
        host.keys(ksn_of(counter))
        assert len(host._paths[IKID]._nodes) <= 1 + counter.bit_count()


@pytest.mark.parametrize("length", LENGTHS)
def test_registers_hold_only_what_lies_ahead(length: int) -> None:
    """Forward secrecy: after each transaction the registers are exactly the roots of the keys
    ahead; the register that gave the key is overwritten."""
    terminal = new_terminal(length)
    tree = terminal._tree
    assert cut_up(terminal) == cut_up_registers(registers_at(1, length), tree)
    for counter in range(1, 300):
        lowest = (counter & -counter).bit_length() - 1
        used = node_key(counter, length)
        assert used in cut_up(terminal)
        terminal.next_keys()
        assert used not in cut_up(terminal)
        assert cut_up(terminal)[lowest] == bytes(tree.width)
        assert cut_up(terminal) == cut_up_registers(registers_at(counter + 1, length), tree)


def test_terminal_keeps_neither_initial_nor_transaction_key() -> None:
    """The initial key is nowhere in a loaded terminal, and a transaction's keys do not hold the
    transaction key or any key ahead."""
    initial = derive_initial_key(base_key(), IKID).expose()
    terminal = new_terminal()
    assert initial not in bytes(terminal._registers)
    for counter in (1, 2, 3, 4):
        keys = terminal.next_keys()
        held = keys._material
        assert node_key(counter, 16) not in held
        assert keys._encrypt is None
        assert not any(key in held for key in cut_up(terminal) if any(key))
        assert len(held) == 16 * len(WORKING_USAGES)


def test_terminal_gives_out_no_key() -> None:
    """Neither its own working keys nor any other key of the transaction comes out of a terminal."""
    keys = new_terminal().next_keys()
    for usage, key_type in [
        *((usage, KeyType.AES128) for usage in KeyUsage),
        (KeyUsage.PIN_ENCRYPTION, KeyType.TDES2),
        (KeyUsage.MAC_GENERATION, KeyType.HMAC),
    ]:
        with pytest.raises(BadKey):
            keys.working_key(usage, key_type)


def test_no_side_gives_out_keys_of_the_tree() -> None:
    """A working key for key derivation is the host's to give and is no key of the tree: with one,
    later keys could be made. An initial key is no working key."""
    host = HostDukpt(base_key()).keys(ksn_of(8))
    key = host.working_key(KeyUsage.KEY_DERIVATION, KeyType.AES128).expose()
    assert key == _reference(node_key(8, 16), 0x8000, IKID[4:] + (8).to_bytes(4))
    assert key not in [node_key(counter, 16) for counter in range(1, 17)]
    terminal = new_terminal().next_keys()
    with pytest.raises(BadKey):
        terminal.working_key(KeyUsage.KEY_DERIVATION, KeyType.AES128)
    for keys in (terminal, host):
        with pytest.raises(BadKey):
            keys.working_key(KeyUsage.KEY_DERIVATION_INITIAL, KeyType.AES128)
