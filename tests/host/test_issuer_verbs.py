"""How an issuer misbehaves: wrong proofs, and scripts for every card that asks."""

from __future__ import annotations

import pytest

from posemu.host.chip import CHANGE_LIMIT, STANDING, ChipIssuer, StandingOrder
from posemu.host.chip_answer import COMMANDS, Order, PutData, Script
from posemu.wire import decode_tlv, find_tlv, tlv_pairs

from . import test_chip
from .test_chip import CLASSES, PAN, SEQUENCE, VISA, issuer, packed, request

pytestmark = test_chip.pytestmark
VERSIONS = pytest.mark.parametrize("version", CLASSES, ids=str)
LIMIT_TAGS = {"visa": "9F58", "mastercard": "9F14"}


def answered(ours: ChipIssuer, atc: int = 7, version: tuple[str, int] = VISA) -> bytes:
    return ours.answer(ours.judge(packed(request(version, atc=atc)), PAN), "00")


@VERSIONS
def test_a_spoilt_proof_is_wrong_in_its_first_byte(version: tuple[str, int]) -> None:
    """What the issuer says to the card stays; the proof that it was the issuer is wrong, until it
    is mended."""
    right = dict(tlv_pairs(answered(issuer(), 7, version)))["91"]
    ours = issuer()
    ours.spoil_proofs()
    wrong = dict(tlv_pairs(answered(ours, 7, version)))["91"]
    assert wrong[0] != right[0]
    assert wrong[1:] == right[1:]
    ours.mend_proofs()
    whole = dict(tlv_pairs(answered(issuer(), 8, version)))["91"]
    assert dict(tlv_pairs(answered(ours, 8, version)))["91"] == whole


@VERSIONS
@pytest.mark.parametrize("name", STANDING)
@pytest.mark.parametrize("before", [False, True])
def test_every_card_gets_the_script(version: tuple[str, int], name: str, before: bool) -> None:
    """Each answer carries it, as if it had been ordered for this card, until it is withdrawn."""
    limit = PutData(LIMIT_TAGS[version[0]], b"\x00")
    script = Script((limit if name == CHANGE_LIMIT else Order(name),), before)
    ours, other, order = issuer(), issuer(), StandingOrder(name, before)
    ours.order_for_all(order)
    for atc in (7, 8):
        other.order(PAN, SEQUENCE, script)
        assert answered(ours, atc, version) == answered(other, atc, version)
    ours.withdraw(order)
    assert answered(ours, 9, version) == answered(other, 9, version)


@pytest.mark.parametrize("name", STANDING)
def test_a_spoilt_script_has_a_wrong_mac(name: str) -> None:
    """All of it but the last byte of its MAC is right."""
    right, wrong = issuer(), issuer()
    right.order_for_all(StandingOrder(name))
    wrong.order_for_all(StandingOrder(name, spoiled=True))
    [good], [bad] = (find_tlv(decode_tlv(answered(ours)), "86") for ours in (right, wrong))
    assert (bad[:-1], bad[-1]) == (good[:-1], good[-1] ^ 0xFF)


def test_standing_scripts_come_behind_a_cards_own() -> None:
    """What was ordered for the card comes first; what does not fit behind it is left out, and comes
    when there is room."""
    ours = issuer()
    ours.order_for_all(StandingOrder("unblock-pin", before=True))
    ours.order(PAN, SEQUENCE, Script((Order("block-card"),)))
    assert [tag for tag, _ in tlv_pairs(answered(ours, 1))] == ["91", "72", "71"]
    ours.order(PAN, SEQUENCE, Script((Order("block-card"),) * 7))
    assert [tag for tag, _ in tlv_pairs(answered(ours, 2))] == ["91", "72"]
    assert [tag for tag, _ in tlv_pairs(answered(ours, 3))] == ["91", "71"]


def test_a_script_that_there_is_not() -> None:
    """It is refused with the names that there are."""
    with pytest.raises(ValueError, match=", ".join(COMMANDS)):
        issuer().order_for_all(StandingOrder("explode"))
