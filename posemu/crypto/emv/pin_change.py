"""The new PIN on its way to the card: the clear block inside PIN CHANGE/UNBLOCK (EMV Book 3
6.5.10, Visa ICC Specification).

    iso2   2 L P P P P p p p p p p p p F F                        p: a digit or F
    vis    0 L P P P P p p p p p p p p F F  XOR  00 00 00 00 K4 K5 K6 K7  [XOR current PIN | 0..]

K4 to K7 end the left half of the card's master key for cryptograms: the block is of no use for
another card. With the current PIN in it, whoever does not know that cannot set a new one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from posemu.crypto.emv.keys import tdes2
from posemu.crypto.errors import BadPin
from posemu.crypto.keys import Key, Pin
from posemu.crypto.pin.block_64 import PinFormat, encode_pin_block
from posemu.crypto.tdes import TDES_BLOCK


def vis_pin_block(icc_key: Key, pin: Pin, current_pin: Pin | None = None) -> bytes:
    """Visa's clear 8 byte block of a new PIN, with or without the current one (XORed in).

    `icc_key` is the card's master key for cryptograms; BadKey if it is not TDES2.
    """
    digits = pin.expose()
    block = int(f"{len(digits):02x}{digits:f<14}", 16) ^ int.from_bytes(tdes2(icc_key)[4:8])
    if current_pin is not None:
        block ^= int(f"{current_pin.expose():0<16}", 16)
    return block.to_bytes(TDES_BLOCK)


def _iso2(icc_key: Key, pin: Pin, current_pin: Pin | None) -> bytes:
    if current_pin is not None:
        raise BadPin("a format 2 block does not take the current PIN: use a vis block")
    return encode_pin_block(PinFormat.ISO_2, pin)


PIN_CHANGE_BLOCKS: Mapping[str, Callable[[Key, Pin, Pin | None], bytes]] = MappingProxyType(
    {"iso2": _iso2, "vis": vis_pin_block}
)
"""Name -> the clear block from the card's master key for cryptograms, the new and the current PIN
(None to leave it out; BadPin where the block has no place for it)."""
