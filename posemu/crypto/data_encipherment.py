"""Enciphering data under a key that a caller holds: whole blocks in CBC mode, and their padding."""

from collections.abc import Callable

from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.primitives import BLOCK, cbc_decrypt, cbc_encrypt
from posemu.crypto.tdes import TDES_BLOCK, tdes_cbc_decrypt, tdes_cbc_encrypt

_Cbc = Callable[[bytes, bytes], bytes]


def strip_padding(padded: bytes, block: int) -> bytes:
    """The data before its padding 80 00.. (ISO 9797-1 method 2), in blocks of `block` bytes.

    Raises BadCiphertext if it does not end in one.
    """
    clear = padded.rstrip(b"\0")
    if clear[-1:] != b"\x80" or len(padded) - len(clear) >= block:
        raise BadCiphertext(
            "enciphered data does not end in its padding: wrong key or damaged data"
        )
    return clear[:-1]


def encipher_blocks(key: Key, blocks: bytes, iv: bytes | None = None) -> bytes:
    """Encipher whole blocks under a data key in CBC mode, without padding (NIST SP 800-38A 6.2):
    for a peer that pads by itself, or sends its IV; without one it is zero.

    A block, and the IV, has 16 bytes under an AES key, 8 under a TDES key. Raises BadKey if `key`
    is neither, BadCiphertext for other lengths.
    """
    encrypt, _, block = _cbc(key)
    start = _start(blocks, iv, block)
    return encrypt(key.expose(), _xor(blocks[:block], start) + blocks[block:])


def decipher_blocks(key: Key, blocks: bytes, iv: bytes | None = None) -> bytes:
    """The reverse of `encipher_blocks`, with the same errors. NIST SP 800-38A 6.2."""
    _, decrypt, block = _cbc(key)
    start = _start(blocks, iv, block)
    clear = decrypt(key.expose(), blocks)
    return _xor(clear[:block], start) + clear[block:]


def _cbc(key: Key) -> tuple[_Cbc, _Cbc, int]:
    if key.key_type.is_aes:
        return cbc_encrypt, cbc_decrypt, BLOCK
    if key.key_type is KeyType.HMAC:
        raise BadKey("data is enciphered under an AES or TDES key, not an HMAC key")
    return tdes_cbc_encrypt, tdes_cbc_decrypt, TDES_BLOCK


def _start(blocks: bytes, iv: bytes | None, block: int) -> bytes:
    if not blocks or len(blocks) % block:
        raise BadCiphertext(
            f"{len(blocks)} bytes are no whole number of {block} byte blocks: pad them first"
        )
    if iv is None:
        return bytes(block)
    if len(iv) != block:
        raise BadCiphertext(f"the IV has {block} bytes, as a block has, not {len(iv)}")
    return iv


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a) ^ int.from_bytes(b)).to_bytes(len(a))
