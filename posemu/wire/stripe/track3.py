"""What the characters of track 3 say (ISO 4909:1987, format codes 01 and 02).

Track 3 was made for cash machines without a line: the terminal reads what may still be drawn in
this cycle, pays, and writes the track anew. It is rare today and is read here, never written by us.
A field that a card leaves out is one separator (=) in its place. The characters come without
sentinels and LRC.

    FC PAN = country currency exponent authorised remaining begin length retries PIN-control
    interchange types expiry sequence security SAN-1 = SAN-2 = relay check-digits additional
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from posemu.wire.errors import TrackError
from posemu.wire.mask import Masked, mask_pan

TRACK3_MAX = 104
"""Characters without sentinels and LRC."""


@dataclass(frozen=True, slots=True, repr=False)
class Track3(Masked):
    """Track 3, every field in digits; what a card leaves out is "".

    Amounts are in units of the currency times ten to the `exponent`; `cycle_begin` is YDDD and
    `expiry` YYMM; `types` are type of account and service restriction of PAN, SAN-1 and SAN-2, two
    digits each. ISO 4909:1987.
    """

    format_code: str
    pan: str
    country: str
    currency: str
    exponent: str
    authorised: str
    remaining: str
    cycle_begin: str
    cycle_length: str
    retries: str
    pin_control: str
    interchange: str
    types: str
    expiry: str
    sequence: str
    security: str
    san1: str
    san2: str
    relay: str
    check_digits: str
    additional: str

    def masked(self) -> str:
        return mask_pan(self.pan)


_FIELDS = (
    ("format_code", "0[12]"),
    ("pan", "[0-9]{0,19}="),
    ("country", "[0-9]{3}|="),
    ("currency", "[0-9]{3}"),
    ("exponent", "[0-9]"),
    ("authorised", "[0-9]{4}"),
    ("remaining", "[0-9]{4}"),
    ("cycle_begin", "[0-9]{4}"),
    ("cycle_length", "[0-9]{2}"),
    ("retries", "[0-9]"),
    ("pin_control", "[0-9]{6}|="),
    ("interchange", "[0-9]"),
    ("types", "[0-9]{6}"),
    ("expiry", "[0-9]{4}|="),
    ("sequence", "[0-9]|="),
    ("security", "[0-9]{9}|="),
    ("san1", "[0-9]{0,19}="),
    ("san2", "[0-9]{0,19}="),
    ("relay", "[0-9]"),
    ("check_digits", "[0-9]{6}|="),
    ("additional", "[0-9=]*"),
)
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _FIELDS)


def parse_track3(chars: str) -> Track3:
    """Take track 3 apart. Raises `TrackError`. ISO 4909:1987."""
    if len(chars) > TRACK3_MAX:
        raise TrackError("track 3", TRACK3_MAX, f"longer than {TRACK3_MAX} characters")
    values: dict[str, str] = {}
    place = 0
    for name, pattern in _PATTERNS:
        match = pattern.match(chars, place)
        if match is None:
            raise TrackError("track 3", place, f"must go on with {name.replace('_', ' ')}")
        values[name] = match[0] if name == "additional" else match[0].rstrip("=")
        place = match.end()
    if place != len(chars):
        raise TrackError("track 3", place, "a character is neither a digit nor =")
    return Track3(**values)
