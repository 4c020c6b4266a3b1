"""AES DUKPT: every usage and type of key, the update key, counters, exhaustion, restoring."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.aes import encrypt_aes_cbc, encrypt_aes_ecb

from posemu.crypto import (
    BadKey,
    BadKsn,
    HostDukpt,
    Key,
    KeyExhausted,
    KeyType,
    KeyUsage,
    TerminalDukpt,
    derivation_data,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
    ksn_advance,
)
from posemu.crypto.data_encipherment import decipher_blocks, encipher_blocks
from posemu.crypto.dukpt.aes_ksn import MAX_COUNTER
from posemu.crypto.dukpt.aes_tree import KeyTree

from .aes_sides import (
    COUNTERS,
    IKID,
    LAST_COUNTER,
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

WORKING = [usage for usage in KeyUsage if usage is not KeyUsage.KEY_DERIVATION_INITIAL]

BITS = {KeyType.TDES2: 128, KeyType.TDES3: 192, KeyType.AES128: 128, KeyType.AES192: 192,
        KeyType.AES256: 256}  # fmt: skip


def _terminal_before(counter: int) -> TerminalDukpt:
    return TerminalDukpt(KeyTree(IKID, KeyType.AES128), counter, registers_at(counter))


@pytest.mark.parametrize("length", LENGTHS)
def test_every_usage_and_type(length: int) -> None:
    """Each working key is what the standard's derivation data (6.3.2, tables 2 and 3) give under
    the transaction key; one stronger than that key is refused; no two are alike."""
    host, root, counter = (
        HostDukpt(base_key(length)).keys(ksn_of(0x15)),
        node_key(0x15, length),
        0x15,
    )
    wanted = [(usage, key_type, bits) for usage in WORKING for key_type, bits in BITS.items()]
    wanted += [(usage, KeyType.HMAC, bits) for usage in WORKING for bits in (128, 192, 256)]
    seen = set()
    for usage, key_type, bits in wanted:
        hmac_bits = bits if key_type is KeyType.HMAC else None
        if bits > length * 8 and key_type not in (KeyType.TDES2, KeyType.TDES3):
            with pytest.raises(BadKey):
                host.working_key(usage, key_type, hmac_bits)
            continue
        heads = [
            f"01{n:02X}{usage:04X}{key_type:04X}{bits:04X}" for n in (1, 2)[: (bits + 127) // 128]
        ]
        tail = IKID[4:] + counter.to_bytes(4)
        data = b"".join(bytes.fromhex(head) + tail for head in heads)
        key = host.working_key(usage, key_type, hmac_bits).expose()
        assert key == encrypt_aes_ecb(root, data)[: bits // 8]
        assert derivation_data(usage, key_type, IKID, counter, bits) == data[:16]
        seen.add(key)
    assert len(seen) >= len(WORKING) * 4
    assert host.working_key(KeyUsage.MAC_BOTH_WAYS, KeyType.HMAC) == host.working_key(
        KeyUsage.MAC_BOTH_WAYS, KeyType.HMAC, length * 8
    )


def test_derivation_data_that_cannot_be_are_refused() -> None:
    """An id has 8 bytes, a counter 32 bits, an HMAC key 128, 192 or 256; the data of an initial key
    hold the whole id."""
    usage, key_type = KeyUsage.PIN_ENCRYPTION, KeyType.AES128
    for ikid, counter in ((IKID[:7], 1), (IKID + b"\0", 1), (IKID, -1), (IKID, 1 << 32)):
        with pytest.raises(BadKsn):
            derivation_data(usage, key_type, ikid, counter)
    for bits in (0, 64, 160, 512):
        with pytest.raises(BadKey):
            derivation_data(usage, KeyType.HMAC, IKID, 1, bits)
        with pytest.raises(BadKey):
            HostDukpt(base_key(32)).keys(ksn_of(1)).working_key(usage, KeyType.HMAC, bits)
    block = derivation_data(KeyUsage.KEY_DERIVATION_INITIAL, key_type, IKID, 0)
    assert (
        encrypt_aes_ecb(base_key().expose(), block) == derive_initial_key(base_key(), IKID).expose()
    )


@pytest.mark.parametrize("length", LENGTHS)
def test_terminal_finds_its_update_key(length: int) -> None:
    """Without its initial key, at any time, a terminal has the update key that the host derives;
    asking for it changes nothing."""
    initial = derive_initial_key(base_key(length), IKID)
    terminal = TerminalDukpt.load(initial, IKID)
    for _ in range(3):
        registers = bytes(terminal._registers)
        for key_type, bits in BITS.items():
            if key_type.is_aes and bits > length * 8:
                with pytest.raises(BadKey):
                    terminal.update_key(key_type)
            else:
                key = terminal.update_key(key_type)
                assert key == derive_update_key(initial, IKID, key_type)
        assert bytes(terminal._registers) == registers
        terminal.next_keys()


def test_update_key_is_erased_with_the_register_that_leads_to_it() -> None:
    """The counter 80000000 is the last from which the update key can be made; after tampering it
    cannot be made either."""
    initial = derive_initial_key(base_key(), IKID)
    late, erased = _terminal_before(1 << 31), new_terminal()
    assert late.update_key(KeyType.AES128) == derive_update_key(initial, IKID, KeyType.AES128)
    late.next_keys()
    erased.erase()
    for terminal in (late, erased):
        with pytest.raises(KeyExhausted):
            terminal.update_key(KeyType.AES128)


@settings(deadline=None, max_examples=60)
@given(
    key=st.sampled_from(LENGTHS).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    iv=st.binary(min_size=16, max_size=16),
    blocks=st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5).map(b"".join),
)
def test_aes_blocks_from_any_iv(key: bytes, iv: bytes, blocks: bytes) -> None:
    """CBC from any IV is psec's, and comes back; without one it starts from zero."""
    enciphered = encipher_blocks(Key(key), blocks, iv)
    assert enciphered == encrypt_aes_cbc(key, iv, blocks)
    assert decipher_blocks(Key(key), enciphered, iv) == blocks
    assert encipher_blocks(Key(key), blocks) == encipher_blocks(Key(key), blocks, bytes(16))
    assert decipher_blocks(Key(key), encipher_blocks(Key(key), blocks)) == blocks


