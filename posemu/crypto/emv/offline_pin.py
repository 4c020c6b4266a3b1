"""The PIN enciphered for the card: what the terminal sends with VERIFY (EMV Book 2, section 7.2).

    7F | PIN block, format 2 (8 bytes) | ICC challenge (8) | random padding

It is as long as the modulus. The challenge comes from the card by GET CHALLENGE: an enciphered PIN
that was heard once is of no use later. The clear block is a secret: it stays in the secure module.
"""

from posemu.crypto.emv.keys import exact
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import NotAuthentic
from posemu.crypto.keys import Pin
from posemu.crypto.mac.cmac import same
from posemu.crypto.pin.block_64 import PinFormat, decode_pin_block, encode_pin_block

_HEADER = 0x7F
_FIXED = 17  # bytes before the padding


def offline_pin_block(key: RsaPublicKey, pin: Pin, challenge: bytes, padding: bytes) -> bytes:
    """The clear block; `challenge` has 8 bytes, `padding` are random bytes, 17 less than the
    modulus. BadCardData for other lengths. EMV Book 2 7.2.
    """
    exact("an ICC challenge", challenge, 8)
    exact("the random padding of an enciphered PIN", padding, len(key.modulus) - _FIXED)
    return bytes([_HEADER]) + encode_pin_block(PinFormat.ISO_2, pin) + challenge + padding


def encipher_offline_pin(key: RsaPublicKey, pin: Pin, challenge: bytes, padding: bytes) -> bytes:
    """The data of VERIFY: `offline_pin_block` under the card's public key, with its arguments and
    errors. EMV Book 2 7.2 steps 2 to 4.
    """
    return key.apply(offline_pin_block(key, pin, challenge, padding))


def offline_pin(block: bytes, challenge: bytes) -> Pin:
    """The PIN in a clear block, as the card takes it; EMV Book 2 7.2 steps 6 to 8.

    Raises NotAuthentic if the block does not start with 7F or holds another challenge (an old
    block sent again), PinBlockError if the PIN block is not one of format 2.
    """
    if len(block) < _FIXED or block[0] != _HEADER:
        raise NotAuthentic("this is no block of an enciphered PIN: another key, or damaged")
    if not same(block[9:_FIXED], challenge):
        raise NotAuthentic("the enciphered PIN holds another challenge: sent again, or too late")
    return decode_pin_block(PinFormat.ISO_2, block[1:9])


def decipher_offline_pin(key: RsaPrivateKey, enciphered: bytes, challenge: bytes) -> Pin:
    """The card's side: the PIN in the data of VERIFY (EMV Book 2 7.2). Errors as `offline_pin`."""
    return offline_pin(key.apply(enciphered), challenge)
