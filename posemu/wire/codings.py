"""How a value is written: one table row per pair of type and encoding.

A row knows the bytes that may occur, how many characters one byte holds, and the way there and
back. A new encoding is a new row here and nothing else.

The letters are those of ISO 8583:1987. Blanks are legal in a, an and ans, because fixed
fields are filled with them.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import methodcaller
from typing import Any

Value = str | bytes

_LETTERS = string.ascii_letters + " "
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_BCD = bytes(high << 4 | low for high in range(10) for low in range(10))


@dataclass(frozen=True, slots=True)
class Coding:
    """One row.

    `chars` holds the characters that a value may have and `legal` the bytes they are written in
    (None: any). `per_byte` characters share a byte. `kinds` are the Python types of a value,
    `means` the words for an error.
    """

    chars: str
    legal: bytes | None
    per_byte: int
    kinds: tuple[type, ...]
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    means: str

    def width(self, count: int) -> int:
        """Bytes that `count` characters take."""
        return -(-count // self.per_byte)

    def text_pattern(self, count: int) -> str:
        """A regular expression for a value of `count` characters, filling included."""
        filling = count % self.per_byte
        return "0" * filling + f"[{re.escape(self.chars)}]{{{count}}}"

    def wire_pattern(self, count: int) -> bytes:
        """A regular expression for the bytes of such a value."""
        legal = re.escape(self.legal or b"")
        if count % self.per_byte:
            return b"[\\x00-\\x09][%b]{%d}" % (legal, self.width(count) - 1)
        return b"[%b]{%d}" % (legal, self.width(count))


_read_ascii = methodcaller("decode", "latin-1")  # reads anything: `legal` is checked before


def _ascii(chars: str, means: str) -> Coding:
    return Coding(chars, chars.encode(), 1, (str,), _read_ascii, str.encode, means)


_CODINGS = {
    ("n", "bcd"): Coding(string.digits, _BCD, 2, (str,), bytes.hex, bytes.fromhex, "digits"),
    ("n", "ascii"): _ascii(string.digits, "digits"),
    ("a", "ascii"): _ascii(_LETTERS, "letters"),
    ("an", "ascii"): _ascii(_LETTERS + string.digits, "letters and digits"),
    ("ans", "ascii"): _ascii(_PRINTABLE, "printable ASCII characters"),
    ("z", "ascii"): _ascii(string.digits + ":;<=>?D", "track 2 characters"),
    ("b", "binary"): Coding("", None, 1, (bytes, bytearray, memoryview), bytes, bytes, "bytes"),
}
LENGTH_ENCODINGS = ("bcd", "ascii")


def has_coding(kind: str, encoding: str) -> bool:
    """Whether a field of type `kind` can be written in `encoding`."""
    return (kind, encoding) in _CODINGS


def coding_for(kind: str, encoding: str) -> Coding:
    """The row for a field of type `kind` in `encoding`; KeyError when `has_coding` says no."""
    return _CODINGS[kind, encoding]


def prefix_capacity(digits: int) -> int:
    """The largest length that `digits` decimal digits can count."""
    return int("9" * digits)


@cache
def length_prefixes(digits: int, largest: int, encoding: str) -> tuple[bytes, ...]:
    """The length prefix of every count from 0 to `largest`, at the index of the count."""
    row = coding_for("n", encoding)
    padded = digits + digits % row.per_byte
    return tuple(row.write(f"{count:0{padded}d}") for count in range(largest + 1))
