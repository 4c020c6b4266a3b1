"""Cryptograms and the issuer's answers: pyemv, which shares no code with the card, comes to the
same ones from the issuer's master keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import cvn

from posemu.card.chip import ChipCard
from posemu.profiles.card_keys import load_card_keys

from .dialogue import (
    HOLDER,
    application,
    begin,
    command,
    generate,
    kind,
    new_card,
    objects,
    online,
    send,
    set_stored,
    sw,
)

# pyemv takes TripleDES from where cryptography used to have it.
pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

CLASSES = {
    ("visa", 10): cvn.VisaCVN10,
    ("visa", 18): cvn.VisaCVN18,
    ("mastercard", 17): cvn.MasterCardCVN17,
}
COVERED = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37")
PROFILES = ["basic-sda", "credit-cda", "debit-dda"]
APPROVED_CSU = bytes.fromhex("00820000")  # approved, counters to zero


def issuer(card: ChipCard) -> Any:
    """pyemv's issuer of this card."""
    app, keys = application(card), load_card_keys().issuer
    raw = [key.expose() for key in (keys.ac, keys.smi, keys.smc)]
    return CLASSES[app.scheme, app.cvn](*raw, HOLDER.pan, HOLDER.sequence)


def expected(card: ChipCard, data: dict[str, bytes], got: dict[str, bytes]) -> bytes:
    """The cryptogram by pyemv, which wants the parts of 9F10 cut out."""
    app, iad = application(card), got["9F10"]
    tags = {f"tag_{tag.lower()}": data[tag] for tag in COVERED}
    tags |= {"tag_82": app.aip, "tag_9f36": got["9F36"]}
    parts = {
        ("visa", 10): {"cvr": iad[3:7]},
        ("visa", 18): {"tag_9f10": iad},
        ("mastercard", 17): {"cvr": iad[2:8], "counters": iad[10:18]},
    }
    return bytes(issuer(card).generate_ac(**tags, **parts[app.scheme, app.cvn]))


def issuer_answer(card: ChipCard, got: dict[str, bytes], csu: bytes = APPROVED_CSU) -> bytes:
    """Tag 91 as the issuer makes it."""
    theirs, arqc = issuer(card), got["9F26"]
    if application(card).cvn == 18:
        return bytes(theirs.generate_arpc(arqc, tag_9f36=got["9F36"], csu=csu)) + csu
    return bytes(theirs.generate_arpc(arqc, arpc_rc=b"00")) + b"00"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("p1", ["80", "00"])
def test_cryptograms_are_those_of_pyemv(profile: str, p1: str) -> None:
    """First ARQC or AAC, each ATC another."""
    card = new_card(profile)
    seen = set()
    for atc in (1, 2):
        data = begin(card)
        got = objects(generate(card, p1, data))
        assert got["9F36"] == atc.to_bytes(2)
        assert got["9F26"] == expected(card, data, got)
        seen.add(got["9F26"])
    assert len(seen) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_the_second_cryptogram_after_the_issuers_answer(profile: str) -> None:
    """With the right ARPC a TC, right again; the last online ATC is this one."""
    card = new_card(profile)
    data, got = online(card)
    answer = issuer_answer(card, got)
    if profile == "debit-dda":
        data["91"] = answer
    else:
        assert sw(send(card, command("00820000", answer))) == "9000"
        assert sw(send(card, command("00820000", answer))) == "6985"
    second = generate(card, "40", data, second=True)
    assert kind(second) == "TC"
    assert objects(second)["9F26"] == expected(card, data, objects(second))
    stored = card.memory.applications[0]
    assert (stored.last_online_atc, stored.online_open, stored.issuer_failed) == (1, False, False)
    assert sw(generate(card, "40", data, second=True)) == "6985"


