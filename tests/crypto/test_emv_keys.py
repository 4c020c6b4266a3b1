"""The keys of EMV cards: what pyemv derives, we derive."""

from hashlib import sha1

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import kd

from posemu.crypto.emv.keys import (
    ac_session_key,
    common_session_key,
    emv2000_session_key,
    icc_master_key,
    mchip_session_key,
    script_session_key,
    visa_script_session_key,
)
from posemu.crypto.errors import CryptoError
from posemu.crypto.keys import Key, KeyType

# pyemv takes TripleDES from where cryptography used to have it.
pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD = Key(KEY, KeyType.TDES2)
PAN = "4761739001010119"

raw_keys = st.binary(min_size=16, max_size=16)
pans = st.text("0123456789", min_size=1, max_size=19)
psns = st.text("0123456789", min_size=2, max_size=2)
atcs = st.binary(min_size=2, max_size=2)
eight = st.binary(min_size=8, max_size=8)


def _key(raw: bytes) -> Key:
    return Key(raw, KeyType.TDES2)


@settings(max_examples=60, deadline=None)
@given(raw_keys, pans, psns)
def test_master_keys_are_those_of_pyemv(raw: bytes, pan: str, psn: str) -> None:
    """Both options, for PANs of 1 to 19 digits and every sequence number, with odd parity."""
    assert icc_master_key(_key(raw), pan, psn, "A").expose() == kd.derive_icc_mk_a(raw, pan, psn)
    assert icc_master_key(_key(raw), pan, psn, "B").expose() == kd.derive_icc_mk_b(raw, pan, psn)


def test_option_b_takes_letters_where_digits_are_too_few() -> None:
    """About one hash in a thousand has less than 16 decimal digits; EMV Book 2 A1.4.2."""
    pans = (f"{number:019}" for number in range(5000))
    rare = [pan for pan in pans if sum(map(str.isdigit, _hash(pan))) < 16]
    assert rare
    for pan in rare:
        assert icc_master_key(CARD, pan, "00", "B").expose() == kd.derive_icc_mk_b(KEY, pan, "00")


def _hash(pan: str) -> str:
    return sha1(bytes.fromhex(f"0{pan}00")).hexdigest()


@settings(max_examples=40, deadline=None)
@given(raw_keys, eight, atcs, st.binary(min_size=4, max_size=4))
def test_session_keys_are_those_of_pyemv(raw: bytes, r: bytes, atc: bytes, un: bytes) -> None:
    """Common, Mastercard and Visa session keys, by their own functions and by name."""
    key = _key(raw)
    assert common_session_key(key, r).expose() == kd.derive_common_sk(raw, r)
    visa = kd.derive_visa_sm_sk(raw, atc)
    mchip = kd.derive_common_sk(raw, atc + bytes(2) + un)
    assert visa_script_session_key(key, atc).expose() == visa
    assert mchip_session_key(key, atc, un).expose() == mchip
    assert ac_session_key("none", key, atc, un) is key
    assert ac_session_key("mchip", key, atc, un).expose() == mchip
    assert ac_session_key("common", key, atc, un).expose() == kd.derive_common_sk(
        raw, atc + bytes(6)
    )
    assert script_session_key("visa", key, atc, r).expose() == visa
    assert script_session_key("common", key, atc, r).expose() == kd.derive_common_sk(raw, r)


@settings(max_examples=40, deadline=None)
@given(
    raw_keys,
    atcs,
    st.sampled_from([(8, 4), (16, 2), (6, 8), (9, 4), (2, 256)]),
    st.binary(min_size=16, max_size=16),
)
def test_tree_keys_are_those_of_pyemv(
    raw: bytes, atc: bytes, tree: tuple[int, int], iv: bytes
) -> None:
    """The key tree of EMV 2000, for the trees of the schemes and others that reach every ATC."""
    ours = emv2000_session_key(_key(raw), atc, *tree, iv)
    assert ours.expose() == kd.derive_emv2000_tree_sk(raw, atc, *tree, iv)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: icc_master_key(CARD, "", "00", "A"),
        lambda: icc_master_key(CARD, PAN * 2, "00", "A"),
        lambda: icc_master_key(CARD, "４761739001010119", "00", "A"),
        lambda: icc_master_key(CARD, PAN, "", "A"),
        lambda: icc_master_key(CARD, PAN, "0A", "A"),
        lambda: icc_master_key(CARD, PAN, "00", "C"),
        lambda: icc_master_key(Key(KEY), PAN, "00", "A"),
        lambda: icc_master_key(Key(KEY + KEY[:8], KeyType.TDES3), PAN, "00", "A"),
        lambda: common_session_key(CARD, bytes(7)),
        lambda: mchip_session_key(CARD, bytes(2), bytes(3)),
        lambda: mchip_session_key(CARD, bytes(1), bytes(4)),
        lambda: visa_script_session_key(CARD, bytes(3)),
        lambda: visa_script_session_key(Key(KEY), bytes(2)),
        lambda: ac_session_key("common", CARD, b"", b""),
        lambda: ac_session_key("visa", CARD, bytes(2), bytes(4)),
        lambda: script_session_key("mchip", CARD, bytes(2), bytes(8)),
        lambda: emv2000_session_key(CARD, bytes(2), 8, 3, bytes(16)),
        lambda: emv2000_session_key(CARD, bytes(2), 10**9, 4, bytes(16)),
        lambda: emv2000_session_key(CARD, bytes(2), 8, 0, bytes(16)),
        lambda: emv2000_session_key(CARD, bytes(3), 8, 4, bytes(16)),
        lambda: emv2000_session_key(CARD, bytes(2), 8, 4, bytes(8)),
    ],
)
def test_what_no_card_has_is_refused(refused: object) -> None:
    """Wrong lengths, options, names and key types are refused, and the message shows no PAN."""
    with pytest.raises(CryptoError) as caught:
        refused()  # type: ignore[operator]
    assert PAN[6:12] not in str(caught.value)
    assert KEY.hex() not in str(caught.value).lower()
