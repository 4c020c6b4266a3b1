"""From one enciphered PIN block to another: what a host does between two zones (ISO 9564-1).

Each translation that is possible is one that an attacker may use: a host that would turn a block
bound to one PAN into one of another PAN, or of none, can be made to tell PINs. Therefore:

- the PAN is one argument, so that no call can change it;
- a block that holds a PAN stays one: formats 0, 3 and 4 become each other;
- format 1 holds none: it may get one, or stay as it is;
- format 2 is for submission to a chip card and for nothing else: it has a function of its own, and
  never becomes another format.
"""

from collections.abc import Mapping
from typing import NamedTuple

from posemu.crypto.errors import PinBlockError
from posemu.crypto.keys import Key, Pin
from posemu.crypto.pin.block_64 import PinFormat, decipher_pin_64, encipher_pin_64, random_fill
from posemu.crypto.pin.block_128 import decipher_pin, encipher_pin

_HOLDS_PAN = frozenset({PinFormat.ISO_0, PinFormat.ISO_3, PinFormat.ISO_4})

TRANSLATIONS: Mapping[PinFormat, frozenset[PinFormat]] = {
    PinFormat.ISO_0: _HOLDS_PAN,
    PinFormat.ISO_1: _HOLDS_PAN | {PinFormat.ISO_1},
    PinFormat.ISO_2: frozenset(),
    PinFormat.ISO_3: _HOLDS_PAN,
    PinFormat.ISO_4: _HOLDS_PAN,
}
"""Into which formats a block may be translated on its way to the issuer (the table of requirement
3-3 of PCI PIN Security 3.1, after ISO 9564-1:2017 clause 9).
"""


class PinZone(NamedTuple):
    """The format and the PIN encryption key that two parties agreed upon: AES for format 4, TDES
    for the others. ISO 9564-1:2017 9.
    """

    form: PinFormat
    key: Key


def translate_pin(
    block: bytes, source: PinZone, target: PinZone, pan: str | None, random: bytes
) -> bytes:
    """The PIN of an enciphered block in a block of another zone.

    `pan` may be None where no format needs it (1 to 1); `random` are 8 bytes drawn for this block
    alone. Raises PinBlockError for a translation that is not in `TRANSLATIONS`, before anything is
    deciphered, and for a block that is not of the source's format, key and PAN; BadKey for a key
    that does not fit its format. ISO 9564-1:2017 9; PCI PIN Security 3.1, requirement 3-3.
    """
    if target.form not in TRANSLATIONS[source.form]:
        raise PinBlockError(
            f"format {source.form:d} must not become format {target.form:d}: "
            f"{_allowed(source.form)} (ISO 9564-1)"
        )
    return _seal(target, _open(source, block, pan), pan, random)


def translate_pin_for_card(block: bytes, source: PinZone, key: Key, pan: str | None) -> bytes:
    """The PIN of an enciphered block of any format in one of format 2 under a TDES key, for
    submission to the chip card and nothing else. Errors as `translate_pin`. ISO 9564-1:2017 9.3.4.
    """
    return encipher_pin_64(key, PinFormat.ISO_2, _open(source, block, pan))


def _allowed(form: PinFormat) -> str:
    allowed = ", ".join(str(int(target)) for target in sorted(TRANSLATIONS[form]))
    return f"it may become {allowed}" if allowed else "it is for the chip card"


def _open(zone: PinZone, block: bytes, pan: str | None) -> Pin:
    if zone.form is PinFormat.ISO_4:
        return decipher_pin(zone.key, block, _needed(pan))
    return decipher_pin_64(zone.key, zone.form, block, pan)


def _seal(zone: PinZone, pin: Pin, pan: str | None, random: bytes) -> bytes:
    if zone.form is PinFormat.ISO_4:
        return encipher_pin(zone.key, pin, _needed(pan), random)
    return encipher_pin_64(zone.key, zone.form, pin, pan, random_fill(zone.form, pin, random))


def _needed(pan: str | None) -> str:
    if pan is None:
        raise PinBlockError("a PIN block of format 4 needs the PAN")
    return pan
