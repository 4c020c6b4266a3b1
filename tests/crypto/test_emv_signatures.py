"""Signatures over a card's data: what was signed is read back, and any change breaks it."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posemu.crypto.emv.blocks import sign
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.emv.signatures import (
    combined_data,
    sign_dynamic,
    sign_static,
    verify_combined,
    verify_dynamic,
    verify_static,
)
from posemu.crypto.emv.static_data import signed_records, static_data
from posemu.crypto.errors import CryptoError, NotAuthentic

_INPUTS = next(
    vector["inputs"]
    for vector in json.loads(
        (Path(__file__).parents[1] / "vectors/published/emv_oda.json").read_text("utf-8")
    )["vectors"]
    if vector["name"] == "vesa-sign-dda"
)
PUBLIC = RsaPublicKey(bytes.fromhex(_INPUTS["icc_modulus"]), b"\3")
PRIVATE = RsaPrivateKey(PUBLIC.modulus, bytes.fromhex(_INPUTS["icc_private_exponent"]))

UN = b"\x12\x34\x56\x78"
numbers = st.binary(min_size=2, max_size=8)
texts = st.binary(max_size=60)


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=2, max_size=2), texts)
def test_a_static_signature_gives_back_its_code(code: bytes, data: bytes) -> None:
    """Over any static data; other static data is refused."""
    made = sign_static(PRIVATE, code, data)
    assert verify_static(PUBLIC, made.signature, data).data_authentication_code == code
    assert PUBLIC.apply(made.signature) == made.block
    with pytest.raises(NotAuthentic, match="hash"):
        verify_static(PUBLIC, made.signature, data + b"\0")
    assert verify_static(PUBLIC, made.signature, None).data_authentication_code == code


@settings(max_examples=20, deadline=None)
@given(numbers, texts, texts)
def test_a_dynamic_signature_gives_back_its_data(number: bytes, more: bytes, un: bytes) -> None:
    """With data of the card's own behind its number; another challenge is refused."""
    data = bytes([len(number)]) + number + more
    made = sign_dynamic(PRIVATE, data, un)
    found = verify_dynamic(PUBLIC, made.signature, un)
    assert (found.dynamic_data, found.dynamic_number) == (data, number)
    assert PUBLIC.apply(made.signature) == made.block
    with pytest.raises(NotAuthentic, match="hash"):
        verify_dynamic(PUBLIC, made.signature, un + b"\0")


@settings(max_examples=20, deadline=None)
@given(numbers, st.integers(0, 255), st.binary(min_size=8, max_size=8), texts)
def test_a_combined_signature_gives_back_its_cryptogram(
    number: bytes, cid: int, cryptogram: bytes, transaction: bytes
) -> None:
    """And its hash holds what terminal and card said; with other data it is refused."""
    made = sign_dynamic(PRIVATE, combined_data(number, cid, cryptogram, transaction), UN)
    found = verify_combined(PUBLIC, made.signature, UN, transaction)
    assert (found.cid, found.application_cryptogram) == (cid, cryptogram)
    assert found.dynamic.dynamic_number == number
    with pytest.raises(NotAuthentic, match="transaction"):
        verify_combined(PUBLIC, made.signature, UN, transaction + b"\0")
    assert verify_combined(PUBLIC, made.signature, UN, None) == found


def test_no_byte_of_a_signature_can_be_changed() -> None:
    """Every byte, in all three kinds."""
    static = sign_static(PRIVATE, b"\xda\xc0", b"data").signature
    dynamic = sign_dynamic(PRIVATE, combined_data(b"\1\2", 0x80, bytes(8), b"sale"), UN).signature
    checks: list[tuple[bytes, Callable[[bytes], object]]] = [
        (static, lambda signature: verify_static(PUBLIC, signature, b"data")),
        (dynamic, lambda signature: verify_dynamic(PUBLIC, signature, UN)),
        (dynamic, lambda signature: verify_combined(PUBLIC, signature, UN, b"sale")),
    ]
    for signature, check in checks:
        check(signature)
        for at in range(len(signature)):
            changed = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
            with pytest.raises(NotAuthentic):
                check(changed)


def test_a_static_signature_is_no_dynamic_one() -> None:
    """The format byte keeps them apart."""
    with pytest.raises(NotAuthentic, match="format 03"):
        verify_dynamic(PUBLIC, sign_static(PRIVATE, b"\0\0", UN).signature, UN)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=105), st.sampled_from([3, 5]))
