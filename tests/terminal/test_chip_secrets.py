"""What of a chip leaves in clear, and what waits in flash: field 55 without card data, and stored
messages that only their own module opens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import (
    HostDukpt,
    Key,
    KeyExhausted,
    NotAuthentic,
    TerminalDukpt,
    derive_initial_key,
)
from posemu.profiles import load_dialect
from posemu.profiles.emv import load_terminal
from posemu.sim import Stream
from posemu.terminal import SecureModule
from posemu.terminal.chip_secrets import SecureModuleError, StorageKey, check_field_55
from posemu.wire import EMV_TAGS, Codec, Tlv, decode_tlv, encode_tlv, template

CODEC = Codec(load_dialect("posemu-87-aes"))
BDK, KEY_ID = Key(bytes(range(16))), bytes.fromhex("504F534500000001")
HOST = HostDukpt(BDK)
PAN = "9999075123741247"
TRACK = f"{PAN}=29122010000000000"
OBJECTS = {"57": bytes.fromhex(TRACK.replace("=", "D")), "5A": bytes.fromhex(PAN)}
TAGS = load_terminal("posemu-default").field_55
ICC = encode_tlv([Tlv(tag, b"\x11\x22") for tag in TAGS])
FIELDS: dict[int, Any] = {
    3: "000000", 4: "000000003800", 11: "000001", 12: "090000", 13: "0302", 22: "051",
    41: "T0000001", 55: ICC,
}  # fmt: skip
SECRETS = [entry.tag for entry in EMV_TAGS if entry.sensitive] + ["5F24"]


@pytest.fixture
def module() -> SecureModule:
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    return SecureModule(dukpt, CODEC, Stream(1, "module").bytes)


def opened(data: bytes) -> tuple[dict[int, Any], str]:
    """Fields and track of a sealed message, as its host finds them; the MAC is right."""
    fields: dict[int, Any] = dict(CODEC.decode(data)[1])
    keys = HOST.keys(fields[62])
    assert keys.mac(data[:-8])[:8] == data[-8:]
    return fields, keys.decrypt(fields[63]).decode()


# --- field 55 -------------------------------------------------------------------------------------


def nested(tag: str, depth: int) -> bytes:
    item = Tlv(tag, b"\x11\x22\x33")
    for _ in range(depth):
        item = template("70", [item])
    return encode_tlv([Tlv("9F36", b"\x00\x01"), item])


def test_there_is_card_data_to_look_for() -> None:
    """The objects that the books give to track, PAN and name are among those looked for."""
    assert {"56", "57", "5A", "5F20", "5F24", "9F1F", "9F20", "9F6B"} <= set(SECRETS)


@pytest.mark.parametrize("tag", SECRETS)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_card_data_in_field_55_is_refused(tag: str, depth: int) -> None:
    """Each of them, at any depth: the error names the tag and where to take it out."""
    with pytest.raises(SecureModuleError, match=rf"tag {tag} .*take the tag out of field_55"):
        check_field_55(nested(tag, depth))


@pytest.mark.parametrize("tag", TAGS)
def test_what_the_profile_sends_is_not_refused(tag: str) -> None:
    """Every object of the terminal that comes with posemu, the PAN sequence number among them."""
    check_field_55(encode_tlv([Tlv(tag, b"\x11\x22")]), PAN)


@pytest.mark.parametrize(
    "value", [bytes.fromhex(PAN), bytes.fromhex(f"0{PAN}0"), PAN.encode(), b"\x02" + PAN.encode()]
)
def test_the_pan_is_found_under_any_tag(value: bytes) -> None:
    """As BCD at either nibble and as text, in an object that is for something else."""
    data = encode_tlv([Tlv("9F10", value)])
    check_field_55(data, "9999075123741254")
    with pytest.raises(SecureModuleError, match="PAN in clear") as caught:
        check_field_55(data, PAN)
    assert PAN[:8] not in str(caught.value)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_passed_or_refused(data: bytes) -> None:
    """Nothing but `SecureModuleError`, whatever stands in field 55; and what passes is objects."""
    try:
        check_field_55(data, PAN)
    except SecureModuleError:
        return
    assert not {item.tag for item in decode_tlv(data)} & set(SECRETS)


@pytest.mark.parametrize("way", ["seal", "seal_chip", "store"])
def test_the_module_looks_before_it_seals(module: SecureModule, way: str) -> None:
    """Every way out of the module refuses, before a key is used or the card is erased; and lets
    the same message pass when the tag is out."""
    calls = {
        "seal": lambda fields: module.seal("0400", fields),
        "seal_chip": lambda fields: module.seal_chip("0200", fields),
        "store": lambda fields: module.store(1, fields),
    }
    module.accept_chip(OBJECTS)
    counter = module.next_counter
    for bad in (nested("5A", 1), encode_tlv([Tlv("9F10", bytes.fromhex(PAN))]), b"\x5a"):
        with pytest.raises(SecureModuleError):
            calls[way]({**FIELDS, 55: bad})
        assert module.next_counter == counter
        assert module.holds_card
    assert calls[way](FIELDS)


# --- stored messages ------------------------------------------------------------------------------


def test_a_stored_advice_opens_at_the_host_each_time(module: SecureModule) -> None:
    """Sent, and repeated, after a power cut: the same fields and track, each time under a key of
    its own, and no PIN block; the module holds the card no more once it is stored."""
    module.accept_chip(OBJECTS)
    stored = module.store(7, FIELDS)
    assert not module.holds_card
    sent = []
    for mti in ("0220", "0221", "0221"):
        module.lose_power()
        data = module.seal_stored(mti, 7, stored).data
        assert CODEC.decode(data)[0] == mti
        fields, track = opened(data)
        assert track == TRACK
        assert {n: fields[n] for n in FIELDS} == FIELDS
        assert 52 not in fields
        sent.append((fields[62], fields[63]))
    assert len(set(sent)) == 3


def test_what_is_stored_shows_nothing(module: SecureModule) -> None:
    """No piece of track, PAN or field 55 is readable in flash; equal advices look different."""
    seen = set()
    for _ in range(20):
        module.accept_chip(OBJECTS)
        seen.add(stored := module.store(1, FIELDS))
        for secret in (TRACK.encode(), PAN.encode(), bytes.fromhex(PAN), ICC[:16]):
            assert secret not in stored
    assert len(seen) == 20
    assert len({stored[:16] for stored in seen}) == 20


def test_stored_bytes_open_as_themselves_only(module: SecureModule) -> None:
    """Another number, a changed byte, a piece, or bytes of another module: refused, and no key is
    used."""
    module.accept_chip(OBJECTS)
    stored = module.store(1, FIELDS)
    spoilt = [stored[:n] + bytes([stored[n] ^ 1]) + stored[n + 1 :] for n in range(len(stored))]
    module.accept_chip(OBJECTS)
    elsewhere = StorageKey(bytes(32)).seal(1, b"x", bytes(16))
    counter = module.next_counter
    wrong = [(2, stored), (1, elsewhere), *((1, s) for s in spoilt), (1, b""), (1, stored[:-1])]
    for number, data in wrong:
        with pytest.raises(NotAuthentic):
            module.seal_stored("0220", number, data)
    assert module.next_counter == counter
    assert module.seal_stored("0220", 1, stored)


def test_tampering_locks_chips_out_too(module: SecureModule) -> None:
    """No card, no message, no stored advice; after a new load what was stored stays shut."""
    module.accept_chip(OBJECTS)
    stored = module.store(1, FIELDS)
    module.tamper()
    for call in (
        lambda: module.accept_chip(OBJECTS),
        lambda: module.store(1, FIELDS),
        lambda: module.seal_stored("0220", 1, stored),
    ):
        with pytest.raises(KeyExhausted):
            call()
    module.load_keys(TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID))
    with pytest.raises(NotAuthentic, match="not sealed here"):
        module.seal_stored("0220", 1, stored)


@given(st.binary(max_size=70), st.integers(0, 2**32 - 1), st.binary(min_size=16, max_size=16))
@settings(max_examples=100, deadline=None)
def test_what_is_sealed_comes_out(data: bytes, number: int, iv: bytes) -> None:
    """Any bytes, whole blocks and trailing zeros among them."""
    key = StorageKey(bytes(range(32)))
    assert key.open(number, key.seal(number, data, iv)) == data


def test_the_storage_key_does_not_show_itself() -> None:
    """Masked as text."""
    assert repr(StorageKey(bytes(range(32)))) == "StorageKey(****)"
