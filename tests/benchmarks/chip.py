"""The EMV kernel alone: chip transactions beside the same bytes parsed and the same primitives
called bare, and what gmpy2 is worth where the card signs its cryptograms (CDA).

Before the clock starts each transaction is carried out once with the real card and the real issuer,
and all that the kernel is answered is kept. Timed is the kernel while it is given these answers
again: the unpredictable number is the same, so its requests are, and no card, issuer or secure
module takes part.

Nothing is kept from one transaction to the next: each recovers its certificates anew. Before the
clock starts, two in a row are seen to call every primitive, with the same values both times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

from measure import Effort, Timer, Work, aimed, microseconds, rounds_of, timer, times_faster

from posemu.crypto.emv import blocks, rsa, signatures
from posemu.profiles.card_keys import load_card_keys
from posemu.profiles.emv import load_terminal
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Answer, Answered, Request, Transmit
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.wire import decode_tlv
from posemu.wire.emv.apdu import parse_command, parse_response

sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance" / "chip"))
from parties import LARGE, SMALL, Counter, drive, used_card

AMOUNTS: Mapping[str, int] = {"offline": SMALL, "online": LARGE}
"""A sale that the card approves; one that the issuer approves, and then the card. In both the
cardholder enters a PIN, and the card verifies it."""


class Needed(NamedTuple):
    """The primitives of a transaction by what they are needed for, in the kernel's order."""

    rsa: tuple[str, ...]
    sha1: tuple[str, ...]


_SDA = Needed(*2 * (("the issuer's certificate", "the static signature"),))
_CERTIFICATES = ("the issuer's certificate", "the card's certificate")
_FIRST, _SECOND = "the first cryptogram's signature", "the second cryptogram's signature"
_SO_FAR, _ALL = "what both sides said until then", "what both sides said until the end"
NEEDED: Mapping[tuple[str, str], Needed] = {
    ("basic-sda", "offline"): _SDA,
    ("basic-sda", "online"): _SDA,
    ("credit-cda", "offline"): Needed(
        (*_CERTIFICATES, _FIRST),
        (*_CERTIFICATES, _FIRST, _SO_FAR),
    ),
    ("credit-cda", "online"): Needed(
        (*_CERTIFICATES, _FIRST, _SECOND),
        (*_CERTIFICATES, _FIRST, _SO_FAR, _SECOND, _ALL),
    ),
}
"""(card, amount) -> primitives."""

Power = Callable[[int, int, int], int]
GMPY2: Power | None = None if rsa.powmod is pow else rsa.powmod
_TERMINAL = load_terminal("posemu-default")


@dataclass(frozen=True)
class Replay:
    """A transaction whose kernel is answered what it was answered once."""

    transaction: Transaction
    requests: tuple[Request, ...]
    answers: tuple[Answer, ...]

    def run(self) -> Outcome:
        """The kernel from start to end."""
        send = transact(_TERMINAL, self.transaction).send
        try:
            send(None)
            for answer in self.answers:
                send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        raise AssertionError("the kernel asks for more than it did")


@dataclass
class _Recorder(Counter):
    """A counter that keeps what it answers."""

    answers: list[Answer] = field(default_factory=list)

    def record(self, amount_minor: int) -> Replay:
        """One sale, and the same again from its answers."""
        transaction = Transaction(
            amount_minor, date="261122", time="093000", sequence_counter=1, draw=0.99,
            unpredictable_number=bytes.fromhex("1A2B3C4D"),
        )  # fmt: skip
        self.card.power_on()
        outcome = drive(transact(_TERMINAL, transaction), self._meet)
        replay = Replay(transaction, tuple(self.requests), tuple(self.answers))
        assert outcome.reason == "approved"
        assert replay.run() == outcome
        return replay

    def _meet(self, request: Request) -> Answer:
        self.answers.append(super()._meet(request))
        return self.answers[-1]


@dataclass
class Calls:
    """The primitives as they were called: RSA as (number, exponent, modulus), SHA-1 as its text."""

    rsa: list[tuple[int, int, int]] = field(default_factory=list)
    sha1: list[bytes] = field(default_factory=list)

    def make(self) -> None:
        """The floor's share of cryptography: the same calls, bare."""
        for call in self.rsa:
            pow(*call)
        for text in self.sha1:
            sha1(text).digest()

    def names(self, needed: Needed) -> list[str]:
        """What each call is, and what it is needed for."""
        keys = [f"RSA, {n.bit_length()} bits, {_exponent(e)}" for _, e, n in self.rsa]
        texts = [f"SHA-1, {len(text)} bytes" for text in self.sha1]
        rows = zip((*keys, *texts), (*needed.rsa, *needed.sha1), strict=True)
        return [f"{call}: {what}" for call, what in rows]


