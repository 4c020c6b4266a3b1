"""Card verification results, and the issuer application data (9F10) they travel in: what the card
tells its issuer of this transaction beside the cryptogram.

Two layouts: that of Visa (VIS 1.6 appendix A: 03 and three bytes) and that of M/Chip 4 (six bytes).
Which result sets which bit is data (`wire/emv/meanings.yaml`); both use the same codes for the two
cryptograms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from posemu.wire.emv.meanings import bit_places

_FIRST = {"AAC": 0b00, "TC": 0b01, "ARQC": 0b10}
_SECOND = {"AAC": 0b00, "TC": 0b01, "": 0b10}  # "": not asked for
_NIBBLE = 0x0F


@dataclass(frozen=True, slots=True)
class CvrLayout:
    """`head` bytes, then `length` bytes; `bits` is result -> (byte from 0, mask) behind the head;
    scripts are counted in the upper half of byte `scripts`, PIN tries left in the lower half of
    byte `tries`, if there is one."""

    head: bytes
    length: int
    bits: Mapping[str, tuple[int, int]]
    scripts: int
    tries: int | None


# Results that Visa's layout has no bit of their own for.
_VELOCITY = (
    "lower-count-exceeded",
    "upper-count-exceeded",
    "lower-amount-exceeded",
    "upper-amount-exceeded",
)


def _visa() -> CvrLayout:
    bits = bit_places("cvr-visa")
    velocity = dict.fromkeys(_VELOCITY, bits["velocity-exceeded"])
    return CvrLayout(b"\x03", 3, MappingProxyType({**bits, **velocity}), scripts=2, tries=None)


def _mchip() -> CvrLayout:
    bits = bit_places("cvr-mchip")
    # One bit tells of this transaction, and of the one before.
    failed = {"last-issuer-authentication-failed": bits["issuer-authentication-failed"]}
    return CvrLayout(b"", 6, MappingProxyType({**bits, **failed}), scripts=2, tries=2)


LAYOUTS: Mapping[str, CvrLayout] = MappingProxyType({"visa": _visa(), "mastercard": _mchip()})
"""Scheme -> how its cards write these results."""


def card_verification_results(
    layout: CvrLayout,
    results: Collection[str],
    *,
    first: str,
    second: str,
    scripts: int,
    tries_left: int,
) -> bytes:
    """The CVR; `first` and `second` are AAC, TC or ARQC, `second` "" in the first GENERATE AC."""
    cvr = bytearray(layout.length)
    cvr[0] = _SECOND[second] << 6 | _FIRST[first] << 4
    for name, (byte, mask) in layout.bits.items():
        if name in results:
            cvr[byte] |= mask
    cvr[layout.scripts] |= min(scripts, _NIBBLE) << 4
    if layout.tries is not None:
        cvr[layout.tries] |= min(tries_left, _NIBBLE)
    return layout.head + cvr


def issuer_application_data(
    scheme: str, derivation_index: int, cvn: int, cvr: bytes, code: bytes, counters: bytes
) -> bytes:
    """9F10, laid out so that `posemu.crypto.VERSIONS` finds CVR and counters in it.

    Visa: 06 | DKI | CVN | CVR. Mastercard: DKI | CVN | CVR | `code` (2 bytes: of DDA the start of
    the dynamic number, of SDA the data authentication code) | `counters` (8 bytes).
    """
    if scheme == "visa":
        return bytes([2 + len(cvr), derivation_index, cvn]) + cvr
    return bytes([derivation_index, cvn]) + cvr + code + counters
