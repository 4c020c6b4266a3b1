"""Every loading function takes exactly the key blocks that are meant for it: each list of
X9.143 over each function, written out here once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from posemu.crypto import (
    BadKey,
    BadKsn,
    BoundKey,
    Key,
    KeyBlockError,
    KeyBlockHeader,
    KeyType,
    MasterKey,
    OptionalBlock,
    PinBlockError,
    PinFormat,
    Purpose,
    SessionMac,
    TdesTerminalDukpt,
    TerminalDukpt,
    TerminalSession,
    check_value_of,
    derive_initial_key,
    load_initial_key_block,
    load_master_key_block,
    tdes_key,
    wrap_initial_key,
    wrap_key_block,
)

from .hierarchies import AES_BDK, AES_ID, TDES_KSN, TRANSPORT

# ANSI X9.143:2021 6.3.1, and two proprietary ones.
USAGES = [
    *("B0", "B1", "B2", "B3", "C0", "D0", "D1", "D2", "D3", "E0", "E1", "E2", "E3", "E4", "E5"),
    *("E6", "E7", "I0", "K0", "K1", "K2", "K3", "K4", "M0", "M1", "M2", "M3", "M4", "M5", "M6"),
    *("M7", "M8", "P0", "P1", "S0", "S1", "S2", "V0", "V1", "V2", "V3", "V4", "V5", "00", "99"),
]
MODES = "BCDEGNSTVXY1"
EXPORTABILITIES = "ENS1"
SHAPES = [("A", 16), ("A", 24), ("A", 32), ("T", 16), ("T", 24), ("D", 8), ("H", 16), ("R", 16)]
AES, TDES = SHAPES[:3], SHAPES[3:5]
IK, KS = OptionalBlock("IK", AES_ID.hex().upper()), OptionalBlock("KS", TDES_KSN.hex().upper())


class Loader(NamedTuple):
    """A loading function, and all that it may take."""

    load: Callable[[str], object]
    usage: str
    modes: str
    shapes: list[tuple[str, int]]
    exportability: str = "N"
    options: tuple[OptionalBlock, ...] = ()


def block(
    usage: str,
    shape: tuple[str, int],
    mode: str,
    exportability: str = "N",
    options: tuple[OptionalBlock, ...] = (),
    start: int = 1,
    kbpk: Key = TRANSPORT,
) -> str:
    version = "D" if kbpk.key_type.is_aes else "B"
    header = KeyBlockHeader(version, usage, shape[0], mode, "00", exportability, options)
    value = bytes(range(start, start + shape[1]))
    return wrap_key_block(kbpk, BoundKey(header, value), bytes(46 - shape[1]))


GOOD = {
    "pin": block("P0", ("T", 16), "E", start=40),
    "mac": {
        SessionMac.CBC: block("M1", ("T", 16), "C", start=80),
        SessionMac.RETAIL: block("M3", ("T", 16), "C", start=80),
        SessionMac.CMAC: block("M6", ("T", 16), "C", start=80),
    },
    "data": block("D0", ("T", 16), "B", start=120),
}


def in_session(place: str, mac: SessionMac = SessionMac.RETAIL) -> Callable[[str], object]:
    """Loads one block with two good ones beside it; the set is in force only if all are taken."""

    def load(text: str) -> object:
        master = MasterKey(TRANSPORT, Purpose.UNWRAP_BLOCKS)
        session = TerminalSession(master, mac=mac)
        blocks = {"pin": GOOD["pin"], "mac": GOOD["mac"][mac], "data": GOOD["data"], place: text}
        session.load_key_blocks(**blocks)
        return session.next_keys()

    return load


def as_master(purpose: Purpose) -> Callable[[str], object]:
    return lambda text: load_master_key_block(TRANSPORT, text, purpose)


def as_initial(text: str) -> object:
    return load_initial_key_block(TRANSPORT, text)


LOADERS = {
    "initial AES": Loader(as_initial, "B1", "XN", AES, options=(IK,)),
    "initial TDES": Loader(as_initial, "B1", "XN", TDES[:1], options=(KS,)),
    "master, bare": Loader(as_master(Purpose.UNWRAP_CRYPTOGRAMS), "K0", "DBTN", TDES),
    "master, blocks": Loader(as_master(Purpose.UNWRAP_BLOCKS), "K1", "DBTN", TDES + AES),
    "master, host": Loader(as_master(Purpose.WRAP_CRYPTOGRAMS), "K0", "EBN", TDES, "ENS"),
    "PIN": Loader(in_session("pin"), "P0", "EBN", TDES),
    "MAC 1": Loader(in_session("mac", SessionMac.CBC), "M1", "CN", TDES),
    "MAC 3": Loader(in_session("mac", SessionMac.RETAIL), "M3", "CN", TDES[:1]),
    "MAC 5": Loader(in_session("mac", SessionMac.CMAC), "M6", "CN", TDES),
    "data": Loader(in_session("data"), "D0", "BN", TDES),
}


def taken(loader: Loader, text: str) -> bool:
    try:
        loader.load(text)
    except (BadKey, KeyBlockError):
        return False
    return True


@pytest.mark.parametrize("name", LOADERS)
def test_one_usage_is_taken(name: str) -> None:
    """Of all usages, each function takes its own and no other."""
    it = LOADERS[name]
    got = [
        usage
        for usage in USAGES
        if taken(it, block(usage, it.shapes[0], it.modes[0], "N", it.options))
    ]
    assert got == [it.usage]


@pytest.mark.parametrize("name", LOADERS)
def test_only_fitting_modes_are_taken(name: str) -> None:
    """Of all modes of use, each function takes those that allow all it does with the key."""
    it = LOADERS[name]
    got = {
        mode for mode in MODES if taken(it, block(it.usage, it.shapes[0], mode, "N", it.options))
    }
    assert got == set(it.modes)


@pytest.mark.parametrize("name", LOADERS)
def test_only_fitting_algorithms_and_lengths_are_taken(name: str) -> None:
    """Of all algorithms and lengths, each function takes those of its hierarchy; a TDES key under
    algorithm D (single DES) is not one."""
    it = LOADERS[name]
    got = [
        shape for shape in SHAPES if taken(it, block(it.usage, shape, it.modes[0], "N", it.options))
    ]
    assert sorted(got) == sorted(it.shapes)


@pytest.mark.parametrize("name", LOADERS)
def test_only_fitting_exportability_is_taken(name: str) -> None:
    """A terminal takes keys that may not leave it; a host's copy may be of any kind."""
    it = LOADERS[name]
    got = {
        letter
        for letter in EXPORTABILITIES
        if taken(it, block(it.usage, it.shapes[0], it.modes[0], letter, it.options))
    }
    assert got == set(it.exportability)


