"""ISO 9564-1 format 4: the PIN block for AES.

    PIN field   4 L P P P P p p p p p p p p A A | 8 random bytes    16 bytes; p: a digit or A
    PAN field   M a a a a a a a a a a a a ... 0                     16 bytes; M: PAN length less 12
    block       AES( AES(PIN field) XOR PAN field )

The two encipherments bind the PIN to its PAN: a block moved to another PAN deciphers to noise, and
noise is what the strict checks of the PIN field refuse. They are checks of form, no authentication;
that is the MAC's task.
"""

from posemu.crypto.errors import BadKey, PinBlockError
from posemu.crypto.keys import Key, Pin
from posemu.crypto.primitives import BLOCK, Update, ecb_decryptor, ecb_encryptor


def pin_field(pin: Pin, fill: bytes) -> bytes:
    """The clear 16 byte PIN field; `fill` are 8 bytes drawn at random for this block alone.

    Raises PinBlockError if `fill` has another length. ISO 9564-1:2017 9.4.2.
    """
    if len(fill) != 8:
        raise PinBlockError(f"the random fill of a format 4 block has 8 bytes, not {len(fill)}")
    digits = pin.expose()
    return bytes.fromhex(f"4{len(digits):x}{digits:A<14}") + fill


def pin_of_field(field: bytes) -> Pin:
    """The PIN in a clear 16 byte PIN field.

    Raises PinBlockError if the length, the control nibble, the PIN length, a digit or a filler
    nibble is wrong. ISO 9564-1:2017 9.4.2.
    """
    if len(field) != BLOCK:
        raise PinBlockError(f"a format 4 PIN field has 16 bytes, not {len(field)}")
    nibbles = field[:8].hex()
    if nibbles[0] != "4":
        raise PinBlockError("not a format 4 PIN field: wrong PIN block, PAN or key")
    length = int(nibbles[1], 16)
    if not 4 <= length <= 12:
        raise PinBlockError("the PIN length in the PIN field is not 4 to 12")
    digits = nibbles[2 : 2 + length]
    if not digits.isdigit():
        raise PinBlockError("the PIN in the PIN field has nibbles that are no digits")
    if nibbles[2 + length :] != "a" * (14 - length):
        raise PinBlockError("the PIN in the PIN field is not filled up with A")
    return Pin(digits)


def pan_field(pan: str) -> bytes:
    """The 16 byte PAN field of a PAN of 1 to 19 digits; a PAN shorter than 12 gets zeros in front.

    Raises PinBlockError if `pan` is anything else. ISO 9564-1:2017 9.4.2.
    """
    return _pan_number(pan).to_bytes(BLOCK)


def encipher_pin(key: Key, pin: Pin, pan: str, fill: bytes) -> bytes:
    """The enciphered 16 byte PIN block of `pin` and `pan` under an AES key.

    Arguments and errors are those of `pin_field` and `pan_field`; BadKey if `key` is not an AES
    key. ISO 9564-1:2017 9.4.2.3.
    """
    return seal(ecb_encryptor(_aes(key)), pin, pan, fill)


def decipher_pin(key: Key, block: bytes, pan: str) -> Pin:
    """The PIN of an enciphered 16 byte PIN block.

    Raises PinBlockError if the block's length is wrong, or what comes out is not a PIN field;
    BadKey if `key` is not AES. ISO 9564-1:2017 9.4.2.4.
    """
    return unseal(ecb_decryptor(_aes(key)), block, pan)


def seal(encrypt: Update, pin: Pin, pan: str, fill: bytes) -> bytes:
    """As `encipher_pin`, with the block cipher given as a function."""
    first = encrypt(pin_field(pin, fill))
    return encrypt((int.from_bytes(first) ^ _pan_number(pan)).to_bytes(BLOCK))


def unseal(decrypt: Update, block: bytes, pan: str) -> Pin:
    """As `decipher_pin`, with the block cipher given as a function."""
    if len(block) != BLOCK:
        raise PinBlockError(f"a format 4 PIN block has 16 bytes, not {len(block)}")
    second = decrypt(block)
    return pin_of_field(decrypt((int.from_bytes(second) ^ _pan_number(pan)).to_bytes(BLOCK)))


def _pan_number(pan: str) -> int:
    length = len(pan)
    if not (1 <= length <= 19 and pan.isascii() and pan.isdigit()):
        raise PinBlockError("a PAN has 1 to 19 decimal digits")
    if length < 12:
        return int(f"0{pan:0>12}{'':0<19}", 16)
    return int(f"{length - 12}{pan:0<31}", 16)


def _aes(key: Key) -> bytes:
    if not key.key_type.is_aes:
        raise BadKey(f"a format 4 PIN block is enciphered under AES, not {key.key_type.name}")
    return key.expose()