@pytest.mark.parametrize("profile", PROFILES)
@given(flip=st.integers(0, 63))
@settings(max_examples=8, deadline=None)
def test_a_wrong_arpc_is_refused(profile: str, flip: int) -> None:
    """Any bit of the ARPC: 6300 or an AAC, the card declines and remembers."""
    card = new_card(profile)
    data, got = online(card)
    answer = bytearray(issuer_answer(card, got))
    answer[flip // 8] ^= 1 << flip % 8
    if profile == "debit-dda":
        data["91"] = bytes(answer)
    else:
        assert sw(send(card, command("00820000", bytes(answer)))) == "6300"
    assert kind(generate(card, "40", data, second=True)) == "AAC"
    assert card.memory.applications[0].issuer_failed
    assert card.memory.applications[0].last_online_atc == 0


@pytest.mark.parametrize(
    ("profile", "lengths", "bad"),
    [("credit-cda", (8, 16), (7, 17)), ("basic-sda", (10,), (8, 9, 11))],
)
def test_the_length_of_issuer_authentication_data(
    profile: str, lengths: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    """Each ARPC method has its own (EMV Book 2 8.2); another one does not use up the one try."""
    for length in bad:
        card = new_card(profile)
        online(card)
        assert sw(send(card, command("00820000", b"\x01" * length))) == "6700"
    for length in lengths:
        card = new_card(profile)
        online(card)
        assert sw(send(card, command("00820000", b"\x01" * length))) == "6300"


@pytest.mark.parametrize(
    ("csu", "given", "changes"),
    [
        ("00820000", "TC", {"offline_count": 0, "offline_amount": 0}),
        ("00800000", "TC", {"offline_count": 2, "offline_amount": 500}),
        ("00810000", "TC", {"offline_count": 5, "offline_amount": 100000}),
        ("00830000", "TC", {"offline_count": 3, "offline_amount": 1500}),
        ("00880000", "TC", {"go_online": True}),
        ("01900000", "TC", {"tries_left": 1}),
        ("0F900000", "TC", {"tries_left": 3}),
        ("00A00000", "TC", {"blocked": True}),
        ("00000000", "AAC", {"blocked": False, "offline_count": 2}),
    ],
)
def test_the_card_status_update(csu: str, given: str, changes: dict[str, object]) -> None:
    """Each bit the issuer may set, and what the card then keeps (EMV Book 3 annex C10)."""
    card = new_card("credit-cda")
    set_stored(card, offline_count=2, offline_amount=500)
    data, got = online(card)
    answer = issuer_answer(card, got, bytes.fromhex(csu))
    assert sw(send(card, command("00820000", answer))) == "9000"
    assert kind(generate(card, "40", data, second=True)) == given
    stored = card.memory.applications[0]
    assert {name: getattr(stored, name) for name in changes} == changes
    assert not card.memory.blocked


def test_the_issuer_may_block_the_card_by_its_answer() -> None:
    """The bit for the whole card: every SELECT after it is 6A81."""
    card = new_card("credit-cda")
    data, got = online(card)
    send(card, command("00820000", issuer_answer(card, got, bytes.fromhex("00C00000"))))
    generate(card, "40", data, second=True)
    assert sw(send(card, command("00A40400", application(card).aid, "00"))) == "6A81"


@pytest.mark.parametrize(
    ("p1", "status"),
    [("C0", "6A86"), ("01", "6A86"), ("80", "9000"), ("20", "6A86")],
)  # fmt: skip
def test_what_generate_ac_may_be_asked(p1: str, status: str) -> None:
    """AAC, TC, ARQC, with CDA or without; nothing else (EMV Book 3 6.5.5.2)."""
    card = new_card()
    assert sw(generate(card, p1, begin(card))) == status


def test_generate_ac_takes_the_cdol_and_no_other_length() -> None:
    """A byte less or more is 6700; an amount that is not digits 6A80; and nothing is used up."""
    card = new_card()
    data = begin(card)
    before = card._session
    assert sw(send(card, command("80AE8000", bytes(35), "00"))) == "6700"
    assert sw(generate(card, "80", {**data, "9F02": bytes.fromhex("0000000010A0")})) == "6A80"
    assert card._session == before
    assert kind(generate(card, "80", data)) == "ARQC"
    assert sw(generate(card, "80", data, second=True)) == "6985"
    assert kind(generate(card, "00", data, second=True)) == "AAC"
