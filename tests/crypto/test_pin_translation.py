"""Translation of PIN blocks: the PIN arrives, and no translation that tells PINs is made."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import BadKey, Key, KeyType, Pin, PinBlockError, decipher_pin, encipher_pin
from posemu.crypto.pin.block_64 import PinFormat, decipher_pin_64, encipher_pin_64, random_fill
from posemu.crypto.pin.translation import (
    TRANSLATIONS,
    PinZone,
    translate_pin,
    translate_pin_for_card,
)

PAN = "4761739001010119"
TDES = [Key(bytes(range(n, n + 16)), KeyType.TDES2) for n in (1, 40)]
AES = [Key(bytes(range(n, n + 16))) for n in (1, 40)]
ALLOWED = {
    (0, 0), (0, 3), (0, 4),
    (1, 0), (1, 1), (1, 3), (1, 4),
    (3, 0), (3, 3), (3, 4),
    (4, 0), (4, 3), (4, 4),
}  # fmt: skip
"""PCI PIN Security 3.1, requirement 3-3, written out."""


def _zone(form: PinFormat, which: int) -> PinZone:
    return PinZone(form, (AES if form is PinFormat.ISO_4 else TDES)[which])


def _seal(zone: PinZone, pin: Pin, pan: str) -> bytes:
    if zone.form is PinFormat.ISO_4:
        return encipher_pin(zone.key, pin, pan, bytes(8))
    return encipher_pin_64(zone.key, zone.form, pin, pan, random_fill(zone.form, pin, bytes(8)))


def _open(zone: PinZone, block: bytes, pan: str) -> Pin:
    if zone.form is PinFormat.ISO_4:
        return decipher_pin(zone.key, block, pan)
    return decipher_pin_64(zone.key, zone.form, block, pan)


def test_the_table_is_the_standards() -> None:
    """Exactly the thirteen pairs of the requirement are there."""
    pairs = {(int(source), int(to)) for source, targets in TRANSLATIONS.items() for to in targets}
    assert pairs == ALLOWED


@pytest.mark.parametrize(("source", "target"), list(itertools.product(PinFormat, PinFormat)))
@settings(deadline=None, max_examples=8)
@given(
    pin=st.text("0123456789", min_size=4, max_size=12).map(Pin),
    pan=st.text("0123456789", min_size=13, max_size=19),
    random=st.binary(min_size=8, max_size=8),
)
def test_every_pair_of_formats(
    source: PinFormat, target: PinFormat, pin: Pin, pan: str, random: bytes
) -> None:
    """An allowed pair carries the PIN over under the same PAN; any other is refused before the
    block is looked at."""
    of, to = _zone(source, 0), _zone(target, 1)
    if (source, target) in ALLOWED:
        assert _open(to, translate_pin(_seal(of, pin, pan), of, to, pan, random), pan) == pin
        return
    with pytest.raises(PinBlockError, match=f"format {source:d} must not become format {target:d}"):
        translate_pin(b"", of, to, pan, random)


@pytest.mark.parametrize("source", list(PinFormat))
def test_a_card_gets_format_2(source: PinFormat) -> None:
    """From any format, by its own function, a block of format 2 goes to the chip card."""
    of, pin = _zone(source, 0), Pin("428193")
    block = translate_pin_for_card(_seal(of, pin, PAN), of, TDES[1], PAN)
    assert decipher_pin_64(TDES[1], PinFormat.ISO_2, block) == pin


@pytest.mark.parametrize("pin", ["1234", "123456", "123456789012"])
@pytest.mark.parametrize("place", range(3, 15))
def test_another_pan_never_gets_the_same_pin(pin: str, place: int) -> None:
    """With one digit of the PAN changed, no block out of format 0 or 4 holds the cardholder's PIN
    under the changed PAN: it is refused, or holds a wrong PIN."""
    other = PAN[:place] + str((int(PAN[place]) + 1) % 10) + PAN[place + 1 :]
    for source, target in itertools.product((0, 4), (0, 3, 4)):
        of, to = _zone(PinFormat(source), 0), _zone(PinFormat(target), 1)
        try:
            block = translate_pin(_seal(of, Pin(pin), PAN), of, to, other, bytes(8))
            arrived = _open(to, block, other)
        except PinBlockError:
            continue
        assert arrived != Pin(pin)


def test_format_0_refuses_another_pan_where_filler_meets_it() -> None:
    """A four digit PIN leaves ten digits of the PAN under filler: a change in one is refused."""
    of = _zone(PinFormat.ISO_0, 0)
    for place in range(5, 15):
        other = PAN[:place] + str(9 - int(PAN[place])) + PAN[place + 1 :]
        with pytest.raises(PinBlockError):
            translate_pin(_seal(of, Pin("1234"), PAN), of, of, other, bytes(8))


def test_what_a_zone_needs_is_asked_for() -> None:
    """A missing PAN, random bytes of a wrong length and a key of the wrong cipher are refused."""
    pin, one, zero, four = Pin("1234"), *(_zone(PinFormat(n), 0) for n in (1, 0, 4))
    block = _seal(one, pin, PAN)
    assert _open(one, translate_pin(block, one, one, None, bytes(8)), PAN) == pin
    for target in (zero, four):
        with pytest.raises(PinBlockError, match="PAN"):
            translate_pin(block, one, target, None, bytes(8))
        with pytest.raises(PinBlockError, match="8"):
            translate_pin(block, one, target, PAN, bytes(7))
    with pytest.raises(PinBlockError, match="PAN"):
        translate_pin(_seal(four, pin, PAN), four, zero, None, bytes(8))
    with pytest.raises(BadKey):
        translate_pin(block, one, PinZone(PinFormat.ISO_4, TDES[0]), PAN, bytes(8))
    with pytest.raises(BadKey):
        translate_pin(block, PinZone(PinFormat.ISO_1, AES[0]), zero, PAN, bytes(8))
    with pytest.raises(BadKey):
        translate_pin_for_card(block, one, AES[0], None)


@settings(deadline=None, max_examples=100)
@given(source=st.sampled_from(PinFormat), block=st.binary(max_size=20))
def test_any_block_is_translated_or_refused(source: PinFormat, block: bytes) -> None:
    """Whatever comes from the other zone: a block for the next one, or PinBlockError."""
    try:
        answer = translate_pin_for_card(block, _zone(source, 0), TDES[1], PAN)
    except PinBlockError:
        return
    assert decipher_pin_64(TDES[1], PinFormat.ISO_2, answer).expose().isdigit()
