"""How a value is written: one table row per pair of type and encoding.

A row knows the bytes that may occur, how much room one unit of the value takes, and the way there
and back. A new encoding is a new row here and nothing else.

The letters are those of ISO 8583:1987, and h for digits of hex where a private network has them.
Blanks are legal in a, an and ans, because fixed fields are filled with them.
"""

import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from operator import methodcaller
from typing import Any

Value = str | bytes

CHARSETS = ("ascii", "latin-1", "cp037", "cp500", "cp1140")
"""Encodings of one byte a character; the last three are EBCDIC."""
WIDE_CHARSETS = ("gbk", "gb18030", "utf-8")
"""Encodings whose characters differ in width; their fields count bytes."""
PADS = tuple(f"{side}-{nibble}" for side in ("left", "right") for nibble in "0123456789ABCDEF")
"""What fills the half byte that an odd number of packed digits leaves free; or "none"."""

_LETTERS = string.ascii_letters + " "
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_HEX = "0123456789ABCDEF"
_BINARY = (bytes, bytearray, memoryview)


@dataclass(frozen=True, slots=True)
class Coding:
    """One row.

    `chars` holds the characters that a value may have and `legal` the bytes they are written in
    (None: any). `per_byte` units share a byte, or a unit takes `unit_width` bytes. `kinds` are the
    Python types of a value, `means` the words for an error. `wide`: characters differ in width, and
    the units of the value are its bytes. `joins`: neighbouring fixed fields may be read as one.
    `pad` is one of `PADS`, or "none": an odd number of units cannot be written.
    """

    chars: str
    legal: bytes | None
    per_byte: int
    kinds: tuple[type, ...]
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    means: str
    unit_width: int = 1
    wide: bool = False
    joins: bool = True
    pad: str = "left-0"

    def width(self, count: int) -> int:
        """Bytes that `count` units take."""
        return -(-count // self.per_byte) * self.unit_width

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


def _packed(chars: str, means: str) -> Coding:
    nibbles = [int(char, 16) for char in chars]
    legal = bytes(high << 4 | low for high in nibbles for low in nibbles)
    return Coding(chars, legal, 2, (str,), _to_hex, _from_hex, means, joins=False)


def _to_hex(raw: bytes) -> str:
    return raw.hex().upper()


def _from_hex(text: str) -> bytes:
    if text != text.upper():
        raise ValueError("digits of hex are upper case")
    return bytes.fromhex(text)


def _rows_of(charset: str) -> dict[tuple[str, str], Coding]:
    """The rows of a charset of one byte a character."""
    read: Callable[[bytes], Any] = methodcaller("decode", charset)
    write: Callable[[Any], bytes] = methodcaller("encode", charset)
    printable = _PRINTABLE
    if charset == "ascii":
        read, write = methodcaller("decode", "latin-1"), str.encode  # `legal` is checked beside
    else:
        every = bytes(range(256)).decode(charset)
        printable = "".join(sorted(c for c in every if unicodedata.category(c) != "Cc"))

    def row(chars: str, means: str) -> Coding:
        return Coding(chars, chars.encode(charset), 1, (str,), read, write, means)

    hexadecimal = "hex" if charset == "ascii" else f"hex-{charset}"
    return {
        ("n", charset): row(string.digits, "digits"),
        ("h", charset): row(_HEX, "upper-case digits of hex"),
        ("a", charset): row(_LETTERS, "letters"),
        ("an", charset): row(_LETTERS + string.digits, "letters and digits"),
        ("ans", charset): row(
            printable, f"printable {'ASCII' if charset == 'ascii' else charset} characters"
        ),
        ("z", charset): row(string.digits + ":;<=>?D", "track 2 characters"),
        ("b", hexadecimal): Coding(
            "", _HEX.encode(charset), 1, _BINARY,
            lambda raw: bytes.fromhex(raw.decode(charset)),
            lambda value: bytes(value).hex().upper().encode(charset),
            "upper-case digits of hex", unit_width=2,
        ),
    }  # fmt: skip


def _wide(charset: str) -> Coding:
    legal = bytes(byte for byte in range(0x20, 0x100) if byte != 0x7F)
    read: Callable[[bytes], Any] = methodcaller("decode", charset)
    write: Callable[[Any], bytes] = methodcaller("encode", charset)
    means = f"{charset} text"
    return Coding("", legal, 1, (str,), read, write, means, wide=True, joins=False)


_CODINGS = {
    ("n", "bcd"): replace(
        _packed(string.digits, "digits"), read=bytes.hex, write=bytes.fromhex, joins=True
    ),
    ("h", "bcd"): _packed(_HEX, "upper-case digits of hex"),
    ("z", "bcd"): _packed(string.digits + "D", "digits and the separator D"),
    ("b", "binary"): Coding("", None, 1, _BINARY, bytes, bytes, "bytes"),
}
for _charset in CHARSETS:
    _CODINGS |= _rows_of(_charset)
_CODINGS |= {("ans", charset): _wide(charset) for charset in WIDE_CHARSETS}


def has_coding(kind: str, encoding: str) -> bool:
    """Whether a field of type `kind` can be written in `encoding`."""
    return (kind, encoding) in _CODINGS


@cache
def coding_for(kind: str, encoding: str, pad: str = "left-0") -> Coding:
    """The row for a field of type `kind` in `encoding`; KeyError when `has_coding` says no."""
    row = _CODINGS[kind, encoding]
    return row if row.pad == pad else replace(row, pad=pad)
