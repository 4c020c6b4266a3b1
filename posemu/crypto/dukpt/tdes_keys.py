"""The working keys of one transaction under TDES DUKPT (ANSI X9.24-1:2009 A.4.1).

A transaction key is never used itself: each purpose has a variant of it, made by XORing one byte of
each half. The data keys then go through one more encipherment, so that data which somebody knows in
clear tells nothing of the other variants.
"""

import enum

from posemu.crypto.data_encipherment import strip_padding
from posemu.crypto.dukpt.tdes_tree import KEY_BYTES
from posemu.crypto.errors import BadCiphertext, BadKey, PinBlockError
from posemu.crypto.hierarchy.purposes import TerminalSide
from posemu.crypto.keys import Key, KeyType, Pin, Secret
from posemu.crypto.mac.iso9797 import pad, retail_mac
from posemu.crypto.pin.block_64 import (
    PinFormat,
    decode_pin_block,
    encode_pin_block,
    random_fill,
)
from posemu.crypto.tdes import (
    TDES_BLOCK,
    tdes_cbc_decrypt,
    tdes_cbc_encrypt,
    tdes_decryptor,
    tdes_encryptor,
)

_BOTH_HALVES = 1 << 64 | 1


class KeyVariant(enum.Enum):
    """What a variant is for, and what is XORed to each half of the transaction key (ANSI
    X9.24-1:2009 A.4.1, table A-1).

    "Request" keys also serve devices that use one key for both ways.
    """

    PIN = 0x00000000000000FF
    MAC_REQUEST = 0x000000000000FF00
    MAC_RESPONSE = 0x00000000FF000000
    DATA_REQUEST = 0x0000000000FF0000
    DATA_RESPONSE = 0x000000FF00000000


_DATA_VARIANTS = (KeyVariant.DATA_REQUEST, KeyVariant.DATA_RESPONSE)


def key_variant(transaction_key: Key, variant: KeyVariant) -> Key:
    """The transaction key XOR a variant (ANSI X9.24-1:2009 A.4.1, table A-1): for PIN and MAC
    already the working key.

    Raises BadKey unless the key is a TDES key of two parts.
    """
    if transaction_key.key_type is not KeyType.TDES2:
        raise BadKey(
            f"variants are made of a TDES key of two parts, not {transaction_key.key_type.name}"
        )
    return Key(_varied(transaction_key.expose(), variant), KeyType.TDES2)


class TdesWorkingKeys(Secret):
    """The keys of one KSN, each used for one purpose and in one direction.

        terminal to host   pin_block / pin    encrypt / decrypt                  mac
        host to terminal                      answer_encrypt / answer_decrypt    answer_mac

    It holds the transaction key: any variant gives it away. Drop it when the transaction ends.
    Repeated calls are not refused, but data is enciphered with a zero IV: encipher one text per
    direction and KSN. Made by `TdesHostDukpt.keys`; a terminal has `TdesTerminalWorkingKeys`.
    ANSI X9.24-1:2009 A.4.1.
    """

    __slots__ = ("_pin_format", "_transaction_key", "ksn")

    def __init__(self, ksn: bytes, transaction_key: bytes, pin_format: PinFormat) -> None:
        self.ksn = ksn
        self._transaction_key = transaction_key
        self._pin_format = pin_format

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ksn={self.ksn.hex().upper()})"

    def working_key(self, usage: KeyVariant) -> Key:
        """The key that is used for `usage`: the variant, for data enciphered under itself
        (ANSI X9.24-1:2009 A.4.1, figure A-2). BadKey in a terminal."""
        return self._key(usage)

    def pin_block(self, pin: Pin, pan: str, fill: bytes) -> bytes:
        """The enciphered 8 byte PIN block, of the format chosen at loading (ISO 9564-1); `fill` are
        8 random bytes. Formats 1 and 2 do not look at the PAN.

        Errors are those of `random_fill` and `encode_pin_block`.
        """
        form = self._pin_format
        clear = encode_pin_block(form, pin, pan, random_fill(form, pin, fill))
        return self.encipher_pin_block(clear)

    def pin(self, block: bytes, pan: str) -> Pin:
        """The PIN of an enciphered PIN block; PinBlockError if malformed or, as far as that shows,
        of another PAN."""
        return decode_pin_block(self._pin_format, self.decipher_pin_block(block), pan)

    def encipher_pin_block(self, clear: bytes) -> bytes:
        """The enciphered PIN block of a clear one; PinBlockError if it does not have 8 bytes."""
        return tdes_encryptor(self._raw(KeyVariant.PIN))(_pin_block(clear))

    def decipher_pin_block(self, block: bytes) -> bytes:
        """The clear 8 byte PIN block, a secret; PinBlockError if `block` does not have 8 bytes."""
        return tdes_decryptor(self._raw(KeyVariant.PIN))(_pin_block(block))

    def mac(self, data: bytes) -> bytes:
        """Full 8 byte retail MAC (ISO 9797-1 algorithm 3, padding 1) of a request.

        Most messages carry its leftmost 4 bytes.
        """
        return retail_mac(self._key(KeyVariant.MAC_REQUEST), data)

    def answer_mac(self, data: bytes) -> bytes:
        """As `mac`, of the answer."""
        return retail_mac(self._key(KeyVariant.MAC_RESPONSE), data)

    def encrypt(self, data: bytes) -> bytes:
        """Encipher a request's data: TDES-CBC, zero IV, padding 80 00.. (ISO 9797-1 method 2).

        The result is 1 to 8 bytes longer than `data`, a whole number of blocks.
        """
        return tdes_cbc_encrypt(self._raw(KeyVariant.DATA_REQUEST), pad(2, data, TDES_BLOCK))

    def decrypt(self, data: bytes) -> bytes:
        """The clear data of a request; check its MAC first. BadCiphertext if malformed."""
        return _decrypt(self._raw(KeyVariant.DATA_REQUEST), data)

    def answer_encrypt(self, data: bytes) -> bytes:
        """As `encrypt`, for the answer."""
        return tdes_cbc_encrypt(self._raw(KeyVariant.DATA_RESPONSE), pad(2, data, TDES_BLOCK))

    def answer_decrypt(self, data: bytes) -> bytes:
        """As `decrypt`, for the answer."""
        return _decrypt(self._raw(KeyVariant.DATA_RESPONSE), data)

    def _key(self, usage: KeyVariant) -> Key:
        return Key(self._raw(usage), KeyType.TDES2)

    def _raw(self, usage: KeyVariant) -> bytes:
        key = _varied(self._transaction_key, usage)
        return tdes_encryptor(key)(key) if usage in _DATA_VARIANTS else key


class TdesTerminalWorkingKeys(TerminalSide, TdesWorkingKeys):
    """The keys of one KSN in a terminal, which uses them in its own direction alone. Made by
    `TdesTerminalDukpt.next_keys`. ANSI X9.24-1:2009 A.4.1."""

    __slots__ = ()


def _varied(key: bytes, variant: KeyVariant) -> bytes:
    return (int.from_bytes(key) ^ variant.value * _BOTH_HALVES).to_bytes(KEY_BYTES)


def _pin_block(block: bytes) -> bytes:
    if len(block) != TDES_BLOCK:
        raise PinBlockError(f"a PIN block under TDES has 8 bytes, not {len(block)}")
    return block


def _decrypt(key: bytes, data: bytes) -> bytes:
    if not data or len(data) % TDES_BLOCK:
        raise BadCiphertext(
            f"enciphered data is a whole number of 8 byte blocks, not {len(data)} bytes"
        )
    return strip_padding(tdes_cbc_decrypt(key, data), TDES_BLOCK)
