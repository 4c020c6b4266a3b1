"""The new PIN out of PIN CHANGE/UNBLOCK: the card's side of `posemu.crypto.pin_change_command`
(EMV Book 3 6.5.10; VIS 1.6, M/Chip 4).

The forms are those of `posemu.crypto.emv.script` and `posemu.crypto.emv.pin_change`, read
backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.crypto import (
    BadCiphertext,
    BadPin,
    CryptogramVersion,
    Key,
    Pin,
    PinFormat,
    decode_pin_block,
)
from posemu.crypto.tdes import TDES_BLOCK, tdes_cbc_decrypt, tdes_decryptor

_KEY_PART = slice(4, 8)  # of the card's key, in a block of VIS


def new_pin(
    version: CryptogramVersion, icc_key: Key, smc: Key, data: bytes, current: Pin | None
) -> Pin:
    """The PIN in the enciphered `data`; `smc` is the session key of its confidentiality, `icc_key`
    the card's master key for cryptograms, `current` the PIN if the block has it in it.

    Raises a CryptoError if no PIN comes out.
    """
    name = version.pin_block if current is None else version.pin_block_with_current
    if name is None:
        raise BadPin("this version's PIN change does not take the current PIN")
    if not data or len(data) % TDES_BLOCK:
        raise BadCiphertext("the data of PIN CHANGE is no whole number of blocks")
    return _BLOCKS[name](icc_key, _CLEAR[version.style](smc.expose(), data), current)


def _visa(key: bytes, data: bytes) -> bytes:
    """Length byte, block, padding."""
    clear = tdes_decryptor(key)(data)
    if clear[0] != TDES_BLOCK or len(clear) != 2 * TDES_BLOCK:
        raise BadCiphertext("a deciphered PIN block of VIS has 8 bytes behind its length")
    return clear[1 : 1 + TDES_BLOCK]


def _mastercard(key: bytes, data: bytes) -> bytes:
    return tdes_cbc_decrypt(key, data)


_CLEAR: Mapping[str, Callable[[bytes, bytes], bytes]] = {"visa": _visa, "mastercard": _mastercard}


def _vis(icc_key: Key, block: bytes, current: Pin | None) -> Pin:
    number = int.from_bytes(block) ^ int.from_bytes(icc_key.expose()[_KEY_PART])
    if current is not None:
        number ^= int(f"{current.expose():0<16}", 16)
    text = f"{number:016x}"
    length = int(text[:2], 16)
    digits = text[2 : 2 + length]
    if text[2 + length :].strip("f"):
        raise BadPin("the block of a new PIN is filled with F")
    return Pin(digits)


def _iso2(icc_key: Key, block: bytes, current: Pin | None) -> Pin:
    return decode_pin_block(PinFormat.ISO_2, block)


_BLOCKS: Mapping[str, Callable[[Key, bytes, Pin | None], Pin]] = {"vis": _vis, "iso2": _iso2}
