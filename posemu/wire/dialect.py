"""A dialect of ISO 8583 as data: which fields there are, and how each is written.

No two acquirers write ISO 8583 alike, so nothing about a field is code. A `Field` says its
number, its type (the standard's letters), its length rule, its encoding and whether it is
sensitive; a `Dialect` is a table of them. `codings.py` knows the encodings, `iso8583.Codec` turns
the table into a codec. A dialect is checked when it is built, so a codec never meets a
contradiction in the middle of a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from posemu.wire.codings import LENGTH_ENCODINGS, has_coding, prefix_capacity
from posemu.wire.errors import DialectError

TYPES = ("n", "a", "an", "ans", "z", "b")
SENSITIVE = ("pan", "track", "pin", "key")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field that always has `count` characters (type b: bytes)."""

    count: int


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A field of up to `max` characters (type b: bytes) behind a length of `digits` digits.

    LLVAR has 2 digits, LLLVAR 3. `encoding` is how the length is written: "bcd" (2 digits in 1
    byte, 3 in 2 bytes with a zero nibble in front) or "ascii".
    """

    digits: int
    max: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Field:
    """One data element.

    `type` is one of the standard's letters: n, a, an, ans, z, b. `encoding` is how the value is
    written: "bcd" (two digits in a byte, an odd count has a zero nibble in front), "ascii" or
    "binary". `sensitive` says what kind of secret the value is ("pan", "track", "pin", "key"), or
    is None. `text` holds the names that people read, by language.
    """

    number: int
    name: str
    type: str
    length: Fixed | Prefixed
    encoding: str
    sensitive: str | None = None
    text: Mapping[str, str] = field(default_factory=dict, hash=False)
    note: str = ""

    @property
    def label(self) -> str:
        """How errors and tables call the field: "DE52", and "MTI" for number 0."""
        return f"DE{self.number}" if self.number else "MTI"

    def title(self, lang: str) -> str:
        """The name in `lang`, else in English, else the short name."""
        return self.text.get(lang) or self.text.get("en") or self.name


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the MTI: a binary length of two bytes, and `tpdu` (see `framing`)."""

    tpdu: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """All fields of a dialect in order of their numbers, and what stands before them.

    `mti` and `bitmap` name encodings; `mac_field` is the field that closes an authenticated
    message, or None. Raises `DialectError` when the table contradicts itself.
    """

    name: str
    note: str
    header: Header
    mti: str
    bitmap: str
    fields: tuple[Field, ...]
    mac_field: int | None = None

    def __post_init__(self) -> None:
        numbers = [f.number for f in self.fields]
        if numbers != sorted(set(numbers)):
            raise DialectError(self.name, "fields", "numbers must ascend, each once")
        for entry in (self.mti_field, *self.fields):
            _check_field(self.name, entry)
        if self.bitmap != "binary":
            raise DialectError(self.name, "bitmap", f"{self.bitmap!r} is not known; write 'binary'")
        if self.mac_field is not None:
            mac = next((f for f in self.fields if f.number == self.mac_field), None)
            if mac is None or mac.type != "b" or not isinstance(mac.length, Fixed):
                raise DialectError(
                    self.name, f"DE{self.mac_field}", "a MAC must be a fixed field of type b"
                )

    @property
    def mti_field(self) -> Field:
        """The message type indicator, described as if it were field 0."""
        text = {"en": "Message type indicator", "zh": "消息类型"}
        return Field(0, "mti", "n", Fixed(4), self.mti, text=text)


def _check_field(dialect: str, entry: Field) -> None:
    def wrong(reason: str) -> DialectError:
        return DialectError(dialect, entry.label, reason)

    if entry.number != 0 and not 2 <= entry.number <= 128:
        raise wrong("a field's number is 2 to 128 (1 is the secondary bitmap)")
    if entry.type not in TYPES:
        raise wrong(f"type {entry.type!r} is not one of {', '.join(TYPES)}")
    if not has_coding(entry.type, entry.encoding):
        raise wrong(f"encoding {entry.encoding!r} cannot hold type {entry.type}")
    if entry.sensitive is not None and entry.sensitive not in SENSITIVE:
        raise wrong(f"sensitive {entry.sensitive!r} is not one of {', '.join(SENSITIVE)}")
    rule = entry.length
    if isinstance(rule, Fixed):
        if rule.count < 1:
            raise wrong("a fixed length is at least 1")
    elif rule.encoding not in LENGTH_ENCODINGS:
        raise wrong(
            f"length encoding {rule.encoding!r} is not one of {', '.join(LENGTH_ENCODINGS)}"
        )
    elif not 1 <= rule.digits <= 4 or not 1 <= rule.max <= prefix_capacity(rule.digits):
        raise wrong(f"a length of {rule.digits} digits cannot count to {rule.max}")
