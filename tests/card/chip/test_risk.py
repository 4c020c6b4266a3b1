"""Card risk management, row by row: what the card finds, what it tells its issuer, what it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from posemu.card.chip import load_card_profile
from posemu.card.chip.cvr import LAYOUTS
from posemu.card.chip.risk import RESULTS, Situation, results_of
from posemu.wire import cryptogram_type
from posemu.wire.emv.meanings import bit_names, bits_set

from .dialogue import (
    application,
    begin,
    generate,
    kind,
    new_card,
    objects,
    online,
    set_stored,
)

USED = {"last_online_atc": 1}  # a card that is no longer new


# result, what is stored, what the terminal says, what is in the session
ROWS: list[tuple[str, dict[str, Any], dict[str, str], dict[str, Any]]] = [
    ("offline-pin-performed", {}, {}, {"pin": False}),
    ("offline-enciphered-pin-performed", {}, {}, {"enciphered": True}),
    ("offline-pin-successful", {}, {}, {"pin": True}),
    ("offline-pin-failed", {}, {}, {"pin": False}),
    ("pin-tries-exceeded", {"tries_left": 0}, {}, {}),
    ("new-card", {"last_online_atc": 0}, {}, {}),
    ("international", {}, {"t9F1A": "0840"}, {}),
    ("lower-count-exceeded", {"offline_count": 3}, {}, {}),
    ("upper-count-exceeded", {"offline_count": 5}, {}, {}),
    ("lower-amount-exceeded", {"offline_amount": 49001}, {}, {}),
    ("upper-amount-exceeded", {"offline_amount": 99001}, {}, {}),
    ("last-online-incomplete", {"online_open": True}, {}, {}),
    ("go-online-next", {"go_online": True}, {}, {}),
    ("last-issuer-authentication-failed", {"issuer_failed": True}, {}, {}),
    ("last-sda-failed", {"sda_failed": True}, {}, {}),
    ("last-dda-failed", {"dda_failed": True}, {}, {}),
    ("script-received", {"script_count": 1}, {}, {}),
    ("script-failed", {"script_failed": True}, {}, {}),
    ("dda-performed", {}, {}, {"dda": True}),
    ("issuer-authentication-performed", {}, {}, {"issuer": True}),
    ("issuer-authentication-failed", {}, {}, {"issuer": False}),
]
ALWAYS = ("offline-pin-not-performed", "domestic")
SECOND = ("unable-online", "issuer-authentication-omitted")


def situation(
    stored: dict[str, Any], said: dict[str, str], session: dict[str, Any], second: bool
) -> Situation:
    card = new_card()
    set_stored(card, **{**USED, **stored})
    data = begin(card, **said)
    kept = card.memory.applications[0]
    return Situation(
        application(card), kept, replace(card._session, values=data, **session), second
    )


@pytest.mark.parametrize(("name", "stored", "said", "session"), ROWS, ids=[row[0] for row in ROWS])
def test_each_result_is_found(
    name: str, stored: dict[str, Any], said: dict[str, str], session: dict[str, Any]
) -> None:
    """The result is there when it holds, and not in an ordinary transaction."""
    assert name in results_of(situation(stored, said, session, second=False))
    assert results_of(situation({}, {}, {}, second=False)) == (
        "offline-pin-not-performed", "domestic",
    )  # fmt: skip


def test_no_result_is_without_a_row() -> None:
    """The table above has every result."""
    assert {row[0] for row in ROWS} | set(ALWAYS) | set(SECOND) == set(RESULTS)


@pytest.mark.parametrize(
    ("arc", "found"),
    [
        ("5933", "unable-online"),
        ("5A33", "unable-online"),
        ("3030", "issuer-authentication-omitted"),
    ],
)
def test_results_of_the_second_cryptogram(arc: str, found: str) -> None:
    """Y3 and Z3 say that the terminal could not go online; else the issuer should have spoken."""
    results = results_of(situation({}, {"t8A": arc}, {}, second=True))
    assert [name for name in SECOND if name in results] == [found]


def test_limits_hold_up_to_their_last_unit() -> None:
    """A limit is exceeded by one more, not by reaching it; other currencies add nothing."""
    at = situation({"offline_count": 2, "offline_amount": 49000}, {}, {}, second=False)
    assert "lower-count-exceeded" not in results_of(at)
    assert "lower-amount-exceeded" not in results_of(at)
    foreign = situation({"offline_amount": 50000}, {"t5F2A": "0840"}, {}, second=False)
    assert "lower-amount-exceeded" not in results_of(foreign)


@pytest.mark.parametrize(
    ("stored", "said", "p1", "given"),
    [
        (USED, {}, "40", "TC"),
        (USED, {}, "80", "ARQC"),
        (USED, {}, "00", "AAC"),
        ({}, {}, "40", "ARQC"),
        ({**USED, "offline_count": 3}, {}, "40", "ARQC"),
        ({**USED, "offline_count": 3}, {"t9F35": "23"}, "40", "TC"),
        ({**USED, "offline_count": 5}, {"t9F35": "23"}, "40", "AAC"),
        ({**USED, "offline_count": 5}, {"t9F35": "26"}, "40", "AAC"),
        ({**USED, "blocked": True}, {}, "40", "AAC"),
        ({**USED, "blocked": True}, {}, "80", "AAC"),
    ],
)
def test_the_first_decision(
    stored: dict[str, Any], said: dict[str, str], p1: str, given: str
) -> None:
    """Never more than asked for; online before default; a blocked application declines."""
    card = new_card()
    set_stored(card, **stored)
    assert kind(generate(card, p1, begin(card, **said))) == given


def test_denial_comes_before_everything() -> None:
    """A result in the denial code is an AAC even where an ARQC was asked for."""
    card = new_card("debit-dda")
    set_stored(card, script_failed=True)
    assert kind(generate(card, "80", begin(card))) == "AAC"


@pytest.mark.parametrize(
    ("stored", "arc", "p1", "given", "count"),
    [
        (USED, "5933", "40", "TC", 1),
        (USED, "5A33", "00", "AAC", 0),
        ({}, "5933", "40", "AAC", 0),
        (USED, "3030", "40", "AAC", 0),
    ],
)
def test_the_second_decision(
    stored: dict[str, Any], arc: str, p1: str, given: str, count: int
) -> None:
    """Unable to go online: the default code; online without the issuer's mandatory proof: AAC."""
    card = new_card()
    set_stored(card, **stored)
    data, _ = online(card, t8A=arc)
    assert kind(generate(card, p1, data, second=True)) == given
    after = card.memory.applications[0]
    assert (after.offline_count, after.online_open) == (count, arc != "3030")


