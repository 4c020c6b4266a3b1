"""Sign-on: field 62 opened and made, sets taken whole or not at all, and a host that waits."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import (
    BadCiphertext,
    BadKey,
    BadKsn,
    Component,
    HostSession,
    KeyExhausted,
    KeySet,
    KeyType,
    MasterKey,
    PinBlockError,
    PinFormat,
    Purpose,
    SessionMac,
    TerminalSession,
    kcv_zero_block,
    key_set_entropy,
    load_master_key_block,
    load_master_key_components,
    make_key_set,
    open_key_set,
    seal_key_set,
    tdes_key,
    unionpay_mac,
    wrap_working_key,
)

from .hierarchies import ENTROPY, PARTS, TERMINAL_ID, TRANSPORT, master, whole_key

# A worked example published by a terminal developer (code456.com, article 3026509): the master key,
# field 62 of 40 bytes, and the clear keys.
EXAMPLE_TMK = tdes_key(bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9"))
EXAMPLE_FIELD = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
EXAMPLE_PIN = tdes_key(bytes.fromhex("807A23AD32B36D457AE91FDF927570EA"))
EXAMPLE_MAC = tdes_key(bytes.fromhex("5BB5C72CD00B7338"))
SIZES = {"001": 24, "003": 40, "004": 60}
BODY = b"0800 a message"


def terminal_of(master_key: MasterKey | None = None) -> TerminalSession:
    return TerminalSession(master_key or master(Purpose.UNWRAP_CRYPTOGRAMS))


def random_of(code: str, number: int = 0) -> bytes:
    return bytes((byte * (number + 3)) % 256 for byte in ENTROPY[: key_set_entropy(code)])


def field_of(code: str, number: int = 0) -> bytes:
    return seal_key_set(whole_key(), code, make_key_set(code, random_of(code, number)))


def new_host() -> HostSession:
    host = HostSession()
    host.register(TERMINAL_ID, master(Purpose.WRAP_CRYPTOGRAMS))
    return host


def test_the_published_example_opens_and_is_made_again() -> None:
    """Master key and field 62 of the example give its clear keys, and the keys its field; the MAC
    of a terminal that signed on with it is under its MAC key."""
    keys = open_key_set(EXAMPLE_TMK, "003", EXAMPLE_FIELD)
    assert keys == KeySet(EXAMPLE_PIN, EXAMPLE_MAC, None)
    assert seal_key_set(EXAMPLE_TMK, "003", keys) == EXAMPLE_FIELD
    terminal = terminal_of(MasterKey(EXAMPLE_TMK, Purpose.UNWRAP_CRYPTOGRAMS))
    terminal.load_cryptograms("003", EXAMPLE_FIELD)
    assert terminal.next_keys().mac(BODY) == unionpay_mac(EXAMPLE_MAC, BODY)
    with pytest.raises(BadKey, match="004"):
        terminal.next_keys().encrypt(b"a track")


@settings(deadline=None, max_examples=60)
@given(code=st.sampled_from(list(SIZES)), data=st.data())
def test_what_is_sealed_opens(code: str, data: st.DataObject) -> None:
    """Any new set travels whole in a field of the length that its code says."""
    size = key_set_entropy(code)
    keys = make_key_set(code, data.draw(st.binary(min_size=size, max_size=size).filter(_distinct)))
    field = seal_key_set(whole_key(), code, keys)
    assert len(field) == SIZES[code]
    assert open_key_set(whole_key(), code, field) == keys
    for key in keys[: 3 if code == "004" else 2]:
        assert all(byte.bit_count() % 2 for byte in key.expose())


def _distinct(random: bytes) -> bool:
    """No two parts of 8 bytes are the same, whatever the parity."""
    blocks = [bytes(b & 0xFE for b in random[at : at + 8]) for at in range(0, len(random), 8)]
    return len(set(blocks)) == len(blocks)


def test_a_mac_key_of_16_bytes_travels_too() -> None:
    """Where the last 8 bytes of its cryptogram are no zeros, the MAC key has 16 bytes."""
    keys = KeySet(PARTS[0], PARTS[1])
    assert open_key_set(whole_key(), "003", seal_key_set(whole_key(), "003", keys)) == keys


@pytest.mark.parametrize("code", SIZES)
def test_a_set_is_taken_whole_or_not_at_all(code: str) -> None:
    """Every byte of field 62, changed: the set is refused, and the old one stays in force."""
    terminal = terminal_of()
    terminal.load_cryptograms(code, field_of(code))
    old, field = terminal.next_keys().mac(BODY), field_of(code, 1)
    for at in range(len(field)):
        damaged = field[:at] + bytes([field[at] ^ 0x10]) + field[at + 1 :]
        with pytest.raises(BadKey):
            terminal.load_cryptograms(code, damaged)
        assert terminal.next_keys().mac(BODY) == old
    terminal.load_cryptograms(code, field)
    assert terminal.next_keys().mac(BODY) != old


@pytest.mark.parametrize("code", SIZES)
def test_other_lengths_are_refused(code: str) -> None:
    """Of all lengths up to 90 bytes a code takes one; the error says which."""
    for size in range(91):
        if size != SIZES[code]:
            with pytest.raises(BadCiphertext, match=f"{SIZES[code]} bytes"):
                open_key_set(whole_key(), code, bytes(size))
    for unknown in ("", "002", "005", "1"):
        with pytest.raises(BadKey, match="001, 003, 004"):
            open_key_set(whole_key(), unknown, bytes(SIZES[code]))
        with pytest.raises(BadKey, match="001, 003, 004"):
            key_set_entropy(unknown)


def test_no_value_serves_two_purposes() -> None:
    """Any two keys of a set, or a key and the master key, with one value: the set is refused on
    both sides, also where they differ in parity bits alone."""
    pin, mac, data = PARTS
    twin = tdes_key(bytes(byte ^ 1 for byte in pin.expose()))
    for same in (KeySet(pin, pin, data), KeySet(pin, mac, pin), KeySet(pin, mac, mac)):
        with pytest.raises(BadKey, match="same value"):
            seal_key_set(whole_key(), "004", same)
    for first, second in itertools.permutations((pin, mac), 2):
        with pytest.raises(BadKey, match="master key"):
            seal_key_set(first, "003", KeySet(first, second))
    with pytest.raises(BadKey, match="same value"):
        seal_key_set(whole_key(), "004", KeySet(pin, twin, data))
    # made by a host that does not look
    cryptograms = [seal_key_set(whole_key(), "003", KeySet(k, mac))[:20] for k in (pin, twin)]
    with pytest.raises(BadKey, match="same value"):
        open_key_set(whole_key(), "003", b"".join(cryptograms))
    single = tdes_key(bytes(range(8)))
    with pytest.raises(BadKey, match="same value"):
        seal_key_set(whole_key(), "001", KeySet(single, tdes_key(bytes(range(8)))))


def test_only_the_mac_key_may_be_shorter() -> None:
    """Zeros behind the first 8 bytes do not make a PIN key of 8 bytes under a code that asks for
    16."""
    single = tdes_key(bytes(range(8)))
    short = wrap_working_key(whole_key(), single)[:8] + bytes(8) + kcv_zero_block(single, 4)
    with pytest.raises(BadKey, match="the PIN key"):
        open_key_set(whole_key(), "003", short + field_of("003")[20:])
    assert open_key_set(whole_key(), "003", field_of("003")[:20] + short).mac == single


def test_sets_that_do_not_fit_their_code_are_refused() -> None:
    """Too many keys, too few, or of another length; and another number of random bytes."""
    pin, mac, data = PARTS
    for code, keys in (
        ("003", KeySet(pin, mac, data)),
        ("004", KeySet(pin, mac)),
        ("001", KeySet(pin, mac)),
        ("003", KeySet(tdes_key(bytes(range(24))), mac)),
    ):
        with pytest.raises(BadKey):
            seal_key_set(whole_key(), code, keys)
    for size in (0, 23, 25):
        with pytest.raises(BadKey, match="24 random"):
            make_key_set("003", bytes(size))


def test_a_lost_answer_locks_nobody_out() -> None:
    """The host makes set after set; the terminal may have got any of them. Until a message is
    authentic under a newer one the old one serves, and then it does no more."""
    host, terminal = new_host(), terminal_of()
    with pytest.raises(KeyExhausted):
        host.keys(TERMINAL_ID)
    fields = [host.new_set(TERMINAL_ID, "003", random_of("003", n)) for n in range(3)]
    terminal.load_cryptograms("003", fields[0])
    old = terminal.next_keys()
    assert host.confirm(TERMINAL_ID, BODY, old.mac(BODY))
    assert host.keys(TERMINAL_ID).mac(BODY) == old.mac(BODY)
    assert host.confirm(TERMINAL_ID, BODY, old.mac(BODY))  # sets 1 and 2 wait; the old one serves
    terminal.load_cryptograms("003", fields[2])
    new = terminal.next_keys()
    assert host.confirm(TERMINAL_ID, BODY, new.mac(BODY))
    assert host.keys(TERMINAL_ID).mac(BODY) == new.mac(BODY)
    assert not host.confirm(TERMINAL_ID, BODY, old.mac(BODY))
    late = terminal_of()
    late.load_cryptograms("003", fields[1])
    assert not host.confirm(TERMINAL_ID, BODY, late.next_keys().mac(BODY))
    assert host.keys(TERMINAL_ID).mac(BODY) == new.mac(BODY)


def test_a_wrong_mac_confirms_nothing() -> None:
    """No set comes into force by a wrong MAC, an empty one or one of 3 bytes."""
    host = new_host()
    terminal = terminal_of()
    terminal.load_cryptograms("003", host.new_set(TERMINAL_ID, "003", random_of("003")))
    right = terminal.next_keys().mac(BODY)
    for wrong in (b"", right[:3], right[::-1], bytes(8), right + b"0"):
        assert not host.confirm(TERMINAL_ID, BODY, wrong)
    with pytest.raises(KeyExhausted):
        host.keys(TERMINAL_ID)
    assert host.confirm(TERMINAL_ID, BODY, right[:4])


def test_the_host_keeps_a_bounded_number_of_sets() -> None:
    """A terminal that signs on for ever fills no memory; the newest sets are the ones kept."""
    host = new_host()
    fields = [host.new_set(TERMINAL_ID, "003", random_of("003", 2 * n)) for n in range(12)]
    assert len(host._pending[TERMINAL_ID]) == 8
    confirmed = []
    for field in fields:
        terminal = terminal_of()
        terminal.load_cryptograms("003", field)
        confirmed.append(host.confirm(TERMINAL_ID, BODY, terminal.next_keys().mac(BODY)))
    assert confirmed == [False] * 4 + [True] * 8


def test_a_new_master_key_ends_all_sets() -> None:
    """Registered again, a terminal has to sign on again; one never registered is nobody."""
    host, terminal = new_host(), terminal_of()
    terminal.load_cryptograms("003", host.new_set(TERMINAL_ID, "003", random_of("003")))
    mac = terminal.next_keys().mac(BODY)
    assert host.confirm(TERMINAL_ID, BODY, mac)
    host.register(TERMINAL_ID, master(Purpose.WRAP_CRYPTOGRAMS))
    assert not host.confirm(TERMINAL_ID, BODY, mac)
    with pytest.raises(KeyExhausted):
        host.keys(TERMINAL_ID)
    for call in (
        lambda: host.new_set(b"T0000002", "003", random_of("003")),
        lambda: host.confirm(b"T0000002", BODY, mac),
    ):
        with pytest.raises(BadKsn):
            call()


def test_tampering_erases_all() -> None:
    """After `erase` neither the terminal nor keys it has handed out work, and no sign-on helps."""
    terminal = terminal_of()
    with pytest.raises(KeyExhausted, match="sign on"):
        terminal.next_keys()
    terminal.load_cryptograms("004", field_of("004"))
    keys = terminal.next_keys()
    terminal.erase()
    for call in (
        terminal.next_keys,
        lambda: keys.mac(BODY),
        lambda: keys.encrypt(BODY),
        lambda: terminal.load_cryptograms("004", field_of("004")),
        lambda: terminal.load_key_blocks("", ""),
    ):
        with pytest.raises(KeyExhausted):
            call()


def test_each_master_key_does_its_own_work() -> None:
    """Every purpose of a master key over every use of one: exactly the right one is taken."""
    uses = {
        Purpose.UNWRAP_CRYPTOGRAMS: lambda key: terminal_of(key).load_cryptograms(
            "003", field_of("003")
        ),
        Purpose.UNWRAP_BLOCKS: lambda key: TerminalSession(
            key, mac=SessionMac.RETAIL
        ).load_key_blocks("", ""),
        Purpose.WRAP_CRYPTOGRAMS: lambda key: HostSession().register(TERMINAL_ID, key),
    }
    for loaded, used in itertools.product(uses, uses):
        key = MasterKey(whole_key(), loaded)
        if loaded is used is Purpose.UNWRAP_BLOCKS:
            with pytest.raises(Exception, match="key block"):  # taken; the empty block is not
                uses[used](key)
        elif loaded is used:
            uses[used](key)
        else:
            with pytest.raises(BadKey, match="does not serve"):
                uses[used](key)
    for purpose in set(Purpose) - uses.keys():
        with pytest.raises(BadKey, match="does not serve"):
            load_master_key_block(TRANSPORT, "", purpose)


def test_key_blocks_need_a_mac_they_can_name() -> None:
    """X9.143 has no usage for the MAC of UnionPay terminals: its key comes bare alone."""
    terminal = TerminalSession(MasterKey(whole_key(), Purpose.UNWRAP_BLOCKS))
    with pytest.raises(BadKey, match="load it bare"):
        terminal.load_key_blocks("", "")
    for make in (
        lambda: TerminalSession(master(Purpose.UNWRAP_CRYPTOGRAMS), PinFormat.ISO_4),
        lambda: HostSession(PinFormat.ISO_4),
    ):
        with pytest.raises(PinBlockError):
            make()


def _component(number: int) -> Component:
    return Component(PARTS[number], kcv_zero_block(PARTS[number]))


def test_components_make_the_key() -> None:
    """Two or three components give their XOR; each check value is looked at, and the whole's."""
    good = [_component(0), _component(1), _component(2)]
    whole_check = kcv_zero_block(whole_key(), 4)
    purpose = Purpose.UNWRAP_CRYPTOGRAMS
    assert load_master_key_components(good, whole_check, purpose).key_for(purpose) == whole_key()
    two = tdes_key(bytes(a ^ b for a, b in zip(PARTS[0].expose(), PARTS[1].expose(), strict=True)))
    assert (
        load_master_key_components(good[:2], kcv_zero_block(two), purpose).key_for(purpose) == two
    )
    wrong = [Component(PARTS[0], b"\0\0\0"), *good[1:]]
    short = [Component(PARTS[0], good[0].check_value[:2]), *good[1:]]
    longer = [*good[:2], Component(tdes_key(bytes(24)), kcv_zero_block(tdes_key(bytes(24))))]
    for components in (wrong, short, longer, good[:1], [*good, good[0]], [good[0], good[0]], []):
        with pytest.raises(BadKey):
            load_master_key_components(components, whole_check, purpose)
    for check in (kcv_zero_block(PARTS[0]), b"", whole_check[:2]):
        with pytest.raises(BadKey):
            load_master_key_components(good, check, purpose)
    twice = [good[0], good[0], good[1]]  # two cancel out: the third keeper alone knows the key
    with pytest.raises(BadKey, match="component 2"):
        load_master_key_components(twice, kcv_zero_block(PARTS[1]), purpose)
    with pytest.raises(BadKey, match="components"):
        load_master_key_components(good, whole_check, Purpose.UNWRAP_BLOCKS)
    assert whole_key().key_type is KeyType.TDES2
