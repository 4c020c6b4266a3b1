"""The leak scanner: are the canaries anywhere they should not be?

Every string and every byte of every event goes in: frames, journal, screens, slips, all of it. The
bytes of one source and kind form a stream, so a PAN cut by a frame border is found too. Looked for:
each PAN, each PIN and each wallet's number (its payment codes begin with it) as ASCII digits (also
with spaces or dashes), BCD at either nibble, reversed nibbles, hex text of either, base64 at all
alignments; each key as bytes, hex and base64. PINs and wallets' numbers have twelve digits, so that
a chance hit does not happen.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache

from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "no-card-data": (
        "no PAN, track, PIN or key is readable anywhere",
        "任何地方都不出现明文卡号、磁道、密码或密钥",
    ),
}

_SCAN_AT = 1 << 16
_TAIL = 256
_REMEMBERED = 4_096
_SHORTEST = 12  # digits of the shortest canary
_GRAM = 6  # digits that are looked up first
_STRIDE = _SHORTEST - _GRAM + 1  # of so many neighbouring places one holds a gram of any canary
_SMALLEST = 10 ** (_SHORTEST - 2)  # a number that could be one (with a leading zero lost)
_PIECE = 40  # bytes: what is shorter may be a piece of something, and counts each time

_DIGITS = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_BCD_BYTES = bytes(b for b in range(256) if b >> 4 < 10 and b & 15 < 10)
_BCD = re.compile(
    b"[" + re.escape(_BCD_BYTES) + b"]{5,}"
)  # 12 digits at either nibble hold five whole BCD bytes
_NIBBLES = re.compile("[0-9]{12,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{12,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}")
_SWAPPED = bytes((b & 15) << 4 | b >> 4 for b in range(256))


class Canaries:
    """What must never be seen: PANs, PINs and what payment codes begin with, as digits (12 at
    least), keys as bytes."""

    def __init__(
        self, pans: Iterable[str], pins: Iterable[str], keys: Iterable[bytes] = (),
        codes: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._numbers = _numbers(tuple(pans), tuple(pins), tuple(codes))
        self._keys: list[bytes] = []
        for key in keys:
            text = key.hex().encode()
            self._keys += [key, text, text.upper()]
            self._keys += [base64.b64encode(bytes(n) + key)[4 if n else 0 : -4] for n in range(3)]

    def find(self, data: bytes, is_text: bool = False) -> list[tuple[int, str]]:
        """Where (byte offset of the run it stands in) and what: "PAN", "PIN", "payment code" or
        "key", each once a run. Text is not searched for BCD (words look like it)."""
        leaks = self._numbers.find(data, is_text)
        return leaks + [(data.index(key), "key") for key in self._keys if key in data]


class _Numbers:
    """PANs, PINs and payment codes. Worlds with the same people share it, and what it remembers of
    words."""

    def __init__(
        self, pans: tuple[str, ...], pins: tuple[str, ...], codes: tuple[str, ...] = ()
    ) -> None:
        self._digits = dict.fromkeys(pans, "PAN") | dict.fromkeys(pins, "PIN")
        self._digits |= dict.fromkeys(codes, "payment code")
        self._grams = {d[i : i + _GRAM] for d in self._digits for i in range(_STRIDE)}
        self._lengths = sorted({len(digits) for digits in self._digits})
        self._looks_like_text = any(re.search("(3.){5}|(.3){5}", digits) for digits in self._digits)
        self._clean: set[tuple[object, bytes]] = set()

    def find(self, data: bytes, is_text: bool) -> list[tuple[int, str]]:
        found = self._find_ascii(data)
        if not is_text:
            found |= self._find_bcd(data)
        for runs, decode, alignments in ((_BASE64, _from_base64, 4), (_HEX, _from_hex, 2)):
            for run in runs.finditer(data):
                if (decode, run[0]) not in self._clean:
                    found |= self._find_coded(run.start(), run[0], decode, alignments)
        return [(offset, self._digits[digits]) for offset, digits in sorted(found)]

    def _find_coded(
        self, offset: int, text: bytes, decode: Callable[[bytes], bytes], alignments: int
    ) -> set[tuple[int, str]]:
        """What is inside coded text. Words that come again and again are remembered as clean."""
        inside: set[tuple[int, str]] = set()
        for start in range(alignments):
            decoded = decode(text[start:])
            if _BCD.search(decoded):  # ASCII digits are such bytes too
                inside |= self._find_ascii(decoded) | self._find_bcd(decoded)
        if not inside:
            if len(self._clean) == _REMEMBERED:
                self._clean.clear()
            self._clean.add((decode, text))
        return {(offset, digits) for _, digits in sorted(inside)}

    def _find_ascii(self, data: bytes) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()
        for run in _DIGITS.finditer(data):
            digits = run[0].replace(b" ", b"").replace(b"-", b"").decode("ascii")
            found.update((run.start(), canary) for canary in self._in_run(digits))
        return found

    def _find_bcd(self, data: bytes) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()
        for run in _BCD.finditer(data):
            if run[0].isdigit() and not self._looks_like_text:
                continue  # ASCII digits: 3x3x3x3x3x, which no canary is in BCD
            piece = data[max(0, run.start() - 1) : run.end() + 1]
            for hexed in (piece.hex(), piece.translate(_SWAPPED).hex()):
                if self._suspicious(hexed):
                    for text in _NIBBLES.findall(hexed):
                        found.update((run.start(), canary) for canary in self._in_run(text))
        return found

    def _suspicious(self, text: str) -> bool:
        """False if there is no canary in it: wherever one stands, a gram of its first digits is
        among those that are looked at."""
        places = range(0, len(text) - _GRAM + 1, _STRIDE)
        return not self._grams.isdisjoint([text[i : i + _GRAM] for i in places])

    def _in_run(self, run: str) -> list[str]:
        """The canaries in a run of digits."""
        if not self._suspicious(run):
            return []
        known, places = self._digits, range(len(run) - _SHORTEST + 1)
        return [
            run[i : i + length] for i in places for length in self._lengths
            if run[i : i + length] in known
        ]  # fmt: skip


@lru_cache(maxsize=16)
def _numbers(pans: tuple[str, ...], pins: tuple[str, ...], codes: tuple[str, ...]) -> _Numbers:
    return _Numbers(pans, pins, codes)


def _from_base64(text: bytes) -> bytes:
    """One character alone says nothing; two or three lack their filling."""
    body = text[: len(text) - (len(text) % 4 == 1)]
    return base64.b64decode(body + b"=" * (-len(body) % 4))


def _from_hex(text: bytes) -> bytes:
    return bytes.fromhex(text[: len(text) // 2 * 2].decode("ascii"))


class _Stream:
    __slots__ = ("buffer", "marks", "offsets", "told")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.told = b""  # the end of what was scanned before; the buffer begins with it
        self.offsets: list[int] = []
        self.marks: list[int] = []


class Secrecy:
    """Collects what is written and scans it in large pieces; `report(t_us, source, text)` for each
    find.

    The same bytes or text again (a frame at its other end, a screen that comes back) is not scanned
    twice.
    """

    def __init__(self, canaries: Canaries, report: Callable[[int, str, str], None]) -> None:
        self._canaries = canaries
        self._report = report
        self._streams: dict[tuple[str, str, bool], _Stream] = {}
        self._seen: set[object] = set()

    def watch(self, event: Event) -> None:
        for value in event.data.values():
            kind = type(value)
            if kind is bytes:
                if value not in self._seen:
                    self._add(event, value, value, is_text=False)
            elif kind is int:
                if value >= _SMALLEST:
                    self._add(event, value, b"%d\n" % value, is_text=True)
            elif kind is str:
                if len(value) >= _SHORTEST and value not in self._seen:
                    self._add(event, value, value.encode() + b"\n", is_text=True)
            elif kind is tuple and value not in self._seen:
                self._add(event, value, "\n".join(map(str, value)).encode() + b"\n", is_text=True)

    def _add(self, event: Event, value: object, data: bytes, is_text: bool) -> None:
        if len(self._seen) == _REMEMBERED:
            self._seen.clear()
        if len(data) > _PIECE:
            self._seen.add(value)
        key = (event.source, event.kind, is_text)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream()
        stream.offsets.append(len(stream.buffer))
        stream.marks.append(event.t_us)
        stream.buffer += data
        if len(stream.buffer) > _SCAN_AT:
            self._scan(key, stream)

    def _scan(self, key: tuple[str, str, bool], stream: _Stream) -> None:
        seen: set[tuple[int, str]] = set()
        known = self._canaries.find(stream.told, key[2])
        for offset, what in self._canaries.find(bytes(stream.buffer), key[2]):
            if (offset, what) in known:
                continue
            t_us = stream.marks[max(0, bisect_right(stream.offsets, offset) - 1)]
            if (t_us, what) not in seen:
                seen.add((t_us, what))
                self._report(t_us, key[0], f"a {what} is readable in {key[1]}")
        tail = bytes(stream.buffer[-_TAIL:])
        last = stream.marks[-1] if stream.marks else 0
        stream.buffer, stream.told = bytearray(tail), tail
        stream.offsets, stream.marks = [0], [last]

    def finish(self) -> None:
        for key, stream in self._streams.items():
            self._scan(key, stream)
