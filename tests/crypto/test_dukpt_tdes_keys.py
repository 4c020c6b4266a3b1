"""The working keys of TDES DUKPT: variants, PIN blocks, data and MACs under them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.des import encrypt_tdes_cbc, encrypt_tdes_ecb
from psec.mac import generate_retail_mac
from psec.pinblock import encode_pinblock_iso_0

from posemu.crypto import (
    BadCiphertext,
    BadKey,
    Key,
    KeyType,
    Pin,
    PinBlockError,
)
from posemu.crypto.data_encipherment import decipher_blocks, encipher_blocks
from posemu.crypto.dukpt.tdes import TdesHostDukpt, TdesTerminalDukpt
from posemu.crypto.dukpt.tdes_keys import KeyVariant, TdesWorkingKeys, key_variant
from posemu.crypto.dukpt.tdes_tree import derive_tdes_initial_key
from posemu.crypto.pin.block_64 import PinFormat

from .tdes_sides import (
    DATA_VARIANTS,
    HOST,
    INITIAL_KSN,
    KEYS,
    PANS,
    PINS,
    TERMINAL,
    VARIANTS,
    base_key,
    both_sides,
    ksn_of,
    xor,
)

# The other library uses TripleDES in ways that are going away; our own code must not.
pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning:psec"
)


SIDES = {form: both_sides(form) for form in (PinFormat.ISO_0, PinFormat.ISO_1, PinFormat.ISO_3)}


# --- keys and counters ----------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(key=KEYS)
def test_variants_are_those_of_the_standard(key: bytes) -> None:
    """Every variant is the key XOR its constant; data keys are then enciphered under themselves;
    the keys of different purposes differ."""
    keys = TdesWorkingKeys(ksn_of(1), key, PinFormat.ISO_0)
    for usage, constant in VARIANTS.items():
        variant = xor(key, bytes.fromhex(constant))
        assert key_variant(base_key(key), usage) == base_key(variant)
        if usage in DATA_VARIANTS:
            halves = [encrypt_tdes_ecb(variant, half) for half in (variant[:8], variant[8:])]
            variant = b"".join(halves)
        assert keys.working_key(usage) == base_key(variant)
    assert len({keys.working_key(usage).expose() for usage in KeyVariant}) == len(VARIANTS)


@settings(deadline=None, max_examples=60)
@given(pin=PINS, pan=PANS, fill=st.binary(min_size=8, max_size=8))
def test_pin_travels(pin: str, pan: str, fill: bytes) -> None:
    """Every PIN comes out of its block at the host, in each format that both sides were loaded
    with; format 0 is psec's block under the PIN key."""
    for form, (terminal, host) in SIDES.items():
        block = terminal.pin_block(Pin(pin), pan, fill)
        assert len(block) == 8
        assert host.pin(block, pan) == Pin(pin)
        assert host.decipher_pin_block(block)[0] >> 4 == form
        assert terminal.encipher_pin_block(host.decipher_pin_block(block)) == block
    clear = encode_pinblock_iso_0(pin, pan)
    key = HOST.working_key(KeyVariant.PIN).expose()
    assert TERMINAL.pin_block(Pin(pin), pan, fill) == encrypt_tdes_ecb(key, clear)


def test_format_4_is_refused_at_loading() -> None:
    """TDES has no PIN block of 16 bytes: neither side is made with that format."""
    initial_key = derive_tdes_initial_key(base_key(), INITIAL_KSN)
    with pytest.raises(PinBlockError):
        TdesTerminalDukpt.load(initial_key, INITIAL_KSN, PinFormat.ISO_4)
    with pytest.raises(PinBlockError):
        TdesHostDukpt(base_key(), PinFormat.ISO_4)


def test_wrong_pin_blocks_are_refused() -> None:
    """A PIN block has 8 bytes; one under another key is noise, and refused."""
    block = TERMINAL.pin_block(Pin("836194"), "4761739001010119", bytes(8))
    for wrong in (b"", block[:-1], block + b"\0", block * 2):
        with pytest.raises(PinBlockError):
            HOST.pin(wrong, "4761739001010119")
        with pytest.raises(PinBlockError):
            HOST.decipher_pin_block(wrong)
        with pytest.raises(PinBlockError):
            TERMINAL.encipher_pin_block(wrong)
    with pytest.raises(PinBlockError):
        TdesHostDukpt(base_key()).keys(ksn_of(2)).pin(block, "4761739001010119")