@pytest.mark.parametrize("name", LOADERS)
def test_check_values_and_ids_are_checked(name: str) -> None:
    """A wrong KC refuses the key, a right one does not; an initial key without its own kind of id
    is refused."""
    it = LOADERS[name]
    algorithm, size = it.shapes[0]
    raw = bytes(range(1, 1 + size))
    right = check_value_of(Key(raw) if algorithm == "A" else tdes_key(raw))
    wrong = right._replace(value=bytes(len(right.value)))
    for said, expected in ((right, True), (wrong, False)):
        options = (*it.options, OptionalBlock("KC", said.text()))
        assert taken(it, block(it.usage, it.shapes[0], it.modes[0], "N", options)) is expected
    if it.options:
        other = (KS,) if it.options == (IK,) else (IK,)
        for options in ((), other):
            assert not taken(it, block(it.usage, it.shapes[0], it.modes[0], "N", options))


def test_key_blocks_of_one_value_are_refused() -> None:
    """Of PIN, MAC and data key no two may be the same, and none the key that protects them."""
    right = {"P0": ("E", 40), "M3": ("C", 80), "D0": ("B", 120)}
    master = tdes_key(bytes(range(160, 176)))
    for first, second in (("P0", "M3"), ("P0", "D0"), ("M3", "D0"), ("P0", ""), ("M3", "")):
        session = TerminalSession(MasterKey(master, Purpose.UNWRAP_BLOCKS), mac=SessionMac.RETAIL)
        start = right[second][1] if second else 160
        starts = {usage: at for usage, (_, at) in right.items()}
        for same, expected in (({}, True), ({first: start}, False)):
            blocks = [
                block(usage, ("T", 16), right[usage][0], start=at, kbpk=master)
                for usage, at in (starts | same).items()
            ]
            if expected:
                session.load_key_blocks(*blocks)
                before = session.next_keys().mac(b"x")
            else:
                with pytest.raises(BadKey, match="same value"):
                    session.load_key_blocks(*blocks)
        assert session.next_keys().mac(b"x") == before


