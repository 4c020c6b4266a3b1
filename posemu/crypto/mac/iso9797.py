"""ISO/IEC 9797-1: the MACs that are made of a block cipher in CBC mode.

    algorithm 1   q = E(K, q_previous XOR block) for all blocks; the MAC is the last q
    algorithm 3   the same, then E(K, D(K', q)) of the last q

Algorithm 3 with DES is the retail MAC of ANSI X9.19, and the MAC of EMV. Its K and K' are the two
halves of one TDES key: all blocks but the last see single DES, the last one sees the whole key.

Each of these gives the full block; a message that carries a shorter MAC carries its leftmost bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.primitives import BLOCK, Update, cbc_encrypt, ecb_decryptor, ecb_encryptor
from posemu.crypto.tdes import (
    TDES_BLOCK,
    TDES_ZERO_BLOCK,
    tdes_cbc_encrypt,
    tdes_decryptor,
    tdes_encryptor,
    whole,
)

_TDES_TYPES = (KeyType.TDES2, KeyType.TDES3)
_CBC_ZERO_IV = CBC(TDES_ZERO_BLOCK)


def pad(method: int, data: bytes, block: int) -> bytes:
    """`data` filled up to whole blocks of `block` bytes, at least one (ISO/IEC 9797-1:2011 6.3).

        method 0   as it is (it has to be whole blocks already)
        method 1   zeros behind it, as few as possible
        method 2   80, then zeros
        method 3   one block that holds its length in bits, the data, zeros

    Raises BadCiphertext for another method, for data that method 0 cannot take, or if the length
    does not fit into a block.
    """
    if method not in (0, 1, 2, 3):
        raise BadCiphertext(f"there is no padding method {method}: use 1, 2 or 3 (0 for none)")
    if method == 2:
        data += b"\x80"
    over = len(data) % block
    if method == 0:
        if over or not data:
            raise BadCiphertext(
                f"{len(data)} bytes without padding are no whole number of {block} byte blocks: "
                "use padding method 1, 2 or 3"
            )
        return data
    padded = data if data and not over else data + bytes(block - over)
    if method != 3:
        return padded
    bits = len(data) * 8
    if bits.bit_length() > block * 8:
        raise BadCiphertext(f"a length of {bits} bits does not fit into {block} bytes")
    return bits.to_bytes(block) + padded


def cbc_mac(key: Key, data: bytes, padding: int = 1) -> bytes:
    """MAC algorithm 1: 16 bytes under an AES key, 8 under a TDES key (ISO/IEC 9797-1:2011 7.2).

    Without padding method 3 it is safe for messages of one length only: prefer `cmac`. Raises
    BadKey if `key` is neither, BadCiphertext as `pad` does.
    """
    if key.key_type.is_aes:
        return cbc_encrypt(key.expose(), pad(padding, data, BLOCK))[-BLOCK:]
    return tdes_cbc_encrypt(_tdes(key), pad(padding, data, TDES_BLOCK))[-TDES_BLOCK:]


def two_key_mac(key: Key, key2: Key, data: bytes, padding: int = 1) -> bytes:
    """MAC algorithm 3 with any block cipher: K is `key`, K' is `key2`; the full block (ISO/IEC
    9797-1:2011 7.4).

    Raises BadKey if the keys are not both for AES or both for TDES, BadCiphertext as `pad` does.
    """
    if key.key_type.is_aes is not key2.key_type.is_aes:
        raise BadKey("the two keys of MAC algorithm 3 are for one cipher: both AES or both TDES")
    last = cbc_mac(key, data, padding)
    if key.key_type.is_aes:
        return ecb_encryptor(key.expose())(ecb_decryptor(key2.expose())(last))
    return tdes_encryptor(_tdes(key))(tdes_decryptor(_tdes(key2))(last))


def retail_mac(key: Key, data: bytes, padding: int = 1) -> bytes:
    """The 8 byte retail MAC: algorithm 3 with DES, K | K' being the key (ANSI X9.19, ISO/IEC 9797-1
    7.4).

    Raises BadKey if `key` is not a TDES key of two parts, BadCiphertext as `pad` does.
    """
    if key.key_type is not KeyType.TDES2:
        raise BadKey(f"a retail MAC takes a TDES key of two parts, not {key.key_type.name}")
    raw, padded = key.expose(), pad(padding, data, TDES_BLOCK)
    last = int.from_bytes(padded[-TDES_BLOCK:])
    if len(padded) > TDES_BLOCK:
        before = tdes_cbc_encrypt(raw[:TDES_BLOCK], padded[:-TDES_BLOCK])
        last ^= int.from_bytes(before[-TDES_BLOCK:])
    return tdes_encryptor(raw)(last.to_bytes(TDES_BLOCK))


def retail_mac_under(key: Key, padding: int = 1) -> Callable[[bytes], bytes]:
    """`retail_mac` of any number of messages under one key: a function of the data.

    It keeps the contexts of the key, which cost more than the message. For one thread at a time.
    ANSI X9.19; ISO/IEC 9797-1:2011 7.4.
    """
    if key.key_type is not KeyType.TDES2:
        raise BadKey(f"a retail MAC takes a TDES key of two parts, not {key.key_type.name}")
    raw = key.expose()
    chain, whole_key = _cbc_encryptor(raw[:8]), tdes_encryptor(raw)
    # A CBC context cannot be started again, but XORing its last output into the first block of
    # the next message takes the chaining out.
    before = 0

    def mac(data: bytes) -> bytes:
        nonlocal before
        padded = pad(padding, data, TDES_BLOCK)
        last = int.from_bytes(padded[-8:])
        if len(padded) > 8:
            first = (int.from_bytes(padded[:8]) ^ before).to_bytes(8)
            before = int.from_bytes(chain(first + padded[8:-8])[-8:])
            last ^= before
        return whole_key(last.to_bytes(8))

    return mac


def _tdes(key: Key) -> bytes:
    if key.key_type not in _TDES_TYPES:
        raise BadKey(f"an AES or TDES key is needed, not a key of type {key.key_type.name}")
    return key.expose()


def _cbc_encryptor(key: bytes) -> Update:
    return Cipher(TripleDES(whole(key)), _CBC_ZERO_IV).encryptor().update