@settings(deadline=None, max_examples=60)
@given(data=st.binary(max_size=80))
def test_data_travels_both_ways(data: bytes) -> None:
    """Any data comes back whole, trailing 00 and 80 included, padded by 1 to 8 bytes; it is psec's
    CBC under the data key."""
    for text in (data, data + b"\x80", data + b"\x80\0\0", data + bytes(8)):
        request, answer = TERMINAL.encrypt(text), HOST.answer_encrypt(text)
        assert len(request) % 8 == 0
        assert 1 <= len(request) - len(text) <= 8
        assert HOST.decrypt(request) == text
        assert TERMINAL.answer_decrypt(answer) == text
        assert request != answer
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    key = HOST.working_key(KeyVariant.DATA_REQUEST).expose()
    assert TERMINAL.encrypt(data) == encrypt_tdes_cbc(key, bytes(8), padded)


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=40), noise=st.binary(max_size=40))
def test_damaged_data_is_refused_or_differs(data: bytes, noise: bytes) -> None:
    """Noise is refused by length or padding; where padding fits by luck, what comes out is what
    would be enciphered to the very same bytes."""
    sealed = TERMINAL.encrypt(data)
    for damaged in (noise, noise[: len(noise) // 8 * 8], sealed[:-1], sealed[8:] + noise):
        try:
            clear = HOST.decrypt(damaged)
        except BadCiphertext:
            continue
        assert HOST.encrypt(clear) == damaged


@pytest.mark.parametrize("padded", [bytes(8), b"\x80" + bytes(8 + 7), b"\1" * 8, b"", b"\x80"])
def test_data_without_its_padding_is_refused(padded: bytes) -> None:
    """The last block holds an 80 and zeros after it; an 80 in an earlier block does not count."""
    with pytest.raises(BadCiphertext):
        HOST.decrypt(HOST.encrypt(padded)[: len(padded)])


@settings(deadline=None, max_examples=60)
@given(data=st.binary(min_size=1, max_size=200))
def test_macs_agree_and_are_bound_to_their_direction(data: bytes) -> None:
    """Both sides compute the same two MACs, psec's retail MACs under the MAC keys; a request cannot
    be reflected as its own answer."""
    request = HOST.working_key(KeyVariant.MAC_REQUEST).expose()
    answer = HOST.working_key(KeyVariant.MAC_RESPONSE).expose()
    assert TERMINAL.mac(data) == HOST.mac(data)
    assert HOST.mac(data) == generate_retail_mac(request[:8], request[8:], data, 1)
    assert TERMINAL.answer_mac(data) == HOST.answer_mac(data)
    assert HOST.answer_mac(data) == generate_retail_mac(answer[:8], answer[8:], data, 1)
    assert HOST.mac(data) != HOST.answer_mac(data)


# --- whole blocks with an IV ----------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    key=st.binary(min_size=16, max_size=16).map(lambda raw: Key(raw, KeyType.TDES2))
    | st.binary(min_size=24, max_size=24).map(lambda raw: Key(raw, KeyType.TDES3)),
    iv=st.binary(min_size=8, max_size=8),
    blocks=st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=9).map(b"".join),
)
def test_tdes_blocks_from_any_iv(key: Key, iv: bytes, blocks: bytes) -> None:
    """CBC from any IV is psec's, and comes back; without one it starts from zero."""
    enciphered = encipher_blocks(key, blocks, iv)
    assert enciphered == encrypt_tdes_cbc(key.expose(), iv, blocks)
    assert decipher_blocks(key, enciphered, iv) == blocks
    assert encipher_blocks(key, blocks) == encipher_blocks(key, blocks, bytes(8))
    assert decipher_blocks(key, encipher_blocks(key, blocks)) == blocks


def test_blocks_that_do_not_fit_are_refused() -> None:
    """No padding is invented: whole blocks, an IV of one block, a key that enciphers."""
    for change in (encipher_blocks, decipher_blocks):
        for blocks, iv in ((b"", bytes(8)), (bytes(7), bytes(8)), (bytes(8), bytes(16))):
            with pytest.raises(BadCiphertext):
                change(base_key(), blocks, iv)
        with pytest.raises(BadKey):
            change(Key(bytes(16), KeyType.HMAC), bytes(16), bytes(16))
