"""The PIN enciphered for the card: only this card, only for this challenge."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto.emv.offline_pin import (
    decipher_offline_pin,
    encipher_offline_pin,
    offline_pin,
    offline_pin_block,
)
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import CryptoError, NotAuthentic, PinBlockError
from posemu.crypto.keys import Pin

_INPUTS = next(
    vector["inputs"]
    for vector in json.loads(
        (Path(__file__).parents[1] / "vectors/published/emv_oda.json").read_text("utf-8")
    )["vectors"]
    if vector["name"] == "vesa-sign-dda"
)
PUBLIC = RsaPublicKey(bytes.fromhex(_INPUTS["icc_modulus"]), b"\3")
PRIVATE = RsaPrivateKey(PUBLIC.modulus, bytes.fromhex(_INPUTS["icc_private_exponent"]))

CHALLENGE = bytes.fromhex("B34571E839F2E14F")
DIGITS = "836194027715"
PADDING = bytes(range(111))
eight = st.binary(min_size=8, max_size=8)


@settings(max_examples=20, deadline=None)
@given(
    st.text("0123456789", min_size=4, max_size=12),
    eight,
    st.binary(min_size=111, max_size=111),
)
def test_the_card_gets_the_pin(digits: str, challenge: bytes, padding: bytes) -> None:
    """Any PIN, challenge and padding; every part of the block is where the standard has it."""
    pin = Pin(digits)
    block = offline_pin_block(PUBLIC, pin, challenge, padding)
    assert block[1:9].hex().upper() == f"2{len(digits):X}{digits:F<14}"
    assert (block[:1], block[9:17], block[17:]) == (b"\x7f", challenge, padding)
    enciphered = encipher_offline_pin(PUBLIC, pin, challenge, padding)
    assert decipher_offline_pin(PRIVATE, enciphered, challenge) == pin


def test_an_old_block_is_refused() -> None:
    """A PIN that was enciphered for another challenge, and the message does not hold it."""
    enciphered = encipher_offline_pin(PUBLIC, Pin(DIGITS), CHALLENGE, PADDING)
    for challenge in (bytes(8), CHALLENGE[:7], b"", CHALLENGE + b"\0"):
        with pytest.raises(NotAuthentic, match="challenge") as caught:
            decipher_offline_pin(PRIVATE, enciphered, challenge)
        assert DIGITS not in str(caught.value)


def test_a_block_without_a_pin_is_refused() -> None:
    """Another header, another PIN block format, a PIN that is none."""
    block = offline_pin_block(PUBLIC, Pin(DIGITS), CHALLENGE, PADDING)
    with pytest.raises(NotAuthentic, match="no block"):
        offline_pin(b"\x6a" + block[1:], CHALLENGE)
    for pin_block in ("0C836194027715FF", "2D836194027715FF", "24836194027715FF"):
        with pytest.raises(PinBlockError):
            offline_pin(b"\x7f" + bytes.fromhex(pin_block) + block[9:], CHALLENGE)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=130) | st.binary(max_size=30).map(lambda rest: b"\x7f" + rest), eight)
def test_any_block_is_refused(block: bytes, challenge: bytes) -> None:
    """Random bytes are never a PIN, and nothing but a CryptoError comes out."""
    for refused in (offline_pin, lambda *a: decipher_offline_pin(PRIVATE, *a)):
        with pytest.raises(CryptoError):
            refused(block, challenge)


@pytest.mark.parametrize(
    ("challenge", "padding"),
    [(bytes(7), PADDING), (bytes(9), PADDING), (bytes(8), b""), (bytes(8), PADDING + b"\0")],
)
def test_other_lengths_are_refused(challenge: bytes, padding: bytes) -> None:
    """A challenge of 8 bytes, padding up to the modulus."""
    with pytest.raises(CryptoError):
        offline_pin_block(PUBLIC, Pin(DIGITS), challenge, padding)


def test_a_key_too_short_is_refused() -> None:
    """A modulus of less than 17 bytes holds no PIN."""
    short = RsaPublicKey(b"\x81" * 16, b"\3")
    with pytest.raises(CryptoError):
        offline_pin_block(short, Pin(DIGITS), CHALLENGE, b"")
