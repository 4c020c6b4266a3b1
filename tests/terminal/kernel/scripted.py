"""A card that answers from a table, and a driver that plays a step of the kernel against it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from posemu.terminal.kernel.outcome import EndedError, Outcome
from posemu.terminal.kernel.requests import Answer, Answered, CardAnswer, Request, Show, Transmit
from posemu.terminal.kernel.terminal_data import Terminal, TerminalApplication
from posemu.wire.emv.tlv import encode_length

T = TypeVar("T")
Line = str | CardAnswer
VISA, VISA_1, VISA_2 = "A0000000031010", "A000000003101001", "A000000003101002"
MASTERCARD = "A0000000041010"
SELECT_PSE = "00A404000E315041592E5359532E4444463031"


def tlv(tag: str, *inside: str) -> str:
    """An object in hex, its value given in pieces."""
    value = bytes.fromhex("".join(inside))
    return tag + encode_length(len(value)).hex().upper() + value.hex().upper()


def fci(name: str, *objects: str) -> str:
    """The answer to SELECT of an application, with its status."""
    return tlv("6F", tlv("84", name), tlv("A5", *objects)) + "9000"


def selecting(name: str, following: bool = False) -> str:
    """How the command SELECT of a name begins."""
    return f"00A404{'02' if following else '00'}{len(name) // 2:02X}{name}"


def applications(*aids: str) -> tuple[TerminalApplication, ...]:
    """Plain rules for each AID; one that ends in a star is taken in part."""
    return tuple(TerminalApplication(aid.rstrip("*"), aid.endswith("*"), {}) for aid in aids)


def terminal(*aids: str, **changes: object) -> Terminal:
    """A terminal that takes these, and has code table 1 (ISO/IEC 8859-1)."""
    data = {"9F40": bytes.fromhex("6000F0B001")}
    return Terminal(data, applications(*aids), **changes)


@dataclass
class ScriptedCard:
    """`script`: how a command begins (hex) -> the answer, or one answer after the other, of which
    the last stays. The longest beginning counts; what is in no line is answered `otherwise`."""

    script: Mapping[str, Line | Sequence[Line]]
    otherwise: Line = "6A82"
    sent: list[str] = field(default_factory=list)
    _times: dict[str, int] = field(default_factory=dict)

    def answer(self, apdu: bytes) -> CardAnswer:
        command = apdu.hex().upper()
        self.sent.append(command)
        beginning = max((b for b in self.script if command.startswith(b)), key=len, default=None)
        line: Line | Sequence[Line] = (
            self.otherwise if beginning is None else self.script[beginning]
        )
        if isinstance(line, list):
            time = self._times.get(beginning or "", 0)
            self._times[beginning or ""] = time + 1
            line = line[min(time, len(line) - 1)]
        return Answered(bytes.fromhex(line)) if isinstance(line, str) else line


def play(
    step: Generator[Request, Answer, T], card: ScriptedCard, people: Iterable[Answer] = ()
) -> tuple[T | Outcome, list[Request]]:
    """Run a step to its end: its result, or the outcome of the transaction that it ended; and what
    it asked people for (`people` answer in turn; nothing is answered to Show)."""
    answers = iter(people)
    asked: list[Request] = []
    answer: Answer = None
    try:
        while True:
            request = step.send(answer)
            if isinstance(request, Transmit):
                answer = card.answer(request.apdu)
            else:
                asked.append(request)
                answer = None if isinstance(request, Show) else next(answers)
    except StopIteration as end:
        return end.value, asked
    except EndedError as end:
        return end.outcome, asked
