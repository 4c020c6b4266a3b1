"""The one place where `posemu decode` hides what may not be shown.

Whatever is read may hold card data, also where nobody expects it: in a private field, in bytes that
fit no format, in a message read under the wrong dialect. So hiding works in four ways at once:

1. a node that is secret shows its kind and its size, a PAN its first six and last four digits;
2. what was found to be a PAN, or stands on a track beside one, is hidden wherever it comes again,
   as digits, BCD or the hex of ASCII;
3. in what is free or in doubt (private fields, unknown tags, a reading with problems), whatever
   looks like a PAN or a track is hidden too: 13 to 19 digits with a right check digit;
4. in what is hardly the format that it is taken for (forced by --as, or badly damaged), a value
   shows its beginning only: nothing says that the end of a track or a PIN block is one.
"""

from __future__ import annotations

import re

from posemu.cli.decoding.model import RECOGNISED, Node, Reading
from posemu.cli.decoding.words import code, say
from posemu.wire import luhn_valid, mask_pan

_DIGITS = re.compile(r"\d{13,}")
_TRACK = re.compile(r"\d{12,19}[=Dd^][\dDd=]{4,}")
_HEX_OF_DIGITS = re.compile(r"(?:3\d){12,}(?:3[Dd](?:3\d)+)?")
_PREFIX = re.compile(r"9999|3[47]|35|4|5|6|2[2-7]")
_PAN_LENGTHS = range(13, 20)
_SURE = 0.75
_GLIMPSE = 6
_LENGTHS_INSIDE = (16, 19, 15, 18, 17)


class Veil:
    """Hides; `clear` hides nothing."""

    def __init__(self, reading: Reading, lang: str, clear: bool = False) -> None:
        self.clear = clear
        self._lang = lang
        self._doubtful = bool(reading.problems)
        self._unsure = reading.score < (_SURE if reading.problems else RECOGNISED)
        self._known = sorted(_pans(reading), key=len, reverse=True)

    def value(self, node: Node) -> str:
        """The value of a node as it may be shown."""
        if self.clear or not node.value:
            return node.value
        if node.secret == "pan":
            return self._pan(node.value)
        if node.secret is not None:
            size = len(node.value) // 2 if node.binary else len(node.value)
            unit = say(self._lang, "unit-bytes" if node.binary else "unit-characters")
            return f"*** {code(self._lang, 'secrets', node.secret)}, {size} {unit}"
        shown = self.text(node.value, free=node.free)
        return shown if not self._unsure or len(shown) <= _GLIMPSE else f"{shown[:_GLIMPSE]}***"

    def text(self, text: str, *, free: bool = False) -> str:
        """Any other text as it may be shown."""
        if self.clear:
            return text
        for pan in self._known:
            text = text.replace(pan, mask_pan(pan))
            text = text.replace(pan.encode().hex(), "*" * 2 * len(pan))
        return _scanned(text) if free or self._doubtful else text

    def hidden(self, reading: Reading, data: bytes) -> list[bool]:
        """Byte by byte, whether it must not be shown in an excerpt of the input: what is secret,
        what was not understood, and what looks like a PAN across the borders of fields."""
        if self.clear:
            return [False] * len(data)
        hide = [True] * len(data)
        for node in reading.walk():
            if node.start >= 0 and not node.children:
                span = range(max(node.start, 0), min(node.end, len(data)))
                for place in span:
                    hide[place] = node.secret is not None
        return [old or new for old, new in zip(hide, self.suspicious(data), strict=True)]

    def suspicious(self, data: bytes) -> list[bool]:
        """Byte by byte, whether it looks like a part of a PAN, in BCD or in ASCII."""
        if self.clear:
            return [False] * len(data)
        digits = data.hex()
        veiled = self.text(digits, free=True)
        return [veiled[i : i + 2] != digits[i : i + 2] for i in range(0, len(digits), 2)]

    def _pan(self, value: str) -> str:
        digits = value.rstrip("Ff")
        return mask_pan(digits) if digits.isdigit() else f"*** pan, {len(value)}"


def _pans(reading: Reading) -> set[str]:
    """The PANs that the secret nodes of a reading hold."""
    found = set()
    for node in reading.walk():
        if node.secret in ("pan", "track"):
            digits = re.search(r"\d{12,19}", node.value)
            if digits:
                found.add(digits[0])
    return found


def _scanned(text: str) -> str:
    text = _HEX_OF_DIGITS.sub(lambda found: _hidden_hex(found[0]), text)
    text = _TRACK.sub(lambda found: "*" * len(found[0]), text)
    return _DIGITS.sub(lambda found: _hidden_digits(found[0]), text)


def _hidden_hex(text: str) -> str:
    digits = bytes.fromhex(text).decode()
    return text if _scanned(digits) == digits else "*" * len(text)


def _hidden_digits(digits: str) -> str:
    if len(digits) in _PAN_LENGTHS and luhn_valid(digits):
        return mask_pan(digits)
    shown = list(digits)
    for place in range(len(digits) - min(_LENGTHS_INSIDE) + 1):
        if _PREFIX.match(digits, place):
            for length in _LENGTHS_INSIDE:
                part = digits[place : place + length]
                if len(part) == length and luhn_valid(part):
                    hidden = mask_pan(part)
                    for at, char in enumerate(hidden, place):
                        if char == "*":
                            shown[at] = char
    return "".join(shown)
