"""What cardholder and cashier see of the scenarios in `scenarios/outcomes/`, and what card and host
made of it.

The account of a scenario is made from the trace alone: the screens in order, the card in and out of
the slot and its word (the cryptogram that it gave), the slips whole, what the host was asked and
answered, and what it booked. For the tests here and for `docs/chip_outcomes.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from posemu.oracle.frames import FrameReader, Message
from posemu.scenario import World, load_scenario
from posemu.sim import Event, Memory
from posemu.wire import Codec, tlv_pairs

FOLDER = Path(__file__).resolve().parents[3] / "scenarios" / "outcomes"
NAMES = tuple(path.stem for path in sorted(FOLDER.glob("*.yaml")))
LANGUAGES = ("en", "zh")
TILL = "till-1"
KINDS = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
GENERATE_AC = 0xAE
OUTCOMES = frozenset({
    "approved", "declined", "unknown", "reversed", "cancelled", "not-accepted", "card-removed",
    "card-error", "card-unreadable", "no-connection",
})  # fmt: skip
"""The screens that say what became of a sale."""
SLIPS = ("merchant-copy", "customer-copy", "reversal")

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "screen": "screen", "in": "card in", "out": "card out", "card": "card", "slip": "slip",
        "host": "host", "books": "books {amount}, trace {stan}",
        "takes-back": "takes back {amount}, trace {stan}", "trace": "trace", "and": ", ",
        "answers": "answers {code}", "lost": "no answer comes",
        "0200": "sale", "0220": "offline sale", "0221": "offline sale, again", "0400": "reversal",
        "0401": "reversal, again",
    },
    "zh": {
        "screen": "屏幕", "in": "插卡", "out": "拔卡", "card": "卡片", "slip": "凭条",
        "host": "主机", "books": "入账 {amount}，流水号 {stan}",
        "takes-back": "冲回 {amount}，流水号 {stan}", "trace": "流水号", "and": "，",
        "answers": "应答 {code}", "lost": "未收到应答",
        "0200": "消费", "0220": "脱机消费上送", "0221": "脱机消费重发", "0400": "冲正",
        "0401": "冲正重发",
    },
}  # fmt: skip


class Exchange(NamedTuple):
    """A request as it left the till, and the answer that came, if one came; the places of both
    among the events."""

    request: Message
    sent: int
    answer: Message | None = None
    answered: int = -1

    @property
    def text(self) -> str:
        """MTI, trace number, entry mode and code of the request, and the code of the answer, "-"
        without one."""
        parts = (self.request.mti, *(self.request.text(n) for n in (11, 22, 39)))
        code = "-" if self.answer is None else self.answer.text(39)
        return f"{' '.join(part for part in parts if part)}: {code}"


@dataclass(frozen=True)
class Played:
    """One run of a scenario, from its first sale to the closing of the shop; the end of day that
    follows is the same for all."""

    name: str
    lang: str
    title: str
    about: str
    events: tuple[Event, ...]
    exchanges: tuple[Exchange, ...]
    violations: tuple[str, ...]

    def kinds(self) -> str:
        """What the card answered to each GENERATE AC, blank between those of one sale, comma
        between sales; "-" for a sale in which it was not asked, or said nothing."""
        sales: list[list[str]] = []
        for event in self.events:
            if event.kind == "sale-started":
                sales.append([])
            elif event.kind == "apdu" and event.data["command"][1] == GENERATE_AC:
                sales[-1].append(KINDS[cid_of(event.data["data"])])
        return ", ".join(" ".join(sale) or "-" for sale in sales)

    def told(self) -> list[str]:
        """The screens that said what became of a sale, by name."""
        shown = (e.data["prompt"] for e in self.events if e.kind == "screen")
        return [prompt for prompt in shown if prompt in OUTCOMES]

    def booked(self) -> dict[str, int]:
        """What each trace number was charged in the end, in minor units, if anything was."""
        sums: dict[str, int] = {}
        for event in self.events:
            if event.kind == "posting":
                stan = event.data["stan"]
                sums[stan] = sums.get(stan, 0) + event.data["amount_minor"]
        return sums

    def slips(self) -> list[tuple[str, tuple[str, ...]]]:
        """Kind and lines of all slips."""
        return [(e.data["slip"], e.data["lines"]) for e in self.events if e.kind == "receipt"]


@cache
def play(name: str, lang: str) -> Played:
    """The scenario with screens and slips in this language, run once."""
    scenario = replace(load_scenario(FOLDER / f"{name}.yaml"), lang=lang)
    world = World(scenario)
    memory = Memory(world.trace)
    outcome = world.run()
    kinds = [event.kind for event in memory.events]
    events = tuple(memory.events[kinds.index("sale-started") : kinds.index("closed")])
    assert scenario.title is not None
    assert scenario.about is not None
    title, about = (
        text.zh if lang == "zh" else text.en for text in (scenario.title, scenario.about)
    )
    return Played(
        name, lang, title or "", about or "", events, tuple(_exchanges(world.codec, events)),
        tuple(f"{one.invariant}: {one.text}" for one in outcome.violations),
    )  # fmt: skip


def cid_of(data: bytes) -> int:
    """The kind of cryptogram that an answer to GENERATE AC holds (EMV 4.4 Book 3, 6.5.5.4)."""
    return _objects(data)["9F27"][0] & 0xC0


def atc_of(data: bytes) -> str:
    """The card's transaction counter in it."""
    return _objects(data)["9F36"].hex().upper()


