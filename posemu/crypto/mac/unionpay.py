"""The MAC of UnionPay terminals: XOR, then ECB (China UnionPay terminal specification, field 64).

    fold      data, filled up with zeros, cut into blocks of 8; all blocks XORed together
    first     E(K, first half of the fold written as hex text)
    mixed     first XOR second half of that text
    last      E(K, mixed)
    MAC       first 8 characters of `last` written as hex text

E is DES or TDES as the MAC key is long. The fold forgets the order of the blocks, so two messages
with swapped blocks have one MAC: this is what those terminals do, not what to choose.
"""

from __future__ import annotations

import struct
from functools import reduce
from operator import xor
from typing import NamedTuple

from posemu.crypto.errors import BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.iso9797 import pad
from posemu.crypto.tdes import TDES_BLOCK, tdes_encryptor


class UnionPayMac(NamedTuple):
    """A MAC and the blocks of 8 bytes on the way to it, to compare with what a device shows.
    UnionPay POS terminal specification, field 64."""

    fold: bytes
    first: bytes
    mixed: bytes
    last: bytes

    @property
    def mac(self) -> bytes:
        """What field 64 carries: 8 ASCII characters."""
        return self.last.hex().upper().encode()[:8]


def xor_fold(data: bytes) -> bytes:
    """All blocks of 8 bytes XORed together, the last one filled up with zeros.
    UnionPay POS terminal specification, field 64."""
    padded = pad(1, data, TDES_BLOCK)
    blocks = struct.unpack(f">{len(padded) // TDES_BLOCK}Q", padded)
    folded: int = reduce(xor, blocks)
    return folded.to_bytes(TDES_BLOCK)


def unionpay_mac(key: Key, data: bytes) -> bytes:
    """The 8 ASCII characters of field 64 over `data`; BadKey if `key` is not a TDES key.

    A single length MAC key is a TDES key of two equal parts (`tdes_key`).
    UnionPay POS terminal specification.
    """
    return unionpay_mac_steps(key, data).mac


def unionpay_mac_steps(key: Key, data: bytes) -> UnionPayMac:
    """As `unionpay_mac`, with the blocks on the way (UnionPay POS terminal specification)."""
    if key.key_type not in (KeyType.TDES2, KeyType.TDES3):
        raise BadKey(f"a TDES key is needed, not a key of type {key.key_type.name}")
    encrypt = tdes_encryptor(key.expose())
    fold = xor_fold(data)
    text = fold.hex().upper().encode()
    first = encrypt(text[:8])
    mixed = (int.from_bytes(first) ^ int.from_bytes(text[8:])).to_bytes(8)
    return UnionPayMac(fold, first, mixed, encrypt(mixed))
