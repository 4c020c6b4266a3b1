"""The blocks that EMV signs by RSA: one frame for certificates and signatures (EMV Book 2 A2.1).

    6A | format | body, filled with BB | SHA-1 of format, body and what stands outside | BC

A signature gives back its block, so most of a certificate travels inside its own signature; what
does not fit (a remainder of the key, the exponent, the static data) is covered by the hash alone.
"""

from dataclasses import dataclass
from hashlib import sha1

from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import BadCardData, NotAuthentic
from posemu.crypto.mac.cmac import same

SHA1 = 0x01
"""The hash algorithm indicator (EMV 4.3 Book 2 B3.1, 4.4 B2.3)."""
RSA = 0x01
"""The public key algorithm indicator (EMV Book 2 B2.1)."""
FRAME = 23
"""Bytes of a block beside its body: header, format, hash, trailer."""
_FILLER = b"\xbb"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature, and the block before RSA."""

    block: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Recovered:
    """The parts of a block that came out of a signature."""

    body: bytes
    """With the filler behind it."""
    covered: bytes
    """Format and body: what the hash covers inside the block."""
    hash: bytes


def sign(key: RsaPrivateKey, form: int, body: bytes, outside: bytes) -> Signed:
    """Sign `body`, filled up with BB, and `outside`, which the hash covers and the block does not
    hold. BadCardData if `body` does not fit into the modulus.
    """
    room = len(key.modulus) - FRAME
    if len(body) > room:
        raise BadCardData(
            f"{len(body)} bytes do not fit into a signature with this key: {room} at most"
        )
    covered = bytes([form]) + body.ljust(room, _FILLER)
    block = b"\x6a" + covered + sha1(covered + outside).digest() + b"\xbc"
    return Signed(block, key.apply(block))


def recover(key: RsaPublicKey, form: int, what: str, signature: bytes, shortest: int) -> Recovered:
    """The block of a signature whose body has `shortest` bytes or more; `what` names it in errors.

    Checks length, trailer, header and format, in the order of the standard, and raises
    NotAuthentic. The hash is still to be checked: `check_hash`.
    """
    if len(key.modulus) < FRAME + shortest:
        raise NotAuthentic(f"{what}: an RSA modulus of {len(key.modulus)} bytes has no room for it")
    block = key.apply(signature)
    if block[-1] != 0xBC:
        raise NotAuthentic(f"{what}: the recovered block does not end in BC: damaged, or wrong key")
    if block[0] != 0x6A:
        raise NotAuthentic(f"{what}: the recovered block does not start with 6A")
    if block[1] != form:
        raise NotAuthentic(f"{what}: format {block[1]:02X} is not the expected {form:02X}")
    return Recovered(block[2:-21], block[1:-21], block[-21:-1])


def check_hash(what: str, recovered: Recovered, outside: bytes) -> None:
    """NotAuthentic unless the hash of block and `outside` is the one in the block."""
    if not same(sha1(recovered.covered + outside).digest(), recovered.hash):
        raise NotAuthentic(f"{what}: the hash does not match what was signed")


def check_sha1(what: str, algorithm: int) -> None:
    """NotAuthentic unless `algorithm` is the indicator of SHA-1."""
    if algorithm != SHA1:
        raise NotAuthentic(f"{what}: hash algorithm {algorithm:02X} is not 01 (SHA-1)")
