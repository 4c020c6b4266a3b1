"""Message authentication by CMAC and HMAC, and key check values.

The MACs made of CBC are in `iso9797`, that of UnionPay terminals in `unionpay`.
"""

import hmac

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.cmac import CMAC

from posemu.crypto.errors import BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.primitives import ZERO_BLOCK, aes_cmac, ecb_encryptor
from posemu.crypto.tdes import TDES_ZERO_BLOCK, tdes_encryptor, whole


def cmac(key: Key, data: bytes) -> bytes:
    """The full 16 byte AES-CMAC of `data` (NIST SP 800-38B, RFC 4493); BadKey if `key` is not an
    AES key.

    A message that carries a shorter MAC carries the leftmost bytes of this one.
    """
    return aes_cmac(_aes(key), data)


def tdes_cmac(key: Key, data: bytes) -> bytes:
    """The full 8 byte TDES-CMAC of `data` (NIST SP 800-38B, ISO/IEC 9797-1 algorithm 5); BadKey if
    `key` is not a TDES key.
    """
    mac = CMAC(TripleDES(whole(_tdes(key))))
    mac.update(data)
    return mac.finalize()


def hmac_sha256(key: Key, data: bytes) -> bytes:
    """The full 32 byte HMAC-SHA-256 of `data` (RFC 2104); BadKey if `key` is not an HMAC key."""
    if key.key_type is not KeyType.HMAC:
        raise BadKey(f"HMAC takes an HMAC key, not a key of type {key.key_type.name}")
    return hmac.digest(key.expose(), data, "sha256")


def kcv(key: Key, length: int = 3) -> bytes:
    """Key check value by CMAC: the first bytes of the CMAC of one zero block (ANSI X9.24-1:2017
    annex A); BadKey if `key` is neither AES nor TDES.

    It is public: it tells two keys apart and tells nothing of either. Key blocks carry `length` 5
    for AES keys (ANSI X9.143), everything else 3.
    """
    if key.key_type.is_aes:
        return aes_cmac(key.expose(), ZERO_BLOCK)[:length]
    return tdes_cmac(key, TDES_ZERO_BLOCK)[:length]


def kcv_zero_block(key: Key, length: int = 3) -> bytes:
    """The older key check value: the first bytes of one zero block enciphered under an AES or TDES
    key; BadKey if `key` is neither.

    It is that of nearly all TDES keys in the field, and gives away a piece of the cipher's output,
    so `kcv` is preferred where there is a choice. `length` is 4 in the sign-on of UnionPay
    terminals, 3 elsewhere.
    """
    if key.key_type.is_aes:
        return ecb_encryptor(key.expose())(ZERO_BLOCK)[:length]
    return tdes_encryptor(_tdes(key))(TDES_ZERO_BLOCK)[:length]


def same(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are equal, in constant time: for every comparison of a MAC."""
    return hmac.compare_digest(a, b)


def _aes(key: Key) -> bytes:
    if not key.key_type.is_aes:
        raise BadKey(f"an AES key is needed, not a key of type {key.key_type.name}")
    return key.expose()


def _tdes(key: Key) -> bytes:
    if key.key_type not in (KeyType.TDES2, KeyType.TDES3):
        raise BadKey(f"a TDES key is needed, not a key of type {key.key_type.name}")
    return key.expose()
