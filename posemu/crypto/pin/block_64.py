"""ISO 9564-1 formats 0 to 3: the PIN blocks of 8 bytes, which TDES enciphers.

    PIN field   C L P P P P p p p p p p p p f f     C: format, L: PIN length, p: a digit or filler f
    PAN field   0 0 0 0 n n n n n n n n n n n n     the last 12 digits before the check digit

    format 0    PIN field XOR PAN field    f is F
    format 1    PIN field                  f is any nibble, new for each block: there is no PAN
    format 2    PIN field                  f is F; goes to a chip card and nowhere else
    format 3    PIN field XOR PAN field    f is drawn from A to F

The strict checks refuse most blocks of another format, PAN or key; they are checks of form, no
authentication. Under a wrong PAN a block of format 0 is refused or shows a wrong PIN; one of format
3 may also show the PIN, where the digits that differ only turn filler into filler.
"""

import enum

from posemu.crypto.errors import BadKey, PinBlockError
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.primitives import Update
from posemu.crypto.tdes import TDES_BLOCK, tdes_decryptor, tdes_encryptor

_PIN_NIBBLES = 14
_RANDOM_BYTES = 8


class PinFormat(enum.IntEnum):
    """The PIN block formats of ISO 9564-1; the number is the control nibble."""

    ISO_0 = 0
    ISO_1 = 1
    ISO_2 = 2
    ISO_3 = 3
    ISO_4 = 4


_FILLERS = {
    PinFormat.ISO_0: "F",
    PinFormat.ISO_1: "0123456789ABCDEF",
    PinFormat.ISO_2: "F",
    PinFormat.ISO_3: "ABCDEF",
}
_WITH_PAN = (PinFormat.ISO_0, PinFormat.ISO_3)


def random_fill(form: PinFormat, pin: Pin, random: bytes) -> str:
    """The fill that `pin` needs in a block of format 1 or 3, out of 8 bytes drawn at random; ""
    for formats 0 and 2, which are filled with F.

    Raises PinBlockError if `random` has another length, or for format 4.
    ISO 9564-1:2017 9.3.3, 9.3.5.2.
    """
    fillers = _fillers(form)
    if len(random) != _RANDOM_BYTES:
        raise PinBlockError(f"a fill is made of {_RANDOM_BYTES} random bytes, not {len(random)}")
    if len(fillers) == 1:
        return ""
    # The digits of one number in base 6 or 16: 64 bits are so many that no filler is favoured.
    number, fill = int.from_bytes(random), ""
    while len(fill) < _PIN_NIBBLES - len(pin.expose()):
        number, place = divmod(number, len(fillers))
        fill += fillers[place]
    return fill


def pin_field_64(form: PinFormat, pin: Pin, fill: str = "") -> bytes:
    """The clear 8 byte PIN field.

    `fill` are the nibbles behind the PIN as hex digits, drawn at random for this block alone: 14
    less the PIN length of them, any for format 1, A to F for format 3; none for formats 0 and 2.
    Raises PinBlockError if it is anything else, or for format 4. ISO 9564-1:2017 9.3.
    """
    return _pin_number(form, pin, fill).to_bytes(TDES_BLOCK)


def pin_of_field_64(form: PinFormat, field: bytes) -> Pin:
    """The PIN in a clear 8 byte PIN field.

    Raises PinBlockError if the length, the control nibble, the PIN length, a digit or a filler
    nibble is wrong, or for format 4. ISO 9564-1:2017 9.3.
    """
    fillers = _fillers(form)
    if len(field) != TDES_BLOCK:
        raise PinBlockError(f"a PIN block of formats 0 to 3 has 8 bytes, not {len(field)}")
    nibbles = field.hex().upper()
    if nibbles[0] != str(int(form)):
        raise PinBlockError(f"not a format {form:d} PIN block: wrong format or key")
    length = int(nibbles[1], 16)
    if not 4 <= length <= 12:
        raise PinBlockError("the PIN length in the PIN block is not 4 to 12")
    digits, fill = nibbles[2 : 2 + length], nibbles[2 + length :]
    if not digits.isdigit():
        raise PinBlockError("the PIN in the PIN block has nibbles that are no digits")
    if fill.strip(fillers):
        raise PinBlockError(f"the PIN in the PIN block is not filled up with {_named(fillers)}")
    return Pin(digits)


def pan_field_64(pan: str) -> bytes:
    """The 8 byte PAN field of formats 0 and 3, of a PAN of 13 to 19 digits.

    Raises PinBlockError if `pan` is anything else. ISO 9564-1:2017 9.3.2, 9.3.5.
    """
    return _pan_number(pan).to_bytes(TDES_BLOCK)


