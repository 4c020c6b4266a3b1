"""Offline data authentication: what each fault of card, keys and data leaves in TVR and TSI."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest

from posemu.profiles.card_keys import load_card_keys
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.offline_data_authentication import (
    authenticate_offline,
    choose_method,
    pin_encipherment_key,
)
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Mute
from posemu.terminal.kernel.terminal_data import Terminal
from posemu.wire.emv.meanings import bits_set

from .chip import ICC, NUMBER, PIN_KEY, RID, SERIAL, Chip, ca_keys, chip_terminal, started
from .scripted import play

METHODS = ("cda", "dda", "sda")
SUBSETS = [*chain.from_iterable(combinations(METHODS, count) for count in range(4))]
PIN_OBJECTS = ("9F2D", "9F2E", "9F2F")


def names(table: str, value: bytes) -> set[str]:
    return {bits.name for bits, _ in bits_set(table, value)}


def run(chip: Chip, terminal: Terminal, spoiled: bool = False) -> tuple[Data, Any]:
    data = started(chip, terminal)
    data.static_spoiled = spoiled
    result, _ = play(authenticate_offline(data, terminal, terminal.applications[0]), chip)  # type: ignore[arg-type]
    return data, result


@pytest.mark.parametrize("card", SUBSETS)
@pytest.mark.parametrize("terminal", SUBSETS)
def test_the_best_shared_method_is_taken(card: tuple[str, ...], terminal: tuple[str, ...]) -> None:
    """CDA before DDA before SDA; without any, only the bit says so (Book 3, 10.3). A sound card
    passes each of them: no other bit is set, and CDA waits for its cryptogram."""
    data, key = run(Chip(methods=card), chip_terminal(can=terminal))
    shared = [method for method in METHODS if method in card and method in terminal]
    method = shared[0] if shared else None
    assert choose_method(data) == method
    expected = {None: {"oda-not-performed"}, "sda": {"sda-selected"}}.get(method, set())
    assert names(TVR, data[TVR]) == expected
    assert names(TSI, data[TSI]) == ({"oda-performed"} if method in ("sda", "dda") else set())
    assert (key == load_card_keys().rsa[ICC].public) == (method == "cda")
    assert (data.card.get("9F45") == b"\xda\xc0") == (method == "sda")
    assert (data.card.get("9F4C") == NUMBER) == (method == "dda")


ALL, DYNAMIC, DDA, SDA = METHODS, ("cda", "dda"), ("dda",), ("sda",)
TAKEN_BACK = frozenset({(RID, "E2", SERIAL)})
ASKS_TOO_MUCH = bytes.fromhex("9F37FF9A01")
BROKEN: list[tuple[str, tuple[str, ...], dict[str, Any], dict[str, Any], bool]] = [
    # what is wrong (clause), methods that fail of it, card, terminal, ICC data missing
    ("no CA key (Book 2, 5.2)", ALL, {}, {"ca_keys": ()}, False),
    ("CA key of another RID", ALL, {}, {"ca_keys": ca_keys(rid="A000000004")}, False),
    ("CA key expired", ALL, {}, {"ca_keys": ca_keys(expires="2610")}, False),
    ("CA index longer than a byte", ALL, {"spoil": {"8F": b"\xe2\xe2"}}, {}, False),
    ("certificate taken back (5.1.2)", ALL, {}, {"revoked": TAKEN_BACK}, False),
    ("issuer certificate changed (5.3)", ALL, {"spoil": {"90": bytes(144)}}, {}, False),
    ("issuer certificate cut", ALL, {"spoil": {"90": b"\x01" * 143}}, {}, False),
    ("issuer remainder changed", ALL, {"spoil": {"92": bytes(36)}}, {}, False),
    ("issuer exponent changed", ALL, {"spoil": {"9F32": b"\x05"}}, {}, False),
    ("a record changed (5.4, 6.4)", ALL, {"spoil": {"5F24": b"\x31\x12\x31"}}, {}, False),
    ("another card's PAN", ALL, {"spoil": {"5A": bytes.fromhex("4761739001010036")}}, {}, False),
    ("tag list asks for more (10.3)", ALL, {"spoil": {"9F4A": b"\x82\x5a"}}, {}, False),
    ("tag list is empty (10.3)", ALL, {"spoil": {"9F4A": b""}}, {}, False),
    ("static signature changed (5.4)", SDA, {"spoil": {"93": bytes(144)}}, {}, False),
    ("ICC certificate changed (6.4)", DYNAMIC, {"spoil": {"9F46": bytes(144)}}, {}, False),
    ("ICC remainder changed", DYNAMIC, {"spoil": {"9F48": bytes(26)}}, {}, False),
    ("ICC exponent changed", DYNAMIC, {"spoil": {"9F47": b"\x05"}}, {}, False),
    ("DDOL without 9F37 (6.5.1)", DDA, {"spoil": {"9F49": bytes.fromhex("9A03")}}, {}, False),
    ("DDOL is no list", DDA, {"spoil": {"9F49": bytes.fromhex("9F37")}}, {}, False),
    ("DDOL asks for too much", DDA, {"spoil": {"9F49": ASKS_TOO_MUCH}}, {}, False),
    ("no DDOL at all", DDA, {"without": ("9F49", *PIN_OBJECTS)}, {"default_ddol": b""}, False),
    ("default without 9F37", DDA, {"without": ("9F49",)}, {"default_ddol": b"\x9a\x03"}, False),
    ("signature of another card (6.5.2)", DDA, {"instead": {"0088": "8002AABB9000"}}, {}, False),
    ("8F missing (Book 3, 7.5)", ALL, {"without": ("8F",)}, {}, True),
    ("90 missing", ALL, {"without": ("90",)}, {}, True),
    ("9F32 missing", ALL, {"without": ("9F32",)}, {}, True),
    ("92 missing and needed", ALL, {"without": ("92",)}, {}, True),
    ("93 missing", SDA, {"without": ("93",)}, {}, True),
    ("9F46 missing", DYNAMIC, {"without": ("9F46",)}, {}, True),
    ("9F47 missing", DYNAMIC, {"without": ("9F47",)}, {}, True),
    ("9F48 missing and needed", DYNAMIC, {"without": ("9F48",)}, {}, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "card", "terminal", "missing"),
    [
        pytest.param(method, card, terminal, missing, id=f"{method}: {what}")
        for what, methods, card, terminal, missing in BROKEN
        for method in METHODS
        if method in methods
    ],
)
def test_what_is_wrong_fails_the_method(
    method: str, card: dict[str, Any], terminal: dict[str, Any], missing: bool
) -> None:
    """The method's bit, "ICC data missing" where the book says so, and no other; the function was
    performed (Book 3, 10.3), the transaction goes on, and no cryptogram will be signed."""
    data, key = run(Chip(methods=(method,), **card), chip_terminal(**terminal))
    assert key is None
    expected = {f"{method}-failed"} | ({"sda-selected"} if method == "sda" else set())
    assert names(TVR, data[TVR]) == expected | ({"icc-data-missing"} if missing else set())
    assert names(TSI, data[TSI]) == {"oda-performed"}
    assert not {"9F45", "9F4C"} & set(data.card)


def test_a_signed_record_that_is_no_template_fails() -> None:
    """What cannot be put together counts as performed and failed (Book 3, 10.3)."""
    for method in METHODS:
        data, key = run(Chip(methods=(method,)), chip_terminal(), spoiled=True)
        assert key is None
        assert f"{method}-failed" in names(TVR, data[TVR])
        assert names(TSI, data[TSI]) == {"oda-performed"}


def test_without_tag_list_the_aip_is_not_signed() -> None:
    """The AIP counts only if the tag list asks for it (Book 3, 10.3)."""
    data, _ = run(Chip(methods=("sda",), without=("9F4A",)), chip_terminal())
    assert "sda-failed" in data.tvr  # the card's signature covers tag list and AIP


def test_a_remainder_that_is_not_needed_may_be_missing() -> None:
    """A longer key of the authority holds the whole issuer key: no remainder, nothing missing."""
    data, _ = run(Chip(methods=("sda",), ca="ca-1984", without=("92",)), chip_terminal())
    assert names(TVR, data[TVR]) == {"sda-selected"}
    broken = {"ca": "ca-1984", "spoil": {"93": bytes(144)}, "without": ("92",)}
    data, _ = run(Chip(methods=("sda",), **broken), chip_terminal())  # type: ignore[arg-type]
    assert names(TVR, data[TVR]) == {"sda-selected", "sda-failed"}


def test_what_is_missing_shows_without_authentication_too() -> None:
    """The bit is a matter of card and AIP, whatever the terminal can do (Book 3, 7.5)."""
    terminal = chip_terminal(can=())
    data, _ = run(Chip(methods=("sda",), without=("93",)), terminal)
    assert names(TVR, data[TVR]) == {"oda-not-performed", "icc-data-missing"}
    data, _ = run(Chip(methods=(), without=("93", "90", "8F", "9F46")), terminal)
    assert names(TVR, data[TVR]) == {"oda-not-performed"}


def test_a_key_holds_through_its_last_month() -> None:
    """An authority's key is good until the last day of the month it names, over the century too."""
    for expires, good in (("2611", True), ("2610", False), ("3001", True), ("9912", False)):
        data, _ = run(Chip(methods=("sda",)), chip_terminal(ca_keys=ca_keys(expires=expires)))
        assert ("sda-failed" not in data.tvr) is good, expires


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("6985", "bad-status"),  # Book 3, 6.3.5: no other status than 9000 is known here
        ("6300", "bad-status"),
        ("9000", "bad-format"),
        ("80029000", "bad-format"),
        ("70020000" + "9000", "bad-format"),
        ("800100800100" + "9000", "bad-format"),
        ("7700" + "9000", "missing-data"),
        ("77049F2701009000", "missing-data"),
        ("770A9F4B0211229F4B0211229000", "redundant-data"),
        (Mute(), "mute"),
    ],
)
def test_internal_authenticate_may_end_it(answer: Any, reason: str) -> None:
    """Another status than 9000, or an answer of another form, ends the transaction (Book 3, 6.3.5
    and 6.5.9.4): that is an error of the card, no wrong signature."""
    _, outcome = run(Chip(methods=("dda",), instead={"0088": answer}), chip_terminal())
    assert isinstance(outcome, Outcome)
    assert outcome.reason == reason


