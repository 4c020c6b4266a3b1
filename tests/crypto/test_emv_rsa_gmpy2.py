"""RSA by gmpy2, the extra `fast`, and by Python's own power: nobody can tell which it was."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import RsaPrivateKey, RsaPublicKey
from posemu.crypto.emv import rsa
from posemu.profiles.card_keys import load_card_keys

gmpy2 = pytest.importorskip("gmpy2")

PAIRS = load_card_keys().rsa.values()
KEYS: list[RsaPublicKey | RsaPrivateKey] = [
    key for pair in PAIRS for key in (pair.public, pair.private)
] + [RsaPublicKey(b"\x21", b"\x03"), RsaPrivateKey(b"\x01", b"\x01")]


def test_gmpy2_is_used_where_it_is_installed() -> None:
    """The extra is taken without being asked for."""
    assert rsa.powmod is gmpy2.powmod


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(KEYS), st.data())
def test_both_powers_give_the_same_block(
    key: RsaPublicKey | RsaPrivateKey, data: st.DataObject
) -> None:
    """Every key of the test cards, the smallest moduli, with primes and without."""
    limit = int.from_bytes(key.modulus)
    block = data.draw(st.integers(0, limit - 1)).to_bytes(len(key.modulus))
    blocks = set()
    for power in (pow, gmpy2.powmod):
        with patch.object(rsa, "powmod", power):
            blocks.add(key.apply(block))
    assert len(blocks) == 1
