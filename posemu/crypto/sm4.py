"""The bare SM4 calls of this room, on raw key bytes (GB/T 32907-2016, ISO/IEC 18033-3): the block
cipher that Chinese terminals use where others use AES. Keys and blocks have 16 bytes.

The PIN block and the MAC under SM4 are left out: no text of their rules was at hand.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

from posemu.crypto.errors import BadKey
from posemu.crypto.primitives import Update

SM4_BLOCK = 16

_ECB = ECB()


def sm4_encryptor(key: bytes) -> Update:
    """A function that enciphers whole blocks (SM4-ECB); BadKey unless `key` has 16 bytes.
    GB/T 32907-2016."""
    return _cipher(key).encryptor().update


def sm4_decryptor(key: bytes) -> Update:
    """A function that deciphers whole blocks (SM4-ECB); BadKey unless `key` has 16 bytes.
    GB/T 32907-2016."""
    return _cipher(key).decryptor().update


def _cipher(key: bytes) -> Cipher[ECB]:
    if len(key) != SM4_BLOCK:
        raise BadKey(f"an SM4 key has 16 bytes, not {len(key)}")
    return Cipher(SM4(key), _ECB)
