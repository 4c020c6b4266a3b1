"""Bare RSA: what the library does with padding, ours does with the padded block."""

import hashlib
from collections.abc import Callable
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto.emv.rsa import MAX_MODULUS, RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import BadKey, CryptoError, NotAuthentic

# A 1024 bit key, made once by the library.
P = int(
    "D6182C509255514C490214F2901C4C476B15FA6AF52D34BA5285C93C0A55DAE3"
    "AEFB7D0B88257BABBA45605786B236091852F840AF7D04CB9D190A24E440269B",
    16,
)
Q = int(
    "C1A89620E955A70B55221320D27B1BA05CF3372F913AFDF41FB988F08A274414"
    "14516A255508B62538CC06377E55D6D1A849A6B41F3A99D8996A6BC29C1D1CD7",
    16,
)
N, D = P * Q, pow(65537, -1, (P - 1) * (Q - 1))
MODULUS, EXPONENT = N.to_bytes(128), D.to_bytes(128)
PUBLIC = RsaPublicKey(MODULUS, bytes.fromhex("010001"))
PLAIN = RsaPrivateKey(MODULUS, EXPONENT)
WITH_PRIMES = RsaPrivateKey(MODULUS, EXPONENT, (P, Q))
LIBRARY = rsa.RSAPrivateNumbers(
    P, Q, D, D % (P - 1), D % (Q - 1), pow(Q, -1, P), rsa.RSAPublicNumbers(65537, N)
).private_key()

blocks = st.binary(min_size=127, max_size=127).map(lambda rest: b"\0" + rest)


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=40))
def test_a_public_key_recovers_the_library_s_signature(message: bytes) -> None:
    """PKCS #1 v1.5: 00 01 FF.. 00, the algorithm's name, the hash."""
    signature = LIBRARY.sign(message, padding.PKCS1v15(), SHA256())
    block = PUBLIC.apply(signature)
    assert block.startswith(b"\0\1\xff\xff\xff")
    assert block.endswith(hashlib.sha256(message).digest())


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=117), st.sampled_from([PLAIN, WITH_PRIMES]))
def test_a_private_key_recovers_what_the_library_enciphered(
    message: bytes, key: RsaPrivateKey
) -> None:
    """PKCS #1 v1.5: 00 02, random bytes, 00, the message; with primes and without."""
    block = key.apply(LIBRARY.public_key().encrypt(message, padding.PKCS1v15()))
    assert block.startswith(b"\0\2")
    assert block.endswith(b"\0" + message)


@settings(max_examples=30, deadline=None)
@given(blocks)
def test_the_primes_change_nothing_but_the_time(block: bytes) -> None:
    """Both ways to compute agree, and the public key takes them back."""
    assert PLAIN.apply(block) == WITH_PRIMES.apply(block)
    assert PUBLIC.apply(WITH_PRIMES.apply(block)) == block


def test_edges() -> None:
    """The smallest and the largest number a block can be."""
    for number in (0, 1, P, Q, N - 1):
        block = number.to_bytes(128)
        assert PUBLIC.apply(PLAIN.apply(block)) == block
        assert PLAIN.apply(block) == WITH_PRIMES.apply(block)


@pytest.mark.parametrize("key", [PUBLIC, PLAIN, WITH_PRIMES])
@pytest.mark.parametrize("block", [b"", MODULUS[1:], MODULUS, b"\xff" * 128, MODULUS + b"\0"])
def test_other_blocks_are_refused(key: RsaPublicKey | RsaPrivateKey, block: bytes) -> None:
    """Another length than the modulus, and a number that is not below it."""
    with pytest.raises(NotAuthentic):
        key.apply(block)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: RsaPublicKey(b"", b"\3"),
        lambda: RsaPublicKey(b"\0" + MODULUS, b"\3"),
        lambda: RsaPublicKey(b"\xff" * (MAX_MODULUS + 1), b"\3"),
        lambda: RsaPublicKey(MODULUS, b""),
        lambda: RsaPublicKey(MODULUS, b"\0\0\0"),
        lambda: RsaPublicKey(MODULUS, b"\1"),
        lambda: RsaPublicKey(MODULUS, bytes.fromhex("00010001")),
        lambda: RsaPrivateKey(b"", EXPONENT),
        lambda: RsaPrivateKey(MODULUS, b""),
        lambda: RsaPrivateKey(MODULUS, bytes(128)),
        lambda: RsaPrivateKey(MODULUS, b"\0" + EXPONENT),
        lambda: RsaPrivateKey(MODULUS, EXPONENT, (P, Q + 2)),
        lambda: RsaPrivateKey(MODULUS, EXPONENT, (1, N)),
        lambda: RsaPrivateKey(MODULUS, EXPONENT, (-P, -Q)),
        lambda: RsaPrivateKey((225).to_bytes(1), b"\1", (15, 15)),
        lambda: RsaPrivateKey((135).to_bytes(1), b"\1", (15, 9)),
    ],
)
def test_other_keys_are_refused(refused: Callable[[], object]) -> None:
    """Moduli, exponents and primes that are none."""
    with pytest.raises(BadKey):
        refused()


def test_a_private_key_does_not_show_itself() -> None:
    """Neither its mask nor its errors hold the exponent or a prime."""
    with pytest.raises(CryptoError) as caught:
        WITH_PRIMES.apply(b"")
    for text in (repr(WITH_PRIMES), str(WITH_PRIMES), str(caught.value)):
        for secret in (D, P, Q):
            assert f"{secret:x}"[:8] not in text.lower()
            assert str(secret)[:8] not in text
    assert repr(WITH_PRIMES) == "RsaPrivateKey(****)"
    with pytest.raises(TypeError):
        cast(RsaPrivateKey, WITH_PRIMES).__getstate__()