def test_offline_approvals_count_and_outlive_the_power() -> None:
    """Each TC adds one and its amount; the third over the limit goes online."""
    card = new_card()
    set_stored(card, **USED)
    for n in (1, 2, 3):
        assert kind(generate(card, "40", begin(card))) == "TC"
        card.power_off()
        card.power_on()
        after = card.memory.applications[0]
        assert (after.offline_count, after.offline_amount) == (n, 1000 * n)
    assert kind(generate(card, "40", begin(card))) == "ARQC"


def test_a_transaction_that_was_cut_off_online_is_remembered() -> None:
    """ARQC, power gone: the next transaction knows, and goes online."""
    card = new_card()
    set_stored(card, **USED)
    online(card)
    card.power_on()
    got = objects(generate(card, "40", begin(card)))
    names = [bits.name for bits, _ in bits_set("cvr-visa", got["9F10"][4:])]
    assert "last-online-incomplete" in names


@pytest.mark.parametrize(
    ("tvr", "note"), [("4000000000", "sda"), ("0800000000", "dda"), ("0400000000", "dda")]
)
def test_failed_authentication_that_was_declined_is_remembered(tvr: str, note: str) -> None:
    """What the TVR said of SDA, DDA or CDA when the card declined stands in the next CVR."""
    card = new_card()
    assert kind(generate(card, "00", begin(card, t95=tvr))) == "AAC"
    after = card.memory.applications[0]
    assert (after.sda_failed, after.dda_failed) == (note == "sda", note == "dda")


@pytest.mark.parametrize("profile", ["credit-cda", "debit-dda"])
def test_the_cvr_names_both_cryptograms(profile: str) -> None:
    """Bits 8 to 5 of the first byte (EMV Book 3 C7.3, and both schemes)."""
    card = new_card(profile)
    set_stored(card, **USED)
    at = 4 if profile == "credit-cda" else 2
    data = begin(card)
    first = objects(generate(card, "80", data))["9F10"][at:]
    assert cryptogram_type(first) == "ARQC"
    data["8A"] = b"Z3"
    data.setdefault("91", bytes(10))
    second = objects(generate(card, "00", data, second=True))["9F10"][at:]
    assert (cryptogram_type(second), second[0] >> 4) == ("AAC", 0b0010)


def test_every_bit_of_visas_cvr_belongs_to_a_result() -> None:
    """The layouts know no result that the card does not find, but for three it cannot have."""
    made = {*RESULTS, "first-cda", "second-cda", "velocity-exceeded"}
    named = {bit.name for bit in bit_names("cvr-visa") if bit.high == bit.low}
    assert named - made == {"blocked-by-pin"}
    assert set(LAYOUTS["mastercard"].bits) <= made


def test_the_profiles_name_results_that_exist() -> None:
    """Action codes are checked when a profile is read: none of them is dead."""
    actions = load_card_profile("credit-cda").applications[0].actions
    assert set(actions.online) | set(actions.default) <= set(RESULTS)
