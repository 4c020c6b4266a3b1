"""What holds for every key hierarchy: two sides that agree, and no misuse of a terminal's keys."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.des import encrypt_tdes_ecb

from posemu.crypto import (
    BadKey,
    BadKsn,
    HostKeys,
    KeyExhausted,
    MessageKeys,
    Pin,
    PinFormat,
    Secret,
    SessionKeys,
    SessionMac,
    TdesWorkingKeys,
    TerminalKeys,
    WorkingKeys,
    encode_pin_block,
    key_set_entropy,
    make_key_set,
    restore_keys,
)

from .hierarchies import ENTROPY, HIERARCHIES, PARTS, TERMINAL_ID, Sides, session_sides, whole_key

# The other library uses TripleDES in ways that are going away; our own code must not.
pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning:psec"
)

PAN, PIN = "9999075123741247", Pin("836194027715")
OPERATIONS = [
    name
    for name, value in vars(MessageKeys).items()
    if inspect.isfunction(value) and not name.startswith("_")
]


@pytest.fixture(params=HIERARCHIES)
def sides(request: pytest.FixtureRequest) -> Sides:
    return HIERARCHIES[request.param]()


def test_all_keys_have_one_interface() -> None:
    """The classes of keys take the same arguments under the same names, method by method."""
    assert len(OPERATIONS) == 8
    for name in OPERATIONS:
        wanted = inspect.signature(getattr(MessageKeys, name))
        for kind in (WorkingKeys, TdesWorkingKeys, SessionKeys):
            assert list(inspect.signature(getattr(kind, name)).parameters) == list(
                wanted.parameters
            )


def _host_keys(sides: Sides, keys: MessageKeys) -> MessageKeys:
    assert len(keys.ksn) == sides.ksn_bytes
    return sides.host.keys(keys.ksn or TERMINAL_ID)


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(list(HIERARCHIES)),
    pin=st.text("0123456789", min_size=4, max_size=12),
    fill=st.binary(min_size=8, max_size=8),
    data=st.binary(max_size=60),
)
def test_a_sale_and_its_answer_travel(name: str, pin: str, fill: bytes, data: bytes) -> None:
    """PIN, data and MACs of a terminal are read by its host, and the answer by the terminal."""
    sides = HIERARCHIES[name]()
    keys = sides.terminal.next_keys()
    host = _host_keys(sides, keys)
    assert host.pin(keys.pin_block(Pin(pin), PAN, fill), PAN) == Pin(pin)
    assert host.decrypt(keys.encrypt(data)) == data
    assert keys.answer_decrypt(host.answer_encrypt(data)) == data
    assert host.mac(data + b"x") == keys.mac(data + b"x")
    assert host.answer_mac(data + b"x") == keys.answer_mac(data + b"x")
    assert keys.mac(data + b"x") != keys.mac(data + b"y")


def test_a_terminal_is_no_oracle(sides: Sides) -> None:
    """What belongs to the host's direction is refused in a terminal: it opens no PIN block and no
    request, makes no answer, and gives out no key."""
    keys = sides.terminal.next_keys()
    block, sealed = keys.pin_block(PIN, PAN, bytes(8)), keys.encrypt(b"clear text")
    refused = {
        "pin": (block, PAN),
        "decrypt": (sealed,),
        "answer_encrypt": (b"clear text",),
        "decipher_pin_block": (block,),
        "working_key": (),
    }
    for name, args in refused.items():
        with pytest.raises(BadKey) as caught:
            getattr(keys, name)(*args)
        assert PIN.expose() not in str(caught.value)
    assert _host_keys(sides, keys).pin(block, PAN) == PIN


def test_session_keys_serve_one_purpose_each() -> None:
    """One clear block as PIN block, as data and under the MAC: each is psec's block under the key
    that was loaded for it, and no two are the same."""
    sides = session_sides(SessionMac.CBC)
    keys, host = sides.terminal.next_keys(), sides.host.keys(TERMINAL_ID)
    loaded = make_key_set("004", ENTROPY[: key_set_entropy("004")])
    clear = encode_pin_block(PinFormat.ISO_0, PIN, PAN)
    made = [
        (loaded.pin, keys.pin_block(PIN, PAN, bytes(8))),
        (loaded.mac, keys.mac(clear)),
        (loaded.mac, host.answer_mac(clear)),
        (loaded.data, keys.encrypt(clear)[:8]),
        (loaded.data, host.answer_encrypt(clear)[:8]),
    ]
    for key, block in made:
        assert block == encrypt_tdes_ecb(key.expose(), clear)
    assert len({block for _, block in made}) == 3


def test_erased_keys_are_gone(sides: Sides) -> None:
    """After tampering there are no keys, also not from what is stored afterwards."""
    sides.terminal.next_keys()
    sides.terminal.erase()
    for terminal in (sides.terminal, restore_keys(sides.terminal.snapshot())):
        with pytest.raises(KeyExhausted):
            terminal.next_keys()


def test_a_restored_terminal_goes_on(sides: Sides) -> None:
    """From a snapshot the next keys are those that came next, and the counter has not gone back."""
    sides.terminal.next_keys()
    snapshot, counter = sides.terminal.snapshot(), sides.terminal.counter
    again = restore_keys(snapshot)
    assert again.counter == counter > 1
    for _ in range(3):
        first, second = sides.terminal.next_keys(), again.next_keys()
        assert (first.ksn, first.mac(b"x")) == (second.ksn, second.mac(b"x"))
        assert first.pin_block(PIN, PAN, bytes(8)) == second.pin_block(PIN, PAN, bytes(8))
    assert again.counter == sides.terminal.counter == counter + 3


def test_only_snapshots_are_restored() -> None:
    """Anything else is a programmer's error."""
    with pytest.raises(TypeError, match="Pin"):
        restore_keys(PIN)


