"""The two sides of a chip transaction under the fuzzer: the kernel against cards that say anything,
the card under terminals that say anything; and what is read of their talk afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from posemu.card.chip import MUTE, CardImage, ChipCard, Holder, load_card_profile, personalise
from posemu.crypto import Pin
from posemu.profiles import load_terminal
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    ChooseApplication,
    Chosen,
    GoOnline,
    HostAnswer,
    Mute,
    PinEntered,
    Removed,
    Request,
    Transmit,
    TransportFailed,
    UnableToGoOnline,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.wire import parse_issuer_application_data, read_session
from tests.fuzz.contract import Target, pieced, pieces_of

_COMMANDS_MAX = 600
_LOST = {b"": Mute(), b"R": Removed(), b"T": TransportFailed("parity")}
_PROFILES = ("credit-cda", "debit-dda", "two-applications", "blocked-application")
_WISH = Transaction(
    amount_minor=20_000, date="261122", time="120000", unpredictable_number=bytes(4),
    sequence_counter=1,
)  # fmt: skip


def _kernel(data: bytes) -> None:
    """The first piece says what the issuer answers, the others are what the card says, in turn;
    from there on it is mute."""
    said = pieces_of(data)
    host = said[0] if said else b""
    answers = iter(said[1:])
    _check(_drive(host, lambda request: next(answers, b"")), host)


def _drive(host: bytes, card: Callable[[Request], bytes]) -> Outcome:
    kernel = transact(load_terminal("posemu-default"), _WISH)
    answer: Answer = None
    commands = 0
    try:
        while True:
            request = kernel.send(answer)
            commands += isinstance(request, Transmit)
            assert commands <= _COMMANDS_MAX, "the kernel does not stop"
            answer = _answer(request, host, card(request) if _is_card(request) else b"")
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def _recorded(profile: str, host: bytes) -> bytes:
    """What a real card says in a whole transaction: where a fuzzer starts from."""
    card = ChipCard(_image(profile), bytes, lambda ordinal: 0.5)
    card.power_on()
    said = [host]

    def answer(request: Request) -> bytes:
        answered = (
            card.transmit(request.apdu).data if isinstance(request, Transmit) else b"\x90\x00"
        )
        assert isinstance(answered, bytes)
        said.append(answered)
        return answered

    _drive(host, answer)
    return pieced(*(piece[:255] for piece in said))


def _is_card(request: Request) -> bool:
    return isinstance(request, Transmit | VerifyOffline)


def _answer(request: Request, host: bytes, said: bytes) -> Answer:
    if _is_card(request):
        return _LOST.get(said, Answered(said))
    if isinstance(request, GoOnline):
        if not host:
            return UnableToGoOnline()
        return HostAnswer(bool(host[0] & 1), "00" if host[0] & 1 else "51", host[1:9], (host[9:],))
    if isinstance(request, ChooseApplication):
        return Chosen(0)
    return PinEntered(1) if isinstance(request, AskPin) else None


def _check(outcome: Outcome, host: bytes) -> None:
    assert outcome.reason in REASONS
    assert outcome.result is not Result.APPROVED_ONLINE or host[0] & 1


@cache
def _image(profile: str) -> CardImage:
    return personalise(
        load_card_profile(profile), Holder("9999000000000012", "3012", "TEST/CARD"), Pin("1234")
    )


def _card(data: bytes) -> None:
    """The first piece chooses the card, the others are what a terminal sends."""
    said = pieces_of(data)
    profile = _PROFILES[(said[0] or b"\0")[0] % len(_PROFILES)] if said else _PROFILES[0]
    card = ChipCard(_image(profile), bytes, lambda ordinal: 0.5)
    card.power_on()
    for apdu in said[1:]:
        answer = card.transmit(apdu).data
        assert answer is not MUTE, "a good card is not mute"
        assert isinstance(answer, bytes)
        assert 2 <= len(answer) <= 258


def _session(data: bytes) -> None:
    said = pieces_of(data)
    steps = read_session(zip(said[::2], said[1::2], strict=False))
    assert len(steps) == len(said) // 2


def _issuer_data(data: bytes) -> None:
    found = parse_issuer_application_data(data)
    assert found.cvr in data
    assert found.discretionary in data


_SELECT = bytes.fromhex("00A4040007A000000003101000")
_FCI = bytes.fromhex("6F108407A0000000031010A50550035649539000")
_GPO = bytes.fromhex("80A8000002830000")
_AIP = bytes.fromhex("770A820220009404080101009000")
_HOSTS = (b"\x01" + bytes(8), b"\x00", b"")  # yes, no, nobody

TARGETS: tuple[Target, ...] = (
    Target("emv-kernel", _kernel, "it decides, and writes nothing", heavy=True,
           made=lambda: [_recorded(name, host) for name in _PROFILES for host in _HOSTS]),
    Target("emv-card", _card, "it answers, and writes nothing", heavy=True,
           made=lambda: [pieced(bytes([n]), _SELECT, _GPO) for n in range(len(_PROFILES))]),
    Target("emv-session", _session, "a log is read, not written",
           made=lambda: [pieced(_SELECT, _FCI, _GPO, _AIP)]),
    Target("issuer-data", _issuer_data, "layouts of four schemes: reading does not say all",
           seeds=(("emv_terminal_logic", "iad"),)),
)  # fmt: skip
