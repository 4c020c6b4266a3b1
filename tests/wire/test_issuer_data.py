"""Issuer application data (9F10), by the layouts of the schemes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.wire import DecodeError
from posemu.wire.emv.issuer_data import IssuerApplicationData, parse_issuer_application_data

H = bytes.fromhex


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        pytest.param("06010A03A4B80003112233", IssuerApplicationData(
            "visa", 0x01, 0x0A, H("03A4B800"), discretionary=H("112233")), id="Visa"),
        pytest.param("06021203A02000", IssuerApplicationData(
            "visa", 0x02, 0x12, H("03A02000")), id="Visa, nothing more"),
        pytest.param("06021203A0200000", IssuerApplicationData(
            "visa", 0x02, 0x12, H("03A02000")), id="Visa, of length 0"),
        pytest.param("07010103A0A00201020A0B", IssuerApplicationData(
            "unionpay", 0x01, 0x01, H("03A0A002"), algorithm=H("01"), discretionary=H("0A0B")),
            id="UnionPay"),
        pytest.param("0701010460040280", IssuerApplicationData(
            "jcb", 0x01, 0x01, H("0460040280")), id="JCB"),
        pytest.param("0110A78005022000693800000001999300FF", IssuerApplicationData(
            "mastercard", 0x01, 0x10, H("A78005022000"), H("6938"), H("00000001999300FF")),
            id="M/Chip, 18 bytes"),
        pytest.param("0710A4030000000000" + "11" * 11, IssuerApplicationData(
            "mastercard", 0x07, 0x10, H("A40300000000"), H("0011"), H("11" * 10)),
            id="M/Chip, 20 bytes, key index 7"),
    ],
)  # fmt: skip
def test_a_layout(data: str, parts: IssuerApplicationData) -> None:
    """Every part is found by the lengths, and there is no other."""
    assert parse_issuer_application_data(H(data)) == parts


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="empty"),
        pytest.param("06010A", id="cut before the CVR"),
        pytest.param("06010A03A4B8", id="cut in the CVR"),
        pytest.param("06010A03A4B80003AABB", id="cut behind its length"),
        pytest.param("06010A03A4B80001AABB", id="longer than its length"),
        pytest.param("06010A04A4B8001122", id="no scheme's lengths"),
        pytest.param("01" * 17, id="no size of M/Chip"),
    ],
)
def test_what_is_no_layout(data: str) -> None:
    """Refused, and the error holds none of it."""
    with pytest.raises(DecodeError, match="9F10") as refused:
        parse_issuer_application_data(H(data))
    assert not data or data not in str(refused.value).replace(" ", "")


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes) -> None:
    """Taken apart with nothing left over, or refused."""
    try:
        parts = parse_issuer_application_data(data)
    except DecodeError:
        return
    front = bytes((parts.derivation_key_index, parts.cvn)) + parts.cvr
    if parts.scheme == "mastercard":
        assert data == front + parts.dac_or_icc_dynamic_number + parts.counters
    else:
        body = front + parts.algorithm
        length = len(parts.discretionary)
        behind = bytes((length,)) + parts.discretionary
        assert data in (bytes((len(body),)) + body, bytes((len(body),)) + body + behind)
