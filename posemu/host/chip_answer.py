"""What an issuer sends back to a chip: its proof (tag 91) and its scripts (71, 72) (EMV 4.4 Book 2,
8.2 and 9; Book 3, 10.10 and annex C10).

    91 [ ARPC 8 | response code 2 ]              method 1
    91 [ ARPC 4 | card status update 4 ]         method 2
    72 [ 9F18 identifier | 86 command, its MAC ... ]

All of it is bound to one cryptogram of one card: heard by somebody else it is of no use. What may
break: more scripts than an answer may carry; they wait.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from posemu.crypto import (
    CardKeys,
    CryptogramVersion,
    Pin,
    command_mac,
    issuer_arpc,
    pin_change_command,
)
from posemu.host.chip_rules import APPROVED
from posemu.wire import Masked, Tlv, encode_tlv, mask_pan, template

SCRIPTS_MAX: Final = 128
"""Bytes of scripts that an answer may carry (Book 3, 10.10)."""
_IDENTIFIER_BYTES, _MAC_BYTES, _PIN_BLOCK_MAX = 4, 8, 16
_TAG = re.compile("[0-9A-F]{4}")


class Order(NamedTuple):
    """A command of an issuer script without data: a name of `COMMANDS`."""

    name: str


class PutData(NamedTuple):
    """PUT DATA: write an object of the card, by its tag of two bytes (upper-case hex)."""

    tag: str
    value: bytes


@dataclass(frozen=True, slots=True)
class ChangePin:
    """PIN CHANGE/UNBLOCK: a new PIN, and all its tries back."""

    pin: Pin = field(repr=False)


COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "block-card": "84160000",
        "unblock-application": "84180000",
        "block-application": "841E0000",
        "unblock-pin": "84240000",
    }
)
"""Name -> class, instruction and parameters (Book 3, 6.5.1 to 6.5.3 and 6.5.10)."""


class Script(NamedTuple):
    """Commands for a card, carried out before its last cryptogram (template 71) or after it (72);
    `identifier` (4 bytes) comes back in the issuer script results (9F5B)."""

    orders: tuple[Order | PutData | ChangePin, ...]
    before: bool = False
    identifier: bytes = b"\x00\x00\x00\x01"


class CardStatus(NamedTuple):
    """What the issuer wants of a card that takes ARPC method 2: names of `STATUS`, and what becomes
    of its offline counters, a name of `COUNTERS`."""

    bits: tuple[str, ...] = ()
    counters: str = "keep"


STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {"approved": 0x80, "block-card": 0x40, "block-application": 0x20, "go-online": 0x08}
)
COUNTERS: Final[Mapping[str, int]] = MappingProxyType(
    {"keep": 0b00, "to-upper-limits": 0b01, "to-zero": 0b10, "add": 0b11}
)
"""Byte 2 of the card status update (Book 3, annex C10)."""


@dataclass(frozen=True, slots=True, repr=False)
class CardName(Masked):
    """Under which the issuer keeps a card's counter: PAN and its sequence number, scheme and
    cryptogram version."""

    pan: str
    sequence: str
    scheme: str
    cvn: int

    def masked(self) -> str:
        return f"{mask_pan(self.pan)}, {self.scheme} {self.cvn}"


@dataclass(frozen=True, slots=True)
class ProvenCard:
    """A card whose cryptogram was right, and what an answer to it is bound to: that cryptogram, the
    ATC and the terminal's number (9F37)."""

    name: CardName
    version: CryptogramVersion
    keys: CardKeys
    cryptogram: bytes = field(repr=False)
    atc: bytes
    number: bytes


_ON_APPROVAL: Final = CardStatus(("approved",), "to-zero")
_ON_DECLINE: Final = CardStatus()


def issuer_authentication(card: ProvenCard, response_code: str, status: CardStatus | None) -> bytes:
    """Tag 91: ARPC and response code (method 1), or ARPC and card status update (method 2).
    Book 2, 8.2."""
    method_1 = card.version.arpc_method == 1
    if status is None:
        status = _ON_APPROVAL if response_code == APPROVED else _ON_DECLINE
    said = response_code.encode("ascii") if method_1 else _status_update(status)
    arpc = issuer_arpc(
        card.version,
        card.keys,
        arqc=card.cryptogram,
        answer=said,
        proprietary=b"",
        atc=card.atc,
        un=card.number,
    )
    return arpc + said


def _status_update(status: CardStatus) -> bytes:
    second = COUNTERS[status.counters]
    for name in status.bits:
        second |= STATUS[name]
    return bytes((0, second, 0, 0))


def script_template(card: ProvenCard, script: Script) -> Tlv:
    """Template 71 or 72, its commands under MACs for this card (Book 3, 10.10)."""
    commands = [Tlv("86", _command(card, order)) for order in script.orders]
    tag = "71" if script.before else "72"
    return template(tag, [Tlv("9F18", script.identifier), *commands])


def _command(card: ProvenCard, order: Order | PutData | ChangePin) -> bytes:
    """One command under its MAC, bound to this transaction (Book 2, 9.2)."""
    atc, arqc = card.atc, card.cryptogram
    if isinstance(order, ChangePin):
        return pin_change_command(
            card.version, card.keys, pin=order.pin, current_pin=None, atc=atc, arqc=arqc
        )
    if isinstance(order, PutData):  # in class 04: VIS 1.6, M/Chip 4
        start, data = f"04DA{order.tag}", order.value
    else:
        start, data = COMMANDS[order.name], b""
    header = bytes.fromhex(start) + bytes((len(data) + _MAC_BYTES,))
    mac = command_mac(card.version, card.keys, header=header, data=data, atc=atc, arqc=arqc)
    return header + data + mac


def check_script(script: Script) -> None:
    """ValueError unless every card can take the script, and an answer carry it."""
    if len(script.identifier) != _IDENTIFIER_BYTES:
        raise ValueError(f"a script identifier has {_IDENTIFIER_BYTES} bytes (Book 3, 10.10)")
    for order in script.orders:
        if isinstance(order, Order) and order.name not in COMMANDS:
            raise ValueError(f"no script command {order.name!r}: {', '.join(COMMANDS)}")
        if isinstance(order, PutData) and not _TAG.fullmatch(order.tag):
            raise ValueError("PUT DATA names an object by four hex digits, upper case: 9F58")
    commands = [Tlv("86", bytes(5 + _body_max(order) + _MAC_BYTES)) for order in script.orders]
    if len(encode_tlv([template("72", [Tlv("9F18", script.identifier), *commands])])) > SCRIPTS_MAX:
        raise ValueError(f"an answer carries {SCRIPTS_MAX} bytes of scripts: order two of them")


def _body_max(order: Order | PutData | ChangePin) -> int:
    if isinstance(order, ChangePin):
        return _PIN_BLOCK_MAX
    return len(order.value) if isinstance(order, PutData) else 0
