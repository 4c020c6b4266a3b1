"""A dialect of ISO 8583 as data: which fields there are, and how each is written.

No two acquirers write ISO 8583 alike, so nothing about a field is code. A `Field` says its
number, its type (the standard's letters), its length rule, its encoding and whether it is
sensitive; a `Dialect` is a table of them. `codings.py` knows the encodings, `Codec` turns
the table into a codec. A dialect is checked when it is built, so a codec never
meets a contradiction in the middle of a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from posemu.wire.errors import DialectError
from posemu.wire.iso8583.codings import CHARSETS, PADS, Coding, coding_for, has_coding
from posemu.wire.iso8583.lengths import (
    COUNTS,
    DIGITS_MAX,
    LENGTH_ENCODINGS,
    capacity,
    units_of,
    whole_bytes_only,
)

TYPES = ("n", "a", "an", "ans", "z", "b", "h")
SENSITIVE = ("pan", "track", "pin", "key")
VERSIONS = ("1987", "1993", "2003")
SECONDARY = ("needed", "either", "always", "fixed")
FIXED_MAX = 999_999
RESPONSE_CODES = ("1987", "1993", "unionpay")
LENGTH_HEADERS = ("none", "binary2", "binary4", "bcd2", "bcd4", "ascii2", "ascii4", "vml4")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field that always has `count` units; `counts` says of what, as in `Prefixed`.
    ISO 8583:1993 4.3."""

    count: int
    counts: str = "units"


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A field of up to `max` units behind a length of `digits` digits.

    LLVAR has 2 digits, LLLVAR 3. `encoding` is how the length is written: "bcd" (2 digits in 1
    byte, 3 in 2 bytes with a zero nibble in front), "ascii", an EBCDIC charset, or "binary"
    (`digits` bytes). `counts` is what is counted: "units" (digits, characters, bytes of type b), or
    "bytes" or "nibbles" on the wire. ISO 8583:1993 4.3.
    """

    digits: int
    max: int
    encoding: str
    counts: str = "units"


@dataclass(frozen=True, slots=True)
class Field:
    """One data element.

    `type` is one of the standard's letters n, a, an, ans, z, b, or h: digits of hex. `encoding` is
    how the value is written: "bcd" (two digits in a byte; `pad` says what fills an odd count:
    "left-0" a zero nibble in front, "right-F", "none" ...), a charset ("ascii", "cp500", "gbk"),
    "binary", or "hex" ("hex-cp500": EBCDIC) for bytes as text. `sensitive` says what kind of secret
    the value is ("pan", "track", "pin", "key"), or is None. `text` holds the names that people
    read, by language. `inside` is what the value consists of, if anything: subfields one after the
    other, "tlv", or a message of its own (see `subfields`). ISO 8583:1993 4.3.
    """

    number: int
    name: str
    type: str
    length: Fixed | Prefixed
    encoding: str
    sensitive: str | None = None
    text: Mapping[str, str] = field(default_factory=dict, hash=False)
    note: str = ""
    pad: str = "left-0"
    inside: tuple[Field, ...] | Literal["tlv"] | Dialect | None = None

    @property
    def label(self) -> str:
        """How errors and tables call the field: "DE52", and "MTI" for number 0."""
        return f"DE{self.number}" if self.number else "MTI"

    def title(self, lang: str) -> str:
        """The name in `lang`, else in English, else the short name."""
        return self.text.get(lang) or self.text.get("en") or self.name


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the MTI: a length, `tpdu` (empty: none) and a private header (see
    `framing`).

    `length` is one of `LENGTH_HEADERS`, an encoding and its bytes; with `inclusive` it counts
    itself too. `private` describes the private header as a field, or is None.
    """

    tpdu: bytes
    length: str = "binary2"
    inclusive: bool = False
    private: Field | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """All fields of a dialect in order of their numbers, and what stands before them.

    `mti` and `bitmap` name encodings; `mac_field` is the field that closes an authenticated
    message, or None. An empty `mti` says that there is none, as in a message inside a field;
    `mti_type` is "n", or the type of the letters that a private network has there. `bitmap` is
    "binary" or the charset of its digits of hex; `later_bitmaps` is the same for the second and
    third, where they differ. `bitmaps` is how many there may be: with 3, bit 65 announces the third
    (fields 129 to 192). `secondary` says when the second one stands there: when "needed" and bit 1
    says so; "either" the same, but read also when it names no field; "always", bit 1 set; "fixed",
    always and bit 1 clear. `response_codes` is the table that field 39 is looked up in (see
    `response_codes`), or None. Raises `DialectError` when the table contradicts itself.
    ISO 8583:1987, ISO 8583:1993, ISO 8583-1:2003.
    """

    name: str
    note: str
    header: Header
    mti: str
    bitmap: str
    fields: tuple[Field, ...]
    mac_field: int | None = None
    version: str = "1987"
    mti_type: str = "n"
    later_bitmaps: str | None = None
    bitmaps: int = 2
    secondary: str = "needed"
    response_codes: str | None = None

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_bitmaps(self)
        for entry in (self.mti_field, *self.fields):
            _check_field(self.name, entry, entry.label)
        _check_header(self)
        if self.version not in VERSIONS:
            raise DialectError(self.name, "version", _not_one_of(self.version, VERSIONS))
        if self.response_codes not in (None, *RESPONSE_CODES):
            raise DialectError(
                self.name, "response_codes", _not_one_of(str(self.response_codes), RESPONSE_CODES)
            )
        if self.mac_field is not None:
            mac = next((f for f in self.fields if f.number == self.mac_field), None)
            rule = mac.length if mac is not None and mac.type == "b" else None
            if not isinstance(rule, Fixed) or rule.count == 0:
                raise DialectError(
                    self.name, f"DE{self.mac_field}", "a MAC must be a fixed field of type b"
                )

    @property
    def mti_field(self) -> Field:
        """The message type indicator, described as if it were field 0."""
        text = {"en": "Message type indicator", "zh": "消息类型"}
        if not self.mti:
            return Field(0, "mti", "n", Fixed(0), "ascii", text=text)
        return Field(0, "mti", self.mti_type, Fixed(4), self.mti, text=text)


