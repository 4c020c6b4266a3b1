"""The bare cipher calls of this room, on raw key bytes; everything else here goes through these.

A new AES context is the price of nearly every operation (its key schedule and its allocation
outweigh the blocks of a payment message), so each function here makes exactly one, and callers put
all blocks under one key into one call.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK = 16
ZERO_BLOCK = bytes(BLOCK)

_ECB = ECB()
_CBC_ZERO_IV = CBC(ZERO_BLOCK)

Update = Callable[[bytes], bytes]


def ecb_encryptor(key: bytes | bytearray) -> Update:
    """A function that enciphers whole blocks (AES-ECB) under `key` of 16, 24 or 32 bytes."""
    return Cipher(AES(key), _ECB).encryptor().update


def ecb_decryptor(key: bytes) -> Update:
    """A function that deciphers whole blocks (AES-ECB) under `key` of 16, 24 or 32 bytes."""
    return Cipher(AES(key), _ECB).decryptor().update


def cbc_encrypt(key: bytes, blocks: bytes) -> bytes:
    """Encipher whole blocks (AES-CBC, zero IV): only for a key that enciphers one text."""
    return Cipher(AES(key), _CBC_ZERO_IV).encryptor().update(blocks)


def cbc_decrypt(key: bytes, blocks: bytes) -> bytes:
    """Decipher whole blocks (AES-CBC, zero IV)."""
    return Cipher(AES(key), _CBC_ZERO_IV).decryptor().update(blocks)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """The full 16 byte AES-CMAC of `data` (NIST SP 800-38B)."""
    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()
