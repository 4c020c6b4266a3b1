"""How a key block is enciphered and authenticated under its protection key (TR-31:2018 5.3 for
versions A to D, ISO 20038:2017 for version E).

             two keys made of the protection key by   enciphered with          MAC
    A, C     XOR of 45.. and of 4D..                  TDES-CBC, IV: header     CBC-MAC of header and
                                                                               cryptogram, 4 bytes
    B        TDES-CMAC                                TDES-CBC, IV: MAC        TDES-CMAC of header
                                                                               and clear text
    D        AES-CMAC                                 AES-CBC, IV: MAC         AES-CMAC of the same
    E        AES-CMAC                                 AES-CTR, counter: MAC    AES-CMAC of the same

In B, D and E the MAC goes over the clear text, so a block is deciphered before it is known to be
genuine; nothing of it leaves this file then.
"""

from __future__ import annotations

from typing import NamedTuple

from posemu.crypto.errors import BadKey, KeyBlockError
from posemu.crypto.key_block.header import layout_of
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import cmac, same, tdes_cmac
from posemu.crypto.mac.iso9797 import cbc_mac
from posemu.crypto.master_key import variant
from posemu.crypto.primitives import BLOCK, cbc_decrypt, cbc_encrypt, ecb_encryptor
from posemu.crypto.tdes import TDES_BLOCK, tdes_cbc_decrypt, tdes_cbc_encrypt

_TDES_VERSIONS = "ABC"
_VARIANT_VERSIONS = "AC"
_TDES_TYPES = (KeyType.TDES2, KeyType.TDES3)
_ENCIPHERING_VARIANT = b"\x45" * TDES_BLOCK
_MAC_VARIANT = b"\x4d" * TDES_BLOCK
# Usages in the derivation data.
_CBC_USAGE, _MAC_USAGE, _CTR_USAGE = 0x0000, 0x0001, 0x0002


class BlockKeys(NamedTuple):
    """The two keys of a protection key."""

    enciphering: Key
    mac: Key


def derive_block_keys(version: str, kbpk: Key) -> BlockKeys:
    """The enciphering and the MAC key of a key block protection key.

    Raises BadKey unless `kbpk` is a TDES key for versions A, B, C, an AES key for D and E,
    KeyBlockError if there is no such version.
    ANSI X9.143:2021 7.2.1.1 and 7.2.2.1, tables 24 and 25; ISO 20038:2017 6.3.
    """
    layout_of(version)
    tdes = version in _TDES_VERSIONS
    if not (kbpk.key_type in _TDES_TYPES if tdes else kbpk.key_type.is_aes):
        raise BadKey(
            f"a key block of version {version} is protected by {'a TDES' if tdes else 'an AES'} "
            f"key, not by a key of type {kbpk.key_type.name}"
        )
    if version in _VARIANT_VERSIONS:
        return BlockKeys(variant(kbpk, _ENCIPHERING_VARIANT), variant(kbpk, _MAC_VARIANT))
    usage = _CTR_USAGE if version == "E" else _CBC_USAGE
    return BlockKeys(_derive(kbpk, usage), _derive(kbpk, _MAC_USAGE))


def seal(version: str, kbpk: Key, header: bytes, clear: bytes) -> tuple[bytes, bytes]:
    """Cryptogram and MAC of the clear part of a key block; BadKey as `derive_block_keys`."""
    keys = derive_block_keys(version, kbpk)
    if version in _VARIANT_VERSIONS:
        cryptogram = _encrypt(keys.enciphering, header[:TDES_BLOCK], clear)
        return cryptogram, cbc_mac(keys.mac, header + cryptogram)[:4]
    mac = _mac(keys.mac, header + clear)
    if version == "E":
        return _counter_mode(keys.enciphering, mac, clear), mac
    return _encrypt(keys.enciphering, mac, clear), mac


def unseal(version: str, kbpk: Key, header: bytes, cryptogram: bytes, mac: bytes) -> bytes:
    """The clear part of a key block, once its MAC is found to be right.

    Raises KeyBlockError if it is wrong, BadKey as `derive_block_keys`.
    """
    keys = derive_block_keys(version, kbpk)
    if version in _VARIANT_VERSIONS:
        clear = _decrypt(keys.enciphering, header[:TDES_BLOCK], cryptogram)
        right = cbc_mac(keys.mac, header + cryptogram)[:4]
    else:
        opened = _counter_mode if version == "E" else _decrypt
        clear = opened(keys.enciphering, mac, cryptogram)
        right = _mac(keys.mac, header + clear)
    if not same(right, mac):
        raise KeyBlockError(
            "the MAC of the key block is wrong: it is protected by another key, or was changed"
        )
    return clear


def _derive(kbpk: Key, usage: int) -> Key:
    size = len(kbpk.expose())
    data = usage.to_bytes(2) + b"\0" + kbpk.key_type.to_bytes(2) + (size * 8).to_bytes(2)
    counters = range(1, 1 + -(-size // (BLOCK if kbpk.key_type.is_aes else TDES_BLOCK)))
    material = b"".join(_mac(kbpk, bytes((counter,)) + data) for counter in counters)
    return Key(material[:size], kbpk.key_type)


def _mac(key: Key, data: bytes) -> bytes:
    return cmac(key, data) if key.key_type.is_aes else tdes_cmac(key, data)


def _encrypt(key: Key, iv: bytes, blocks: bytes) -> bytes:
    mixed = _xor(blocks[: len(iv)], iv) + blocks[len(iv) :]
    return (cbc_encrypt if key.key_type.is_aes else tdes_cbc_encrypt)(key.expose(), mixed)


def _decrypt(key: Key, iv: bytes, blocks: bytes) -> bytes:
    mixed = (cbc_decrypt if key.key_type.is_aes else tdes_cbc_decrypt)(key.expose(), blocks)
    return _xor(mixed[: len(iv)], iv) + mixed[len(iv) :]


def _counter_mode(key: Key, first: bytes, data: bytes) -> bytes:
    """AES-CTR, which is its own inverse; the counter starts at `first`, modulo 2**128."""
    start, blocks = int.from_bytes(first), -(-len(data) // BLOCK)
    counters = b"".join(((start + n) % (1 << 128)).to_bytes(BLOCK) for n in range(blocks))
    return _xor(data, ecb_encryptor(key.expose())(counters)[: len(data)])


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