def _exponent(exponent: int) -> str:
    """A private one is as long as the modulus, and stays where it is."""
    return f"exponent {exponent}" if exponent < 1 << 24 else "a private exponent"


def calls_of(work: Work) -> Calls:
    """The primitives that `work` calls, in their order."""
    found = Calls()

    def power(*call: int) -> int:
        found.rsa.append(call)  # type: ignore[arg-type]
        return pow(*call)

    def hashed(text: bytes) -> Any:
        found.sha1.append(text)
        return sha1(text)

    blocks.sha1 = signatures.sha1 = hashed  # type: ignore[attr-defined]
    try:
        with powers_by(power):
            work()
    finally:
        blocks.sha1 = signatures.sha1 = sha1  # type: ignore[attr-defined]
    return found


@contextmanager
def powers_by(power: Power) -> Iterator[None]:
    """RSA computes with this power meanwhile."""
    kept, rsa.powmod = rsa.powmod, power
    try:
        yield
    finally:
        rsa.powmod = kept


def bench_kernel(effort: Effort) -> dict[str, Any]:
    """A card with SDA: the kernel beside its floor."""
    return {amount: _beside_floor(effort, "basic-sda", amount, "<= 3") for amount in AMOUNTS}


def bench_cda(effort: Effort) -> dict[str, Any]:
    """A card with CDA: the kernel beside its floor, both without gmpy2; then kernel and card's
    signature with gmpy2 beside the same without."""
    key = load_card_keys().rsa["icc-1152"]
    block = bytes(1) + bytes(range(len(key.public.modulus) - 1))
    return {
        "floor": {a: _beside_floor(effort, "credit-cda", a, None) for a in AMOUNTS},
        "kernel_by_gmpy2": {a: _by_gmpy2(effort, _replay("credit-cda", a).run) for a in AMOUNTS},
        "card_signature_by_gmpy2": _by_gmpy2(effort, lambda: key.private.apply(block)),
    }


def _replay(card: str, amount: str) -> Replay:
    return _Recorder(used_card(card), _TERMINAL).record(AMOUNTS[amount])


def _beside_floor(effort: Effort, card: str, amount: str, aim: str | None) -> dict[str, Any]:
    replay = _replay(card, amount)
    calls = calls_of(replay.run)
    assert calls == calls_of(replay.run), "something is kept from one transaction to the next"
    commands = [request.apdu for request in replay.requests if isinstance(request, Transmit)]
    answers = [answer.apdu for answer in replay.answers if isinstance(answer, Answered)]

    def parse() -> None:
        for apdu in commands:
            parse_command(apdu)
        for apdu in answers:
            decode_tlv(parse_response(apdu).data)

    with powers_by(pow):
        rows = rounds_of(effort, [timer(replay.run), timer(parse), timer(calls.make)])
    ours, parsed, crypto = zip(*rows, strict=True)
    ratios = [our / (parse_s + crypto_s) for our, parse_s, crypto_s in rows]
    low, value, high = (round(each, 2) for each in quantiles(ratios, n=4))
    return {
        "us": microseconds(ours),
        "floor_us": round(microseconds(parsed) + microseconds(crypto), 1),
        "floor_parse_us": microseconds(parsed),
        "floor_crypto_us": microseconds(crypto),
        "ratio_to_floor": aimed(value, aim) if aim else value,
        "middle_half": [low, high],
        "floor_parsed": f"{len(commands)} commands, {len(answers)} answers and their objects",
        "floor_primitives": calls.names(NEEDED[card, amount]),
    }


def _by_gmpy2(effort: Effort, work: Work) -> dict[str, Any]:
    """The same work with gmpy2 (`us`) and without (`peer_us`); the results are the same."""
    if GMPY2 is None:
        alone = [row[0] for row in rounds_of(effort, [timer(work)])]
        return {"peer_us": microseconds(alone), "us": "gmpy2 is not installed"}
    with powers_by(GMPY2):
        result = work()
    with powers_by(pow):
        assert work() == result
    timers = (_timer_by(GMPY2, work), _timer_by(pow, work))
    return times_faster(*zip(*rounds_of(effort, timers), strict=True), None)


def _timer_by(power: Power, work: Work) -> Timer:
    timed = timer(work)

    def time(count: int) -> float:
        with powers_by(power):
            return timed(count)

    return time
