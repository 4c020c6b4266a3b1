"""Issuer scripts: the MAC of pyemv is taken, any other one changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.card.chip import ChipCard
from posemu.crypto import Pin, PinFormat, encode_pin_block, pin_change_command

from .dialogue import (
    PIN,
    WRONG_PIN,
    application,
    begin,
    command,
    generate,
    kind,
    new_card,
    objects,
    online,
    select,
    send,
    set_stored,
    sw,
)
from .test_cryptogram import PROFILES, issuer, pytestmark  # noqa: F401

NEW = Pin("246813579")


def script(card: ChipCard, header: str, body: bytes, got: dict[str, bytes]) -> bytes:
    """The command with pyemv's MAC behind it."""
    head = bytes.fromhex(header) + bytes([len(body) + 8])
    mac = issuer(card).generate_command_mac(
        head, tag_9f26=got["9F26"], tag_9f36=got["9F36"], command_data=body
    )
    return head + body + bytes(mac)


def verified(card: ChipCard, pin: Pin) -> str:
    begin(card)
    return sw(send(card, command("00200080", encode_pin_block(PinFormat.ISO_2, pin))))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_application_is_blocked_and_unblocked(profile: str) -> None:
    """Blocked: SELECT warns, every cryptogram is an AAC; a script behind one of them unblocks."""
    card = new_card(profile)
    _, got = online(card)
    assert sw(send(card, script(card, "841E0000", b"", got))) == "9000"
    assert sw(select(card)) == "6283"
    answer = generate(card, "40", begin(card))
    assert kind(answer) == "AAC"
    assert sw(send(card, script(card, "84180000", b"", objects(answer)))) == "9000"
    assert sw(select(card)) == "9000"


def test_a_blocked_card_says_so_for_ever() -> None:
    """CARD BLOCK: every SELECT is 6A81, also after power-on (EMV Book 3 6.5.3)."""
    card = new_card()
    _, got = online(card)
    assert sw(send(card, script(card, "84160000", b"", got))) == "9000"
    for _ in range(2):
        assert sw(select(card)) == "6A81"
        card.power_on()


@pytest.mark.parametrize(
    ("profile", "tag", "value", "name", "number"),
    [
        ("credit-cda", "9F58", "09", "lower_count", 9),
        ("credit-cda", "9F5C", "000000123456", "upper_amount", 123456),
        ("debit-dda", "9F23", "FF", "upper_count", 255),
        ("debit-dda", "00CA", "000000000001", "lower_amount", 1),
    ],
)
def test_limits_are_put(profile: str, tag: str, value: str, name: str, number: int) -> None:
    """PUT DATA, in both classes; GET DATA gives it back."""
    for cla in ("04", "84"):
        card = new_card(profile)
        _, got = online(card)
        body = bytes.fromhex(value)
        assert sw(send(card, script(card, f"{cla}DA{tag}", body, got))) == "9000"
        assert getattr(card.memory.applications[0].limits, name) == number
        assert send(card, f"80CA{tag}00")[:-2].endswith(body)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pin_is_changed(profile: str) -> None:
    """A new PIN without the current one; the old one is wrong from then on."""
    card = new_card(profile)
    _, got = online(card)
    apdu = issuer(card).generate_pin_change_command(
        NEW.expose(), tag_9f26=got["9F26"], tag_9f36=got["9F36"]
    )
    assert sw(send(card, bytes(apdu))) == "9000"
    assert verified(card, PIN) == "63C2"
    assert verified(card, NEW) == "9000"


@pytest.mark.parametrize(
    ("current", "status"), [(PIN, "9000"), (WRONG_PIN, "6A80"), (Pin("134900971135"), "6A80")]
)
def test_the_pin_is_changed_by_who_knows_the_current_one(current: Pin, status: str) -> None:
    """Visa's block with the current PIN in it; with another one no PIN comes out."""
    card = new_card("credit-cda")
    _, got = online(card)
    app = application(card)
    apdu = pin_change_command(
        app.version,
        app.keys,
        pin=Pin("5678"),
        current_pin=current,
        atc=got["9F36"],
        arqc=got["9F26"],
    )
    assert sw(send(card, apdu)) == status
    assert verified(card, PIN if status != "9000" else Pin("5678")) == "9000"


def test_a_blocked_pin_is_unblocked() -> None:
    """PIN CHANGE/UNBLOCK with P2=00 gives the tries back and changes no PIN."""
    card = new_card()
    set_stored(card, tries_left=0)
    _, got = online(card)
    assert sw(send(card, script(card, "84240000", b"", got))) == "9000"
    assert verified(card, PIN) == "9000"


HEADERS = ["84160000", "84180000", "841E0000", "84240000", "84240002", "84DA9F58", "04DA9F58"]


@pytest.mark.parametrize("header", HEADERS)
@given(flip=st.integers(0, 63), body=st.binary(max_size=16))
@settings(max_examples=8, deadline=None)
def test_a_wrong_mac_changes_nothing(header: str, flip: int, body: bytes) -> None:
    """Any bit of the MAC: 6988, and all that is kept is the note that a script failed."""
    card = new_card()
    _, got = online(card)
    before = card.memory
    apdu = bytearray(script(card, header, body, got))
    apdu[-8 + flip // 8] ^= 1 << flip % 8
    assert sw(send(card, bytes(apdu))) == "6988"
    after = card.memory
    assert replace(after.applications[0], script_failed=False) == before.applications[0]
    assert after.applications[0].script_failed
    assert after.blocked == before.blocked


def test_scripts_are_bound_to_their_transaction() -> None:
    """A script that was heard is of no use in the next transaction, nor before a cryptogram."""
    card = new_card()
    _, got = online(card)
    heard = script(card, "841E0000", b"", got)
    begin(card)
    assert sw(send(card, heard)) == "6985"
    online(card)
    assert sw(send(card, heard)) == "6988"


@pytest.mark.parametrize(
    ("header", "body", "status"),
    [
        ("841E0001", "", "6A86"), ("84180000", "00", "6700"), ("84DA9F36", "FFFF", "6A88"),
        ("84DA9F58", "0102", "6A80"), ("84DA9F5C", "00000000000A", "6A80"),
        ("84240003", "", "6A86"), ("84240000", "00", "6700"), ("84240002", "00" * 16, "6A80"),
        ("84240002", "00" * 7, "6A80"), ("84240100", "", "6A86"),
    ],
)  # fmt: skip
def test_a_script_that_makes_no_sense_is_refused(header: str, body: str, status: str) -> None:
    """The MAC is right, the command is not: nothing changes but the note of it."""
    card = new_card()
    _, got = online(card)
    before = card.memory.applications[0]
    assert sw(send(card, script(card, header, bytes.fromhex(body), got))) == status
    assert replace(before, script_failed=True) == card.memory.applications[0]


def test_scripts_are_counted_for_the_next_cvr() -> None:
    """Commands after the second cryptogram stand in the next transaction's CVR."""
    card = new_card("basic-sda")
    data, got = online(card)
    assert kind(generate(card, "40", data, second=True)) == "TC"
    for _ in range(2):
        assert sw(send(card, script(card, "84DA9F58", b"\x05", got))) == "9000"
    assert sw(send(card, command("841E0000", bytes(8)))) == "6988"
    cvr = online(card)[1]["9F10"][3:]
    assert cvr[3] >> 3 == 0b00101  # two commands, and one failed
    assert sw(send(card, command("841E0000", bytes(7)))) == "6987"