def encode_pin_block(form: PinFormat, pin: Pin, pan: str | None = None, fill: str = "") -> bytes:
    """The clear 8 byte PIN block. `pan` is for formats 0 and 3; the others do not look at it.

    Arguments and errors are otherwise those of `pin_field_64` and `pan_field_64`; PinBlockError if
    a PAN is needed and None is given. ISO 9564-1:2017 9.3.
    """
    number = _pin_number(form, pin, fill)
    if form in _WITH_PAN:
        number ^= _pan_number(pan)
    return number.to_bytes(TDES_BLOCK)


def decode_pin_block(form: PinFormat, block: bytes, pan: str | None = None) -> Pin:
    """The PIN in a clear 8 byte PIN block; errors as `pin_of_field_64` and `pan_field_64`.
    ISO 9564-1:2017 9.3."""
    if form in _WITH_PAN and len(block) == TDES_BLOCK:
        block = (int.from_bytes(block) ^ _pan_number(pan)).to_bytes(TDES_BLOCK)
    return pin_of_field_64(form, block)


def encipher_pin_64(
    key: Key, form: PinFormat, pin: Pin, pan: str | None = None, fill: str = ""
) -> bytes:
    """The PIN block under a TDES key of two or three parts (ISO 9564-1:2017 9.3, ISO 9564-2).

    Errors are those of `encode_pin_block`; BadKey if `key` is no TDES key.
    """
    return seal_64(tdes_encryptor(_tdes(key)), form, pin, pan, fill)


def decipher_pin_64(key: Key, form: PinFormat, block: bytes, pan: str | None = None) -> Pin:
    """The PIN of an enciphered 8 byte PIN block.

    Raises PinBlockError if the block's length is wrong, or what comes out is not a PIN block of
    this format and PAN; BadKey if `key` is no TDES key. ISO 9564-1:2017 9.3; ISO 9564-2.
    """
    return unseal_64(tdes_decryptor(_tdes(key)), form, block, pan)


def seal_64(encrypt: Update, form: PinFormat, pin: Pin, pan: str | None, fill: str) -> bytes:
    """As `encipher_pin_64`, with the block cipher given as a function."""
    return encrypt(encode_pin_block(form, pin, pan, fill))


def unseal_64(decrypt: Update, form: PinFormat, block: bytes, pan: str | None) -> Pin:
    """As `decipher_pin_64`, with the block cipher given as a function."""
    if len(block) != TDES_BLOCK:
        raise PinBlockError(f"a PIN block of formats 0 to 3 has 8 bytes, not {len(block)}")
    return decode_pin_block(form, decrypt(block), pan)


def _pin_number(form: PinFormat, pin: Pin, fill: str) -> int:
    fillers, digits = _fillers(form), pin.expose()
    if len(fillers) == 1:
        if fill:
            raise PinBlockError(f"format {form:d} is filled with F: no fill is drawn for it")
        fill = fillers * (_PIN_NIBBLES - len(digits))
    elif len(digits) + len(fill) != _PIN_NIBBLES or fill.strip(fillers):
        raise PinBlockError(
            f"format {form:d} is filled with nibbles {_named(fillers)}, up to 14 with the PIN"
        )
    return int(f"{form:d}{len(digits):x}{digits}{fill}", 16)


def _pan_number(pan: str | None) -> int:
    if pan is None:
        raise PinBlockError("a PIN block of format 0 or 3 needs the PAN")
    if not (13 <= len(pan) <= 19 and pan.isascii() and pan.isdigit()):
        raise PinBlockError("the PAN of a PIN block of format 0 or 3 has 13 to 19 decimal digits")
    return int(pan[-13:-1], 16)


def check_format_64(form: PinFormat) -> None:
    """Raise PinBlockError unless PIN blocks of this format have 8 bytes: for keys that are loaded
    with their format."""
    _fillers(form)


def _fillers(form: PinFormat) -> str:
    if form not in _FILLERS:
        raise PinBlockError("a format 4 PIN block has 16 bytes: use encipher_pin and decipher_pin")
    return _FILLERS[form]


def _named(fillers: str) -> str:
    return fillers if len(fillers) == 1 else f"{fillers[0]} to {fillers[-1]}"


def _tdes(key: Key) -> bytes:
    if key.key_type not in (KeyType.TDES2, KeyType.TDES3):
        name = key.key_type.name
        raise BadKey(f"a PIN block of formats 0 to 3 is enciphered under TDES, not {name}")
    return key.expose()