@settings(deadline=None, max_examples=60)
@given(before=st.integers(0, 70), after=st.integers(1, 70))
def test_restored_terminal_goes_on_where_it_stopped(before: int, after: int) -> None:
    """A snapshot restores the very state, and stays as it was while the terminal goes on."""
    terminal, host = new_terminal(), HostDukpt(base_key())
    for _ in range(before):
        terminal.next_keys()
    snapshot = terminal.snapshot()
    first = [all_keys(terminal.next_keys()) for _ in range(after)]
    restored = TerminalDukpt.restore(snapshot)
    assert restored.counter == before + 1
    assert restored.initial_key_id == IKID
    second = [all_keys(restored.next_keys()) for _ in range(after)]
    assert first == second
    assert first[-1] == all_keys(host.keys(ksn_of(before + after)))
    assert TerminalDukpt.restore(snapshot).counter == before + 1


@settings(deadline=None, max_examples=60)
@given(counter=COUNTERS, steps=st.integers(1, 25))
def test_terminal_counts_right_from_anywhere(counter: int, steps: int) -> None:
    """From any counter on, keys agree with the host's, and KSNs are those of `ksn_advance`."""
    terminal, host = _terminal_before(counter), HostDukpt(base_key())
    ksn = ksn_of(counter)
    for _ in range(steps):
        keys = terminal.next_keys()
        assert keys.ksn == ksn
        assert all_keys(keys) == all_keys(host.keys(ksn))
        if terminal.counter > MAX_COUNTER:
            return
        assert cut_up(terminal) == cut_up_registers(registers_at(terminal.counter), terminal._tree)
        ksn = ksn_advance(ksn)


def test_last_key_is_followed_by_exhaustion() -> None:
    """After the last counter no key comes, ever, and no register is left; nor has it a next KSN."""
    terminal, host = _terminal_before(0xFFFE0000), HostDukpt(base_key())
    counters = [0xFFFE0000, *(0xFFFE0000 | 1 << bit for bit in range(16)), LAST_COUNTER]
    for counter in counters:
        keys = terminal.next_keys()
        assert keys.ksn == ksn_of(counter)
        assert all_keys(keys) == all_keys(host.keys(keys.ksn))
    assert not any(terminal._registers)
    for exhausted in (terminal, TerminalDukpt.restore(terminal.snapshot())):
        assert exhausted.counter > MAX_COUNTER
        with pytest.raises(KeyExhausted):
            exhausted.next_keys()
    with pytest.raises(KeyExhausted):
        ksn_advance(ksn_of(LAST_COUNTER))


def test_erased_terminal_has_no_keys() -> None:
    """Tampering overwrites every register, and no transaction follows, also not after a restart."""
    terminal = new_terminal()
    terminal.next_keys()
    terminal.erase()
    assert not any(terminal._registers)
    for erased in (terminal, TerminalDukpt.restore(terminal.snapshot())):
        with pytest.raises(KeyExhausted):
            erased.next_keys()


def test_ksn_advance_skips_exactly_the_counters_with_too_many_one_bits() -> None:
    """The KSNs in order are all counters with at most 16 one bits and no other."""
    for start, end in ((0, 3000), (0x1FE00, 0x20100), (0xFFFD0000, 0xFFFE0100)):
        expected = [n for n in range(start + 1, end) if n.bit_count() <= 16]
        ksn, got = ksn_of(start), []
        while (ksn := ksn_advance(ksn)) < ksn_of(end):
            got.append(int.from_bytes(ksn[8:]))
        assert got == expected


@pytest.mark.parametrize(
    "ksn",
    [
        b"",
        IKID,
        ksn_of(1)[:-1],
        ksn_of(1) + b"\0",
        ksn_of(0),
        ksn_of(0x0001FFFF),
        ksn_of(MAX_COUNTER),
    ],
    ids=lambda ksn: ksn.hex() or "empty",
)
def test_impossible_ksn_is_refused(ksn: bytes) -> None:
    """A KSN of a wrong length, with counter 0 or more than 16 one bits gives no keys."""
    host = HostDukpt(base_key())
    with pytest.raises(BadKsn):
        host.keys(ksn)
    with pytest.raises(BadKsn):
        derive_transaction_key(base_key(), ksn)
    if ksn != ksn_of(0):
        with pytest.raises(BadKsn):
            ksn_advance(ksn)


def test_roots_that_do_not_fit_are_refused() -> None:
    """DUKPT starts from an AES key and an 8 byte id; a key is never stronger than its root."""
    tdes = Key(bytes(16), KeyType.TDES2)
    for ikid in (b"", IKID[:7], IKID + b"\0"):
        with pytest.raises(BadKsn):
            derive_initial_key(base_key(), ikid)
        with pytest.raises(BadKsn):
            TerminalDukpt.load(base_key(), ikid)
        with pytest.raises(BadKsn):
            derive_update_key(base_key(), ikid, KeyType.AES128)
    with pytest.raises(BadKey):
        HostDukpt(tdes)
    with pytest.raises(BadKey):
        derive_initial_key(tdes, IKID)
    with pytest.raises(BadKey):
        TerminalDukpt.load(tdes, IKID)
    with pytest.raises(BadKey):
        derive_update_key(base_key(), IKID, KeyType.AES256)
