"""A chip card, our kernel and the host at one counter: real cryptograms go to the host in real
messages, and what it answers goes back to the card."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from posemu.card.chip import MUTE, ChipCard, Holder, load_card_profile, personalise
from posemu.card.chip.application import CardImage
from posemu.crypto import Pin
from posemu.profiles.emv import load_terminal
from posemu.terminal.chip_secrets import padding_bytes, verify_command
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    ChooseApplication,
    Chosen,
    GoOnline,
    HostAnswer,
    PinEntered,
    Request,
    Transmit,
    UnableToGoOnline,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.wire import Tlv, encode_command, encode_length, encode_tlv, tlv_pairs

HOLDER, PIN = Holder("9999074985333805", "2910", "Anthony Wong"), Pin("134900971134")
SMALL, LARGE = 1_000, 20_000  # below and above the floor limit
ALWAYS, NEVER = 0.0, 0.99  # draws: chosen at random to go online, or not


@dataclass
class Counter:
    """Sales of one card at one till. What goes online is sent to the till's host, and the answer is
    read back, unless it is `lost` on its way."""

    till: Any
    card: ChipCard = field(default_factory=lambda: used_card())
    pin: str | None = None  # what the cardholder types where it goes online
    lost: bool = False
    stan: int = 0
    amount_minor: int = 0
    asked: bytes = b""  # field 55 of the request
    said: dict[int, Any] = field(default_factory=dict)  # the host's answer

    def sell(self, stan: int, amount_minor: int = LARGE, draw: float = NEVER) -> Outcome:
        self.stan, self.amount_minor = stan, amount_minor
        self.card.power_on()
        number = bytes.fromhex("1A2B3C4D")
        sale = Transaction(amount_minor, "260302", "090000", number, stan, draw=draw)
        steps, answer = transact(load_terminal("posemu-default"), sale), None
        while True:
            try:
                request = steps.send(answer)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            answer = self._meet(request)

    def upload(self, stan: int, outcome: Outcome, **how: Any) -> bytes:
        """The advice of what the chip approved."""
        amount_minor = int(outcome.data["9F02"].hex())
        how = {"code": outcome.response_code, **how}
        message: bytes = self.till.advice(stan, final(outcome), amount_minor, **how)
        return message

    def _meet(self, request: Request) -> Answer:
        match request:
            case Transmit(apdu):
                return self._send(apdu)
            case VerifyOffline(_, challenge, key):
                padding = bytes(padding_bytes(key))
                return self._send(encode_command(verify_command(PIN, challenge, key, padding)))
            case GoOnline():
                return self._go_online(request)
            case AskPin():
                return PinEntered(1)
            case ChooseApplication():
                return Chosen(0)
        return None

    def _send(self, apdu: bytes) -> Answered:
        answer = self.card.begin(apdu).commit().data
        assert answer is not MUTE
        assert isinstance(answer, bytes)
        return Answered(answer)

    def _go_online(self, request: GoOnline) -> HostAnswer | UnableToGoOnline:
        pin = self.pin if request.pin else None
        self.asked = packed(request.data)
        message = self.till.chip_sale(self.stan, self.asked, self.amount_minor, pin=pin)
        self.said = self.till.said(self.till.ask(message))
        if self.lost:
            return UnableToGoOnline()
        code, told = str(self.said[39]), tlv_pairs(self.said.get(55, b""))
        scripts = tuple(
            bytes.fromhex(tag) + encode_length(len(value)) + value
            for tag, value in told if tag != "91"
        )  # fmt: skip
        return HostAnswer(code == "00", code, dict(told).get("91", b""), scripts)


def packed(data: Any) -> bytes:
    """Field 55 of these objects, in their order."""
    return encode_tlv([Tlv(tag, value) for tag, value in data.items()])


def final(outcome: Outcome) -> bytes:
    """Field 55 with the last cryptogram."""
    listed = load_terminal("posemu-default").field_55
    return packed({tag: outcome.data[tag] for tag in listed if tag in outcome.data})


@cache
def _image(profile: str) -> CardImage:
    return personalise(load_card_profile(profile), HOLDER, PIN, name=profile)


def used_card(profile: str = "credit-cda", **stored: Any) -> ChipCard:
    """A card that was used five times, the last time online."""
    image = _image(profile)
    kept = {"atc": 5, "last_online_atc": 5} | stored
    applications = tuple(replace(one, **kept) for one in image.memory.applications)
    calls = iter(range(1, 1 << 30))
    memory = replace(image.memory, applications=applications)
    return ChipCard(
        replace(image, memory=memory), lambda n: next(calls).to_bytes(n), lambda ordinal: 0.9
    )