def cryptogram_of(data: bytes) -> str:
    """The cryptogram in it, "" if it is inside a signature (CDA)."""
    return _objects(data).get("9F26", b"").hex().upper()


def _objects(data: bytes) -> dict[str, bytes]:
    [(tag, value)] = tlv_pairs(data)
    if tag == "77":
        return dict(tlv_pairs(value))
    return {"9F27": value[:1], "9F36": value[1:3], "9F26": value[3:11]}


def _exchanges(codec: Codec, events: Sequence[Event]) -> list[Exchange]:
    """The till's requests, in order, each with the answer that came on its connection before the
    next request did."""
    frames = FrameReader(codec)
    found: list[Exchange] = []
    last: dict[int, int] = {}  # connection -> place in `found`
    for place, event in enumerate(events):
        if event.kind not in ("frame-sent", "frame-received") or event.data["end"] != "terminal":
            continue
        connection, data = event.data["connection"], event.data["bytes"]
        sent = event.kind == "frame-sent"
        for message in frames.messages(TILL, connection, "out" if sent else "in", data):
            if sent:
                last[connection] = len(found)
                found.append(Exchange(message, place))
            else:
                asked = found[last[connection]]
                found[last[connection]] = asked._replace(answer=message, answered=place)
    return found


# --- the account ----------------------------------------------------------------------------------


def account(played: Played, slips: Collection[str] = SLIPS) -> str:
    """What was seen and done, line by line; of the slips those of these kinds."""
    words = _WORDS[played.lang]
    on_the_line = dict(_on_the_line(played, words))
    lines: list[str] = []
    shown = ""
    for place, event in enumerate(played.events):
        match event.kind:
            case "screen" if event.data["text"] != shown:
                shown = event.data["text"]
                lines.append(f"{words['screen']:10}{shown}")
            case "slot":
                lines.append(words["in"] if event.data["card"] else words["out"])
            case "apdu" if event.data["command"][1] == GENERATE_AC:
                lines.append(f"{words['card']:10}{KINDS[cid_of(event.data['data'])]}")
            case "posting":
                lines.append(f"{words['host']:10}{_posting(event, words)}")
            case "receipt" if event.data["slip"] in slips:
                lines += [words["slip"], *(f"    {line}" for line in event.data["lines"])]
        if place in on_the_line:
            lines.append(f"{words['host']:10}{on_the_line[place]}")
    return "\n".join(lines) + "\n"


def _on_the_line(played: Played, words: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """What request and answer say, by their place."""
    for request, sent, answer, answered in played.exchanges:
        parts = [f"{request.mti} {words[request.mti]}", f"{words['trace']} {request.text(11)}"]
        parts += [f"DE{n} {request.text(n)}" for n in (22, 39) if request.text(n)]
        parts += [words["lost"]] if answer is None else []
        yield sent, words["and"].join(parts)
        if answer is not None:
            yield answered, words["answers"].format(code=answer.text(39))


def _posting(event: Event, words: Mapping[str, str]) -> str:
    amount_minor = event.data["amount_minor"]
    said = words["books" if amount_minor > 0 else "takes-back"]
    return said.format(amount=f"{abs(amount_minor) / 100:.2f} CNY", stan=event.data["stan"])
