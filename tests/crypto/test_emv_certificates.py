"""Certificates: the chain from a CA's key to a card's holds, and any change breaks it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import rsa_recover_prime_factors
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posemu.crypto.emv.blocks import recover, sign
from posemu.crypto.emv.certificates import (
    KeyCertificate,
    ca_key_checksum,
    check_ca_key,
    make_icc_certificate,
    make_issuer_certificate,
    recover_icc_certificate,
    recover_issuer_certificate,
)
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.errors import BadCardData, BadKey, CryptoError, NotAuthentic

VECTORS = {
    vector["name"]: vector["inputs"]
    for vector in json.loads(
        (Path(__file__).parents[1] / "vectors/published/emv_oda.json").read_text("utf-8")
    )["vectors"]
}
THREE = b"\3"


def _pair(name: str, whose: str) -> tuple[RsaPublicKey, RsaPrivateKey]:
    """The two keys of a published test card; the private one with its primes."""
    modulus, exponent = (
        bytes.fromhex(VECTORS[name][f"{whose}_{part}"]) for part in ("modulus", "private_exponent")
    )
    n, d = int.from_bytes(modulus), int.from_bytes(exponent)
    return RsaPublicKey(modulus, THREE), RsaPrivateKey(
        modulus, exponent, rsa_recover_prime_factors(n, 3, d)
    )


CA, CA_PRIVATE = _pair("vesa-make-issuer-certificate", "ca")
ISSUER, ISSUER_PRIVATE = _pair("vesa-make-icc-certificate", "issuer")
ICC, _ = _pair("vesa-sign-dda", "icc")
PAN = "4761739001010119"
STATIC = bytes.fromhex("5A0847617390010101195F24031812319F4A01825900")

digits = "0123456789"
pans = st.text(digits, min_size=12, max_size=19)
months = st.integers(1, 12)
serials = st.binary(min_size=3, max_size=3)
keys = st.builds(
    RsaPublicKey,
    st.binary(min_size=1, max_size=248).map(lambda rest: (b"\x81" + rest)[:248]),
    st.sampled_from([b"\2", b"\3", b"\1\0\1"]),
)


@settings(max_examples=40, deadline=None)
@given(keys, pans, st.integers(3, 8), months, serials)
def test_an_issuer_certificate_gives_back_what_went_in(
    key: RsaPublicKey, pan: str, length: int, month: int, serial: bytes
) -> None:
    """Keys of any length, with and without a remainder; identifiers of 3 to 8 digits."""
    expiry = f"{month:02}31"
    made = make_issuer_certificate(
        CA_PRIVATE, key, holder=pan[:length], expiry_mmyy=expiry, serial=serial
    )
    found = recover_issuer_certificate(
        CA,
        made.certificate,
        remainder=made.remainder,
        exponent=key.exponent,
        pan=pan,
        date=f"31{month:02}28",
    )
    assert (found.key, found.expiry_mmyy, found.serial) == (key, expiry, serial)
    assert found.holder == pan[:length].ljust(8, "F")
    assert CA.apply(made.certificate) == made.block
    assert len(made.remainder) == max(0, len(key.modulus) - (len(CA.modulus) - 36))


@settings(max_examples=40, deadline=None)
@given(keys, pans, months, serials, st.binary(max_size=60))
def test_an_icc_certificate_gives_back_what_went_in(
    key: RsaPublicKey, pan: str, month: int, serial: bytes, static: bytes
) -> None:
    """Keys of any length, with any static data."""
    expiry = f"{month:02}31"
    made = make_icc_certificate(
        ISSUER_PRIVATE, key, pan=pan, expiry_mmyy=expiry, serial=serial, static_data=static
    )
    found = recover_icc_certificate(
        ISSUER,
        made.certificate,
        remainder=made.remainder,
        exponent=key.exponent,
        pan=pan,
        static_data=static,
        date=f"31{month:02}28",
    )
    assert (found.key, found.expiry_mmyy, found.serial) == (key, expiry, serial)
    assert found.holder == pan
    assert len(made.remainder) == max(0, len(key.modulus) - (len(ISSUER.modulus) - 42))


MADE = make_icc_certificate(
    ISSUER_PRIVATE,
    ISSUER,  # as long as its signer: there is a remainder
    pan=PAN,
    expiry_mmyy="1231",
    serial=b"\1\2\3",
    static_data=STATIC,
)


def _icc(**changed: object) -> KeyCertificate:
    arguments = {
        "certificate": MADE.certificate,
        "remainder": MADE.remainder,
        "exponent": THREE,
        "pan": PAN,
        "static_data": STATIC,
    } | changed
    return recover_icc_certificate(ISSUER, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["certificate", "remainder", "exponent", "static_data"])
def test_no_byte_can_be_changed(name: str) -> None:
    """Every bit of a byte of the certificate and of what stands outside of it is covered."""
    whole = {"certificate": MADE.certificate, "remainder": MADE.remainder, "exponent": THREE}
    original = whole.get(name, STATIC)
    assert _icc().key == ISSUER
    for at in range(len(original)):
        for flip in (0x01, 0x80):
            changed = original[:at] + bytes([original[at] ^ flip]) + original[at + 1 :]
            with pytest.raises(CryptoError):
                _icc(**{name: changed})
    for changed in (original[:-1], original + b"\0"):
        with pytest.raises(CryptoError):
            _icc(**{name: changed})


def test_a_certificate_is_for_one_pan() -> None:
    """A PAN that differs, is longer or shorter is refused, and no message shows one."""
    for pan in (PAN[:-1], PAN + "0", PAN.replace("9", "8"), ""):
        with pytest.raises(NotAuthentic) as caught:
            _icc(pan=pan)
        assert PAN[6:12] not in str(caught.value)
    assert PAN not in repr(_icc())


@pytest.mark.parametrize(
    ("date", "good"),
    [
        ("311231", True),
        ("310101", True),
        ("320101", False),
        ("490101", False),
        ("991231", True),  # 1999
        ("500101", True),
    ],
)
def test_a_certificate_is_good_until_its_month_ends(date: str, good: bool) -> None:
    """It expires in December 2031; years from 50 are 19xx."""
    if good:
        _icc(date=date)
    else:
        with pytest.raises(NotAuthentic, match="expired"):
            _icc(date=date)


def test_without_static_data_the_hash_is_not_checked() -> None:
    """To look into it; holder and form are checked all the same."""
    assert _icc(static_data=None, exponent=b"\5").key.exponent == b"\5"
    with pytest.raises(NotAuthentic):
        _icc(static_data=None, pan="4111111111111111")


FIELDS = bytes.fromhex("476173FF" + "1231" + "010203" + "01" + "01" + "8001") + ICC.modulus[:10]


def _signed(body: bytes, form: int = 2) -> KeyCertificate:
    """What a terminal says to an issuer certificate with this body, signed by the real CA key."""
    certificate = sign(CA_PRIVATE, form, body, THREE).signature
    return recover_issuer_certificate(
        CA, certificate, remainder=b"", exponent=THREE, pan=PAN, date="300101"
    )


GOOD = (FIELDS[:13] + ICC.modulus).ljust(153, b"\xbb")
CHANGED = st.builds(
    lambda at, byte, size: (GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])[:size],
    st.integers(0, 152), st.integers(0, 255), st.integers(130, 153),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=153) | CHANGED, st.sampled_from([2, 2, 2, 4, 0xFF]))
@example(GOOD, 2)
def test_any_body_is_read_or_refused(body: bytes, form: int) -> None:
    """Whatever a CA signs: what is read stands at its place in the body; all else is refused."""
    try:
        found = _signed(body, form)
    except CryptoError:
        assert (body, form) != (GOOD, 2)
        return
    filled = body.ljust(153, b"\xbb")
    assert form == 2
    assert (found.expiry_mmyy, found.serial) == (filled[4:6].hex(), filled[6:9])
    assert found.key.modulus == filled[13 : 13 + filled[11]]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x12" + FIELDS[1:], "another issuer"),
        (bytes.fromhex("47FFFFFF") + FIELDS[4:], "another issuer"),
        (bytes.fromhex("FFFFFFFF") + FIELDS[4:], "another issuer"),
        (bytes.fromhex("4761A3FF") + FIELDS[4:], "another issuer"),
        (FIELDS[:4] + bytes.fromhex("1331") + FIELDS[6:], "no expiry date"),
        (FIELDS[:4] + bytes.fromhex("0A31") + FIELDS[6:], "no expiry date"),
        (FIELDS[:4] + bytes.fromhex("1229") + FIELDS[6:], "expired"),
        (FIELDS[:9] + b"\2" + FIELDS[10:], "hash algorithm 02"),
        (FIELDS[:10] + b"\2" + FIELDS[11:], "key algorithm 02"),
        (FIELDS[:11] + b"\xf8" + FIELDS[12:], "remainder"),
        (FIELDS[:12] + b"\3" + FIELDS[13:], "exponent of 3"),
        (FIELDS[:13] + b"\0" + FIELDS[14:], "modulus"),
        (FIELDS[:11] + b"\0" + FIELDS[12:], "modulus"),
    ],
)
def test_what_a_signed_certificate_may_not_hold(body: bytes, why: str) -> None:
    """Each field is checked even if the CA has signed it."""
    with pytest.raises((NotAuthentic, BadKey), match=why):
        _signed(body)


def test_the_body_of_that_test_is_sound() -> None:
    """Its refusals are those of the changed byte."""
    assert _signed(FIELDS).key.modulus[:10] == ICC.modulus[:10]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda block: block[:-1] + b"\xbd", "end in BC"),
        (lambda block: b"\x4a" + block[1:], "start with 6A"),
        (lambda block: block[:1] + b"\4" + block[2:], "format 04"),
        (lambda block: block[:-21] + bytes(20) + block[-1:], "hash"),
    ],
)
def test_the_frame_is_checked(change: Callable[[bytes], bytes], why: str) -> None:
    """Trailer, header, format and hash."""
    certificate = CA_PRIVATE.apply(change(sign(CA_PRIVATE, 2, FIELDS, THREE).block))
    with pytest.raises(NotAuthentic, match=why):
        recover_issuer_certificate(CA, certificate, remainder=b"", exponent=THREE, pan=PAN)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=250) | st.binary(min_size=176, max_size=176), st.binary(max_size=40), keys
)
def test_any_bytes_are_no_certificate(data: bytes, remainder: bytes, key: RsaPublicKey) -> None:
    """Random bytes are refused under any key, short moduli among them."""
    for signer in (CA, key):
        with pytest.raises(CryptoError):
            recover_issuer_certificate(signer, data, remainder=remainder, exponent=THREE, pan=PAN)
        with pytest.raises(CryptoError):
            recover_icc_certificate(
                signer, data, remainder=remainder, exponent=THREE, pan=PAN, static_data=None
            )


def _make_issuer(**changed: object) -> object:
    arguments = {"holder": "476173", "expiry_mmyy": "1231", "serial": b"\0\0\1"} | changed
    return make_issuer_certificate(CA_PRIVATE, ICC, **arguments)  # type: ignore[arg-type]


# A key of 27 bytes, of two Mersenne primes: 4 bytes of body fit.
_P, _Q = 2**89 - 1, 2**127 - 1
SHORT_MODULUS = (_P * _Q).to_bytes(27)
SHORT = RsaPrivateKey(SHORT_MODULUS, pow(65537, -1, (_P - 1) * (_Q - 1)).to_bytes(27), (_P, _Q))
SHORT_PUBLIC = RsaPublicKey(SHORT_MODULUS, b"\1\0\1")


def test_a_key_too_short_is_refused() -> None:
    """A signature with too short a key is sound and holds no certificate; it cannot make one."""
    signed = sign(SHORT, 2, b"\0\0\0\1", b"")
    assert recover(SHORT_PUBLIC, 2, "it", signed.signature, 4).body == b"\0\0\0\1"
    with pytest.raises(NotAuthentic, match="no room"):
        recover(SHORT_PUBLIC, 2, "it", signed.signature, 5)
    with pytest.raises(NotAuthentic, match="no room"):
        recover_issuer_certificate(
            SHORT_PUBLIC, signed.signature, remainder=b"", exponent=THREE, pan=PAN
        )
    with pytest.raises(BadCardData, match="do not fit"):
        sign(SHORT, 2, bytes(5), b"")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: _make_issuer(holder="47"),
        lambda: _make_issuer(holder="476173900"),
        lambda: _make_issuer(holder="47617X"),
        lambda: _make_issuer(expiry_mmyy="12310"),
        lambda: _make_issuer(serial=b"\1"),
        lambda: make_icc_certificate(
            SHORT, ICC, pan=PAN, expiry_mmyy="1231", serial=b"\0\0\1", static_data=b""
        ),
        lambda: make_icc_certificate(
            ISSUER_PRIVATE, ICC, pan="", expiry_mmyy="1231", serial=b"\0\0\1", static_data=b""
        ),
        lambda: recover(replace(CA, modulus=b"\x81" + bytes(20)), 2, "it", bytes(21), 0),
        lambda: ca_key_checksum(bytes(4), 0, b"", b""),
        lambda: ca_key_checksum(bytes(5), 256, b"", b""),
        lambda: check_ca_key(bytes(5), 0, CA, b""),
    ],
)
def test_what_cannot_be_made_is_refused(refused: Callable[[], object]) -> None:
    """Fields of another form, keys that are too short, a checksum of another key."""
    with pytest.raises(CryptoError):
        refused()


def test_the_checksum_of_a_ca_key_is_checked() -> None:
    """It covers RID, index, modulus and exponent: the published one fits."""
    vector = VECTORS["capk-a000000003-92-altered-rejected"]
    rid, checksum = bytes.fromhex(vector["rid"]), bytes.fromhex(vector["checksum"])
    key = RsaPublicKey(bytes.fromhex(vector["modulus"])[:-1] + b"\x9f", THREE)
    check_ca_key(rid, 0x92, key, checksum)
    for index, other in ((0x93, key), (0x92, replace(key, exponent=b"\2"))):
        with pytest.raises(BadKey):
            check_ca_key(rid, index, other, checksum)
