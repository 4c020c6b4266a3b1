"""What terminal and host do with one KSN: PIN blocks, data and MACs, in both directions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec.pinblock import (
    decipher_pinblock_iso_4,
    decode_pin_field_iso_4,
    encipher_pinblock_iso_4,
    encode_pan_field_iso_4,
)

from posemu.crypto import (
    BadCiphertext,
    HostDukpt,
    Key,
    KeyType,
    KeyUsage,
    Pin,
    PinBlockError,
    TerminalDukpt,
    WorkingKeys,
    cmac,
    decipher_pin,
    derive_initial_key,
    encipher_pin,
    pan_field,
    pin_field,
    pin_of_field,
)

IKID = bytes.fromhex("1234567890123456")
LENGTHS = (16, 24, 32)
PINS = st.text("0123456789", min_size=4, max_size=12)
PANS = st.text("0123456789", min_size=1, max_size=19)
FILLS = st.binary(min_size=8, max_size=8)
AES_KEYS = st.sampled_from(LENGTHS).flatmap(lambda n: st.binary(min_size=n, max_size=n))


def _sides(length: int = 16) -> tuple[WorkingKeys, WorkingKeys]:
    bdk = Key(bytes(range(length)))
    terminal = TerminalDukpt.load(derive_initial_key(bdk, IKID), IKID).next_keys()
    return terminal, HostDukpt(bdk).keys(terminal.ksn)


SIDES = {length: _sides(length) for length in LENGTHS}


@settings(deadline=None)
@given(length=st.sampled_from(LENGTHS), pin=PINS, pan=PANS, fill=FILLS)
def test_pin_travels(length: int, pin: str, pan: str, fill: bytes) -> None:
    """Every PIN comes out of its block at the host, for every PAN, fill and key length."""
    terminal, host = SIDES[length]
    block = terminal.pin_block(Pin(pin), pan, fill)
    assert len(block) == 16
    assert host.pin(block, pan) == Pin(pin)


@settings(deadline=None)
@given(key=AES_KEYS, pin=PINS, pan=PANS, fill=FILLS)
def test_pin_block_agrees_with_psec(key: bytes, pin: str, pan: str, fill: bytes) -> None:
    """Another library reads our blocks, we read its blocks, and PAN and PIN fields are the same."""
    ours = encipher_pin(Key(key), Pin(pin), pan, fill)
    assert decipher_pinblock_iso_4(key, ours, pan) == pin
    theirs = encipher_pinblock_iso_4(key, pin, pan)
    assert decipher_pin(Key(key), theirs, pan).expose() == pin
    assert pan_field(pan) == encode_pan_field_iso_4(pan)
    assert decode_pin_field_iso_4(pin_field(Pin(pin), fill)) == pin


@settings(deadline=None, max_examples=120)
@given(head=st.binary(min_size=8, max_size=8), pin=PINS, at=st.integers(0, 63), fill=FILLS)
def test_pin_field_is_read_strictly(head: bytes, pin: str, at: int, fill: bytes) -> None:
    """What we read as a PIN field is exactly what we would write; noise and one wrong bit are not.

    A flipped bit in a digit may give another digit: then it is another PIN, never the same one.
    """
    right = pin_field(Pin(pin), fill)
    flipped = (int.from_bytes(right[:8]) ^ 1 << at).to_bytes(8)
    for field in (head + fill, flipped + fill):
        try:
            read = pin_of_field(field)
        except PinBlockError:
            continue
        assert pin_field(read, field[8:]) == field
        assert read != Pin(pin)


@pytest.mark.parametrize(
    "field",
    [
        "341234AAAAAAAAAA",  # format 3
        "43123AAAAAAAAAAA",  # three digits
        "4D1234567890123A",  # thirteen digits
        "44123AAAAAAAAAAA",  # a filler among the digits
        "441234AAAAAAAAAB",  # a wrong filler
        "4412345AAAAAAAAA",  # one digit more than told
        "4C1234567890120A",
    ],
)
def test_malformed_pin_field_is_refused(field: str) -> None:
    """Control nibble, length 4 to 12, digits and filler are each checked."""
    with pytest.raises(PinBlockError):
        pin_of_field(bytes.fromhex(field) + bytes(8))


def test_pin_block_of_another_pan_is_refused() -> None:
    """A block under another PAN, or with any one bit flipped, is refused.

    The check is of form: by chance, less than one damaged block in ten million passes.
    """
    terminal, host = SIDES[16]
    pan, pin = "4761739001010119", Pin("836194")
    block = terminal.pin_block(pin, pan, bytes(range(8)))
    with pytest.raises(PinBlockError):
        host.pin(block, "4761739001010127")
    for bit in range(128):
        damaged = (int.from_bytes(block) ^ 1 << bit).to_bytes(16)
        with pytest.raises(PinBlockError):
            host.pin(damaged, pan)


@pytest.mark.parametrize("pan", ["", "12345678901234567890", "47617390O1010119", "４７６１", "-1"])
def test_malformed_pan_is_refused(pan: str) -> None:
    """A PAN has 1 to 19 ASCII digits; the error does not repeat it."""
    terminal, host = SIDES[16]
    with pytest.raises(PinBlockError) as caught:
        terminal.pin_block(Pin("1234"), pan, bytes(8))
    assert not pan or pan not in str(caught.value)
    with pytest.raises(PinBlockError):
        host.pin(bytes(16), pan)


def test_wrong_fill_and_block_lengths_are_refused() -> None:
    """The fill has 8 bytes and the block 16, neither more nor less."""
    terminal, host = SIDES[16]
    for length in (0, 7, 9, 16):
        with pytest.raises(PinBlockError):
            terminal.pin_block(Pin("1234"), "4761739001010119", bytes(length))
    for length in (0, 8, 15, 17, 32):
        with pytest.raises(PinBlockError):
            host.pin(bytes(length), "4761739001010119")


@settings(deadline=None)
@given(length=st.sampled_from(LENGTHS), data=st.binary(max_size=80))
def test_data_travels_both_ways(length: int, data: bytes) -> None:
    """Any data comes back whole, trailing 00 and 80 included, and is padded by 1 to 16 bytes."""
    terminal, host = SIDES[length]
    for text in (data, data + b"\x80", data + b"\x80\0\0", data + bytes(16)):
        request, answer = terminal.encrypt(text), host.answer_encrypt(text)
        assert len(request) % 16 == 0
        assert 1 <= len(request) - len(text) <= 16
        assert host.decrypt(request) == text
        assert terminal.answer_decrypt(answer) == text
        assert request != answer


@settings(deadline=None, max_examples=120)
@given(data=st.binary(max_size=40), noise=st.binary(max_size=64))
def test_damaged_data_is_refused_or_differs(data: bytes, noise: bytes) -> None:
    """Noise is refused by length or padding; where padding fits by luck, nothing is silently lost:
    what comes out is what would be enciphered to the very same bytes."""
    terminal, host = SIDES[16]
    sealed = terminal.encrypt(data)
    for damaged in (noise, noise[: len(noise) // 16 * 16], sealed[:-1], sealed[16:] + noise):
        try:
            clear = host.decrypt(damaged)
        except BadCiphertext:
            continue
        assert host.encrypt(clear) == damaged


@pytest.mark.parametrize("padded", [bytes(16), b"\x80" + bytes(16 + 15), b"\1" * 16, b"", b"\x80"])
def test_data_without_its_padding_is_refused(padded: bytes) -> None:
    """The last block holds an 80 and zeros after it; an 80 in an earlier block does not count."""
    _, host = SIDES[16]
    encrypt = host.encrypt(padded)[: len(padded)]  # the blocks before the padding we add
    with pytest.raises(BadCiphertext):
        host.decrypt(encrypt)


@settings(deadline=None)
@given(length=st.sampled_from(LENGTHS), data=st.binary(max_size=300))
def test_macs_agree_and_are_bound_to_their_direction(length: int, data: bytes) -> None:
    """Both sides compute the same two MACs; a request cannot be reflected as its own answer."""
    terminal, host = SIDES[length]
    key_type = {16: KeyType.AES128, 24: KeyType.AES192, 32: KeyType.AES256}[length]
    assert terminal.mac(data) == host.mac(data)
    assert terminal.mac(data) == cmac(host.working_key(KeyUsage.MAC_GENERATION, key_type), data)
    assert terminal.answer_mac(data) == host.answer_mac(data)
    assert terminal.mac(data) != terminal.answer_mac(data)
    assert terminal.mac(data + b"\0") != terminal.mac(data)
