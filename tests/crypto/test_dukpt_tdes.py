"""TDES DUKPT beyond the vectors: two sides that agree, registers that forget, counters that run
out, keys of one purpose each.

The oracle is a third way to the keys: the derivation written out here once more, key by key, on the
block cipher of another library (`_reference_key`).
"""

import copy
import functools
import pickle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psec.des import encrypt_tdes_ecb

from posemu.crypto import (
    BadKey,
    BadKsn,
    CryptoError,
    Key,
    KeyExhausted,
    KeyType,
)
from posemu.crypto.dukpt import tdes as tdes_module
from posemu.crypto.dukpt.aes_ksn import ksn_count
from posemu.crypto.dukpt.tdes import TdesHostDukpt, TdesTerminalDukpt
from posemu.crypto.dukpt.tdes_keys import KeyVariant, TdesWorkingKeys, key_variant
from posemu.crypto.dukpt.tdes_ksn import TDES_MAX_COUNTER, split_tdes_ksn, tdes_ksn_advance
from posemu.crypto.dukpt.tdes_tree import derive_tdes_initial_key, derive_tdes_transaction_key

from .tdes_sides import (
    BDK,
    COUNTERS,
    DEVICE,
    DEVICES,
    INITIAL_KSN,
    KEYS,
    LAST_COUNTER,
    MASK,
    base_key,
    ksn_of,
    new_terminal,
    xor,
)

# The other library uses TripleDES in ways that are going away; our own code must not.
pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning:psec"
)


def _reference_initial_key(bdk: bytes, device: int) -> bytes:
    block = device.to_bytes(10)[:8]
    return encrypt_tdes_ecb(bdk, block) + encrypt_tdes_ecb(xor(bdk, MASK), block)


def _reference_step(key: bytes, register: bytes) -> bytes:
    """The non-reversible key generation process as the standard writes it (A.2): `register` is
    crypto register 1, `left` and `right` are the halves of the key register."""
    halves = []
    for left, right in ((key[:8], key[8:]), (xor(key, MASK)[:8], xor(key, MASK)[8:])):
        halves.append(xor(encrypt_tdes_ecb(left, xor(register, right)), right))
    return halves[1] + halves[0]


def _reference_key(bdk: bytes, device: int, counter: int) -> bytes:
    key, node = _reference_initial_key(bdk, device), 0
    for bit in reversed(range(21)):
        if counter >> bit & 1:
            node |= 1 << bit
            key = _reference_step(key, ksn_of(node, device)[2:])
    return key


@functools.cache
def _node_key(counter: int) -> bytes:
    return _reference_key(BDK, DEVICE, counter)


def _registers(counter: int) -> list[bytes]:
    """The registers a terminal must hold before it uses `counter`, and no others."""
    registers = [bytes(16)] * 21
    lowest = (counter & -counter).bit_length() - 1
    for bit in range(lowest, 21):
        if bit == lowest or not counter >> bit & 1:
            node = (counter >> bit | 1) << bit
            # A node with more than ten one bits is none.
            registers[bit] = _node_key(node) if node.bit_count() <= 10 else bytes(16)
    return registers


def _terminal_before(counter: int) -> TdesTerminalDukpt:
    return TdesTerminalDukpt(DEVICE, counter, bytearray(b"".join(_registers(counter))))


def _cut(terminal: TdesTerminalDukpt) -> list[bytes]:
    return [bytes(terminal._registers[at : at + 16]) for at in range(0, 21 * 16, 16)]


def _key(keys: TdesWorkingKeys) -> bytes:
    return keys._transaction_key


# --- keys and counters ----------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(bdk=KEYS, device=DEVICES, counter=COUNTERS)
def test_keys_are_those_of_the_written_out_derivation(
    bdk: bytes, device: int, counter: int
) -> None:
    """Initial key and transaction key of any BDK and KSN are what the standard's steps give, one by
    one and from the host."""
    ksn = ksn_of(counter, device)
    assert derive_tdes_initial_key(base_key(bdk), ksn).expose() == _reference_initial_key(
        bdk, device
    )
    key = derive_tdes_transaction_key(base_key(bdk), ksn)
    assert key == Key(_reference_key(bdk, device, counter), KeyType.TDES2)
    assert _key(TdesHostDukpt(base_key(bdk)).keys(ksn)) == key.expose()


def test_terminal_and_host_agree_in_order() -> None:
    """Counting up from 1, terminal and host have the same key for each KSN, and no two alike."""
    terminal, host, seen = new_terminal(), TdesHostDukpt(base_key()), set()
    ksn = INITIAL_KSN
    for _ in range(3000):
        ksn = tdes_ksn_advance(ksn)
        assert terminal.counter == int.from_bytes(ksn) - DEVICE
        keys = terminal.next_keys()
        assert keys.ksn == ksn
        assert _key(keys) == _key(host.keys(ksn))
        seen.add(_key(keys))
    assert len(seen) == 3000


