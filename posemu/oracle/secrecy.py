"""The leak scanner: are the canaries anywhere they should not be?

Every string and every byte of every event goes in: frames, journal, screens, slips, all of it. The bytes of one source and kind
form a stream, so a PAN cut by a frame border is found too. Looked for: each PAN and each PIN as ASCII digits (also with
spaces or dashes), BCD at either nibble, reversed nibbles, hex text of either, base64 at all alignments; each key as bytes, hex and base64.
PINs have twelve digits, so that a chance hit does not happen.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from posemu.sim import Event

RULES: dict[str, tuple[str, str]] = {
    "no-card-data": ("no PAN, track, PIN or key is readable anywhere", "任何地方都不出现明文卡号、磁道、密码或密钥"),
}

_SCAN_AT = 1 << 16
_TAIL = 256
_DIGITS = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_NIBBLES = re.compile("[0-9]{12,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}")
_SWAPPED = bytes((b & 15) << 4 | b >> 4 for b in range(256))


class Canaries:
    """What must never be seen: PANs and PINs as digits, keys as bytes."""

    def __init__(self, pans: Iterable[str], pins: Iterable[str], keys: Iterable[bytes] = ()) -> None:
        self._digits = {pan: "PAN" for pan in pans} | {pin: "PIN" for pin in pins}
        self._lengths = sorted({len(digits) for digits in self._digits})
        self._keys: list[bytes] = []
        for key in keys:
            text = key.hex().encode()
            self._keys += [key, text, text.upper()]
            self._keys += [base64.b64encode(bytes(n) + key)[4 if n else 0 : -4] for n in range(3)]

    def find(self, data: bytes) -> list[tuple[int, str]]:
        """Where (byte offset, roughly) and what: "PAN", "PIN" or "key"."""
        found = self._find_digits(data)
        for run in _BASE64.finditer(data):
            text = run[0]
            for start in range(4):
                body = text[start : start + (len(text) - start) // 4 * 4]
                found += [(run.start(), what) for _, what in self._find_digits(base64.b64decode(body))]
        for key in self._keys:
            if key in data:
                found.append((data.index(key), "key"))
        return found

    def _find_digits(self, data: bytes) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for run in _DIGITS.finditer(data):
            digits = run[0].replace(b" ", b"").replace(b"-", b"").decode("ascii")
            for text in (digits, *_unhexed(digits)):
                found += [(run.start(), what) for what in self._in_run(text)]
        for hexed in (data.hex(), data.translate(_SWAPPED).hex()):
            for match in _NIBBLES.finditer(hexed):
                found += [(match.start() // 2, what) for what in self._in_run(match[0])]
        return found

    def _in_run(self, run: str) -> list[str]:
        known = self._digits
        return [
            known[run[i : i + length]]
            for length in self._lengths
            for i in range(len(run) - length + 1)
            if run[i : i + length] in known
        ]


def _unhexed(digits: str) -> list[str]:
    """If the digits may be hex text of ASCII digits (3x3x3x...): these digits, for both alignments."""
    found = []
    for start in (0, 1):
        if len(digits) >= 24 and set(digits[start::2][:12]) == {"3"}:
            found.append(digits[start + 1 :: 2])
    return found


class _Stream:
    __slots__ = ("buffer", "marks", "offsets")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.offsets: list[int] = []
        self.marks: list[int] = []


class Secrecy:
    """Collects what is written and scans it in large pieces; `report(t_us, source, text)` for each find."""

    def __init__(self, canaries: Canaries, report: Callable[[int, str, str], None]) -> None:
        self._canaries = canaries
        self._report = report
        self._streams: dict[tuple[str, str], _Stream] = {}

    def watch(self, event: Event) -> None:
        for value in event.data.values():
            if type(value) is bytes:
                self._add(event, value)
            elif type(value) is str:
                if len(value) > 7:
                    self._add(event, value.encode() + b"\n")
            elif type(value) is tuple:
                self._add(event, "\n".join(map(str, value)).encode() + b"\n")

    def _add(self, event: Event, data: bytes) -> None:
        key = (event.source, event.kind)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream()
        stream.offsets.append(len(stream.buffer))
        stream.marks.append(event.t_us)
        stream.buffer += data
        if len(stream.buffer) > _SCAN_AT:
            self._scan(key, stream)

    def _scan(self, key: tuple[str, str], stream: _Stream) -> None:
        seen: set[tuple[int, str]] = set()
        for offset, what in self._canaries.find(bytes(stream.buffer)):
            t_us = stream.marks[max(0, bisect_right(stream.offsets, offset) - 1)]
            if (t_us, what) not in seen:
                seen.add((t_us, what))
                self._report(t_us, key[0], f"a {what} is readable in {key[1]}")
        tail = bytes(stream.buffer[-_TAIL:])
        last = stream.marks[-1] if stream.marks else 0
        stream.buffer = bytearray(tail)
        stream.offsets, stream.marks = [0], [last]

    def finish(self) -> None:
        for key, stream in self._streams.items():
            self._scan(key, stream)
