"""The working keys of one transaction: what a terminal and its host do with one KSN."""

from posemu.crypto.data_encipherment import strip_padding
from posemu.crypto.dukpt.aes_tree import KeyTree, KeyUsage, derive_key
from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.hierarchy.purposes import TerminalSide
from posemu.crypto.keys import Key, KeyType, Pin, Secret
from posemu.crypto.pin.block_128 import seal, unseal
from posemu.crypto.primitives import (
    BLOCK,
    Update,
    aes_cmac,
    cbc_decrypt,
    cbc_encrypt,
    ecb_decryptor,
    ecb_encryptor,
)

_PADDING = tuple(b"\x80" + bytes(BLOCK - 1 - over) for over in range(BLOCK))


class WorkingKeys(Secret):
    """The keys of one KSN, each used for one purpose and in one direction (ANSI X9.24-3:2017 6.3).

        terminal to host   pin_block / pin    encrypt / decrypt                  mac
        host to terminal                      answer_encrypt / answer_decrypt    answer_mac

    Repeated calls are not refused, but data is enciphered with a zero IV: encipher one text per
    direction and KSN. Made by `HostDukpt.keys`; a terminal has `TerminalWorkingKeys`.
    """

    __slots__ = ("_encrypt", "_material", "_tree", "ksn")

    def __init__(self, tree: KeyTree, ksn: bytes, material: bytes, encrypt: Update | None) -> None:
        self.ksn = ksn
        self._tree = tree
        self._material = material
        # Enciphers under the transaction key; None in a terminal, which has erased that key.
        self._encrypt = encrypt

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ksn={self.ksn.hex().upper()})"

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
        Raises BadKey if an AES or HMAC key stronger than the transaction key is asked for, or if
        `usage` is that of an initial key; in a terminal always.
        """
        if usage is KeyUsage.KEY_DERIVATION_INITIAL:
            raise BadKey(f"{usage.name} is no working key: an initial key is derived from a BDK")
        assert self._encrypt is not None, "a terminal gives out no keys"
        tail = self._tree.initial_key_id[4:] + self.ksn[8:]
        return derive_key(self._encrypt, self._tree.width, usage, key_type, tail, hmac_bits)

    def _raw(self, place: int) -> bytes:
        tree = self._tree
        at = place * tree.stride
        return self._material[at : at + tree.width]


class TerminalWorkingKeys(TerminalSide, WorkingKeys):
    """The keys of one KSN in a terminal, which uses them in its own direction alone (ANSI
    X9.24-3:2017 6.3). Made by `TerminalDukpt.next_keys`."""

    __slots__ = ()


def _decrypt(key: bytes, data: bytes) -> bytes:
    if not data or len(data) % BLOCK:
        raise BadCiphertext(
            f"enciphered data is a whole number of 16 byte blocks, not {len(data)} bytes"
        )
    return strip_padding(cbc_decrypt(key, data), BLOCK)
