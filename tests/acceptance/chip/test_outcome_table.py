"""Every row of the outcome table (EMV 4.4 Book 3, 10.8 to 10.11; Book 4, 6.3), reached by the real
kernel, a real card and a real issuer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from posemu.profiles.emv import Terminal, load_terminal
from posemu.terminal.kernel.outcome import Fallback, Outcome, Result
from posemu.terminal.kernel.requests import (
    Answer,
    AskPin,
    GoOnline,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinTimedOut,
)
from posemu.wire.emv.meanings import bit_names

from .parties import COUNTS, HOLDER, LARGE, SMALL, Counter, field_55, used_card

RIGHT, WRONG = PinEntered(1), PinEntered(0)


def terminal(**changes: Any) -> Terminal:
    """Ours, with other objects (`t9F35="23"`) or other fields."""
    ours = load_terminal("posemu-default")
    objects = {t[1:]: bytes.fromhex(changes.pop(t)) for t in list(changes) if t[1:] in ours.data}
    return replace(ours, data={**ours.data, **objects}, **changes)


@dataclass
class Row:
    """How it is reached, and how it ends. `card` and `host_at` act on the counter: before the
    transaction, and while the host is asked. `bits` must be in the TVR."""

    result: Result
    reason: str
    code: str = ""
    profile: str = "credit-cda"
    amount: int = SMALL
    host: str = "approve"
    pins: tuple[Answer, ...] = ()
    stored: dict[str, Any] = field(default_factory=dict)
    terminal: dict[str, Any] = field(default_factory=dict)
    sale: dict[str, Any] = field(default_factory=dict)
    card: Callable[[Counter], None] = lambda counter: None
    at_host: Callable[[Counter], None] = lambda counter: None
    kinds: tuple[str, ...] = ()
    bits: tuple[str, ...] = ()
    fallback: Fallback | None = None
    results: str | None = None  # CVM results (9F34)
    scripts: str | None = None  # issuer script results (9F5B)


def garble_cryptograms(counter: Counter) -> None:
    """What the card signs arrives with a wrong byte."""
    counter.card.wear.garble(0xAE)


ONLINE, OFFLINE = Result.APPROVED_ONLINE, Result.APPROVED_OFFLINE
NOT_ONLINE, NOT_OFFLINE = Result.DECLINED_ONLINE, Result.DECLINED_OFFLINE
BY_CARD = Result.DECLINED_BY_CARD
TC, AAC, ASKED_TC, ASKED_AAC = ("TC",), ("AAC",), ("ARQC", "TC"), ("ARQC", "AAC")

ROWS = {
    "offline approved": Row(OFFLINE, "approved", "Y1", kinds=TC),
    "offline approved with DDA": Row(OFFLINE, "approved", "Y1", profile="debit-dda", kinds=TC),
    "offline approved with SDA": Row(OFFLINE, "approved", "Y1", profile="basic-sda", kinds=TC),
    "offline declined by the terminal": Row(
        NOT_OFFLINE, "declined", "Z1", kinds=AAC, bits=("service-not-allowed",),
        sale={"other_minor": 500, "kind": "09"},
    ),
    "offline declined by the card": Row(
        NOT_OFFLINE, "declined", "Z1", profile="debit-dda", kinds=AAC,
        stored={"script_failed": True},
    ),
    "CDA failed offline": Row(
        NOT_OFFLINE, "cda-failed", "Z1", kinds=TC, bits=("cda-failed",), card=garble_cryptograms
    ),
    "CDA failed, issuer not asked": Row(
        NOT_OFFLINE, "cda-failed", "Z1", kinds=ASKED_AAC, bits=("cda-failed",), amount=LARGE,
        card=garble_cryptograms,
    ),
    "online approved": Row(ONLINE, "approved", "00", amount=LARGE, kinds=ASKED_TC),
    "online approved, ARPC in CDOL2": Row(
        ONLINE, "approved", "00", amount=LARGE, profile="debit-dda", kinds=ASKED_TC
    ),
    "online approved, ARPC method 1": Row(
        ONLINE, "approved", "00", amount=LARGE, profile="basic-sda", kinds=ASKED_TC
    ),
    "online declined": Row(
        NOT_ONLINE, "declined-by-host", "05", amount=LARGE, host="decline", kinds=ASKED_AAC
    ),
    "online declined, expired": Row(
        NOT_ONLINE, "declined-by-host", "54", profile="expired", kinds=ASKED_AAC, bits=("expired",)
    ),
    "online declined, not yet effective": Row(
        NOT_ONLINE, "declined-by-host", "62", profile="not-yet-effective", kinds=ASKED_AAC,
        bits=("not-yet-effective",),
    ),
    "online declined, wrong cryptogram": Row(
        NOT_ONLINE, "declined-by-host", "59", amount=LARGE, kinds=ASKED_AAC,
        card=lambda counter: counter.card.wear.spoil_cryptogram(),
    ),
    "unable to go online, approved": Row(
        OFFLINE, "approved", "Y3", host="nothing", kinds=ASKED_TC, sale={"draw": 0.0},
        bits=("selected-randomly",),
    ),
    "unable to go online, declined by the terminal": Row(
        NOT_OFFLINE, "declined", "Z3", host="nothing", amount=LARGE, kinds=ASKED_AAC,
        bits=("floor-limit-exceeded",),
    ),
    "unable to go online, declined by the card": Row(
        NOT_OFFLINE, "declined", "Z3", host="nothing", kinds=ASKED_AAC, sale={"draw": 0.0},
        stored={"offline_count": 5},
    ),
    "unable to go online, CDA failed": Row(
        NOT_OFFLINE, "cda-failed", "Z3", host="nothing", kinds=ASKED_TC, sale={"draw": 0.0},
        at_host=garble_cryptograms, bits=("cda-failed",),
    ),
    "unable to go online, only online": Row(
        NOT_OFFLINE, "declined", "Z3", host="nothing", kinds=ASKED_AAC, terminal={"t9F35": "21"}
    ),
    "only offline": Row(OFFLINE, "approved", "Y1", kinds=TC, terminal={"t9F35": "23"}),
    "forced online": Row(
        ONLINE, "approved", "00", kinds=ASKED_TC, sale={"forced_online": True},
        bits=("forced-online",),
    ),
    "on the exception file": Row(
        NOT_ONLINE, "declined-by-host", "62", kinds=ASKED_AAC, bits=("on-exception-file",),
        sale={"is_excepted": lambda pan, sequence: (pan, sequence) == (HOLDER.pan, "01")},
    ),
    "issuer authentication failed": Row(
        BY_CARD, "card-refused-approval", "00", amount=LARGE, host="wrong ARPC", kinds=ASKED_AAC,
        bits=("issuer-authentication-failed",),
    ),
    "issuer authentication failed, in CDOL2": Row(
        BY_CARD, "card-refused-approval", "00", amount=LARGE, host="wrong ARPC", kinds=ASKED_AAC,
        profile="debit-dda",
    ),
    "issuer authentication left out": Row(
        BY_CARD, "card-refused-approval", "00", amount=LARGE, host="no ARPC", kinds=ASKED_AAC
    ),
    "issuer authentication left out, optional": Row(
        ONLINE, "approved", "00", amount=LARGE, host="no ARPC", kinds=ASKED_TC, profile="basic-sda"
    ),
    "scripts done before": Row(
        ONLINE, "approved", "00", amount=LARGE, host="script before", kinds=ASKED_TC,
        scripts="2000000001",
    ),
    "scripts done after": Row(
        ONLINE, "approved", "00", amount=LARGE, host="script after", kinds=ASKED_TC,
        scripts="2000000001",
    ),
    "script failed": Row(
        ONLINE, "approved", "00", amount=LARGE, host="spoilt script", kinds=ASKED_TC,
        bits=("script-failed-after",), scripts="1200000001",
    ),
    "blocked by a script": Row(
        NOT_ONLINE, "declined-by-host", "05", amount=LARGE, host="block", kinds=ASKED_AAC,
        scripts="2000000001",
    ),
    "CDA failed after approval": Row(
        BY_CARD, "cda-failed", "00", amount=LARGE, kinds=ASKED_TC, at_host=garble_cryptograms,
        bits=("cda-failed",),
    ),
    "PIN wrong, then right": Row(
        OFFLINE, "approved", "Y1", pins=(WRONG, RIGHT), kinds=TC, results="410302"
    ),
    "PIN wrong too often, online PIN": Row(
        ONLINE, "approved", "00", pins=(WRONG, WRONG, WRONG, RIGHT), kinds=ASKED_TC,
        bits=("pin-tries-exceeded", "online-pin"), results="420300",
    ),
    "PIN blocked, no other method": Row(
        NOT_ONLINE, "declined-by-host", "75", profile="basic-sda", stored={"tries_left": 0},
        kinds=ASKED_AAC, bits=("pin-tries-exceeded",), results="5E0300",
    ),
    "PIN enciphered": Row(
        OFFLINE, "approved", "Y1", profile="debit-dda", pins=(RIGHT,), kinds=TC, results="440302"
    ),
    "PIN bypassed": Row(
        ONLINE, "approved", "00", pins=(PinBypassed(),), kinds=ASKED_TC,
        bits=("pin-not-entered",), results="5E0300",
    ),
    "PIN bypassed, no other method": Row(
        NOT_ONLINE, "declined-by-host", "55", profile="debit-dda", pins=(PinBypassed(),),
        kinds=ASKED_AAC, bits=("pin-not-entered", "verification-failed"),
    ),
    "PIN cancelled": Row(Result.CANCELLED, "pin-cancelled", pins=(PinCancelled(),)),
    "PIN timed out": Row(Result.CANCELLED, "pin-timed-out", pins=(PinTimedOut(),)),
    "not accepted": Row(
        Result.NOT_ACCEPTED, "no-application", fallback=Fallback.EMPTY_LIST, profile="debit-dda",
        terminal={"applications": load_terminal("posemu-default").applications[:3]},
    ),
    "not accepted abroad": Row(
        Result.NOT_ACCEPTED, "gpo-refused", profile="domestic-only", terminal={"t9F1A": "0840"}
    ),
    "card blocked": Row(Result.TERMINATED, "card-blocked", profile="blocked-card"),
    "application blocked": Row(
        Result.NOT_ACCEPTED, "application-blocked", profile="blocked-application"
    ),
    "no answer": Row(
        Result.TERMINATED, "mute", fallback=Fallback.TECHNICAL,
        card=lambda counter: counter.card.wear.wear_contacts(0.0, 1.0),
    ),
    "records that cannot be read": Row(
        Result.TERMINATED, "bad-status", fallback=Fallback.TECHNICAL,
        card=lambda counter: counter.card.wear.answer_wrongly(0xB2, 0x6581),
    ),
}  # fmt: skip


def play(row: Row) -> tuple[Counter, Outcome]:
    counter = Counter(
        used_card(row.profile, **row.stored),
        terminal=terminal(**row.terminal),
        host=row.host,
        pins=iter(row.pins),
    )
    counter.at_host = lambda: row.at_host(counter)
    row.card(counter)
    return counter, counter.sell(row.amount, **row.sale)


def tvr_names(outcome: Outcome) -> set[str]:
    tvr = outcome.data["95"]
    return {bit.name for bit in bit_names("95") if bit.high == bit.low and bit.read(tvr)}


@pytest.mark.parametrize("name", ROWS)
def test_the_outcome(name: str) -> None:
    """Result, reason, response code, the card's cryptograms, and the bits that tell why."""
    row = ROWS[name]
    counter, outcome = play(row)
    assert (outcome.result, outcome.reason, outcome.response_code, outcome.fallback) == (
        row.result, row.reason, row.code, row.fallback,
    )  # fmt: skip
    assert counter.kinds() == list(row.kinds)
    assert set(row.bits) <= tvr_names(outcome)
    if row.results is not None:
        assert outcome.data["9F34"] == bytes.fromhex(row.results)
    assert outcome.data.get("9F5B", b"").hex() == (row.scripts or "")
    assert outcome.sent_online == any(isinstance(one, GoOnline) for one in counter.requests)


