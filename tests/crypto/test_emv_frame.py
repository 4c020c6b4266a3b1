"""The frame of everything EMV signs: one byte is right in its first, second and last place (EMV
Book 2 A2.1, 6.5.2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_recover_prime_factors

from posemu.crypto import CryptoError, RsaPrivateKey, RsaPublicKey, sign_dynamic, verify_dynamic

PUBLISHED = Path(__file__).parents[1] / "vectors" / "published" / "emv_oda.json"
VECTORS = {v["name"]: v["inputs"] for v in json.loads(PUBLISHED.read_text("utf-8"))["vectors"]}
ICC = VECTORS["vesa-sign-dda"]
MODULUS = bytes.fromhex(ICC["icc_modulus"])
EXPONENT = bytes.fromhex(ICC["icc_private_exponent"])
PUBLIC = RsaPublicKey(MODULUS, b"\3")
PRIVATE = RsaPrivateKey(
    MODULUS,
    EXPONENT,
    rsa_recover_prime_factors(int.from_bytes(MODULUS), 3, int.from_bytes(EXPONENT)),
)
DATA, TERMINAL = b"\2AB", b"1234"


@pytest.mark.parametrize(("place", "right"), [(0, 0x6A), (1, 0x05), (-1, 0xBC)])
def test_no_other_byte_will_do(place: int, right: int) -> None:
    """Header, format and trailer of a dynamic signature: every byte one bit away, and many more."""
    block = bytearray(sign_dynamic(PRIVATE, DATA, TERMINAL).block)
    assert verify_dynamic(PUBLIC, PRIVATE.apply(bytes(block)), TERMINAL).dynamic_data == DATA
    assert block[place] == right
    for byte in ({right ^ 1 << bit for bit in range(8)} | set(range(0, 256, 8))) - {right}:
        block[place] = byte
        with pytest.raises(CryptoError):
            verify_dynamic(PUBLIC, PRIVATE.apply(bytes(block)), TERMINAL)
