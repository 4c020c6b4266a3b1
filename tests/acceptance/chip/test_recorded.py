"""Transactions that other implementations had with real cards, played again: our kernel gets the
card's recorded answers, and must send the recorded commands wherever the book leaves no choice.

Where it leaves one, or where the other side did what the book does not ask for, the difference is
listed with its reason, and no other is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from posemu.crypto import Pin, PinFormat, encode_pin_block
from posemu.profiles.emv import Terminal, TerminalApplication
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Result
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    GoOnline,
    HostAnswer,
    PinEntered,
    Request,
    Transmit,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.wire import parse_command
from posemu.wire.emv.t0 import t0_fold

from .parties import drive

TRACES = Path(__file__).parents[2] / "vectors" / "published" / "emv_apdu_traces.json"
PIN = Pin("1234")
GENERATE_AC = 0xAE


@dataclass(frozen=True)
class Case:
    """A recorded transaction, the terminal that its values tell of, and what differs, by name of
    command: what we send besides, what they did, and what both send with other data. `host` is
    what the recorded terminal heard from its issuer, as its last commands show."""

    terminal: Terminal
    transaction: Transaction
    host: HostAnswer
    outcome: tuple[Result, str]
    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    other_data: dict[str, str] = field(default_factory=dict)


def terminal(aid: str, version: str, capabilities: str, country: str, **changes: Any) -> Terminal:
    data = {"9F33": capabilities, "9F35": "22", "9F40": "6000F0A001", "9F1A": country}
    data |= {"5F2A": changes.pop("currency"), "5F36": "02"}
    application = TerminalApplication(
        aid,
        False,
        {"9F09": bytes.fromhex(version)},
        default_ddol=bytes.fromhex("9F3704"),
        **changes,
    )
    objects = {tag: bytes.fromhex(value) for tag, value in data.items()}
    return Terminal(objects, (application,), use_pse=aid.startswith("AF"))


ONLINE_ABOVE_FLOOR = {"tac_online": bytes.fromhex("0000008000"), "floor_limit_minor": 500}

CASES = {
    # Signature, no offline authentication: the values of CDOL1 leave nothing open.
    "mastercard-contact": Case(
        terminal("A0000000041010", "0002", "E0A000", "0000", currency="0036", **ONLINE_ABOVE_FLOOR),
        Transaction(1000, "120316", "000000", bytes.fromhex("8221F601"), 1),
        HostAnswer(True, "00", bytes.fromhex("11223344556677880000")),
        (Result.DECLINED_BY_CARD, "card-refused-approval"),
        ours={"SELECT": "the list is made by selecting; then the one chosen is selected"},
    ),
    # A laboratory's tool on its own card: it tries what the card can do, more than a sale needs.
    "vesa-contact-complete": Case(
        terminal("AFFFFFFFFF1234", "0096", "E08000", "0246", currency="0978", **ONLINE_ABOVE_FLOOR),
        Transaction(1, "200724", "000000", bytes.fromhex("01234567"), 1, kind="21"),
        HostAnswer(True, "Y3", bytes.fromhex("1234567812345678")),
        (Result.APPROVED_ONLINE, "approved"),
        ours={"GET DATA": "the PIN try counter before the PIN; theirs asks for the ATC"},
        theirs={
            "GET DATA": "the ATC, which nothing asks for",
            "INTERNAL AUTHENTICATE": "without the authority's key there is nothing to check",
            "GET CHALLENGE": "for a second PIN, enciphered, after one was right",
            "VERIFY": "the second one",
        },
        other_data={"GENERATE AC": "a TVR of zeros, although the card had expired"},
    ),
}


def recorded(name: str) -> list[tuple[bytes, bytes]]:
    """Command and answer, without the commands of the T=0 protocol."""
    vectors = json.loads(TRACES.read_text("utf-8"))["vectors"]
    (inputs,) = (one["inputs"] for one in vectors if one["name"] == name)
    pairs = [(bytes.fromhex(e["capdu"]), bytes.fromhex(e["rapdu"])) for e in inputs["exchanges"]]
    return list(t0_fold(pairs)) if inputs["protocol"] == "T=0 TPDU" else pairs


@dataclass
class Replay:
    """The recorded card: it answers a command as it did the next time, or else as it did before; to
    GENERATE AC in turn, whatever data comes; and has nothing for others."""

    script: list[tuple[bytes, bytes]]
    host: HostAnswer
    sent: list[bytes] = field(default_factory=list)
    at: int = 0

    def meet(self, request: Request) -> Answer:
        if isinstance(request, Transmit):
            return Answered(self.answer(request.apdu))
        if isinstance(request, VerifyOffline):
            block = encode_pin_block(PinFormat.ISO_2, PIN)
            return Answered(self.answer(bytes.fromhex("0020008008") + block))
        if isinstance(request, AskPin):
            return PinEntered(1)
        return self.host if isinstance(request, GoOnline) else None

    def answer(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        order = [*range(self.at, len(self.script)), *reversed(range(self.at))]
        for place in order:
            said, answer = self.script[place]
            if same_command(said, apdu) or apdu[1] == said[1] == GENERATE_AC:
                self.at = max(self.at, place + 1)
                return answer
        return bytes.fromhex("6A88")


def same_command(a: bytes, b: bytes) -> bool:
    """The same but for the length that is expected back, which T=0 fills in."""
    x, y = parse_command(a), parse_command(b)
    return (x.cla, x.ins, x.p1, x.p2, x.data) == (y.cla, y.ins, y.p1, y.p2, y.data)


def name_of(apdu: bytes) -> str:
    return parse_command(apdu).name


@pytest.mark.parametrize("name", CASES)
def test_the_same_commands(name: str) -> None:
    """In the same order, with the same data; only the listed ones differ, and all of them do."""
    case = CASES[name]
    replay = Replay(recorded(name), case.host)
    outcome = drive(transact(case.terminal, case.transaction), replay.meet)
    theirs = [apdu for apdu, _ in replay.script]
    ours_only, theirs_only, others = differences(replay.sent, theirs)
    assert ours_only == set(case.ours)
    assert theirs_only == set(case.theirs)
    assert others == set(case.other_data)
    plain = {said.replace(outcome.data["95"], bytes(5), 1) for said in replay.sent}
    same = {
        said.replace(outcome.data["95"], bytes(5), 1) for said in theirs if said[1] == GENERATE_AC
    }
    assert same <= plain, "GENERATE AC differs in the TVR alone"
    assert (outcome.result, outcome.reason) == case.outcome


def differences(ours: list[bytes], theirs: list[bytes]) -> tuple[set[str], set[str], set[str]]:
    """Names of commands that one side sends more, and of those sent with other data. What both send
    stands in the same order."""
    ours_only, theirs_only, others = set(), set(), set()
    left = list(theirs)
    for apdu in ours:
        place = next(
            (n for n, said in enumerate(left) if same_command(said, apdu)),
            next((n for n, said in enumerate(left) if apdu[1] == said[1] == GENERATE_AC), None),
        )
        if place is None:
            ours_only.add(name_of(apdu))
            continue
        theirs_only |= {name_of(said) for said in left[:place]}
        if not same_command(left[place], apdu):
            others.add(name_of(apdu))
        left = left[place + 1 :]
    return ours_only, theirs_only | {name_of(said) for said in left}, others


def test_all_recorded_contact_transactions_are_played() -> None:
    """A new one in the file must get its case."""
    vectors = json.loads(TRACES.read_text("utf-8"))["vectors"]
    contact = {
        one["name"] for one in vectors
        if one["op"] == "transaction" and one["inputs"]["interface"] == "contact"
    }  # fmt: skip
    assert contact == set(CASES)
