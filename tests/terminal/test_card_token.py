"""The secure module's word for a card: what the terminal tells cards apart by."""

from __future__ import annotations

import pytest

from posemu.crypto import TerminalDukpt, derive_initial_key
from posemu.sim import Stream
from posemu.terminal import SecureModule

from .test_secure_module import BDK, CODEC, KEY_ID, PAN, TRACK, bits_of, forms

OTHER = "9999181030198040=30011210000000000"


def made(seed: int = 1) -> SecureModule:
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    return SecureModule(dukpt, CODEC, Stream(seed, "module").bytes)


def token(module: SecureModule, track: str = TRACK) -> bytes:
    module.accept_stripe(bits_of(track))
    return module.card_token()


def test_a_card_that_comes_back_has_the_same_token() -> None:
    """By stripe or chip, also after a power cut; another card has another."""
    module = made()
    first = token(module)
    assert token(module, OTHER) != first
    module.lose_power()
    chip = {"5A": bytes.fromhex(PAN), "5F24": bytes.fromhex("291231")}
    module.accept_chip(chip)
    assert module.card_token() == first == token(module)


def test_a_token_says_nothing_without_the_key() -> None:
    """No form of the PAN is in it, and another module has another token for the card."""
    assert token(made(1)) != token(made(2))
    shown = token(made()).hex()
    assert not any(form[:6] in shown for form in forms(PAN))


def test_after_tampering_a_card_is_a_new_one() -> None:
    """The key is erased with the others."""
    module = made()
    first = token(module)
    module.tamper()
    module.load_keys(TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID))
    assert token(module) != first


def test_without_a_card_there_is_no_token() -> None:
    """To ask for one is a mistake of the program."""
    with pytest.raises(AssertionError, match="without a card"):
        made().card_token()
