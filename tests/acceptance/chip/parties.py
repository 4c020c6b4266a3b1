"""Kernel, card and issuer at one counter, in memory: the real ones, with real cryptograms. Here are
only the wires between them, a cardholder who knows a PIN, and a hand that may pull the card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

from posemu.card.chip import MUTE, ChipCard, Holder, load_card_profile, personalise
from posemu.card.chip.application import CardImage, Stored
from posemu.crypto import Pin, PinFormat, encipher_offline_pin, encode_pin_block
from posemu.host.chip import ChipIssuer, Judged
from posemu.host.chip_answer import Order, PutData, Script
from posemu.profiles.card_keys import load_card_keys
from posemu.profiles.emv import Terminal, load_terminal
from posemu.terminal.kernel.kernel import Steps, transact
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    CardAnswer,
    ChooseApplication,
    Chosen,
    GoOnline,
    HostAnswer,
    Mute,
    OnlineAnswer,
    PinEntered,
    Removed,
    Request,
    Transmit,
    UnableToGoOnline,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.wire import Tlv, decode_tlv, encode_length, encode_tlv, find_tlv, tlv_pairs

HOLDER = Holder("9999074985333805", "2910", "Anthony Wong")
PIN, WRONG_PIN, NEW_PIN = Pin("134900971134"), Pin("1234"), Pin("246813579")
SMALL, LARGE = 1_000, 20_000  # below and above the floor limit
KINDS = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
COUNTS = 5
"""Transactions of a used card before ours; the last of them was online."""
MOMENTS = ("before", "between", "after")


class Pull(NamedTuple):
    """The card goes at the APDU of this number: before it is sent, before the card commits what it
    did, or before its answer is heard."""

    at: int
    moment: str


@dataclass
class Counter:
    """One transaction, and what each side can say of it afterwards."""

    card: ChipCard
    terminal: Terminal = field(default_factory=lambda: load_terminal("posemu-default"))
    issuer: ChipIssuer = field(default_factory=lambda: ChipIssuer(load_card_keys().issuer))
    host: str = "approve"
    pins: Iterator[Answer] = field(default_factory=lambda: iter(()))
    choice: int = 0
    pull: Pull | None = None
    at_host: Callable[[], None] = lambda: None
    said: list[tuple[bytes, bytes]] = field(default_factory=list)  # what the card committed
    sent: int = 0  # APDUs
    sent_before_host: int = -1
    requests: list[Request] = field(default_factory=list)
    judged: Judged | None = None
    answer: OnlineAnswer | None = None
    before: tuple[Stored, ...] = ()
    outcome: Outcome | None = None

    def sell(self, amount_minor: int = SMALL, **changes: Any) -> Outcome:
        """One sale, to its end."""
        fields = {
            "amount_minor": amount_minor, "date": "261122", "time": "093000", "draw": 0.99,
            "unpredictable_number": bytes.fromhex("1A2B3C4D"), "sequence_counter": 1,
        } | changes  # fmt: skip
        self.before = self.card.memory.applications
        self.card.power_on()
        self.outcome = drive(transact(self.terminal, Transaction(**fields)), self._meet)  # type: ignore[arg-type]
        return self.outcome

    def _meet(self, request: Request) -> Answer:
        self.requests.append(request)
        if isinstance(request, Transmit):
            return self._send(request.apdu)
        if isinstance(request, VerifyOffline):
            return self._send(verify_command(request, PIN if request.handle else WRONG_PIN))
        if isinstance(request, GoOnline):
            return self._go_online(request)
        if isinstance(request, AskPin):
            return next(self.pins, PinEntered(1))
        return Chosen(self.choice) if isinstance(request, ChooseApplication) else None

    # --- the card ---

    def _send(self, apdu: bytes) -> CardAnswer:
        number, self.sent = self.sent, self.sent + 1
        moment = self.pull.moment if self.pull and self.pull.at == number else ""
        stored = self.card.memory
        if moment == "before":
            self.card.pull()
        exchange = self.card.begin(apdu)
        if moment == "between":
            self.card.pull()
        answer = exchange.commit().data
        if answer is MUTE:
            assert self.card.memory is stored
            return Removed() if moment else Mute()
        assert isinstance(answer, bytes)
        assert moment in ("", "after")
        self.said.append((apdu, answer))
        if moment == "after":
            self.card.pull()
            return Removed()
        return Answered(answer)

    def cryptograms(self) -> list[dict[str, bytes]]:
        """What the card gave, heard or not: CID, ATC, cryptogram, 9F10."""
        return [generated(answer) for apdu, answer in self.said if done(apdu, answer, 0xAE)]

    def kinds(self) -> list[str]:
        return [KINDS[found["9F27"][0] & 0xC0] for found in self.cryptograms()]

    def did(self, ins: int) -> int:
        """How many commands of this instruction the card carried out."""
        return sum(done(apdu, answer, ins) for apdu, answer in self.said)

    # --- the issuer ---

    def _go_online(self, request: GoOnline) -> OnlineAnswer:
        self.sent_before_host = self.sent
        self.at_host()
        pan = request.card["5A"].hex().rstrip("f")
        amount = {"9F02": request.data["9F02"]}
        self.judged = self.issuer.judge(field_55(request.data), pan, amount)
        self.answer = HOSTS[self.host](self)
        return self.answer

    def upload(self, outcome: Outcome) -> Judged:
        """What the issuer thinks of the transaction's last cryptogram."""
        pan = outcome.data["5A"].hex().rstrip("f")
        return self.issuer.judge(field_55(outcome.data), pan, online=False)


