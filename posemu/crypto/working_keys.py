"""The working keys of one transaction: what a terminal and its host do with one KSN."""

from collections.abc import Callable

from .dukpt_aes_tree import WORKING_USAGES, KeyTree, KeyUsage, derive_key
from .errors import BadCiphertext, BadKey
from .keys import Key, KeyType, Pin, Secret
from .pin_block import seal, unseal
from .primitives import (
    BLOCK,
    Update,
    aes_cmac,
    cbc_decrypt,
    cbc_encrypt,
    ecb_decryptor,
    ecb_encryptor,
)
from .tdes import TDES_BLOCK, tdes_cbc_decrypt, tdes_cbc_encrypt

_Cbc = Callable[[bytes, bytes], bytes]

_PADDING = tuple(b"\x80" + bytes(BLOCK - 1 - over) for over in range(BLOCK))


class WorkingKeys(Secret):
    """The keys of one KSN, each used for one purpose and in one direction (ANSI X9.24-3:2017 6.3).

        terminal to host   pin_block / pin    encrypt / decrypt                  mac
        host to terminal                      answer_encrypt / answer_decrypt    answer_mac

    Both sides hold the same object. Repeated calls are not refused, but data is enciphered with a
    zero IV: encipher one text per direction and KSN. Made by `TerminalDukpt.next_keys` and
    `HostDukpt.keys`.
    """

    __slots__ = ("_encrypt", "_material", "_tree", "ksn")

    def __init__(self, tree: KeyTree, ksn: bytes, material: bytes, encrypt: Update | None) -> None:
        self.ksn = ksn
        self._tree = tree
        self._material = material
        # Enciphers under the transaction key; None in a terminal, which has erased that key.
        self._encrypt = encrypt

    def __repr__(self) -> str:
        return f"WorkingKeys(ksn={self.ksn.hex().upper()})"

    def pin_block(self, pin: Pin, pan: str, fill: bytes) -> bytes:
        """The enciphered 16 byte PIN block (ISO 9564-1 format 4); `fill` are 8 random bytes.

        Raises PinBlockError if `pan` does not have 1 to 19 digits or `fill` not 8 bytes.
        """
        return seal(ecb_encryptor(self._material[: self._tree.width]), pin, pan, fill)

    def pin(self, block: bytes, pan: str) -> Pin:
        """The PIN of an enciphered PIN block; PinBlockError if malformed or of another PAN."""
        return unseal(ecb_decryptor(self._material[: self._tree.width]), block, pan)

    def mac(self, data: bytes) -> bytes:
        """Full 16 byte CMAC of a request, under the key for MAC generation."""
        return aes_cmac(self._raw(1), data)

    def answer_mac(self, data: bytes) -> bytes:
        """Full 16 byte CMAC of the answer, under the key for MAC verification."""
        return aes_cmac(self._raw(2), data)

    def encrypt(self, data: bytes) -> bytes:
        """Encipher a request's data: AES-CBC, zero IV, padding 80 00.. (ISO 9797-1 method 2).

        The result is 1 to 16 bytes longer than `data`, a whole number of blocks.
        """
        return cbc_encrypt(self._raw(3), data + _PADDING[len(data) % BLOCK])

    def decrypt(self, data: bytes) -> bytes:
        """The clear data of a request; check its MAC first. BadCiphertext if malformed."""
        return _decrypt(self._raw(3), data)

    def answer_encrypt(self, data: bytes) -> bytes:
        """As `encrypt`, for the answer: under the key for data decryption."""
        return cbc_encrypt(self._raw(4), data + _PADDING[len(data) % BLOCK])

    def answer_decrypt(self, data: bytes) -> bytes:
        """As `decrypt`, for the answer."""
        return _decrypt(self._raw(4), data)

    def working_key(self, usage: KeyUsage, key_type: KeyType, hmac_bits: int | None = None) -> Key:
        """The working key of any usage and type; an HMAC key of `hmac_bits` 128, 192 or 256, or
        else as long as the transaction key.

        A working key for KEY_DERIVATION is no key of the tree: those are derived with the counter
        of a later transaction, this one with that of its own.
        Raises BadKey if an AES or HMAC key stronger than the transaction key is asked for, if
        `usage` is that of an initial key, or if a terminal is asked for a key beside its own
        working keys: it has erased the transaction key by then.
        """
        if usage is KeyUsage.KEY_DERIVATION_INITIAL:
            raise BadKey(f"{usage.name} is no working key: an initial key is derived from a BDK")
        if self._encrypt is not None:
            tail = self._tree.initial_key_id[4:] + self.ksn[8:]
            return derive_key(self._encrypt, self._tree.width, usage, key_type, tail, hmac_bits)
        if key_type is self._tree.key_type and usage in WORKING_USAGES:
            return Key(self._raw(WORKING_USAGES.index(usage)), key_type)
        raise BadKey(
            f"a terminal keeps no {key_type.name} key for {usage.name}: "
            "it has erased the transaction key"
        )

    def _raw(self, place: int) -> bytes:
        tree = self._tree
        at = place * tree.stride
        return self._material[at : at + tree.width]


def _decrypt(key: bytes, data: bytes) -> bytes:
    if not data or len(data) % BLOCK:
        raise BadCiphertext(
            f"enciphered data is a whole number of 16 byte blocks, not {len(data)} bytes"
        )
    return strip_padding(cbc_decrypt(key, data), BLOCK)


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
    """The reverse of `encipher_blocks`, with the same errors."""
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