GARBLED = {name for name, row in ROWS.items() if garble_cryptograms in (row.card, row.at_host)}
FOREIGN = {"online declined, wrong cryptogram"}


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.kinds])
def test_the_issuer_can_check_it_afterwards(name: str) -> None:
    """The last cryptogram, uploaded with the terminal's values, is the card's; what was garbled on
    its way, or comes of a card with a bad key, is found out. A second upload is noticed."""
    counter, outcome = play(ROWS[name])
    upload = counter.upload(outcome)
    if name in GARBLED | FOREIGN:
        assert upload.card is None
        assert upload.response_code in ("30", "59")
        return
    assert upload.card is not None
    assert upload.kind == ROWS[name].kinds[-1]
    assert "atc-repeated" not in upload.findings
    assert "atc-repeated" in counter.upload(outcome).findings


def test_the_card_remembers_what_the_issuer_did() -> None:
    """Blocked by a script: the next transaction finds no application; ATC counts once each."""
    counter, _ = play(ROWS["blocked by a script"])
    again = Counter(counter.card, issuer=counter.issuer)
    assert again.sell().reason == "application-blocked"
    assert counter.card.memory.applications[0].atc == COUNTS + 1


def test_a_cryptogram_that_was_heard_is_of_no_use() -> None:
    """The same request again: the counter gives it away."""
    counter, _ = play(ROWS["online approved"])
    asked = next(one for one in counter.requests if isinstance(one, GoOnline))
    again = counter.issuer.judge(field_55(asked.data), HOLDER.pan)
    assert again.card is not None
    assert (again.response_code, "atc-repeated" in again.findings) == ("59", True)
    assert counter.issuer.answer(again, "59") == b""


def test_a_counter_that_is_stuck() -> None:
    """The card's second request has the ATC of its first: declined, as a copy would be."""
    card = used_card()
    card.wear.stick_atc()
    first = Counter(card)
    assert first.sell(LARGE).response_code == "00"
    second = Counter(card, issuer=first.issuer)
    outcome = second.sell(LARGE)
    assert (outcome.result, outcome.response_code) == (NOT_ONLINE, "59")


def test_a_pin_is_asked_for_until_it_is_right() -> None:
    """The card's counter is what the cardholder is told."""
    counter, _ = play(ROWS["PIN wrong, then right"])
    asked = [one for one in counter.requests if isinstance(one, AskPin)]
    assert [(one.tries_left, one.again) for one in asked] == [(3, False), (2, True)]
    assert counter.card.memory.applications[0].tries_left == 3
