"""How an issuer checks a PIN: the Visa PIN verification value, and the PIN and offset of IBM 3624.

    Visa PVV   four digits, kept on the stripe or by the issuer, that belong to PAN and PIN
    IBM 3624   natural PIN: digits that belong to the card alone
               offset: what has to be added to them, digit by digit, to get the cardholder's PIN

Neither hides a PIN from somebody who may ask often enough; the key is what they rest on.
"""

from posemu.crypto.digits import check_digits, digits_of_cipher
from posemu.crypto.errors import BadCardData, BadKey, BadPin
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.tdes import TDES_BLOCK, tdes_encryptor

_HEX = "0123456789ABCDEF"


def visa_pvv(key: Key, index: str, pin: Pin, pan: str) -> str:
    """The four digit PIN verification value of a four digit PIN (Visa; the "transformed security
    parameter" is the last 11 digits of the PAN before the check digit, the index and the PIN).

    `key` is a pair of PIN verification keys (TDES2), `index` the digit that names it; the PAN has
    12 to 19 digits. Raises BadKey, BadPin, or BadCardData for the others.
    """
    if key.key_type is not KeyType.TDES2:
        raise BadKey(f"a PIN verification key is a pair (TDES2), not {key.key_type.name}")
    check_digits("a PIN verification key index", index, 1, 1)
    check_digits("the PAN of a PIN verification value", pan, 12, 19)
    if len(pin.expose()) != 4:
        raise BadPin("a PIN verification value is of a PIN of 4 digits: give its first 4")
    parameter = bytes.fromhex(pan[-12:-1] + index + pin.expose())
    return digits_of_cipher(tdes_encryptor(key.expose())(parameter), 4)


def ibm3624_validation_data(pan: str, start: int, length: int, pad: str) -> bytes:
    """The 8 bytes that IBM 3624 enciphers: `length` digits of the PAN from `start` on (0 is the
    first digit), filled up on the right with the hex digit `pad`. Of more than 16 the first 16
    count.

    Raises BadCardData for a PAN that is not 1 to 19 digits, a window that does not lie in it, or a
    pad that is no hex digit.
    """
    check_digits("a PAN", pan, 1, 19)
    if not (start >= 0 and length >= 1 and start + length <= len(pan)):
        raise BadCardData("the validation data is not inside the PAN: choose another window")
    if len(pad) != 1 or pad.upper() not in _HEX:
        raise BadCardData("the pad of the validation data is one hex digit")
    return bytes.fromhex(f"{pan[start : start + length][:16]:{pad}<16}")


def ibm3624_natural_pin(key: Key, table: str, validation_data: bytes, length: int) -> Pin:
    """The PIN of `length` 4 to 12 digits that the card itself gives.

    `key` is a TDES key (a key of one part is written twice), `table` the decimalisation table: the
    16 digits that stand for the nibbles 0 to F. Raises BadKey, BadPin for the length, BadCardData
    for a table or validation data that is malformed. IBM 3624.
    """
    return Pin(_natural_digits(key, table, validation_data)[:length])


def ibm3624_pin(key: Key, table: str, validation_data: bytes, offset: str) -> Pin:
    """The cardholder's PIN: the natural PIN plus the offset, each digit modulo 10. The PIN is as
    long as the offset, 4 to 12 digits; errors as `ibm3624_natural_pin`. IBM 3624 with offset.
    """
    check_digits("an offset", offset, 4, 12)
    natural = _natural_digits(key, table, validation_data)
    return Pin("".join(str((int(n) + int(o)) % 10) for n, o in zip(natural, offset, strict=False)))


def ibm3624_offset(key: Key, table: str, validation_data: bytes, pin: Pin) -> str:
    """The offset that belongs to the cardholder's PIN, as long as it; errors as
    `ibm3624_natural_pin`. IBM 3624 with offset.
    """
    natural = _natural_digits(key, table, validation_data)
    return "".join(str((int(p) - int(n)) % 10) for p, n in zip(pin.expose(), natural, strict=False))


def _natural_digits(key: Key, table: str, validation_data: bytes) -> str:
    """All 16 digits of the natural PIN."""
    if key.key_type not in (KeyType.TDES2, KeyType.TDES3):
        raise BadKey(f"IBM 3624 takes a TDES key, not {key.key_type.name}")
    check_digits("a decimalisation table", table, 16, 16)
    if len(validation_data) != TDES_BLOCK:
        raise BadCardData(f"the validation data has 8 bytes, not {len(validation_data)}")
    nibbles = tdes_encryptor(key.expose())(validation_data).hex().upper()
    return nibbles.translate(str.maketrans(_HEX, table))