def test_both_formats_of_a_dynamic_signature() -> None:
    """Format 2 is as good as format 1, and our number is what is signed."""
    chip = Chip(methods=("dda",))
    run(chip, chip_terminal())
    signature = bytes.fromhex(chip._own(bytes.fromhex("00880000040123456700")).hex()[6:-4])
    answer = "7781849F4B8180" + signature.hex() + "9000"
    data, _ = run(Chip(methods=("dda",), instead={"0088": answer}), chip_terminal())
    assert "dda-failed" not in data.tvr
    assert data.card["9F4B"] == signature
    data.terminal["9F37"] = bytes(4)
    rules = chip_terminal()
    again = Chip(methods=("dda",), instead={"0088": answer})
    play(authenticate_offline(data, rules, rules.applications[0]), again)  # type: ignore[arg-type]
    assert "dda-failed" in data.tvr


def test_the_key_for_pins() -> None:
    """The card's own PIN key where it has one, else its signing key; none if it cannot be trusted
    (Book 2, 7.1)."""
    keys, rules = load_card_keys().rsa, chip_terminal()
    own = started(Chip(without=()), rules)
    assert pin_encipherment_key(own, rules) == keys[PIN_KEY].public
    other = started(Chip(without=PIN_OBJECTS), rules)
    assert pin_encipherment_key(other, rules) == keys[ICC].public
    for spoil in ({"9F2D": bytes(144)}, {"9F2E": b"\x05"}, {"92": b""}, {"90": b""}):
        assert pin_encipherment_key(started(Chip(without=(), spoil=spoil), rules), rules) is None
    nothing = started(Chip(without=("9F46", *PIN_OBJECTS)), rules)
    assert pin_encipherment_key(nothing, rules) is None
