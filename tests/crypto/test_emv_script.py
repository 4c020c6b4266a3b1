"""Issuer scripts: MAC, the three styles of encipherment, the blocks of a new PIN."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import sm

from posemu.crypto.emv.pin_change import PIN_CHANGE_BLOCKS, vis_pin_block
from posemu.crypto.emv.script import STYLES, bound_command, script_encrypt, script_mac
from posemu.crypto.errors import BadPin, CryptoError
from posemu.crypto.keys import Key, KeyType, Pin

# pyemv takes TripleDES from where cryptography used to have it.
pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

RAW = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KEY = Key(RAW, KeyType.TDES2)
PIN = "836194"

raw_keys = st.binary(min_size=16, max_size=16)
digits = st.text("0123456789", min_size=4, max_size=12)


@settings(max_examples=60, deadline=None)
@given(raw_keys, st.binary(max_size=255), st.sampled_from(sorted(STYLES)), st.integers(4, 8))
def test_scripts_are_those_of_pyemv(raw: bytes, data: bytes, style: str, length: int) -> None:
    """MAC and encipherment of data of any length a command can hold."""
    key = Key(raw, KeyType.TDES2)
    assert script_mac(key, data, length) == sm.generate_command_mac(raw, data, length)
    kind = sm.EncryptionType[style.upper()]
    assert script_encrypt(key, data, style) == sm.encrypt_command_data(raw, data, kind)


@settings(max_examples=60, deadline=None)
@given(raw_keys, digits, st.none() | digits)
def test_pin_blocks_are_those_of_pyemv(raw: bytes, pin: str, current: str | None) -> None:
    """Visa's block with and without the current PIN, and format 2."""
    key = Key(raw, KeyType.TDES2)
    now = None if current is None else Pin(current)
    assert vis_pin_block(key, Pin(pin), now) == sm.format_vis_pin_block(raw, pin, current)
    assert PIN_CHANGE_BLOCKS["iso2"](key, Pin(pin), None) == sm.format_iso9564_2_pin_block(pin)


def test_a_format_2_block_takes_no_current_pin() -> None:
    """It has no place for it, so the caller is told instead of losing it; no PIN is in the text."""
    with pytest.raises(BadPin) as caught:
        PIN_CHANGE_BLOCKS["iso2"](KEY, Pin(PIN), Pin("71940"))
    assert PIN not in str(caught.value)
    assert "71940" not in str(caught.value)


def test_a_bound_command_holds_atc_and_arqc() -> None:
    """They stand between header and data."""
    assert bound_command(b"\1" * 5, b"\2" * 2, b"\3" * 8, b"\4").hex() == (
        "0101010101" + "0202" + "0303030303030303" + "04"
    )


@pytest.mark.parametrize(
    "refused",
    [
        lambda: script_mac(KEY, b"", 3),
        lambda: script_mac(Key(RAW), b""),
        lambda: script_encrypt(KEY, b"", "amex"),
        lambda: script_encrypt(KEY, bytes(256), "visa"),
        lambda: script_encrypt(Key(RAW), b"", "emv"),
        lambda: vis_pin_block(Key(RAW), Pin(PIN)),
        lambda: bound_command(bytes(4), bytes(2), bytes(8), b""),
        lambda: bound_command(bytes(5), bytes(3), bytes(8), b""),
        lambda: bound_command(bytes(5), bytes(2), b"", b""),
    ],
)
def test_what_is_no_script_is_refused(refused: Callable[[], object]) -> None:
    """Wrong lengths, styles and key types are refused."""
    with pytest.raises(CryptoError):
        refused()
