"""Profiles made for one outcome differ from the card they are like in what they are for."""

from __future__ import annotations

import pytest

from posemu.card.chip import load_card_profile
from posemu.profiles.emv import load_terminal
from posemu.wire import decode_tlv
from posemu.wire.emv.meanings import bit_names

from .dialogue import new_card


def objects_of(profile: str) -> dict[str, bytes]:
    """What a terminal reads from the card."""
    records = new_card(profile)._image.applications[0].records.values()
    return {t.tag: t.value for r in records for t in decode_tlv(r)[0].children or ()}


def test_a_card_for_cash_alone() -> None:
    """Its usage control has cash everywhere, and nothing that a shop sells."""
    usage = objects_of("cash-only")["9F07"]
    named = {bit.name for bit in bit_names("9F07") if bit.high == bit.low and bit.read(usage)}
    assert named == {"domestic-cash", "international-cash", "atm", "other-than-atm"}


def test_a_card_with_signature() -> None:
    """A signature, or nothing where none can be given; no PIN in its list."""
    rules = objects_of("signature")["8E"][8:]
    assert rules.hex().upper() == "5E031F00"


def test_a_card_of_another_scheme() -> None:
    """None of our terminal's applications begins its AID."""
    [application] = load_card_profile("other-scheme").applications
    known = [one.aid for one in load_terminal("posemu-default").applications]
    assert known
    assert not any(application.aid.startswith(aid) for aid in known)


@pytest.mark.parametrize(
    ("profile", "like"),
    [("cash-only", "credit-cda"), ("signature", "credit-cda"), ("other-scheme", "basic-sda")],
)
def test_it_is_like_the_other_card_else(profile: str, like: str) -> None:
    """Same limits, same keys: the outcome has one cause."""
    mine, theirs = (load_card_profile(name).applications[0] for name in (profile, like))
    assert (mine.limits, mine.keys, mine.actions) == (theirs.limits, theirs.keys, theirs.actions)