@settings(deadline=None, max_examples=60)
@given(counters=st.lists(COUNTERS | st.integers(1, 40), min_size=1, max_size=20))
@example(counters=[7, 6, 4, 7, 4, 12, 8, 9, 8])  # back to a node on the path
def test_host_takes_ksns_in_any_order(counters: list[int]) -> None:
    """Late, repeated and skipped KSNs give the same keys as a host that sees only that one KSN; the
    path kept for the terminal leads to the last one and holds nothing beside it."""
    host = TdesHostDukpt(base_key())
    for counter in counters:
        assert _key(host.keys(ksn_of(counter))) == _node_key(counter)
        path = host._paths[DEVICE]
        nodes = [node for node, _ in path._nodes]
        assert nodes[0] == 0
        assert nodes[-1] == counter
        assert len(nodes) == 1 + counter.bit_count()
        assert set(path._children) <= set(nodes)


def test_host_keeps_terminals_apart_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """More terminals than the cache holds still get right keys, and the cache keeps its bound."""
    monkeypatch.setattr(tdes_module, "MAX_CACHED_TERMINALS", 3)
    host = TdesHostDukpt(base_key())
    terminals = []
    for number in range(5):
        ksn = ksn_of(0, number << 21)
        terminals.append(TdesTerminalDukpt.load(derive_tdes_initial_key(base_key(), ksn), ksn))
    for _ in range(20):
        for terminal in terminals:
            keys = terminal.next_keys()
            assert _key(keys) == _key(host.keys(keys.ksn))
            assert len(host._paths) <= 3


def test_short_ksn_is_the_one_with_ffff_in_front() -> None:
    """A KSN of 8 bytes names the device that one of 10 bytes names, FFFF being left out."""
    host = TdesHostDukpt(base_key())
    ksn = ksn_of(0x15)
    assert host.keys(ksn[2:]).ksn == ksn
    assert _key(host.keys(ksn[2:])) == _key(host.keys(ksn))
    assert tdes_ksn_advance(ksn[2:]) == tdes_ksn_advance(ksn)
    assert derive_tdes_initial_key(base_key(), ksn[2:]) == derive_tdes_initial_key(base_key(), ksn)
    assert TdesTerminalDukpt.load(base_key(), INITIAL_KSN[2:]).initial_ksn == INITIAL_KSN


def test_ksn_advance_skips_exactly_the_counters_with_too_many_one_bits() -> None:
    """The KSNs in order are all counters with at most 10 one bits and no other."""
    for start, end in ((0, 3000), (0x7F00, 0x8100), (0x1FF000, 0x1FF801)):
        expected = [n for n in range(start + 1, end) if n.bit_count() <= 10]
        counter, got = start, []
        while counter < LAST_COUNTER:
            counter = int.from_bytes(tdes_ksn_advance(ksn_of(counter))) - DEVICE
            if counter >= end:
                break
            got.append(counter)
        assert got == expected


def test_ksn_count_is_the_number_of_counters() -> None:
    """Counted one by one for every small counter; for the two in use, the numbers of the
    standards."""
    for bits in range(1, 9):
        for ones in range(1, bits + 1):
            counters = [n for n in range(1, 1 << bits) if n.bit_count() <= ones]
            assert ksn_count(bits, ones) == len(counters)
    assert ksn_count(21, 10) == 2**20 - 1
    assert ksn_count(32, 16) == 2_448_023_842


# --- the terminal's registers ---------------------------------------------------------------------


def test_registers_hold_only_what_lies_ahead() -> None:
    """Forward secrecy: after each transaction the registers are exactly the roots of the keys
    ahead; the initial key and the key just used are nowhere in them."""
    terminal = new_terminal()
    initial = _reference_initial_key(BDK, DEVICE)
    for counter in range(1, 200):
        assert _cut(terminal) == _registers(counter)
        assert _key(terminal.next_keys()) == _node_key(counter)
        assert _node_key(counter) not in _cut(terminal)
        assert initial not in _cut(terminal)


@settings(deadline=None, max_examples=40)
@given(counter=COUNTERS, steps=st.integers(1, 15))
def test_terminal_counts_right_from_anywhere(counter: int, steps: int) -> None:
    """From any counter on, keys and registers are the reference's and KSNs those of
    `tdes_ksn_advance`."""
    terminal, ksn = _terminal_before(counter), ksn_of(counter)
    for _ in range(steps):
        keys = terminal.next_keys()
        assert keys.ksn == ksn
        assert _key(keys) == _node_key(int.from_bytes(ksn) - DEVICE)
        if terminal.counter > TDES_MAX_COUNTER:
            return
        assert _cut(terminal) == _registers(terminal.counter)
        ksn = tdes_ksn_advance(ksn)


