"""Message authentication and key check values."""

import hmac

from .errors import BadKey
from .keys import Key, KeyType
from .primitives import ZERO_BLOCK, aes_cmac, ecb_encryptor


def cmac(key: Key, data: bytes) -> bytes:
    """The full 16 byte AES-CMAC of `data` (NIST SP 800-38B, RFC 4493); BadKey if `key` is not an
    AES key.

    A message that carries a shorter MAC carries the leftmost bytes of this one.
    """
    return aes_cmac(_aes(key), data)


def hmac_sha256(key: Key, data: bytes) -> bytes:
    """The full 32 byte HMAC-SHA-256 of `data` (RFC 2104); BadKey if `key` is not an HMAC key."""
    if key.key_type is not KeyType.HMAC:
        raise BadKey(f"HMAC takes an HMAC key, not a key of type {key.key_type.name}")
    return hmac.digest(key.expose(), data, "sha256")


def kcv(key: Key) -> bytes:
    """Key check value of an AES key: the first 3 bytes of the CMAC of one zero block (ANSI
    X9.24-1:2017 annex A).

    It is public: it tells two keys apart and tells nothing of either. BadKey if `key` is not an AES
    key.
    """
    return aes_cmac(_aes(key), ZERO_BLOCK)[:3]


def kcv_zero_block(key: Key) -> bytes:
    """The older key check value: the first 3 bytes of one zero block enciphered under an AES key.

    Some devices still show this one; it gives away a piece of the cipher's output, so `kcv` is
    preferred.
    """
    return ecb_encryptor(_aes(key))(ZERO_BLOCK)[:3]


def same(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are equal, in constant time: for every comparison of a MAC."""
    return hmac.compare_digest(a, b)


def _aes(key: Key) -> bytes:
    if not key.key_type.is_aes:
        raise BadKey(f"an AES key is needed, not a key of type {key.key_type.name}")
    return key.expose()
