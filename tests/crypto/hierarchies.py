"""Both sides of every key hierarchy, for the tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from posemu.crypto import (
    Component,
    HostDukpt,
    HostKeys,
    HostSession,
    Key,
    KeyType,
    MasterKey,
    PinFormat,
    Purpose,
    SessionMac,
    TdesHostDukpt,
    TerminalKeys,
    TerminalSession,
    derive_initial_key,
    derive_tdes_initial_key,
    kcv_zero_block,
    key_set_entropy,
    load_initial_key_block,
    load_master_key_components,
    tdes_key,
    wrap_initial_key,
)

TRANSPORT = Key(bytes(range(100, 132)))
AES_BDK, AES_ID = Key(bytes(range(16))), bytes.fromhex("1234567890123456")
TDES_BDK = Key(bytes(range(50, 66)), KeyType.TDES2)
TDES_KSN = bytes.fromhex("FFFF9876543210E00000")
TERMINAL_ID = b"T0000001"
PARTS = [tdes_key(bytes(range(start, start + 16))) for start in (1, 40, 90)]
ENTROPY = bytes(range(7, 250))


def whole_key() -> Key:
    whole = 0
    for part in PARTS:
        whole ^= int.from_bytes(part.expose())
    return tdes_key(whole.to_bytes(16))


def master(purpose: Purpose) -> MasterKey:
    components = [Component(part, kcv_zero_block(part)) for part in PARTS]
    return load_master_key_components(components, kcv_zero_block(whole_key(), 4), purpose)


class Sides(NamedTuple):
    terminal: TerminalKeys
    host: HostKeys
    ksn_bytes: int


def aes_sides() -> Sides:
    key = derive_initial_key(AES_BDK, AES_ID)
    block = wrap_initial_key(TRANSPORT, key, AES_ID, bytes)
    return Sides(load_initial_key_block(TRANSPORT, block), HostDukpt(AES_BDK), 12)


def tdes_sides(form: PinFormat = PinFormat.ISO_3) -> Sides:
    key = derive_tdes_initial_key(TDES_BDK, TDES_KSN)
    block = wrap_initial_key(TRANSPORT, key, TDES_KSN, bytes)
    return Sides(load_initial_key_block(TRANSPORT, block, form), TdesHostDukpt(TDES_BDK, form), 10)


def session_sides(mac: SessionMac = SessionMac.UNIONPAY) -> Sides:
    """Signed on, and the host has seen a message under the set."""
    terminal = TerminalSession(master(Purpose.UNWRAP_CRYPTOGRAMS), PinFormat.ISO_0, mac)
    host = HostSession(PinFormat.ISO_0, mac)
    host.register(TERMINAL_ID, master(Purpose.WRAP_CRYPTOGRAMS))
    field = host.new_set(TERMINAL_ID, "004", ENTROPY[: key_set_entropy("004")])
    terminal.load_cryptograms("004", field)
    assert host.confirm(TERMINAL_ID, b"hello", terminal.next_keys().mac(b"hello"))
    return Sides(terminal, host, 0)


HIERARCHIES: dict[str, Callable[[], Sides]] = {
    "aes": aes_sides,
    "tdes": tdes_sides,
    "session": session_sides,
}