def drive(steps: Steps, meet: Callable[[Request], Answer]) -> Outcome:
    """Answer a kernel's requests to its end."""
    answer: Answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        answer = meet(request)


def done(apdu: bytes, answer: bytes, ins: int) -> bool:
    return apdu[1] == ins and answer[-2:] == b"\x90\x00"


def generated(answer: bytes) -> dict[str, bytes]:
    """The answer to GENERATE AC in either format."""
    tree = decode_tlv(answer[:-2])
    if tree[0].tag == "80":
        v = tree[0].value
        return {"9F27": v[:1], "9F36": v[1:3], "9F26": v[3:11], "9F10": v[11:]}
    tags = ("9F27", "9F36", "9F26", "9F10", "9F4B")
    return {tag: found[0] for tag in tags if (found := find_tlv(tree, tag))}


def field_55(data: Mapping[str, bytes]) -> bytes:
    """The objects of the profile's list, as the message carries them."""
    listed = load_terminal("posemu-default").field_55
    return encode_tlv([Tlv(tag, data[tag]) for tag in listed if tag in data])


def verify_command(request: VerifyOffline, pin: Pin) -> bytes:
    """What the secure module sends."""
    if request.key is None:
        block = encode_pin_block(PinFormat.ISO_2, pin)
        return bytes.fromhex("0020008008") + block
    padding = bytes(range(1, len(request.key.modulus) - 16))
    data = encipher_offline_pin(request.key, pin, request.challenge, padding)
    return bytes.fromhex("00200088") + bytes((len(data),)) + data


# --- cards ----------------------------------------------------------------------------------------


@cache
def image(profile: str) -> CardImage:
    return personalise(load_card_profile(profile), HOLDER, PIN, name=profile)


def used_card(profile: str = "credit-cda", **stored: Any) -> ChipCard:
    """A card that was used, the last time online."""
    made = image(profile)
    kept = {"atc": COUNTS, "last_online_atc": COUNTS} | stored
    applications = tuple(replace(one, **kept) for one in made.memory.applications)
    calls = iter(range(1, 1 << 30))
    memory = replace(made.memory, applications=applications)
    return ChipCard(
        replace(made, memory=memory), lambda n: next(calls).to_bytes(n), lambda ordinal: 0.9
    )


# --- hosts ----------------------------------------------------------------------------------------


def answered(counter: Counter, code: str, spoil: bool = False) -> HostAnswer:
    """The issuer's answer: the chip's code if it has one. `spoil` turns a bit of the ARPC."""
    assert counter.judged is not None
    code = counter.judged.response_code or code
    pairs = tlv_pairs(counter.issuer.answer(counter.judged, code))
    proof = dict(pairs).get("91", b"")
    if spoil and proof:
        proof = bytes((proof[0] ^ 1, *proof[1:]))
    scripts = tuple(
        bytes.fromhex(tag) + encode_length(len(value)) + value
        for tag, value in pairs if tag != "91"
    )  # fmt: skip
    return HostAnswer(code == "00", code, proof, scripts)


def with_script(counter: Counter, *, before: bool) -> HostAnswer:
    """An approval and a script that fits the card: another limit, and its PIN's tries back."""
    assert counter.judged is not None
    assert counter.judged.card is not None
    tag = "9F58" if counter.judged.card.name.scheme == "visa" else "9F14"
    orders = (PutData(tag, b"\x07"), Order("unblock-pin"))
    counter.issuer.order(HOLDER.pan, HOLDER.sequence, Script(orders, before))
    return answered(counter, "00")


def with_spoilt_script(counter: Counter) -> HostAnswer:
    """An approval and a script whose second MAC is wrong."""
    given = with_script(counter, before=False)
    script = given.scripts[0]
    return replace(given, scripts=(script[:-1] + bytes((script[-1] ^ 1,)),))


def blocking(counter: Counter) -> HostAnswer:
    """A decline, and the application is blocked."""
    counter.issuer.order(HOLDER.pan, HOLDER.sequence, Script((Order("block-application"),)))
    return answered(counter, "05")


HOSTS: Mapping[str, Callable[[Counter], OnlineAnswer]] = {
    "approve": lambda counter: answered(counter, "00"),
    "decline": lambda counter: answered(counter, "05"),
    "nothing": lambda counter: UnableToGoOnline(),
    "wrong ARPC": lambda counter: answered(counter, "00", spoil=True),
    "no ARPC": lambda counter: replace(answered(counter, "00"), issuer_authentication=b""),
    "script before": lambda counter: with_script(counter, before=True),
    "script after": lambda counter: with_script(counter, before=False),
    "spoilt script": with_spoilt_script,
    "block": blocking,
}