def test_last_key_is_followed_by_exhaustion() -> None:
    """After the last counter no key comes, ever, and no register is left; nor has it a next KSN."""
    terminal, host = _terminal_before(0x1FF000), TdesHostDukpt(base_key())
    for counter in [0x1FF000, *(0x1FF000 | 1 << bit for bit in range(12))]:
        keys = terminal.next_keys()
        assert keys.ksn == ksn_of(counter)
        assert _key(keys) == _key(host.keys(keys.ksn))
    assert counter == LAST_COUNTER
    assert not any(terminal._registers)
    for exhausted in (terminal, TdesTerminalDukpt.restore(terminal.snapshot())):
        assert exhausted.counter > TDES_MAX_COUNTER
        with pytest.raises(KeyExhausted):
            exhausted.next_keys()
    with pytest.raises(KeyExhausted):
        tdes_ksn_advance(ksn_of(LAST_COUNTER))


def test_erased_terminal_has_no_keys() -> None:
    """Tampering overwrites every register, and no transaction follows, also not after a restart."""
    terminal = new_terminal()
    terminal.next_keys()
    terminal.erase()
    assert not any(terminal._registers)
    for erased in (terminal, TdesTerminalDukpt.restore(terminal.snapshot())):
        with pytest.raises(KeyExhausted):
            erased.next_keys()


@settings(deadline=None, max_examples=30)
@given(before=st.integers(0, 40), after=st.integers(1, 40))
def test_restored_terminal_goes_on_where_it_stopped(before: int, after: int) -> None:
    """A snapshot restores the very state, and stays as it was while the terminal goes on."""
    terminal = new_terminal()
    for _ in range(before):
        terminal.next_keys()
    snapshot = terminal.snapshot()
    first = [_key(terminal.next_keys()) for _ in range(after)]
    restored = TdesTerminalDukpt.restore(snapshot)
    assert restored.counter == before + 1
    assert restored.initial_ksn == INITIAL_KSN
    assert [_key(restored.next_keys()) for _ in range(after)] == first
    assert TdesTerminalDukpt.restore(snapshot).counter == before + 1


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ksn",
    [b"", bytes(9), ksn_of(1) + b"\0", ksn_of(0x7FF), ksn_of(TDES_MAX_COUNTER), ksn_of(0)],
    ids=lambda ksn: ksn.hex() or "empty",
)
def test_impossible_ksn_is_refused(ksn: bytes) -> None:
    """A KSN of a wrong length, with counter 0 or more than 10 one bits gives no keys."""
    with pytest.raises(BadKsn):
        TdesHostDukpt(base_key()).keys(ksn)
    with pytest.raises(BadKsn):
        derive_tdes_transaction_key(base_key(), ksn)
    if ksn != ksn_of(0):
        with pytest.raises(BadKsn):
            tdes_ksn_advance(ksn)


@settings(deadline=None, max_examples=200)
@given(ksn=st.binary(max_size=14) | st.binary(min_size=10, max_size=10))
def test_any_ksn_has_keys_or_is_refused(ksn: bytes) -> None:
    """Whatever bytes come as a KSN: keys of that very KSN, or BadKsn and nothing else."""
    try:
        split_tdes_ksn(ksn)
    except BadKsn:
        with pytest.raises(BadKsn):
            TdesHostDukpt(base_key()).keys(ksn)
    else:
        assert TdesHostDukpt(base_key()).keys(ksn).ksn == ksn.rjust(10, b"\xff")


def test_roots_that_do_not_fit_are_refused() -> None:
    """TDES DUKPT starts from a TDES key of two parts, and a terminal from counter 0."""
    for wrong in (Key(bytes(16)), Key(bytes(24), KeyType.TDES3)):
        with pytest.raises(BadKey):
            TdesHostDukpt(wrong)
        with pytest.raises(BadKey):
            derive_tdes_initial_key(wrong, INITIAL_KSN)
        with pytest.raises(BadKey):
            TdesTerminalDukpt.load(wrong, INITIAL_KSN)
        with pytest.raises(BadKey):
            key_variant(wrong, KeyVariant.PIN)
    for ksn in (b"", bytes(9), ksn_of(1), ksn_of(LAST_COUNTER)):
        with pytest.raises(BadKsn):
            TdesTerminalDukpt.load(base_key(), ksn)


def test_nothing_shows_itself() -> None:
    """Terminal, snapshot, host and working keys show no key and refuse to be pickled or copied."""
    terminal, host = new_terminal(), TdesHostDukpt(base_key())
    keys = terminal.next_keys()
    host.keys(keys.ksn)
    secrets = [BDK, _key(keys), *(register for register in _cut(terminal) if any(register))]
    secrets += [host.keys(keys.ksn).working_key(usage).expose() for usage in KeyVariant]
    for holder in (terminal, terminal.snapshot(), host, keys):
        for text in (repr(holder), str(holder), f"{holder}", str(CryptoError("with", holder))):
            assert not any(secret.hex().upper() in text.upper() for secret in secrets)
            assert not any(str(secret) in text for secret in secrets)
        with pytest.raises(TypeError):
            pickle.dumps(holder)
        with pytest.raises(TypeError):
            copy.deepcopy(holder)


# --- working keys ---------------------------------------------------------------------------------
