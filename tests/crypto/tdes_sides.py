"""A terminal and its host with one base key of TDES DUKPT, for the tests of both."""

from hypothesis import strategies as st

from posemu.crypto import (
    Key,
    KeyType,
)
from posemu.crypto.dukpt.tdes import TdesHostDukpt, TdesTerminalDukpt
from posemu.crypto.dukpt.tdes_keys import KeyVariant, TdesWorkingKeys
from posemu.crypto.dukpt.tdes_tree import derive_tdes_initial_key
from posemu.crypto.pin.block_64 import PinFormat

BDK = bytes.fromhex("13579BDF02468ACE0F1E2D3C4B5A6978")

INITIAL_KSN = bytes.fromhex("FFFF9876543210E00000")

DEVICE = int.from_bytes(INITIAL_KSN)

LAST_COUNTER = 0x1FF800  # the largest with 10 one bits

MASK = bytes.fromhex("C0C0C0C000000000C0C0C0C000000000")

# X9.24-1 table A-1, written out as in the standard
VARIANTS = {
    KeyVariant.PIN: "00000000000000FF00000000000000FF",
    KeyVariant.MAC_REQUEST: "000000000000FF00000000000000FF00",
    KeyVariant.MAC_RESPONSE: "00000000FF00000000000000FF000000",
    KeyVariant.DATA_REQUEST: "0000000000FF00000000000000FF0000",
    KeyVariant.DATA_RESPONSE: "000000FF00000000000000FF00000000",
}

DATA_VARIANTS = (KeyVariant.DATA_REQUEST, KeyVariant.DATA_RESPONSE)

COUNTERS = st.lists(st.integers(0, 20), min_size=1, max_size=10, unique=True).map(
    lambda bits: sum(1 << bit for bit in bits)
)

DEVICES = st.integers(0, (1 << 59) - 1).map(lambda number: number << 21)

KEYS = st.binary(min_size=16, max_size=16)

PINS = st.text("0123456789", min_size=4, max_size=12)

PANS = st.text("0123456789", min_size=13, max_size=19)


def base_key(raw: bytes = BDK) -> Key:
    return Key(raw, KeyType.TDES2)


def ksn_of(counter: int, device: int = DEVICE) -> bytes:
    return (device | counter).to_bytes(10)


def new_terminal() -> TdesTerminalDukpt:
    return TdesTerminalDukpt.load(derive_tdes_initial_key(base_key(), INITIAL_KSN), INITIAL_KSN)


def both_sides(form: PinFormat = PinFormat.ISO_0) -> tuple[TdesWorkingKeys, TdesWorkingKeys]:
    initial_key = derive_tdes_initial_key(base_key(), INITIAL_KSN)
    terminal = TdesTerminalDukpt.load(initial_key, INITIAL_KSN, form).next_keys()
    return terminal, TdesHostDukpt(base_key(), form).keys(terminal.ksn)


TERMINAL, HOST = both_sides()


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
