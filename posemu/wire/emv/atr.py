"""Answer to reset: the first thing a contact chip says (ISO/IEC 7816-3 8.2; EMV Book 1, 8.3).

    TS T0 | TA1 TB1 TC1 TD1 | TA2 ... | historical bytes | TCK

T0 and each TDi say in their upper four bits which interface bytes follow; TDi names a protocol in
its lower four. TCK is there as soon as a protocol other than T=0 is named, and makes the XOR from
T0 on zero. Taking an ATR apart and accepting it are two things: many a chip is a right ISO card and
no payment card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor

from posemu.wire.errors import DecodeError

_CONVENTIONS = (0x3B, 0x3F)
_SIZE_MAX = 33  # TS and at most 32 characters (ISO/IEC 7816-3 8.2.1)
_LETTERS = "ABCD"


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer to reset; `interface` maps "TA1", "TB1" ... to bytes, in the order they came;
    `protocols` are those named, in order (0 if none is); `tck` is None where there is none.
    ISO/IEC 7816-3:2006 8.2."""

    ts: int
    interface: Mapping[str, int]
    historical: bytes
    protocols: tuple[int, ...]
    tck: int | None


def parse_atr(data: bytes) -> Atr:
    """Take an answer to reset apart, check byte and length included. Raises `DecodeError`.
    ISO/IEC 7816-3:2006 8.2."""
    if len(data) < 2 or len(data) > _SIZE_MAX:
        raise DecodeError("ATR", len(data), f"must be 2 to {_SIZE_MAX} bytes")
    if data[0] not in _CONVENTIONS:
        raise DecodeError("TS", 0, "must be 3B or 3F")
    interface: dict[str, int] = {}
    protocols = []
    follows, place, group = data[1] >> 4, 2, 1
    while follows:
        for bit, letter in enumerate(_LETTERS):
            if follows >> bit & 1:
                name = f"T{letter}{group}"
                if place == len(data):
                    raise DecodeError(name, place, "is announced and missing")
                interface[name] = data[place]
                place += 1
        named = interface.get(f"TD{group}")
        if named is None:
            break
        protocols.append(named & 0x0F)
        follows, group = named >> 4, group + 1
    end = place + (data[1] & 0x0F)
    checked = any(protocols)
    if len(data) != end + checked:
        raise DecodeError("ATR", min(len(data), end), f"must be {end + checked} bytes by its T0")
    if checked and reduce(xor, data[1:]):
        raise DecodeError("TCK", end, "does not check")
    tck = data[end] if checked else None
    return Atr(data[0], interface, data[place:end], tuple(protocols) or (0,), tck)


def check_emv_atr(atr: Atr) -> None:
    """Refuse, with `DecodeError`, what a payment terminal must reject after a cold reset (EMV Book
    1, 8.3.3): it may not guess what a card that speaks otherwise would do."""
    t1 = atr.protocols[0] == 1
    if t1 and "TB3" not in atr.interface:
        raise DecodeError("TB3", 0, "must be there for T=1")
    if "TB1" not in atr.interface:
        raise DecodeError("TB1", 0, "must be there after a cold reset")
    for offset, (name, byte) in enumerate(atr.interface.items(), 2):
        accepts = _RULES.get(name) or (_RULES_T1 if t1 else _RULES_T0).get(name)
        if accepts is not None and not accepts(byte, atr):
            raise DecodeError(name, offset, f"{byte:02X} is not accepted (EMV Book 1, 8.3.3)")


_Rule = Callable[[int, Atr], bool]


_RULES: Mapping[str, _Rule] = {
    "TA1": lambda byte, atr: "TA2" not in atr.interface or 0x11 <= byte <= 0x13,
    "TB1": lambda byte, _: byte == 0x00,
    "TC1": lambda byte, _: byte in (0x00, 0xFF),
    "TD1": lambda byte, _: byte & 0x0F in (0, 1),
    "TA2": lambda byte, atr: not byte & 0x10 and byte & 0x0F == atr.protocols[0],
    "TB2": lambda _, __: False,
}
_RULES_T0: Mapping[str, _Rule] = {
    "TC2": lambda byte, _: byte == 0x0A,
    "TD2": lambda byte, _: byte & 0x0F == 15,
    "TA3": lambda byte, _: 1 <= byte & 0x3F <= 7,
}
_RULES_T1: Mapping[str, _Rule] = {
    "TC2": lambda _, __: False,
    "TD2": lambda byte, _: byte & 0x0F == 1,
    "TA3": lambda byte, _: 0x10 <= byte <= 0xFE,
    "TB3": lambda byte, _: byte >> 4 <= 4 and byte & 0x0F <= 5,
    "TC3": lambda byte, _: byte == 0x00,
}
