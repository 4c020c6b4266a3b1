"""Failure modes around a chip card: what each breaks, in whole worlds, and what its end mends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from posemu.faults import FaultSpec
from posemu.faults.catalogue import load_failure_mode
from posemu.faults.mechanisms import Strike, strike_with
from posemu.scenario import Scenario, World
from posemu.scenario.people import load_built_in
from posemu.sim import Event, Memory
from posemu.testing import fault, small_shop

CHIPS = tuple(person for person in load_built_in("sixteen") if person.chip)


def shop(*faults: FaultSpec) -> Scenario:
    """A small shop whose customers all carry a chip."""
    return replace(small_shop(), people=CHIPS, faults=faults)


def told(*faults: FaultSpec) -> list[Event]:
    """What happened in that shop; nothing may be wrong with the money."""
    world = World(shop(*faults))
    memory = Memory(world.trace)
    assert world.run().violations == ()
    return list(memory.events)


def ends(events: list[Event]) -> Counter[tuple[str, str]]:
    """How the sales ended, and why."""
    return Counter(
        (e.data["result"], e.data.get("why", e.data.get("code", "")))
        for e in events if e.kind == "sale-ended"
    )  # fmt: skip


def results(events: list[Event]) -> set[str]:
    return {result for result, _ in ends(events)}


def count(events: list[Event], kind: str, **data: Any) -> int:
    return sum(e.kind == kind and data.items() <= e.data.items() for e in events)


def last_end_us(events: list[Event]) -> int:
    return max(e.t_us for e in events if e.kind == "sale-ended")


def struck(world: World, mode_id: str, ordinal: int = 1, **params: Any) -> Any:
    """One strike at the first till by hand; what heals it."""
    site = world.injector._site
    entry = load_failure_mode(mode_id)
    till = next(iter(site.tills.values())) if entry.target == "till" else None
    draw = world.keyed.sequence("fault", f"{mode_id}/{ordinal}")
    usual = {name: param.default for name, param in entry.params.items()}
    heal = strike_with(entry.mechanism, Strike(site, till, draw, False), usual | params)
    assert heal is not None
    return heal


def test_without_a_fault_every_chip_is_read() -> None:
    """The shop that the tests below break is itself whole."""
    events = told()
    assert results(events) == {"approved"}
    assert count(events, "chip-read", good=True) == sum(ends(events).values())
    assert count(events, "chip-read", good=False) == 0


@pytest.mark.parametrize(
    "spec",
    [
        fault("chip-contact-poor", p_bad_card=1.0, p_no_atr=1.0),
        fault("chip-reader-wear", eta=1.0, k=1.0, p0=1.0, p_max=1.0),
    ],
    ids=lambda spec: spec.id,
)
def test_no_contact_leads_to_the_stripe_after_three_tries(spec: FaultSpec) -> None:
    """Mute cards and a reader without contacts look the same: three tries, then the stripe."""
    events = told(spec)
    sales = sum(ends(events).values())
    assert results(events) == {"approved"}
    assert count(events, "chip-read", good=False, reason="mute") == 3 * sales
    assert count(events, "fallback", cause="technical") == sales


def test_a_card_that_falls_silent_later() -> None:
    """A bad contact in mid-dialogue ends the try; the stripe follows only where nothing was
    decided."""
    events = told(fault("chip-contact-poor", p_bad_card=1.0, p_no_atr=0.0, p_mute=0.2))
    assert count(events, "apdu", status="") > 0
    assert count(events, "chip-read", good=False) >= count(events, "fallback") > 0


@pytest.mark.parametrize("moment", ["before-command", "before-commit", "before-answer"])
def test_one_card_is_pulled(moment: str) -> None:
    """The next card is pulled at that command, once; its sale is cancelled, and no stripe taken."""
    events = told(fault("card-pulled", exchange=3, moment=moment, at="09:00"))
    assert [result for result, _ in ends(events).elements()].count("cancelled") == 1
    assert count(events, "fallback") == 0
    [gone] = [
        n for n, e in enumerate(events)
        if e.kind == "sale-ended" and e.data["result"] == "cancelled"
    ]  # fmt: skip
    apdus = [e for e in events[:gone] if e.kind == "apdu"]
    assert apdus[-1].data["n"] == (2 if moment == "before-command" else 3)
    assert apdus[-1].data["heard"] == (moment == "before-command")
    assert (apdus[-1].data["status"] != "") == (moment != "before-commit")


@pytest.mark.parametrize(
    ("effect", "command", "expected"),
    [
        ("wrong-status", "gpo", {"approved"}),  # by stripe
        ("truncated", "read-record", {"approved"}),
        ("garbled", "generate-ac", {"approved", "declined", "cancelled"}),
        ("wrong-status", "generate-ac", {"cancelled"}),
        ("truncated", "generate-ac", {"cancelled"}),
        ("wrong-cryptogram", "gpo", {"approved", "declined"}),
        ("atc-stuck", "gpo", {"approved", "declined"}),
        ("slow", "gpo", {"approved"}),
    ],
)
def test_a_chip_that_misbehaves(effect: str, command: str, expected: set[str]) -> None:
    """Each effect is felt, and the money is right all the same."""
    events = told(fault("chip-misbehaves", effect=effect, command=command))
    assert results(events) <= expected
    felt = {
        "wrong-status": count(events, "apdu", status="6F00"),
        "truncated": count(events, "fallback") + int("cancelled" in results(events)),
        "garbled": sum(ends(events).values()) - ends(events)[("approved", "")],
        "wrong-cryptogram": ends(events)[("declined", "59")],
        "atc-stuck": ends(events)[("declined", "59")],
        "slow": last_end_us(events) - last_end_us(told()),
    }
    assert felt[effect] > 0


def test_a_wrong_proof_of_the_issuer() -> None:
    """A card that was asked finds that its issuer did not answer and refuses: reversed."""
    events = told(fault("issuer-proof-wrong"))
    assert ends(events)[("reversed", "")] > 0
    assert results(events) <= {"approved", "reversed"}


def test_a_forgotten_pin() -> None:
    """One wrong PIN is asked again for by the chip; nine are too many, for chip and issuer."""
    once = told(fault("pin-forgotten"))
    assert results(once) == {"approved"}
    assert count(once, "keys", what="pin") == 2 * sum(ends(once).values())
    assert results(told(fault("pin-forgotten", times=9))) == {"declined"}


def test_a_bypassed_pin() -> None:
    """ENTER without digits goes on without a PIN; the issuer or the card then decides."""
    events = told(fault("pin-bypassed"))
    assert count(events, "keys", what="pin", count=0) > 0
    assert count(events, "keys", what="pin") == count(events, "keys", what="pin", count=0)


# --- what the end mends ---------------------------------------------------------------------------


def test_the_end_of_one_fault_mends_only_its_own_flaws() -> None:
    """A chip with bad contacts that also answers wrongly: either ends alone, in any order."""
    world = World(shop())
    chips = [card.chip for card in world.tills["till-1"].cards if card.chip is not None]
    poor = struck(world, "chip-contact-poor", p_bad_card=1.0)
    cut = struck(world, "chip-misbehaves", effect="truncated")
    also = struck(world, "chip-misbehaves", effect="atc-stuck")
    poor()
    assert chips
    assert not any(chip.wear.contacts_worn for chip in chips)
    assert all(chip.wear.atc_stuck for chip in chips)
    assert all(chip.wear.spoil(0xA8, b"\x77\x00\x90\x00") == b"\x77\x90\x00" for chip in chips)
    also()
    assert not any(chip.wear.atc_stuck for chip in chips)
    cut()
    assert all(chip.wear.spoil(0xA8, b"\x77\x00\x90\x00")[1:2] == b"\x00" for chip in chips)


def test_a_share_of_the_chips_is_bad() -> None:
    """As often as said, over many worlds; within one it is always the same cards."""
    bad = everyone = 0
    for n in range(200):
        world = World(shop(), n, judged=False)
        chips = [card.chip for card in world.tills["till-1"].cards if card.chip is not None]
        found = []
        for ordinal in (0, 1):
            heal = struck(world, "chip-contact-poor", ordinal, p_bad_card=0.3)
            found.append([chip.wear.contacts_worn for chip in chips])
            heal()
        assert found[0] == found[1]
        bad, everyone = bad + sum(found[0]), everyone + len(chips)
    assert 0.22 < bad / everyone < 0.38


def test_the_other_faults_end() -> None:
    """Reader, slot, issuer and cardholders are as they were before."""
    world = World(shop())
    till, issuer = world.tills["till-1"], world.host.chip
    for mode_id in (
        "chip-reader-wear", "card-pulled", "issuer-proof-wrong", "issuer-script", "pin-forgotten",
        "pin-bypassed",
    ):  # fmt: skip
        struck(world, mode_id)()
    reader = till.terminal.chip
    assert (reader._wear, reader._plan, reader.insertions) == (None, None, 0)
    assert (issuer._proofs_wrong, issuer._standing) == (False, [])
    assert (till.cashier._forgets, till.cashier._bypasses) == (0, False)