def _not_one_of(word: str, words: tuple[str, ...]) -> str:
    return f"{word!r} is not one of {', '.join(words)}"


def _check_numbers(dialect: Dialect) -> None:
    numbers = [f.number for f in dialect.fields]
    if numbers != sorted(set(numbers)):
        raise DialectError(dialect.name, "fields", "numbers must ascend, each once")
    if dialect.bitmaps not in (1, 2, 3):
        raise DialectError(dialect.name, "bitmaps", "there may be 1, 2 or 3 of them")
    top = 64 * dialect.bitmaps
    for number in numbers:
        if not 2 <= number <= top:
            raise DialectError(
                dialect.name,
                f"DE{number}",
                f"a field's number is 2 to {top} (1 is the secondary bitmap)",
            )
        if number == 65 and dialect.bitmaps == 3:
            raise DialectError(dialect.name, "DE65", "65 is the third bitmap where there are 3")


def _check_bitmaps(dialect: Dialect) -> None:
    for place, word in (
        ("bitmap", dialect.bitmap),
        ("later_bitmaps", dialect.later_bitmaps or dialect.bitmap),
    ):
        if word not in ("binary", *CHARSETS):
            charsets = ", ".join(CHARSETS)
            raise DialectError(
                dialect.name,
                place,
                f"{word!r} is not known; write 'binary', or the charset of its hex: {charsets}",
            )
    if dialect.secondary not in SECONDARY:
        raise DialectError(dialect.name, "secondary", _not_one_of(dialect.secondary, SECONDARY))
    if dialect.bitmaps == 1 and dialect.secondary != "needed":
        raise DialectError(dialect.name, "secondary", "write 'needed' where there is 1 bitmap")


def _check_header(dialect: Dialect) -> None:
    header = dialect.header
    if header.length not in LENGTH_HEADERS:
        raise DialectError(
            dialect.name, "header.length", _not_one_of(header.length, LENGTH_HEADERS)
        )
    if header.private is not None:
        _check_field(dialect.name, header.private, "header.private")


def _check_field(dialect: str, entry: Field, label: str) -> None:
    def wrong(reason: str) -> DialectError:
        return DialectError(dialect, label, reason)

    if entry.type not in TYPES:
        raise wrong(f"type {_not_one_of(entry.type, TYPES)}")
    if not has_coding(entry.type, entry.encoding):
        raise wrong(f"encoding {entry.encoding!r} cannot hold type {entry.type}")
    if entry.sensitive is not None and entry.sensitive not in SENSITIVE:
        raise wrong(f"sensitive {_not_one_of(entry.sensitive, SENSITIVE)}")
    if entry.pad not in ("none", *PADS):
        raise wrong(f"pad {entry.pad!r} is not 'none', or a side and a nibble such as 'right-F'")
    rule = entry.length
    if rule.counts not in COUNTS:
        raise wrong(f"counts {_not_one_of(rule.counts, COUNTS)}")
    coding = coding_for(entry.type, entry.encoding, entry.pad)
    if coding.wide and rule.counts == "units":
        raise wrong(f"characters of {entry.encoding} differ in width; count 'bytes'")
    if isinstance(rule, Fixed):
        _check_fixed(rule, coding, wrong)
    elif rule.encoding not in LENGTH_ENCODINGS:
        raise wrong(f"length encoding {_not_one_of(rule.encoding, LENGTH_ENCODINGS)}")
    elif not 1 <= rule.digits <= DIGITS_MAX or not 0 <= rule.max <= capacity(
        rule.digits, rule.encoding
    ):
        raise wrong(f"a length of {rule.digits} digits cannot count to {rule.max}")
    _check_inside(dialect, entry, label, wrong)


def _check_fixed(rule: Fixed, coding: Coding, wrong: Callable[[str], DialectError]) -> None:
    if not 0 <= rule.count <= FIXED_MAX:
        raise wrong(f"a fixed length is at least 0 and at most {FIXED_MAX}")
    units = units_of(rule.count, rule.counts, coding)
    if units is None or (units % 2 and whole_bytes_only(rule.counts, coding)):
        raise wrong(f"{rule.count} {rule.counts} are no whole number of {coding.means}")


def _check_inside(
    dialect: str, entry: Field, label: str, wrong: Callable[[str], DialectError]
) -> None:
    inside = entry.inside
    if isinstance(inside, tuple):
        if [part.number for part in inside] != list(range(1, len(inside) + 1)):
            raise wrong("subfields are numbered from 1 on")
        for part in inside:
            _check_field(dialect, part, f"{label}.{part.number}")
            if entry.type != "b" and part.encoding != "ascii":
                raise wrong(f"subfield {part.number} of text is written in 'ascii'")
    elif inside is not None and entry.type != "b":
        raise wrong("what has TLV or a message inside is of type b")
