"""Card verification results: what the card did in this transaction (EMV Book 3, C7.3; the same bits
in M/Chip 4)."""

from __future__ import annotations

from posemu.wire.errors import DecodeError

_FIRST = ("AAC", "TC", "ARQC")
_SECOND = ("AAC", "TC")
_NOT_YET = 0b10


def cryptogram_type(cvr: bytes) -> str:
    """Which cryptogram the card gave with these results: "AAC", "TC" or "ARQC".

    The upper two bits of the first byte tell of the second GENERATE AC, the next two of the first.
    Raises `DecodeError`. EMV Book 3 C7.3.
    """
    if not cvr:
        raise DecodeError("CVR", 0, "has at least one byte")
    second, first = cvr[0] >> 6, cvr[0] >> 4 & 0b11
    code, names = (first, _FIRST) if second == _NOT_YET else (second, _SECOND)
    if code >= len(names):
        raise DecodeError("CVR", 0, "names no type of cryptogram (bits 8 to 5 of the first byte)")
    return names[code]
