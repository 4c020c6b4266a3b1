"""TDES DUKPT beside pydukpt, an implementation with another author and another DES."""

import pydukpt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import (
    BadKsn,
    Key,
    KeyExhausted,
    KeyType,
    KeyVariant,
    TdesHostDukpt,
    TdesTerminalDukpt,
    derive_tdes_initial_key,
    derive_tdes_transaction_key,
    tdes_ksn_advance,
)

PEERS = {
    KeyVariant.PIN: pydukpt.pin_key,
    KeyVariant.MAC_REQUEST: pydukpt.mac_request_key,
    KeyVariant.MAC_RESPONSE: pydukpt.mac_response_key,
    KeyVariant.DATA_REQUEST: pydukpt.data_request_key,
    KeyVariant.DATA_RESPONSE: pydukpt.data_response_key,
}

base_keys = st.binary(min_size=16, max_size=16)
devices = st.binary(min_size=10, max_size=10)
counters = st.sets(st.integers(0, 20), min_size=1, max_size=10).map(
    lambda bits: sum(1 << bit for bit in bits)
)


@settings(deadline=None, max_examples=40)
@given(base_keys, devices, st.lists(counters, min_size=1, max_size=5))
def test_every_key_of_any_ksn(base_key, device, sent):
    """Initial key, transaction key and each working key are pydukpt's, in whatever order a host
    that keeps its path is asked."""
    bdk = Key(base_key, KeyType.TDES2)
    host = TdesHostDukpt(bdk)
    initial = pydukpt.derive_ipek(base_key, device)
    assert derive_tdes_initial_key(bdk, device).expose() == initial
    for counter in sent:
        ksn = pydukpt.ksn_with_counter(device, counter)
        theirs = pydukpt.derive_key(initial, ksn)
        assert derive_tdes_transaction_key(bdk, ksn).expose() == theirs
        keys = host.keys(ksn)
        for variant, their_key in PEERS.items():
            assert keys.working_key(variant).expose() == their_key(theirs), variant


@settings(deadline=None)
@given(devices, counters)
def test_the_next_ksn(device, counter):
    """After every counter that a device may use comes the one that pydukpt says, or none."""
    ksn = pydukpt.ksn_with_counter(device, counter)
    try:
        theirs = pydukpt.next_ksn(ksn)
    except pydukpt.KSNExhaustedError:
        with pytest.raises(KeyExhausted):
            tdes_ksn_advance(ksn)
    else:
        assert tdes_ksn_advance(ksn) == theirs


def test_the_last_ksn():
    """Both stop behind counter 1FF800; beyond it ours takes no KSN at all."""
    last = pydukpt.ksn_with_counter(bytes(10), pydukpt.MAX_COUNTER)
    with pytest.raises(KeyExhausted):
        tdes_ksn_advance(last)
    with pytest.raises(pydukpt.KSNExhaustedError):
        pydukpt.next_ksn(last)
    with pytest.raises(BadKsn):
        tdes_ksn_advance(pydukpt.ksn_with_counter(bytes(10), pydukpt.MAX_COUNTER + 1))


def test_a_terminal_of_300_transactions():
    """The registers of a terminal give pydukpt's PIN block and KSN for every transaction."""
    base_key, ksn = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), b"\xff" * 7 + bytes(3)
    initial, pan = pydukpt.derive_ipek(base_key, ksn), "9999000000000017"
    terminal = TdesTerminalDukpt.load(Key(initial, KeyType.TDES2), ksn)
    for number in range(300):
        keys, ksn, pin = terminal.next_keys(), pydukpt.next_ksn(ksn), f"{number:06}"
        assert keys.ksn == ksn
        theirs = pydukpt.encrypt_pin(pydukpt.derive_key(initial, ksn), pin, pan)
        assert keys.encipher_pin_block(pydukpt.encode_pin_block(pin, pan)) == theirs
