"""What the characters of tracks 1 and 2 say (ISO/IEC 7813; tag 57: EMV Book 3, annex A).

The characters come here without sentinels and LRC. The results are sensitive values: they show
themselves masked only.
"""

import re
from dataclasses import dataclass, field

from posemu.wire.errors import TrackError
from posemu.wire.mask import Masked, mask_pan

TRACK1_MAX = 76
TRACK2_MAX = 37
"""Characters without sentinels and LRC."""
EQUIVALENT_MAX = 19
"""Bytes of tag 57 (EMV Book 3 annex A)."""

_PAN = re.compile(r"[0-9]{10,19}")
_DATES2 = re.compile(r"(?P<expiry>[0-9]{4}|[=D])(?P<service>[0-9]{3}|[=D])(?P<rest>[0-9=D]*)")
_DATES1 = re.compile(r"(?P<expiry>[0-9]{4}|\^)(?P<service>[0-9]{3}|\^)(?P<rest>[ -_]*)")


@dataclass(frozen=True, slots=True, repr=False)
class Track2(Masked):
    """Track 2:

    PAN, expiry (YYMM), service code (3 digits), discretionary data. An absent date or code is "".
    The separator (= or D) is how it was written, not what it says: it does not count when two are
    compared. ISO/IEC 7813.
    """

    pan: str
    expiry: str
    service_code: str
    discretionary: str
    separator: str = field(default="=", compare=False)

    def masked(self) -> str:
        return mask_pan(self.pan)


@dataclass(frozen=True, slots=True, repr=False)
class Track1(Masked):
    """Track 1 of format B; the name with the blanks that fill it, the rest as on track 2.
    ISO/IEC 7813."""

    format_code: str
    pan: str
    name_raw: str
    expiry: str
    service_code: str
    discretionary: str

    @property
    def name(self) -> str:
        """The name without the blanks that fill it."""
        return self.name_raw.rstrip(" ")

    def masked(self) -> str:
        return mask_pan(self.pan)


def parse_track2(chars: str) -> Track2:
    """Take track 2 apart; the separator is = or, in equivalent data, D. Raises `TrackError`.
    ISO/IEC 7813."""
    if len(chars) > TRACK2_MAX:
        raise TrackError("track 2", TRACK2_MAX, f"longer than {TRACK2_MAX} characters")
    place = _find(chars, "=D")
    if place < 0:
        raise TrackError("track 2", len(chars), "has no separator after the PAN")
    pan = _pan("track 2", chars, 0, place)
    return Track2(pan, *_tail("track 2", chars, place + 1, _DATES2), chars[place])


def parse_track1(chars: str) -> Track1:
    """Take track 1 of format B apart. Raises `TrackError`. ISO/IEC 7813."""
    if len(chars) > TRACK1_MAX:
        raise TrackError("track 1", TRACK1_MAX, f"longer than {TRACK1_MAX} characters")
    if not chars.startswith("B"):
        raise TrackError("track 1", 0, "is not of format B")
    place = chars.find("^")
    behind = chars.find("^", place + 1)
    if place < 0 or behind < 0:
        raise TrackError("track 1", len(chars), "has no two separators around the name")
    pan = _pan("track 1", chars, 1, place)
    name = chars[place + 1 : behind]
    if not 2 <= len(name) <= 26 or not re.fullmatch(r"[ -_]*", name):
        raise TrackError("track 1", place + 1, "the name must be 2 to 26 characters of track 1")
    tail = _tail("track 1", chars, behind + 1, _DATES1)
    return Track1("B", pan, name, *tail)


def track2_from_equivalent(data: bytes) -> str:
    """The characters of track 2, with =, out of the value of tag 57. Raises `TrackError`.
    EMV Book 3 annex A, tag 57."""
    if len(data) > EQUIVALENT_MAX:
        raise TrackError("tag 57", EQUIVALENT_MAX, f"longer than {EQUIVALENT_MAX} bytes")
    chars = data.hex().upper()
    if chars.endswith("F"):
        chars = chars[:-1]
    for offset, char in enumerate(chars):
        if char not in "0123456789D":
            raise TrackError("tag 57", offset // 2, "a nibble is neither a digit nor D")
    return chars.replace("D", "=")


def _find(chars: str, separators: str) -> int:
    """Where the first of `separators` stands, or -1."""
    return min((place for s in separators if (place := chars.find(s)) >= 0), default=-1)


def _pan(label: str, chars: str, start: int, end: int) -> str:
    pan = chars[start:end]
    if not _PAN.fullmatch(pan):
        raise TrackError(label, start, "the PAN must be 10 to 19 digits")
    return pan


def _tail(label: str, chars: str, start: int, pattern: re.Pattern[str]) -> tuple[str, str, str]:
    """Expiry, service code, discretionary data; "" where a separator stands for an absent one."""
    match = pattern.fullmatch(chars, start)
    if match is None:
        raise TrackError(
            label, start, "must go on with expiry, service code and discretionary data"
        )
    expiry, service, rest = match["expiry"], match["service"], match["rest"]
    return expiry if len(expiry) == 4 else "", service if len(service) == 3 else "", rest
