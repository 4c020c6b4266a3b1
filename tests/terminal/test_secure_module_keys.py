"""The secure module over every key hierarchy, and after tampering."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from posemu.crypto import (
    HostDukpt,
    HostKeys,
    HostSession,
    Key,
    KeyExhausted,
    KeyType,
    MasterKey,
    Purpose,
    TdesHostDukpt,
    TerminalKeys,
    TerminalSession,
    derive_initial_key,
    derive_tdes_initial_key,
    key_set_entropy,
    load_initial_key_block,
    tdes_key,
    wrap_initial_key,
)
from posemu.profiles import load_dialect
from posemu.sim import Stream
from posemu.terminal import SecureModule
from posemu.wire import Codec, encode_track2

TRANSPORT, BDK = Key(bytes(range(32))), Key(bytes(range(1, 17)))
TDES_BDK, TMK = Key(bytes(range(40, 56)), KeyType.TDES2), tdes_key(bytes(range(80, 96)))
KEY_ID, KSN = bytes.fromhex("504F534500000001"), bytes.fromhex("FFFF9876543210E00000")
TERMINAL_ID = "T0000001"
PAN, PIN = "9999075123741247", "836194027715"
TRACK = f"{PAN}=29122010000000000"
FIELDS = {3: "000000", 4: "000000003800", 11: "000001", 12: "090000", 13: "0302", 41: TERMINAL_ID}


class Setting(NamedTuple):
    dialect: str
    terminal: TerminalKeys
    host: HostKeys
    pin_block_bytes: int


def aes() -> Setting:
    block = wrap_initial_key(TRANSPORT, derive_initial_key(BDK, KEY_ID), KEY_ID, bytes)
    terminal = load_initial_key_block(TRANSPORT, block)
    return Setting("posemu-87-aes", terminal, HostDukpt(BDK), 16)


def tdes() -> Setting:
    block = wrap_initial_key(TRANSPORT, derive_tdes_initial_key(TDES_BDK, KSN), KSN, bytes)
    terminal = load_initial_key_block(TRANSPORT, block)
    return Setting("unionpay-pos", terminal, TdesHostDukpt(TDES_BDK), 8)


def session() -> Setting:
    terminal = TerminalSession(MasterKey(TMK, Purpose.UNWRAP_CRYPTOGRAMS))
    host, name = HostSession(), TERMINAL_ID.encode()
    host.register(name, MasterKey(TMK, Purpose.WRAP_CRYPTOGRAMS))
    random = bytes(range(3, 3 + key_set_entropy("004")))
    terminal.load_cryptograms("004", host.new_set(name, "004", random))
    assert host.confirm(name, b"x", terminal.next_keys().mac(b"x"))
    return Setting("unionpay-pos", terminal, host, 8)


SETTINGS: dict[str, Callable[[], Setting]] = {"aes": aes, "tdes": tdes, "session": session}


def module_of(setting: Setting) -> SecureModule:
    codec = Codec(load_dialect(setting.dialect))
    return SecureModule(setting.terminal, codec, Stream(1, "module").bytes)


def enter_card(module: SecureModule) -> None:
    module.accept_stripe(bytes(22) + encode_track2(f";{TRACK}?") + bytes(22))
    module.begin_pin()
    for digit in PIN:
        module.pin_key(digit)
    assert module.end_pin() == len(PIN)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_sale_opens_at_its_host_and_the_answer_is_believed(name: str) -> None:
    """Under each hierarchy track and PIN arrive as they were entered, the host's answer is
    authentic, and one with any changed byte or under the keys of nobody is not."""
    setting = SETTINGS[name]()
    module, codec = module_of(setting), Codec(load_dialect(setting.dialect))
    enter_card(module)
    sealed = module.seal("0200", FIELDS, with_card=True)
    _, fields = codec.decode(sealed.data)
    keys = setting.host.keys(bytes(fields.get(62, b"")) or TERMINAL_ID.encode())  # type: ignore[arg-type]
    assert keys.mac(sealed.data[:-8])[:8] == sealed.data[-8:]
    assert keys.decrypt(bytes(fields[63])).decode() == TRACK  # type: ignore[arg-type]
    block = bytes(fields[52])  # type: ignore[arg-type]
    assert len(block) == setting.pin_block_bytes
    assert keys.pin(block, PAN).expose() == PIN
    assert PAN.encode() not in sealed.data
    assert (62 in fields) is (name != "session")
    body = codec.encode("0210", {11: "000001", 39: "00", 41: TERMINAL_ID}, mac_present=True)
    answer = body + keys.answer_mac(body)[:8]
    assert module.authentic(sealed.keys, answer)
    for at in range(len(answer)):
        spoilt = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        assert not module.authentic(sealed.keys, spoilt)


@pytest.mark.parametrize("name", SETTINGS)
def test_tampering_locks_until_a_load(name: str) -> None:
    """Tampered with, the module holds no card, reads none, takes no PIN and no code, seals nothing
    and believes no answer, until newly loaded keys take the place of those that are gone."""
    setting = SETTINGS[name]()
    module, codec = module_of(setting), Codec(load_dialect(setting.dialect))
    sealed = module.seal("0800", FIELDS)
    body = codec.encode("0810", {11: "000001", 41: TERMINAL_ID}, mac_present=True)
    answer = body + sealed.keys.answer_mac(body)[:8]
    assert module.authentic(sealed.keys, answer)
    enter_card(module)
    module.tamper()
    assert not module.holds_card
    assert not module.authentic(sealed.keys, answer)
    for refused in (
        lambda: module.accept_stripe(b""),
        lambda: module.accept_code("1" * 18),
        module.begin_pin,
        lambda: module.seal("0800", FIELDS),
    ):
        with pytest.raises(KeyExhausted):
            refused()
    module.load_keys(SETTINGS[name]().terminal)
    enter_card(module)
    assert module.seal("0200", FIELDS, with_card=True).data
