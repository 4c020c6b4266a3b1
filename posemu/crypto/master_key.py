"""Working keys under a master key, as they travelled before key blocks: bare TDES-ECB.

A terminal is loaded with a master key once, and gets its working keys at every sign-on. Nothing in
such a cryptogram tells what the key is for, nor that it was changed on its way. Two things stand
in for that: a check value beside it, and the *variant*: each kind of key is wrapped under another
modification of the master key, so that a PIN key does not unwrap as a MAC key.
"""

from __future__ import annotations

from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import kcv_zero_block, same
from posemu.crypto.tdes import TDES_BLOCK, tdes_decryptor, tdes_encryptor

_TDES_OF_LENGTH = {16: KeyType.TDES2, 24: KeyType.TDES3}


def tdes_key(value: bytes) -> Key:
    """A TDES key of one, two or three parts of 8 bytes; BadKey for other lengths.

    A single part (DES) is taken twice: TDES under two equal parts is DES. NIST SP 800-67.
    """
    if len(value) == TDES_BLOCK:
        value *= 2
    key_type = _TDES_OF_LENGTH.get(len(value))
    if key_type is None:
        raise BadKey(f"a TDES key has 8, 16 or 24 bytes, not {len(value)}")
    return Key(value, key_type)


def variant(master: Key, mask: bytes) -> Key:
    """The master key with a mask of 8 bytes XORed into each of its parts.

    Raises BadKey if `master` is not a TDES key or `mask` does not have 8 bytes.
    """
    if len(mask) != TDES_BLOCK:
        raise BadKey(f"the mask of a key variant has 8 bytes, not {len(mask)}")
    raw = _tdes(master)
    masks = mask * (len(raw) // TDES_BLOCK)
    return Key(bytes(a ^ b for a, b in zip(raw, masks, strict=True)), master.key_type)


def wrap_working_key(master: Key, working: Key) -> bytes:
    """The cryptogram of a TDES working key under a TDES master key, as long as the working key.

    Raises BadKey if one of them is not a TDES key. NIST SP 800-38A 6.1 under NIST SP 800-67.
    """
    return tdes_encryptor(_tdes(master))(_tdes(working))


def unwrap_working_key(master: Key, cryptogram: bytes) -> Key:
    """The working key in a cryptogram of 8, 16 or 24 bytes (8: DES, see `tdes_key`).

    Any cryptogram gives some key: use `unwrap_checked_key` where a check value came with it. Raises
    BadKey if `master` is not a TDES key, BadCiphertext for another length.
    NIST SP 800-38A 6.1 under NIST SP 800-67.
    """
    if len(cryptogram) not in (8, 16, 24):
        raise BadCiphertext(
            f"the cryptogram of a working key has 8, 16 or 24 bytes, not {len(cryptogram)}"
        )
    return tdes_key(tdes_decryptor(_tdes(master))(cryptogram))


def unwrap_checked_key(master: Key, cryptogram: bytes, check_value: bytes) -> Key:
    """As `unwrap_working_key`, believed only if the zero block check value (3 to 8 bytes, 4 in the
    sign-on of UnionPay terminals) is the key's.

    Raises BadKey if it is not, or is too short to tell.
    """
    if not 3 <= len(check_value) <= TDES_BLOCK:
        raise BadKey(f"a key check value has 3 to 8 bytes, not {len(check_value)}")
    key = unwrap_working_key(master, cryptogram)
    if not same(kcv_zero_block(key, len(check_value)), check_value):
        raise BadKey(
            "the check value is not that of the unwrapped key: it was wrapped under another master "
            "key, or damaged; load it again"
        )
    return key


def _tdes(key: Key) -> bytes:
    if key.key_type not in _TDES_OF_LENGTH.values():
        raise BadKey(f"a TDES key is needed, not a key of type {key.key_type.name}")
    return key.expose()
