"""The kernel against cards that do anything: it always ends, with a reason, after a bounded number
of commands, and never approves what was not approved."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.terminal.kernel.candidate_list import DIRECTORY_RECORDS_MAX, PSE
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import REASONS, Fallback, Outcome, Result
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    CardAnswer,
    ChooseApplication,
    Chosen,
    Declined,
    GoOnline,
    HostAnswer,
    Mute,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinPadFailed,
    PinTimedOut,
    Removed,
    Request,
    Show,
    Transmit,
    TransportFailed,
    UnableToGoOnline,
)
from posemu.terminal.kernel.terminal_data import Terminal

from .chip import Chip, chip_terminal, transaction
from .scripted import SELECT_PSE, ScriptedCard, tlv

COMMANDS_MAX = 600
SCRIPT = tlv("9F18", "CAFE0001") + tlv("86", "841E00000411223344")
SCRIPTS = tuple(bytes.fromhex(tlv(template, SCRIPT)) for template in ("71", "72"))
YES = HostAnswer(True, "00", bytes(10), SCRIPTS)
NO = HostAnswer(False, "51", bytes(10), SCRIPTS)
APPROVED = (Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE)
FAULTS: tuple[CardAnswer, ...] = (
    Removed(),
    Mute(),
    TransportFailed("parity"),
    Answered(b"\x6f\x00"),
)


@dataclass
class Journey:
    """A transaction that was driven to its end."""

    outcome: Outcome
    commands: list[str] = field(default_factory=list)
    online: bool = False


def drive(
    kernel: Generator[Request, Answer, Outcome],
    card: Callable[[bytes], CardAnswer],
    host: Answer,
    person: Callable[[Request], Answer] = lambda _: None,
) -> Journey:
    commands: list[str] = []
    online, answer = False, None
    try:
        while True:
            request = kernel.send(answer)
            if isinstance(request, Transmit):
                commands.append(request.apdu.hex().upper())
                assert len(commands) <= COMMANDS_MAX, "the kernel does not stop"
                answer = card(request.apdu)
            elif isinstance(request, GoOnline):
                assert not online, "it asks the issuer twice"
                online, answer = True, host
            else:
                answer = None if isinstance(request, Show) else person(request)
    except StopIteration as end:
        return Journey(end.value, commands, online)


def check(journey: Journey, host: Answer) -> None:
    """What holds of every end."""
    outcome = journey.outcome
    asked = [c for c in journey.commands if c.startswith("80AE")]
    assert outcome.reason in REASONS
    assert outcome.sent_online is journey.online
    assert len(asked) <= 2
    if outcome.result is Result.APPROVED_ONLINE:
        assert isinstance(host, HostAnswer)
        assert host.approved
    if outcome.result in APPROVED:
        assert outcome.data["9F27"][0] & 0xC0 == 0x40
    if outcome.result is Result.APPROVED_OFFLINE:
        assert outcome.response_code in ("Y1", "Y3")
    elif outcome.result in (Result.TERMINATED, Result.CANCELLED, Result.NOT_ACCEPTED):
        answered = journey.online and isinstance(host, HostAnswer)
        assert outcome.response_code == (host.response_code if answered else "")  # type: ignore[union-attr]
    if outcome.fallback is not None:
        assert not asked
        assert outcome.result in (Result.TERMINATED, Result.NOT_ACCEPTED)


# --- every fault at every command -----------------------------------------------------------------


@pytest.mark.parametrize("host", [YES, NO, UnableToGoOnline()], ids=["yes", "no", "nobody"])
@pytest.mark.parametrize("asks", ["TC", "ARQC", "AAC"])
@pytest.mark.parametrize("method", ["sda", "dda", "cda"])
def test_a_fault_at_every_command(method: str, asks: str, host: Any) -> None:
    """Pulled, mute, unreadable, or an error status, at each command of the transaction: approved
    only where the fault came behind the last cryptogram, and a card that was pulled is no reason
    for the stripe."""
    gives = {"TC": ("TC",), "ARQC": ("ARQC", "TC" if host is not NO else "AAC"), "AAC": ("AAC",)}
    methods = (method, "issuer-authentication")

    def whole(fault: CardAnswer | None, at: int) -> Journey:
        chip = Chip(methods=methods, gives=gives[asks])

        def card(apdu: bytes) -> CardAnswer:
            answer = chip.answer(apdu)
            return fault if fault is not None and len(chip.sent) == at else answer

        return drive(transact(chip_terminal(), transaction(asks)), card, host)

    good = whole(None, 0)
    check(good, host)
    last = max(at for at, command in enumerate(good.commands, 1) if command.startswith("80AE"))
    first = min(at for at, command in enumerate(good.commands, 1) if command.startswith("80AE"))
    for at in range(1, len(good.commands) + 1):
        for fault in FAULTS:
            broken = whole(fault, at)
            check(broken, host)
            outcome = broken.outcome
            if at > last:
                assert outcome.result is good.outcome.result
            elif isinstance(fault, Answered) and good.commands[at - 1][:4] in ("0082", "841E"):
                assert outcome.result is good.outcome.result  # told in the TVR: the card decides
            else:
                assert outcome.result not in APPROVED
            if isinstance(fault, Mute | TransportFailed):
                technical = Fallback.TECHNICAL if at < first else None
                assert outcome.fallback is technical
            if isinstance(fault, Removed):
                assert outcome.fallback is None


# --- cards that never end -------------------------------------------------------------------------


class Endless:
    """Always one record, one application, one try more: applications that will not run until the
    last, as many records as are read, and a PIN that is always wrong."""

    def __init__(self) -> None:
        self.names = self.starts = 0

    def __call__(self, apdu: bytes) -> CardAnswer:
        return Answered(bytes.fromhex(self.answer(apdu)))

    def answer(self, apdu: bytes) -> str:
        ins = apdu[1]
        if ins == 0xA4:
            name = apdu[5 : 5 + apdu[4]]
            if apdu[3] or len(name) < 7:
                self.names += 1
                name = bytes.fromhex(f"A000000003{self.names:04X}")
            return tlv("6F", tlv("84", name.hex()), tlv("A5", "500154")) + "9000"
        if ins == 0xA8:
            self.starts += 1
            if self.starts < 16:
                return "6985"
            return tlv("77", "82021000", tlv("94", "0801640010016400")) + "9000"
        if ins == 0xB2:
            first = (apdu[2], apdu[3] >> 3) == (1, 1)
            return tlv("70", MANDATORY if first else "") + "9000"
        return "9F1701039000" if ins == 0xCA else "63C3"


MANDATORY = (
    tlv("5A", "4761739001010010") + "5F2403301231" + tlv("8C", "9F3704") + tlv("8D", "8A02")
) + tlv("8E", "00" * 8, "0100")


def test_a_card_without_end_is_left() -> None:
    """Applications, records and wrong PINs without end: the kernel stops, and within its bound."""
    terminal = chip_terminal(use_pse=True, partial=True, aid="A000000003", offers_choice=False)
    card = Endless()
    pin = PinEntered(1)
    journey = drive(
        transact(terminal, transaction()),
        card,
        UnableToGoOnline(),
        lambda request: pin if isinstance(request, AskPin) else card(b"\x00\x20"),  # type: ignore[arg-type]
    )
    assert (journey.outcome.result, journey.outcome.reason) == (Result.TERMINATED, "bad-status")
    assert len(journey.commands) == 1 + 16 + 16 * 2 + 200 + 1


def test_a_directory_without_end_is_left() -> None:
    """Always one record more in the card's directory: the terminal's own list is tried instead."""
    fci = tlv("6F", tlv("84", PSE.hex()), tlv("A5", "880101")) + "9000"
    card = ScriptedCard({SELECT_PSE: fci, "00B2": tlv("70") + "9000"})
    journey = drive(transact(chip_terminal(use_pse=True), transaction()), card.answer, None)
    assert journey.outcome.reason == "no-application"
    assert len(journey.commands) == 1 + DIRECTORY_RECORDS_MAX + 1


# --- any card -------------------------------------------------------------------------------------

LOST = st.sampled_from([Removed(), Mute(), TransportFailed("")])
STATUSES = st.sampled_from(
    [b"\x90\x00", b"\x69\x85", b"\x6a\x81", b"\x62\x83", b"\x63\xc1", b"\x6f\x00"]
)
HOSTS = st.one_of(
    st.just(UnableToGoOnline()),
    st.builds(
        HostAnswer,
        st.booleans(),
        st.sampled_from(["00", "05", "51", "", "é", "123"]),
        st.binary(max_size=20),
        st.lists(st.sampled_from(SCRIPTS) | st.binary(max_size=60), max_size=4).map(tuple),
    ),
)
PINS = st.sampled_from(
    [PinEntered(1), PinBypassed(), PinCancelled(), PinTimedOut(), PinPadFailed()]
)
VERIFIED = st.one_of(LOST, STATUSES.map(Answered), st.binary(max_size=4).map(Answered))


def person(draw: Callable[[Any], Any]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        if isinstance(request, ChooseApplication):
            place = draw(st.integers(-1, len(request.choices) - 1))
            return Chosen(place) if place >= 0 else Declined()
        return draw(PINS if isinstance(request, AskPin) else VERIFIED)  # type: ignore[no-any-return]

    return answer


TERMINALS: list[Terminal] = [
    chip_terminal(kind=kind, use_pse=pse) for kind in ("21", "22", "23") for pse in (True, False)
]


@settings(max_examples=50, deadline=None)
@given(data=st.data(), terminal=st.sampled_from(TERMINALS), host=HOSTS)
def test_random_bytes(data: st.DataObject, terminal: Terminal, host: Any) -> None:
    """A card that answers with anything at all."""
    answers = LOST | st.binary(max_size=12).map(Answered) | st.tuples(
        st.binary(max_size=40), STATUSES
    ).map(b"".join).map(Answered)  # fmt: skip
    journey = drive(
        transact(terminal, transaction()), lambda _: data.draw(answers), host, person(data.draw)
    )
    check(journey, host if host is None or isinstance(host, UnableToGoOnline) else ascii_code(host))


def ascii_code(host: HostAnswer) -> HostAnswer:
    """As the kernel keeps a code: what is no ASCII is a question mark."""
    code = host.response_code.encode("ascii", "replace").decode()
    return HostAnswer(host.approved, code, host.issuer_authentication, host.scripts)


MUTATIONS = st.lists(
    st.tuples(st.integers(1, 14), st.integers(0, 6), st.binary(min_size=1, max_size=6)), max_size=3
)
CDOLS = st.sampled_from(["9F3704", "9F37FF9F02FF", "9F", "8A0291089F4C08", "98149505", ""])


def changed(answer: CardAnswer, how: int, noise: bytes) -> CardAnswer:
    """A good answer gone bad in one of seven ways."""
    if not isinstance(answer, Answered):
        return answer
    apdu = answer.apdu
    place = int.from_bytes(noise) % (len(apdu) or 1)
    ways: list[CardAnswer] = [
        Answered(apdu[:place] + noise + apdu[place + len(noise) :]),
        Answered(apdu[:place]),
        Answered(apdu[:place] + noise + apdu[place:]),
        Answered(apdu[:-2] + b"\x6a" + noise[:1]),
        Answered(apdu[:-2] * 2 + apdu[-2:]),
        Answered(noise),
        Mute(),
    ]
    return ways[how]


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    methods=st.sets(
        st.sampled_from(["sda", "dda", "cda", "issuer-authentication", "cardholder-verification"])
    ),
    gives=st.lists(st.sampled_from(["AAC", "TC", "ARQC", "reserved"]), min_size=1, max_size=2),
    cvm=st.sampled_from(["", "0100", "4400020004001F00", "0200", "03001E00", "01"]),
    cdols=st.tuples(CDOLS, CDOLS),
    mutations=MUTATIONS,
    host=HOSTS,
    asks=st.sampled_from(["TC", "ARQC", "AAC"]),
    terminal=st.sampled_from(TERMINALS),
)
def test_good_cards_gone_bad(
    data: st.DataObject,
    methods: set[str],
    gives: list[str],
    cvm: str,
    cdols: tuple[str, str],
    mutations: list[tuple[int, int, bytes]],
    host: Any,
    asks: str,
    terminal: Terminal,
) -> None:
    """A card that gets far, and then says something else at one to three of its commands."""
    put = {"8E": bytes(8) + bytes.fromhex(cvm)} if cvm else {}
    chip = Chip(methods=methods, gives=gives, put=put, cdol1=cdols[0], cdol2=cdols[1], without=())

    def card(apdu: bytes) -> CardAnswer:
        answer = chip.answer(apdu)
        for at, how, noise in mutations:
            if at == len(chip.sent):
                answer = changed(answer, how, noise)
        return answer

    journey = drive(transact(terminal, transaction(asks)), card, host, person(data.draw))
    check(journey, host if isinstance(host, UnableToGoOnline) else ascii_code(host))
