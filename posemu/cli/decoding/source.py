"""What was given, as bytes or text: the same message comes as plain hex, as a hexdump with columns,
as \\x60\\x00, as 0x60, 0x00, as base64, or as itself.

Nothing is guessed silently: a `Source` says in what writing it was. An odd digit at the end and a
character that is no digit of hex are problems with their place, not a refusal of the rest.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from posemu.cli.decoding.model import Problem

SIZE_MAX = 1 << 16
"""Bytes that are read; a message is far below."""

_DUMP_LINE = re.compile(r"\s*(?P<offset>[0-9A-Fa-f]{4,8})(?P<colon>:?)\s+(?P<rest>\S.*)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0abtnvfr\\'\"]))")
_ESCAPED = dict(zip("0abtnvfr\\'\"", b"\x00\x07\x08\t\n\x0b\x0c\r\\'\"", strict=True))
_NOT_DIGITS = re.compile(r"[\s:,;{}\[\]()_|-]+")
_HEX_SHARE = 0.9


@dataclass(frozen=True)
class Source:
    """One way to take the input: `data` are bytes or text, `form` says in what writing they came
    ("hex", "hexdump", "escapes", "base64", "bytes", "text"); `problems` are about the writing."""

    form: str
    data: bytes | str
    problems: tuple[Problem, ...] = ()


def sources(raw: bytes) -> list[Source]:
    """Every way to take what was given; none for nothing."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Source("bytes", raw[:SIZE_MAX])]
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        return [Source("bytes", raw[:SIZE_MAX])]
    text = text.strip()[: 4 * SIZE_MAX]
    if not text:
        return []
    return [*_as_bytes(text), Source("text", text)]


def lines_of_hex(text: str) -> list[tuple[str, bytes]] | None:
    """The lines of a transcript as (direction ">", "<" or "", bytes), or None if they are not
    all lines of hex."""
    lines = []
    for line in filter(None, map(str.strip, text.splitlines())):
        marked = _DIRECTION.match(line)
        assert marked is not None  # everything in it may be absent
        mark = next((name for name, part in marked.groupdict().items() if part), "")
        digits = re.sub(r"[\s:]", "", line[marked.end() :])
        if len(digits) % 2 or not re.fullmatch(r"[0-9A-Fa-f]{4,}", digits):
            return None
        lines.append(({"command": ">", "answer": "<"}.get(mark, ""), bytes.fromhex(digits)))
    return lines if len(lines) > 1 else None


_DIRECTION = re.compile(
    r"(?:(?P<command>(?:[CT]-?(?:APDU|PDU)|capdu|send(?:ing)?|tx|out|=+>|-+>|>+)\s*:?)"
    r"|(?P<answer>(?:R-?(?:APDU|PDU)|rapdu|recv|received|rx|in|<+=*|<+-*)\s*:?))?\s*",
    re.IGNORECASE,
)  # fmt: skip


def _as_bytes(text: str) -> Iterator[Source]:
    dump = _dump(text)
    if dump is not None:
        yield Source("hexdump", dump)
        return
    if "\\x" in text:
        yield Source("escapes", _unescaped(text))
        return
    plain = _NOT_DIGITS.sub("", re.sub(r"0[xX]", "", text))
    digits = re.sub(r"[^0-9A-Fa-f]", "", plain)
    if digits and len(digits) >= _HEX_SHARE * len(plain):
        yield _from_digits(plain, text)
    elif re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}\s*", text):
        joined = re.sub(r"\s", "", text)
        if len(joined) % 4 == 0:
            yield Source("base64", base64.b64decode(joined))


def _from_digits(plain: str, text: str) -> Source:
    """Bytes of what is hex but for some characters; they end at the first of those."""
    wrong = re.search(r"[^0-9A-Fa-f]", plain)
    digits = plain if wrong is None else plain[: wrong.start()]
    problems = []
    if wrong is not None:
        place = text.index(wrong[0])
        reason = f"character {place + 1} is {wrong[0]!r}, no digit of hex; read up to there"
        problems.append(Problem("hex", len(digits) // 2, reason))
    elif len(digits) % 2:
        reason = "half a byte is left over at the end; two digits of hex make a byte"
        problems.append(Problem("hex", len(digits) // 2, reason))
    even = digits[: len(digits) // 2 * 2]
    return Source("hex", bytes.fromhex(even)[:SIZE_MAX], tuple(problems))


def _dump(text: str) -> bytes | None:
    """The bytes of a hexdump (offset, bytes, perhaps characters), or None if it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_DUMP_LINE.fullmatch(line) for line in lines]
    if found and re.fullmatch(r"\s*[0-9A-Fa-f]{4,8}\s*", lines[-1]):  # hexdump -C ends with a size
        found.pop()
    if not found:
        return None
    data = b""
    for line, behind in zip(found, [*found[1:], None], strict=True):
        if line is None or int(line["offset"], 16) != len(data):
            return None
        most = int(behind["offset"], 16) - len(data) if behind is not None else 32
        gap = r"\|| {2,}(?=\S*$)" if line["colon"] else r"\|| {3,}"
        row = re.split(gap, line["rest"])[0]
        digits = re.match(r"(?:[0-9A-Fa-f]{2}\s*)*", row)
        data += bytes.fromhex(digits[0] if digits else "")[:most]
    if len(lines) == 1 and (len(data) < 2 or not re.search(r" {2}", lines[0])):
        return None
    return data


def _unescaped(text: str) -> bytes:
    text = re.sub(r"^b?(['\"])(.*)\1$", r"\2", text, flags=re.DOTALL)
    data, place = b"", 0
    for found in _ESCAPE.finditer(text):
        data += text[place : found.start()].encode()
        data += bytes.fromhex(found[1]) if found[1] else bytes([_ESCAPED[found[2]]])
        place = found.end()
    return data + text[place:].encode()
