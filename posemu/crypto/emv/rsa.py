"""The bare RSA of EMV offline data authentication, and its keys (EMV Book 2 B2.1).

EMV signs and enciphers blocks that it formats itself, as long as the modulus: RSA without padding.
The library has none, so it is a bare power here: Python's `pow`, or gmpy2's if that is installed
(the extra `fast`), with the same results. A private key with its primes computes by the Chinese
remainder theorem, three to four times faster.

Neither power takes the same time for every exponent. The private keys here are those of test cards
and test issuers; none that guards money belongs here.
"""

from dataclasses import dataclass

from posemu.crypto.errors import BadKey, NotAuthentic
from posemu.crypto.keys import Secret

try:
    from gmpy2 import powmod
except ImportError:
    powmod = pow

MAX_MODULUS = 248
"""Bytes; a longer one does not fit into a card's answer (EMV Book 2 B2.1)."""
_MAX_EXPONENT = 3


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """Modulus (1 to 248 bytes, no zero in front) and exponent (1 to 3 bytes, 2 or more).

    Raises BadKey for anything else. EMV allows the exponents 3 and 65537 alone; some older keys of
    certification authorities have 2. Under 1 a block would be its own signature.
    """

    modulus: bytes
    exponent: bytes

    def __post_init__(self) -> None:
        _check_modulus(self.modulus)
        if len(self.exponent) > _MAX_EXPONENT or int.from_bytes(self.exponent) < 2:
            raise BadKey("the exponent of a public key of EMV has 1 to 3 bytes, and is 2 or more")

    @property
    def bits(self) -> int:
        """The length of the modulus, in whole bytes as EMV counts it."""
        return 8 * len(self.modulus)

    def apply(self, block: bytes) -> bytes:
        """The block that a signature holds, or the cryptogram of a clear block; both as long as
        the modulus (EMV Book 2 A2.1.3). NotAuthentic for other lengths and too large a number.
        """
        number, modulus = _number(block, self.modulus)
        return _power(number, int.from_bytes(self.exponent), modulus).to_bytes(len(block))


class RsaPrivateKey(Secret):
    """A private key: modulus, private exponent, and the two primes where they are known.

    Raises BadKey if the modulus is not 1 to 248 bytes with no zero in front, the exponent is zero
    or longer than the modulus, or the primes do not multiply to the modulus. EMV Book 2 B2.1.
    """

    __slots__ = ("_crt", "_exponent", "modulus")

    def __init__(
        self, modulus: bytes, exponent: bytes, primes: tuple[int, int] | None = None
    ) -> None:
        _check_modulus(modulus)
        if not any(exponent) or len(exponent) > len(modulus):
            raise BadKey("a private exponent is not zero, and not longer than the modulus")
        self.modulus = modulus
        self._exponent = int.from_bytes(exponent)
        self._crt = None if primes is None else self._remainders(*primes)

    def _remainders(self, p: int, q: int) -> tuple[int, int, int, int, int]:
        if min(p, q) < 2 or p * q != int.from_bytes(self.modulus):
            raise BadKey("the two primes of a private key multiply to its modulus")
        try:
            inverse = pow(q, -1, p)
        except ValueError as error:
            raise BadKey("the two primes of a private key have no common divisor") from error
        return p, q, self._exponent % (p - 1), self._exponent % (q - 1), inverse

    def apply(self, block: bytes) -> bytes:
        """The signature of a block, or the clear block of a cryptogram; both as long as the modulus
        (EMV Book 2 A2.1.2). NotAuthentic for other lengths and too large a number.
        """
        number, modulus = _number(block, self.modulus)
        if self._crt is None:
            return _power(number, self._exponent, modulus).to_bytes(len(block))
        p, q, exponent_p, exponent_q, inverse = self._crt
        of_p, of_q = _power(number, exponent_p, p), _power(number, exponent_q, q)
        return (of_q + q * ((of_p - of_q) * inverse % p)).to_bytes(len(block))


def _check_modulus(modulus: bytes) -> None:
    if not 1 <= len(modulus) <= MAX_MODULUS or not modulus[0]:
        raise BadKey(f"an RSA modulus of EMV has 1 to {MAX_MODULUS} bytes, with no zero in front")


def _power(base: int, exponent: int, modulus: int) -> int:
    return int(powmod(base, exponent, modulus))


def _number(block: bytes, modulus: bytes) -> tuple[int, int]:
    if len(block) != len(modulus):
        raise NotAuthentic(
            f"RSA takes {len(modulus)} bytes, as the modulus has, not {len(block)}: "
            "another key, or cut off"
        )
    number, limit = int.from_bytes(block), int.from_bytes(modulus)
    if number >= limit:
        raise NotAuthentic("this block is no number below the RSA modulus: another key")
    return number, limit
