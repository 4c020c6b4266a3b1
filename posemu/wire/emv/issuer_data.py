"""Issuer application data (tag 9F10): what a card tells its issuer beside a cryptogram.

Every scheme has a layout of its own, and none names itself, so the layout is told by its lengths:

    Visa       06 | key index | version | CVR, 03 and 3 bytes             | length | what it likes
    UnionPay   07 | key index | version | CVR, 03 and 3 bytes | algorithm | length | what it likes
    JCB        07 | key index | version | CVR, 04 and 4 bytes             | length | what it likes
    M/Chip     key index | version | CVR, 6 bytes | DAC or ICC dynamic number, 2 | counters, rest

The length in front counts up to the next one, that of what the issuer likes. VIS 1.6 annex A;
M/Chip 4 (18, 20, 26 or 28 bytes in all); UnionPay's (PBOC 3.0, part 5) and JCB's as cards in the
field have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from posemu.wire.errors import DecodeError

_CVR_START = 3
_SCHEMES: Mapping[tuple[int, int], str] = {(6, 3): "visa", (7, 3): "unionpay", (7, 4): "jcb"}
"""(length in front, length of the CVR) -> whose layout it is."""
MCHIP_SIZES = (18, 20, 26, 28)
_MCHIP_CVR, _MCHIP_NUMBER, _MCHIP_COUNTERS = slice(2, 8), slice(8, 10), slice(10, None)


class IssuerApplicationData(NamedTuple):
    """The parts of tag 9F10 (EMV Book 3 annex A); b"" for one that the layout has not.

    `scheme` is "visa", "unionpay", "jcb" or "mastercard"; `cvr` has its length byte in front where
    the layout has one; `dac_or_icc_dynamic_number` and `counters` are M/Chip's; `algorithm` is
    UnionPay's; `discretionary` comes without its length byte.
    """

    scheme: str
    derivation_key_index: int
    cvn: int
    cvr: bytes
    dac_or_icc_dynamic_number: bytes = b""
    counters: bytes = b""
    algorithm: bytes = b""
    discretionary: bytes = b""


def parse_issuer_application_data(data: bytes) -> IssuerApplicationData:
    """Take tag 9F10 (EMV Book 3 annex A) apart. Raises `DecodeError` for a layout that is not
    known, and for one that is cut off or goes on behind its end."""
    scheme = _SCHEMES.get((data[0], data[_CVR_START])) if len(data) > _CVR_START else None
    if scheme is not None and _lengths_agree(data):
        cvr_end, end = _CVR_START + 1 + data[_CVR_START], 1 + data[0]
        return IssuerApplicationData(
            scheme,
            data[1],
            data[2],
            data[_CVR_START:cvr_end],
            algorithm=data[cvr_end:end],
            discretionary=data[end + 1 :],
        )
    if len(data) in MCHIP_SIZES:
        return IssuerApplicationData(
            "mastercard",
            data[0],
            data[1],
            data[_MCHIP_CVR],
            dac_or_icc_dynamic_number=data[_MCHIP_NUMBER],
            counters=data[_MCHIP_COUNTERS],
        )
    raise DecodeError("tag 9F10", 0, "a whole layout of Visa, UnionPay, JCB or M/Chip is expected")


def _lengths_agree(data: bytes) -> bool:
    end = 1 + data[0]
    behind = data[end:]
    return len(data) >= end and (not behind or behind[0] == len(behind) - 1)