def test_a_weaker_key_protects_no_stronger_one() -> None:
    """Every protection key over every initial key: it is at least as strong."""
    protectors = [tdes_key(bytes(range(16))), tdes_key(bytes(range(24)))]
    protectors += [Key(bytes(range(n))) for n in (16, 24, 32)]
    strength = {("T", 16): 0, ("T", 24): 1, ("A", 16): 2, ("A", 24): 3, ("A", 32): 4}
    for rank, kbpk in enumerate(protectors):
        for shape in [*AES, TDES[0]]:
            options = (IK,) if shape[0] == "A" else (KS,)
            text = block("B1", shape, "X", "N", options, kbpk=kbpk)
            if strength[shape] <= rank:
                load_initial_key_block(kbpk, text)
            else:
                with pytest.raises(BadKey, match="weaker"):
                    load_initial_key_block(kbpk, text)


def test_an_initial_key_is_that_of_its_block() -> None:
    """The terminal that a block makes is the one that its key and id make, and its id is the
    block's; a KSN that has counted is refused."""
    key = derive_initial_key(AES_BDK, AES_ID)
    text = wrap_initial_key(TRANSPORT, key, AES_ID, bytes)
    loaded = load_initial_key_block(TRANSPORT, text)
    assert isinstance(loaded, TerminalDukpt)
    assert loaded.initial_key_id == AES_ID
    assert loaded.next_keys().mac(b"x") == TerminalDukpt.load(key, AES_ID).next_keys().mac(b"x")
    tdes = Key(bytes(range(16)), KeyType.TDES2)
    terminal = load_initial_key_block(TRANSPORT, wrap_initial_key(TRANSPORT, tdes, TDES_KSN, bytes))
    assert isinstance(terminal, TdesTerminalDukpt)
    assert terminal.initial_ksn == TDES_KSN
    again = TdesTerminalDukpt.load(tdes, TDES_KSN)
    assert terminal.next_keys().mac(b"x") == again.next_keys().mac(b"x")
    counted = OptionalBlock("KS", "FFFF9876543210E00001")
    with pytest.raises(BadKsn):
        as_initial(block("B1", ("T", 16), "X", "N", (counted,)))
    with pytest.raises(PinBlockError):
        load_initial_key_block(
            TRANSPORT, wrap_initial_key(TRANSPORT, tdes, TDES_KSN, bytes), PinFormat.ISO_4
        )


def test_the_facility_makes_no_wrong_block() -> None:
    """An id of another length, a key of another type and a weaker transport key are refused; the
    padding is what is drawn."""
    key, tdes = derive_initial_key(AES_BDK, AES_ID), Key(bytes(16), KeyType.TDES2)
    for name in (AES_ID[1:], TDES_KSN):
        with pytest.raises(BadKsn):
            wrap_initial_key(TRANSPORT, key, name, bytes)
    with pytest.raises(BadKsn):
        wrap_initial_key(TRANSPORT, tdes, AES_ID, bytes)
    with pytest.raises(BadKey):
        wrap_initial_key(TRANSPORT, tdes_key(bytes(range(24))), TDES_KSN, bytes)
    with pytest.raises(BadKey):
        wrap_initial_key(tdes_key(bytes(range(16))), key, AES_ID, bytes)
    blocks = {
        wrap_initial_key(TRANSPORT, key, AES_ID, lambda n, f=f: bytes([f]) * n) for f in range(3)
    }
    assert len(blocks) == 3


def test_a_damaged_block_gives_no_key() -> None:
    """Every character of a block, changed, is refused."""
    text = wrap_initial_key(TRANSPORT, derive_initial_key(AES_BDK, AES_ID), AES_ID, bytes)
    for at in range(len(text)):
        changed = text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]
        with pytest.raises(KeyBlockError):
            load_initial_key_block(TRANSPORT, changed)