def test_any_signed_body_is_read_or_refused(body: bytes, form: int) -> None:
    """Whatever a card signs: what is read stands in the signed body; all else is refused."""
    for head in (b"", b"\1", b"\1\x1e\x08"):
        whole = (head + body)[:105].ljust(105, b"\xbb")
        signature = sign(PRIVATE, form, whole, UN).signature
        with suppress(CryptoError):
            assert verify_static(PUBLIC, signature, UN).data_authentication_code == whole[1:3]
            assert form == 3
        with suppress(CryptoError):
            assert verify_dynamic(PUBLIC, signature, UN).dynamic_number in whole
            assert form == 5
        with suppress(CryptoError):
            found = verify_combined(PUBLIC, signature, UN, None)
            assert found.dynamic.dynamic_number + bytes([found.cid]) in whole
            assert form == 5


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("0203021234", "hash algorithm 02"),
        ("01FF02", "do not fit"),
        ("0100", "2 to 8 bytes"),
        ("01020112", "2 to 8 bytes"),
        ("010A09010203040506070809", "2 to 8 bytes"),
        ("0103031234", "2 to 8 bytes"),
    ],
)
def test_what_a_dynamic_signature_may_not_hold(body: str, why: str) -> None:
    """Each field is checked even if the card has signed it."""
    with pytest.raises(NotAuthentic, match=why):
        verify_dynamic(PUBLIC, sign(PRIVATE, 5, bytes.fromhex(body), UN).signature, UN)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: sign_static(PRIVATE, b"\0", b""),
        lambda: sign_dynamic(PRIVATE, bytes(256), UN),
        lambda: sign_dynamic(PRIVATE, bytes(104), UN),
        lambda: combined_data(b"\1", 0, bytes(8), b""),
        lambda: combined_data(b"\1\2", 256, bytes(8), b""),
        lambda: combined_data(b"\1\2", 0, bytes(7), b""),
        lambda: verify_combined(
            PUBLIC, sign_dynamic(PRIVATE, b"\2\1\2" + bytes(28), UN).signature, UN, None
        ),
        lambda: verify_static(PUBLIC, b"", b""),
    ],
)
def test_what_cannot_be_signed_is_refused(refused: Callable[[], object]) -> None:
    """Other lengths, and what does not fit into the key."""
    with pytest.raises(CryptoError):
        refused()


RECORDS = {(1, 1): "7003AABBCC", (1, 2): "708102DDEE", (11, 1): "700182", (2, 1): "70820000"}
BYTES = {name: bytes.fromhex(record) for name, record in RECORDS.items()}


def _static(afl: str, tag_list: bytes | None = None, aip: bytes = b"") -> str:
    return static_data(bytes.fromhex(afl), BYTES, tag_list, aip).hex().upper()


def test_static_data_follows_the_afl() -> None:
    """In its order, the first records of each entry; template 70 stays where SFI is above 10."""
    assert _static("08010202") == "AABBCCDDEE"
    assert _static("08010201") == "AABBCC"
    assert _static("08010200") == ""
    assert _static("58010101" + "08010202") == "700182" + "AABBCCDDEE"
    assert _static("10010101") == ""
    assert _static("08010101", b"\x82", b"\x5c\0") == "AABBCC5C00"
    assert list(signed_records(bytes.fromhex("0801030210050700"))) == [(1, 1), (1, 2)]


@pytest.mark.parametrize(
    "afl",
    [
        "00010101",
        "F8010101",
        "09010101",
        "08000101",
        "08020101",
        "08010102",
        "08030301",
        "18010101",
        "080101",
        "",
    ],
)
def test_an_afl_that_names_no_records_is_refused(afl: str) -> None:
    """SFI 0 or 31, spare bits, record 0, records backwards, more signed than read, or not read."""
    records = BYTES | {(0, 1): b"\x70\0", (31, 1): b"\x70\0", (1, 0): b"\x70\0"}
    with pytest.raises(CryptoError):
        static_data(bytes.fromhex(afl), records, None, b"")


def test_an_aip_of_another_length_is_refused() -> None:
    """It has 2 bytes where the tag list asks for it."""
    with pytest.raises(CryptoError, match="AIP"):
        _static("08010101", b"\x82", b"\x5c")


@pytest.mark.parametrize("tag_list", [b"", b"\x82\x82", b"\x5a", b"\x82\0"])
def test_other_tag_lists_are_refused(tag_list: bytes) -> None:
    """The AIP is the one value a list may ask for."""
    with pytest.raises(CryptoError, match="tag 82"):
        _static("08010101", tag_list, b"\0\0")


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300)
    | st.binary(max_size=6).map(lambda rest: b"\x70" + rest)
    | st.binary(max_size=3).map(lambda rest: b"\x70\x82" + rest)
)
@example(b"\x70\x81")
@example(b"\x70\x82\0")
@example(b"\x70\x80")
@example(b"\x71\0")
@example(b"\x70\x83\0\0\0")
@example(bytes.fromhex("70820100") + bytes(256))
def test_any_record_is_one_template_or_refused(record: bytes) -> None:
    """A record that is taken is its header and what went into the static data."""
    with suppress(CryptoError):
        found = static_data(bytes.fromhex("08010101"), {(1, 1): record}, None, b"")
        header = record[: len(record) - len(found)].hex()
        assert record.endswith(found)
        assert int(header[2:].removeprefix({4: "", 6: "81", 8: "82"}[len(header)]), 16) == len(
            found
        )
        assert header.startswith("70")


CONTENTS = {(1, 1): "AABBCC", (1, 2): "DDEE", (11, 1): "700182", (2, 1): ""}
ENTRIES = st.tuples(
    st.sampled_from([0x08, 0x10, 0x58, 0x09]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
).map(bytes)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40) | st.lists(ENTRIES, max_size=3).map(b"".join),
    st.none() | st.just(b"\x82") | st.binary(max_size=2),
    st.just(b"\x19\x80") | st.binary(max_size=3),
)
@example(bytes.fromhex("0801020258010101"), b"\x82", b"\x19\x80")
def test_any_afl_is_followed_or_refused(afl: bytes, tag_list: bytes | None, aip: bytes) -> None:
    """What is signed are the contents of the records that the AFL names, in its order, and the AIP
    if it is asked for; all else is refused."""
    try:
        found = static_data(afl, BYTES, tag_list, aip)
    except CryptoError:
        return
    named = b"".join(bytes.fromhex(CONTENTS[record]) for record in signed_records(afl))
    assert found == named + (aip if tag_list is not None else b"")
