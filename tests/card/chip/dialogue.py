"""What a test says to a card, and the issuer that knows its keys: commands built by hand from the
book, apart from what the card itself uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from posemu.card.chip import ChipCard, Holder, load_card_profile, personalise
from posemu.card.chip.application import Application
from posemu.crypto import Pin
from posemu.sim import Keyed
from posemu.wire import build_dol, decode_tlv, find_tlv

HOLDER = Holder("9999074985333805", "2910", "Anthony Wong")
PIN = Pin("134900971134")
WRONG_PIN = Pin("1234")
TERMINAL = {
    "9F02": "000000001000", "9F03": "000000000000", "9F1A": "0156", "95": "0000000000",
    "5F2A": "0156", "9A": "261122", "9C": "00", "9F37": "11223344", "9F35": "22",
    "9F34": "1F0302", "9F21": "093000", "8A": "3030",
}  # fmt: skip
GPO, CHALLENGE = "80A80000", "0084000000"


def counting() -> Callable[[int], bytes]:
    """Bytes that count up: never the same twice."""
    calls = iter(range(1, 1 << 30))
    return lambda n: next(calls).to_bytes(n)


def new_card(profile: str = "credit-cda", seed: int = 1) -> ChipCard:
    """A card that was never used, powered on."""
    image = personalise(load_card_profile(profile), HOLDER, PIN, name=profile)
    card = ChipCard(image, counting(), Keyed(seed).sequence("card/contact", 0))
    card.power_on()
    return card


def application(card: ChipCard, place: int = 0) -> Application:
    return card._image.applications[place]


def set_stored(card: ChipCard, **changes: Any) -> None:
    """Write into the first application's memory, as earlier transactions would have."""
    first, *rest = card.memory.applications
    card._memory = replace(card.memory, applications=(replace(first, **changes), *rest))


def send(card: ChipCard, apdu: str | bytes) -> bytes:
    """The answer APDU; it must not be mute."""
    answer = card.transmit(bytes.fromhex(apdu) if isinstance(apdu, str) else apdu).data
    assert isinstance(answer, bytes)
    return answer


def sw(answer: bytes) -> str:
    return answer[-2:].hex().upper()


def command(header: str, data: bytes = b"", le: str = "") -> bytes:
    length = bytes([len(data)]) if data else b""
    return bytes.fromhex(header) + length + data + bytes.fromhex(le)


def values(**changes: str) -> dict[str, bytes]:
    """The terminal's data, some of it changed: t9F02="..."."""
    merged = {**TERMINAL, **{tag.removeprefix("t"): value for tag, value in changes.items()}}
    return {tag: bytes.fromhex(value) for tag, value in merged.items()}


def select(card: ChipCard, place: int = 0) -> bytes:
    return send(card, command("00A40400", application(card, place).aid, "00"))


def initiate(card: ChipCard, data: Mapping[str, bytes]) -> bytes:
    said = build_dol(application(card).pdol, data)
    return send(card, command(GPO, b"\x83" + bytes([len(said)]) + said, "00"))


def generate(card: ChipCard, p1: str, data: Mapping[str, bytes], second: bool = False) -> bytes:
    app = application(card)
    said = build_dol(app.cdol2 if second else app.cdol1, data)
    return send(card, command(f"80AE{p1}00", said, "00"))


def objects(answer: bytes) -> dict[str, bytes]:
    """CID, ATC, cryptogram and 9F10 out of either format, and 9F4B."""
    assert sw(answer) == "9000"
    tree = decode_tlv(answer[:-2])
    if tree[0].tag == "80":
        v = tree[0].value
        return {"9F27": v[:1], "9F36": v[1:3], "9F26": v[3:11], "9F10": v[11:]}
    return {
        tag: found[0] for tag in ("9F27", "9F36", "9F26", "9F10", "9F4B")
        if (found := find_tlv(tree, tag))
    }  # fmt: skip


def kind(answer: bytes) -> str:
    return {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}[objects(answer)["9F27"][0]]


def begin(card: ChipCard, **changes: str) -> dict[str, bytes]:
    """Select and initiate; the terminal's data."""
    data = values(**changes)
    assert sw(select(card)) in ("9000", "6283")
    assert sw(initiate(card, data)) == "9000"
    return data


def online(card: ChipCard, **changes: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """A transaction up to its ARQC: the terminal's data, and the card's answer."""
    data = begin(card, **changes)
    answer = generate(card, "80", data)
    assert kind(answer) == "ARQC"
    return data, objects(answer)