def test_a_name_that_cannot_be_is_refused(sides: Sides) -> None:
    """A host asked for the keys of nobody says so, whatever the hierarchy."""
    for name in (b"", b"T000000", bytes(12)):
        with pytest.raises(BadKsn):
            sides.host.keys(name)


def test_no_part_shows_its_keys(sides: Sides) -> None:
    """Terminal, host, snapshot and keys show no key as text, and are neither pickled nor copied."""
    keys = sides.terminal.next_keys()
    host = _host_keys(sides, keys)
    secrets = [whole_key().expose(), *(part.expose() for part in PARTS)]
    held = getattr(host, "_keys", None) or ()
    secrets += [key.expose() for key in held]
    assert len(secrets) == (7 if sides.ksn_bytes == 0 else 4)
    for part in (sides.terminal, sides.host, sides.terminal.snapshot(), keys, host):
        assert isinstance(part, Secret)
        for text in (repr(part), f"{part:>80}", str([part])):
            assert not any(secret.hex() in text.lower() for secret in secrets)
            assert not any(repr(secret)[2:-1] in text for secret in secrets)
        for escape in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                escape(part)


@pytest.mark.parametrize("mac", SessionMac)
def test_a_session_speaks_the_mac_it_was_loaded_for(mac: SessionMac) -> None:
    """Each algorithm gives 8 bytes, and no two of them the same."""
    made = {}
    for kind in SessionMac:
        keys = session_sides(kind).terminal.next_keys()
        made[kind] = keys.mac(b"a message of several blocks")
    assert len(made[mac]) == 8
    assert [kind for kind in made if made[kind] == made[mac]] == (
        [mac]
        if mac not in (SessionMac.CBC, SessionMac.RETAIL)
        else [SessionMac.CBC, SessionMac.RETAIL]  # one and the same under a single length key
    )


def test_sides_are_what_they_are_declared_to_be(sides: Sides) -> None:
    """Every side has the methods of its Protocol."""
    for protocol, side in ((TerminalKeys, sides.terminal), (HostKeys, sides.host)):
        for name in [n for n in vars(protocol) if not n.startswith("_")]:
            assert hasattr(side, name)
