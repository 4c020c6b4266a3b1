"""The offline PIN: tries, challenges, and no free guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.card.chip import ChipCard
from posemu.crypto import Pin, PinFormat, RsaPublicKey, encipher_offline_pin, encode_pin_block
from posemu.profiles.card_keys import load_card_keys

from .dialogue import CHALLENGE, PIN, WRONG_PIN, begin, command, new_card, select, send, sw

BLOCKS = st.binary(min_size=8, max_size=8).filter(
    lambda b: b != encode_pin_block(PinFormat.ISO_2, PIN)
)


def plain(card: ChipCard, pin: Pin) -> str:
    return sw(send(card, command("00200080", encode_pin_block(PinFormat.ISO_2, pin))))


def tries(card: ChipCard) -> int:
    return card.memory.applications[0].tries_left


def key() -> RsaPublicKey:
    return load_card_keys().rsa["pin-1024"].public


def enciphered(card: ChipCard, pin: Pin, challenge: bytes) -> str:
    data = encipher_offline_pin(key(), pin, challenge, bytes(len(key().modulus) - 17))
    return sw(send(card, command("00200088", data)))


def test_the_right_pin_is_taken_and_gives_all_tries_back() -> None:
    """9000, and a wrong one before it is forgiven."""
    card = new_card()
    begin(card)
    assert plain(card, WRONG_PIN) == "63C2"
    assert plain(card, PIN) == "9000"
    assert tries(card) == 3


def test_tries_run_out_for_good() -> None:
    """63C2, 63C1, 63C0, then 6983 even for the right PIN, also after the power was off (EMV Book 3
    6.5.12)."""
    card = new_card()
    begin(card)
    assert [plain(card, WRONG_PIN) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    card.power_on()
    begin(card)
    assert plain(card, PIN) == "6983"
    assert send(card, "80CA9F1700").hex() == "9f1701009000"


@given(BLOCKS)
@settings(max_examples=30, deadline=None)
def test_what_is_no_pin_costs_a_try(block: bytes) -> None:
    """Any 8 bytes but the right block are a wrong PIN."""
    card = new_card()
    begin(card)
    assert sw(send(card, command("00200080", block))) == "63C2"


def test_an_enciphered_pin_needs_a_challenge_just_before() -> None:
    """The challenge is good for the next command alone, and for one (EMV Book 3 6.5.6)."""
    card = new_card("debit-dda")
    begin(card)
    challenge = send(card, CHALLENGE)[:-2]
    assert enciphered(card, PIN, challenge) == "9000"
    assert enciphered(card, PIN, challenge) == "6985"
    challenge = send(card, CHALLENGE)[:-2]
    send(card, "80CA9F1700")
    assert enciphered(card, PIN, challenge) == "6985"
    assert tries(card) == 3


def test_an_old_challenge_costs_a_try() -> None:
    """A block that was heard before is a wrong PIN (EMV Book 2 7.2)."""
    card = new_card("debit-dda")
    begin(card)
    old = send(card, CHALLENGE)[:-2]
    new = send(card, CHALLENGE)[:-2]
    assert old != new
    assert enciphered(card, PIN, old) == "63C2"


def test_another_key_or_a_wrong_pin_costs_a_try() -> None:
    """What does not decipher to the PIN is a wrong PIN; RSA is counted as work."""
    card = new_card("debit-dda")
    begin(card)
    send(card, CHALLENGE)
    assert sw(send(card, command("00200088", b"\x01" * 128))) == "63C2"
    assert enciphered(card, WRONG_PIN, send(card, CHALLENGE)[:-2]) == "63C1"
    assert card.transmit(bytes.fromhex(CHALLENGE)).work.rsa_bits == 0
    answer = card.transmit(command("00200088", b"\x01" * 128))
    assert (answer.work.rsa_bits, answer.work.writes) == (1024, 1)


@pytest.mark.parametrize(
    ("profile", "apdu", "status"),
    [
        ("credit-cda", "00200080072412345FFFFFFF", "6700"),
        ("credit-cda", "00200000082412345FFFFFFFFF", "6A86"),
        ("credit-cda", "00200180082412345FFFFFFFFF", "6A86"),
        ("basic-sda", "00200088082412345FFFFFFFFF", "6A88"),
        ("debit-dda", "00200088082412345FFFFFFFFF", "6700"),
    ],
)
def test_a_verify_that_is_refused_costs_nothing(profile: str, apdu: str, status: str) -> None:
    """Wrong lengths, parameters and keys take no try."""
    card = new_card(profile)
    begin(card)
    assert sw(send(card, apdu)) == status
    assert tries(card) == 3


def test_verify_comes_after_gpo() -> None:
    """Before GET PROCESSING OPTIONS the card takes no PIN."""
    card = new_card()
    select(card)
    assert plain(card, PIN) == "6985"
