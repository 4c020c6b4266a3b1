"""The bare TDES calls of this room, on raw key bytes.

TDES is deprecated (NIST SP 800-131A) and is what most terminals in the field still speak. The
library wants 24 bytes whatever the number of parts: a key of two parts is K1 | K2 | K1, one of a
single part (DES) K | K | K.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from posemu.crypto.errors import BadKey
from posemu.crypto.primitives import Update

TDES_BLOCK = 8
TDES_ZERO_BLOCK = bytes(TDES_BLOCK)

_ECB = ECB()
_ODD = bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in range(256))
_CBC_ZERO_IV = CBC(TDES_ZERO_BLOCK)


def whole(key: bytes) -> bytes:
    """The 24 bytes of a key of one, two or three parts of 8 bytes; BadKey for other lengths."""
    if len(key) == 24:
        return key
    if len(key) == 16:
        return key + key[:8]
    if len(key) == 8:
        return key * 3
    raise BadKey(f"a TDES key has 8, 16 or 24 bytes, not {len(key)}")


def tdes_encryptor(key: bytes) -> Update:
    """A function that enciphers whole blocks (TDES-ECB)."""
    return Cipher(TripleDES(whole(key)), _ECB).encryptor().update


def tdes_decryptor(key: bytes) -> Update:
    """A function that deciphers whole blocks (TDES-ECB)."""
    return Cipher(TripleDES(whole(key)), _ECB).decryptor().update


def tdes_cbc_encrypt(key: bytes, blocks: bytes) -> bytes:
    """Encipher whole blocks (TDES-CBC, zero IV)."""
    return Cipher(TripleDES(whole(key)), _CBC_ZERO_IV).encryptor().update(blocks)


def tdes_cbc_decrypt(key: bytes, blocks: bytes) -> bytes:
    """Decipher whole blocks (TDES-CBC, zero IV)."""
    return Cipher(TripleDES(whole(key)), _CBC_ZERO_IV).decryptor().update(blocks)


def odd_parity(key: bytes) -> bytes:
    """The key with the last bit of each byte set so that the byte has an odd number of ones."""
    return key.translate(_ODD)
