"""The card is pulled at every APDU of a sale in the shop, at each of three moments, with every
answer of the host, on every card profile: books, journal, receipt and card agree.

As in `test_every_pull`, but with everything around it: time, line, journal, queue, host, cashier,
end of day, and the judge, who holds words, money and messages together. What is added here is
the card's side: its counters and cryptograms against what the trace says that it was asked and what
the terminal made of it.

Up to the first byte to the host a sale does not depend on its answer; so a pull before that is
tried once, and not once for each answer.
"""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import replace

import pytest

from posemu.card.chip import card_profiles
from posemu.card.chip.application import Stored
from posemu.faults import FaultSpec, OnMessage, OnState
from posemu.scenario import World
from posemu.sim import Event, Memory

from ..bases import ALWAYS, CHIP, SECOND, SELECTED, TILL, Base, fault, lose
from ..conftest import Tell
from ..worlds import Run

MOMENTS = ("before-command", "before-commit", "before-answer")
PLENTY_MINOR, NOTHING_MINOR = 100_000, 1
HOSTS: dict[str, tuple[FaultSpec, ...]] = {
    "approves": (),
    "declines": (),
    "does not answer": (lose(OnMessage("0210", "host"), "answer"),),
    "is not reached": (fault("comms-outage", OnState("sale-connecting"), 20 * SECOND),),
    "proves nothing": (fault("issuer-proof-wrong", ALWAYS),),
    "sends a script before": (
        fault("issuer-script", ALWAYS, script="unblock-pin", before=True, spoiled=False),
    ),
    "sends a script after": (
        fault("issuer-script", ALWAYS, script="change-limit", before=False, spoiled=False),
    ),
    "sends a wrong script": (
        fault("issuer-script", ALWAYS, script="change-limit", before=False, spoiled=True),
    ),
}


def sell(profile: str, host: str, *pull: FaultSpec) -> tuple[Run, World]:
    """One sale, selected for the host, with this card and this host; and its world afterwards."""
    balance_minor = NOTHING_MINOR if host == "declines" else PLENTY_MINOR
    person = replace(CHIP, chip=profile, balance_minor=balance_minor)
    base = Base(f"{profile}, {host}", "", (person,), SELECTED, HOSTS[host])
    world = World(replace(base.scenario, faults=(*base.faults, *pull)))
    memory = Memory(world.trace)
    outcome = world.run()
    run = Run(base, pull, None, outcome.digest, outcome.violations, tuple(memory.events))
    return run, world


def pulled(exchange: int, moment: str) -> FaultSpec:
    return fault("card-pulled", OnState("sale-card"), exchange=exchange, moment=moment)


def apdus(run: Run, ins: int | None = None) -> list[Event]:
    """The exchanges with the card; those of one instruction that it carried out."""
    return [
        event for event in run.events
        if event.kind == "apdu" and (
            ins is None or (event.data["command"][1] == ins and event.data["status"] == "9000")
        )
    ]  # fmt: skip


def asked_before_host(run: Run) -> int:
    """How many exchanges there were before the first byte to the host could leave; all, if it was
    not asked."""
    events = run.events
    for i, event in enumerate(events):
        if event.kind == "state" and event.data["state"] == "sale-connecting":
            return sum(1 for e in events[:i] if e.kind == "apdu")
    return len(apdus(run))


def check(run: Run, world: World) -> None:
    """The judge is content, and the card's own memory is that of what it said."""
    assert not run.violations, run.trouble()
    chip = world.tills[TILL].cards[0].chip
    assert chip is not None
    used = [one for one in chip.memory.applications if one.atc]
    assert sum(one.atc for one in used) == len(apdus(run, 0xA8))
    words = [event.data for event in apdus(run, 0xAE)]
    kinds = [cryptogram_of(data["data"]) for data in words]
    approved = [
        event for event in run.events
        if event.kind == "receipt" and {"APPROVED", "APPROVED OFFLINE"} & set(event.data["lines"])
    ]  # fmt: skip
    booked_minor = sum(e.data["amount_minor"] for e in run.events if e.kind == "posting")
    paid_minor = run.base.people[0].balance_minor - world.host.issuer.total_minor()  # type: ignore[operator]
    assert paid_minor == booked_minor
    assert bool(booked_minor) == bool(approved)
    fell_back = any(event.kind == "fallback" for event in run.events)
    if approved and not fell_back:
        assert words[-1]["heard"]
        assert kinds[-1] == "TC"
    for one in used:
        check_counters(one, kinds, run)


def check_counters(one: Stored, kinds: list[str], run: Run) -> None:
    """What the card counts of sales that it approved alone; an issuer that proved itself starts the
    count anew, or leaves it."""
    alone = kinds == ["TC"] or (kinds == ["ARQC", "TC"] and not heard_from_host(run))
    assert one.offline_count in ((1,) if alone else (0, 1))
    assert one.atc <= 1
    if kinds[:1] == ["ARQC"]:
        assert one.online_open == (len(kinds) == 1 or not heard_from_host(run)), kinds


def heard_from_host(run: Run) -> bool:
    return any(
        event.kind == "frame-received" and event.data["end"] == "terminal"
        and event.data["bytes"][7:9] == b"\x02\x10"
        for event in run.events
    )  # fmt: skip


def cryptogram_of(data: bytes) -> str:
    """Of an answer to GENERATE AC: format 1 has the CID first, format 2 has it under 9F27."""
    cid = data[2] if data[0] == 0x80 else data[data.index(b"\x9f\x27\x01") + 3]
    return {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}[cid & 0xC0]


@pytest.mark.slow
@pytest.mark.parametrize("profile", card_profiles())
def test_pulled_at_every_apdu_in_the_shop(profile: str, tell: Tell) -> None:
    """Wherever the card is pulled, whatever the host says: nobody pays for what was not approved,
    nothing is approved without the card's TC, and the card counts what it did."""
    tally = Tally[str]()
    for host in HOSTS:
        whole, world = sell(profile, host)
        check(whole, world)
        asked = asked_before_host(whole)
        if host != "approves" and asked == len(apdus(whole)):
            continue  # nobody asks the host: its answer makes no difference
        first = 1 if host == "approves" else asked + 1
        tally.update(worlds=1)
        for exchange in range(first, len(apdus(whole)) + 1):
            for moment in MOMENTS:
                run, world = sell(profile, host, pulled(exchange, moment))
                check(run, world)
                slot = [e.data["card"] for e in run.events if e.kind == "slot"]
                assert slot[:2] == [True, False]
                tally.update(worlds=1, pulls=1)
    assert tally["worlds"]
    tell("a card pulled at every APDU in the shop", of=profile, **tally)
