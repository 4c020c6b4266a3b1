"""Whole transactions: every way that one can end, with a card that answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import REASONS, Fallback, Outcome, Result
from posemu.terminal.kernel.requests import (
    Answered,
    AskPin,
    GoOnline,
    HostAnswer,
    Mute,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinTimedOut,
    Removed,
    Request,
    UnableToGoOnline,
)
from posemu.terminal.kernel.terminal_data import TerminalApplication

from .chip import AC, PAN, Chip, chip_terminal, transaction
from .scripted import play, tlv
from .test_offline_data_authentication import names

YES, NO, NOBODY = HostAnswer(True, "00"), HostAnswer(False, "51"), UnableToGoOnline()
ARPC = bytes.fromhex("1122334455667788") + b"00"
SCRIPT = tlv("9F18", "CAFE0001") + tlv("86", "841E00000411223344")
SCRIPT_71, SCRIPT_72 = (bytes.fromhex(tlv(template, SCRIPT)) for template in ("71", "72"))
DECLINES_ONLINE = {"tac_default": bytes.fromhex("0000008000")}  # over the floor limit
DENY_PIN = {"tac_denial": bytes.fromhex("0000F80000")}

PIN = {
    "methods": ("sda", "cardholder-verification"),
    "put": {"8E": bytes(8) + b"\x01\x00"},
    "instead": {"80CA9F17": "9F1701039000"},
}
CDA = {"methods": ("cda",)}
UNSIGNED_TC = {"instead": {"80AE5": tlv("80", "40000711223344556677AA") + "9000"}}
UNSIGNED_ARQC = {"instead": {"80AE9": tlv("80", "80000711223344556677AA") + "9000"}}
UNSIGNED_ARQC_PULLED = {"instead": UNSIGNED_ARQC["instead"] | {"80AE0": Removed()}}
REFUSES = {"gives": ("ARQC", "AAC")}

YES_OFFLINE = (Result.APPROVED_OFFLINE, "approved")
NO_OFFLINE = (Result.DECLINED_OFFLINE, "declined")
NO_CDA = (Result.DECLINED_OFFLINE, "cda-failed")
YES_ONLINE = (Result.APPROVED_ONLINE, "approved")
NO_ONLINE = (Result.DECLINED_ONLINE, "declined-by-host")
BY_CARD = (Result.DECLINED_BY_CARD, "card-refused-approval")


@dataclass(frozen=True)
class Row:
    """How a transaction goes, and what must come out."""

    what: str
    asks: str
    card: Mapping[str, Any]
    ends: tuple[Result, str]
    code: str = ""
    people: Sequence[Any] = ()
    terminal: Mapping[str, Any] = field(default_factory=dict)
    tvr: frozenset[str] | set[str] = frozenset()
    online: bool = False
    commands: Sequence[str] = ()


ONLINE = ("80AE8", "80AE4")  # how both commands begin: an ARQC, then a TC
DENIED = ("80AE8", "80AE0")
ROWS = [
    # offline (Book 3, 10.8)
    Row("offline approved", "TC", {"gives": ("TC",)}, YES_OFFLINE, "Y1", commands=("80AE4",)),
    Row("the card declines", "TC", {"gives": ("AAC",)}, NO_OFFLINE, "Z1", commands=("80AE4",)),
    Row("the terminal declines", "AAC", {"gives": ("AAC",)}, NO_OFFLINE, "Z1",
        tvr={"on-exception-file"}, commands=("80AE0",)),
    Row("service not allowed", "TC", {"gives": ("AAC",), "cid": 1},
        (Result.DECLINED_OFFLINE, "service-not-allowed"), "Z1", commands=("80AE4",)),
    Row("more than was asked for (9.3)", "ARQC", {"gives": ("TC",)},
        (Result.TERMINATED, "bad-cryptogram-type"), commands=("80AE8",)),
    # online (10.9, 10.11)
    Row("online approved", "ARQC", {}, YES_ONLINE, "00", [YES], online=True, commands=ONLINE),
    Row("the card wants online", "TC", {}, YES_ONLINE, "00", [YES], online=True,
        commands=("80AE4", "80AE4")),
    Row("online declined", "ARQC", REFUSES, NO_ONLINE, "51", [NO], online=True, commands=DENIED),
    Row("online declined, the card would approve", "ARQC", {}, NO_ONLINE, "51", [NO], online=True,
        commands=DENIED),
    Row("online declined, the card refuses the command", "ARQC", {"instead": {"80AE0": "6985"}},
        NO_ONLINE, "51", [NO], online=True, commands=DENIED),
    Row("approved, the card declines", "ARQC", REFUSES, BY_CARD, "00", [YES], online=True,
        commands=ONLINE),
    Row("approved, the card asks again (9.3)", "ARQC", {"gives": ("ARQC", "ARQC")}, BY_CARD, "00",
        [YES], online=True, commands=ONLINE),
    Row("approved, the card refuses the command", "ARQC", {"instead": {"80AE4": "6985"}},
        (Result.TERMINATED, "bad-status"), "00", [YES], online=True, commands=ONLINE),
    # the issuer is not reached (10.7, 10.11)
    Row("Y3", "ARQC", {}, YES_OFFLINE, "Y3", [NOBODY], online=True, commands=ONLINE),
    Row("Z3 by the card", "ARQC", REFUSES, NO_OFFLINE, "Z3", [NOBODY], online=True,
        commands=ONLINE),
    Row("Z3 by the terminal", "ARQC", REFUSES, NO_OFFLINE, "Z3", [NOBODY], DECLINES_ONLINE,
        online=True, commands=DENIED),
    Row("Z3 by the terminal, the card would approve", "ARQC", {}, NO_OFFLINE, "Z3", [NOBODY],
        DECLINES_ONLINE, online=True, commands=DENIED),
    Row("Y3: an offline terminal, the card wants online", "TC", {}, YES_OFFLINE, "Y3",
        terminal={"kind": "23"}, commands=("80AE4", "80AE4")),
    Row("Z3: an online terminal, nobody there", "TC", REFUSES, NO_OFFLINE, "Z3", [NOBODY],
        {"kind": "21"}, online=True, commands=DENIED),
    # issuer authentication and scripts (10.9, 10.10)
    Row("issuer authentication failed", "ARQC",
        REFUSES | {"methods": ("issuer-authentication",), "instead": {"0082": "6300"}}, BY_CARD,
        "00", [HostAnswer(True, "00", ARPC)], tvr={"issuer-authentication-failed"}, online=True,
        commands=("80AE8", "0082", "80AE4")),
    Row("scripts failed", "ARQC", {"instead": {"841E": "6985"}}, YES_ONLINE, "00",
        [HostAnswer(True, "00", scripts=(SCRIPT_72, SCRIPT_71))],
        tvr={"script-failed-before", "script-failed-after"}, online=True,
        commands=("80AE8", "841E", "80AE4", "841E")),
    Row("pulled at the last script", "ARQC", {"instead": {"841E": Removed()}}, YES_ONLINE, "00",
        [HostAnswer(True, "00", scripts=(SCRIPT_72,))], tvr={"script-failed-after"}, online=True,
        commands=("80AE8", "80AE4", "841E")),
    Row("declined with a script", "ARQC", REFUSES, NO_ONLINE, "51",
        [HostAnswer(False, "51", scripts=(SCRIPT_71,))], tvr={"script-failed-before"}, online=True,
        commands=("80AE8", "841E", "80AE0")),
    # CDA (Book 2, 6.6; Book 4, 6.3.2.1)
    Row("CDA online", "ARQC", CDA, YES_ONLINE, "00", [YES], online=True,
        commands=("80AE9", "80AE5")),
    Row("CDA offline", "TC", CDA | {"gives": ("TC",)}, YES_OFFLINE, "Y1", commands=("80AE5",)),
    Row("CDA failed on a TC", "TC", CDA | UNSIGNED_TC, NO_CDA, "Z1", tvr={"cda-failed"},
        commands=("80AE5",)),
    Row("CDA failed on an ARQC", "ARQC", CDA | UNSIGNED_ARQC, NO_CDA, "Z1", tvr={"cda-failed"},
        commands=("80AE9", "80AE0")),
    Row("CDA failed on an ARQC, then pulled", "ARQC", CDA | UNSIGNED_ARQC_PULLED, NO_CDA, "Z1",
        tvr={"cda-failed"}, commands=("80AE9", "80AE0")),
    Row("CDA failed after approval", "ARQC", CDA | UNSIGNED_TC,
        (Result.DECLINED_BY_CARD, "cda-failed"), "00", [YES], tvr={"cda-failed"}, online=True,
        commands=("80AE9", "80AE5")),
    Row("CDA failed after Y3", "ARQC", CDA | UNSIGNED_TC, NO_CDA, "Z3", [NOBODY],
        tvr={"cda-failed"}, online=True, commands=("80AE9", "80AE5")),
    Row("CDA without a key asks for no signature", "TC", CDA | {"gives": ("TC",)}, YES_OFFLINE,
        "Y1", terminal={"ca_keys": ()}, tvr={"cda-failed"}, commands=("80AE4",)),
    # PIN (10.5)
    Row("PIN good", "TC", PIN | {"gives": ("TC",)}, YES_OFFLINE, "Y1",
        [PinEntered(1), Answered(b"\x90\x00")], DENY_PIN, commands=("80AE4",)),
    Row("PIN blocked", "TC", PIN | {"gives": ("AAC",)}, NO_OFFLINE, "Z1",
        [PinEntered(1), Answered(b"\x69\x83")], DENY_PIN,
        {"pin-tries-exceeded", "verification-failed"}, commands=("80AE0",)),
    Row("PIN bypassed", "TC", PIN | {"gives": ("TC",)}, YES_OFFLINE, "Y1", [PinBypassed()],
        tvr={"pin-not-entered", "verification-failed"}, commands=("80AE4",)),
    Row("PIN cancelled", "TC", PIN, (Result.CANCELLED, "pin-cancelled"), people=[PinCancelled()]),
    Row("PIN too late", "TC", PIN, (Result.CANCELLED, "pin-timed-out"), people=[PinTimedOut()]),
    # no application (Book 1, 12.3 and 12.4; Book 3, 10.1)
    Row("not accepted", "TC", {"instead": {"00A4": "6A82"}},
        (Result.NOT_ACCEPTED, "no-application")),
    Row("card blocked", "TC", {"instead": {"00A4": "6A81"}}, (Result.TERMINATED, "card-blocked")),
    Row("application blocked", "TC",
        {"instead": {"00A4": tlv("6F", "8407A0000000031010", "A500") + "6283"}},
        (Result.NOT_ACCEPTED, "application-blocked")),
    Row("conditions of use", "TC", {"instead": {"80A8": "6985"}},
        (Result.NOT_ACCEPTED, "gpo-refused")),
]  # fmt: skip


def run(row: Row) -> tuple[Outcome, Chip, list[Request]]:
    chip = Chip(**row.card)
    terminal = chip_terminal(field_55=("9F26", "95", "8A"), **row.terminal)
    outcome, asked = play(transact(terminal, transaction(row.asks)), chip, row.people)  # type: ignore[arg-type]
    assert isinstance(outcome, Outcome)
    return outcome, chip, asked


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_every_end(row: Row) -> None:
    """Result, reason, response code, the commands from the first cryptogram on, the bits of what
    went wrong, and whether the issuer was asked."""
    outcome, chip, asked = run(row)
    assert (outcome.result, outcome.reason) == row.ends
    assert outcome.response_code == row.code
    assert outcome.reason in REASONS
    assert outcome.sent_online is row.online is any(isinstance(r, GoOnline) for r in asked)
    last = [c for c in chip.sent if c.startswith(("80AE", "0082", "84"))]
    assert len(last) == len(row.commands)
    assert all(c.startswith(begins) for c, begins in zip(last, row.commands, strict=True))
    expected_by_the_row = {"floor-limit-exceeded", "oda-not-performed", "sda-selected"}
    assert names(TVR, outcome.data[TVR]) - expected_by_the_row == set(row.tvr) - expected_by_the_row
    wanted = Fallback.EMPTY_LIST if outcome.reason == "no-application" else None
    assert outcome.fallback is wanted


def test_what_an_outcome_carries() -> None:
    """What receipt, advice and reversal need; card data shows in no log."""
    scripts = (SCRIPT_71,)
    row = Row("", "ARQC", {}, YES_ONLINE, people=[HostAnswer(True, "00", ARPC, scripts)])
    outcome, _, asked = run(row)
    data = outcome.data
    assert data["9F26"] == AC
    assert data["5A"] == bytes.fromhex(PAN)
    assert (data["8A"], data["9F36"], data["9F5B"][:1]) == (b"00", b"\x00\x07", b"\x11")
    assert data["9F02"] == bytes.fromhex("000000020000")
    assert (data["9A"], data["9F21"], data["9C"]) == (b"\x26\x11\x22", b"\x12\x00\x00", b"\x00")
    assert data["9F06"] == data["84"] == bytes.fromhex("A0000000031010")
    assert data["9F34"] == bytes.fromhex("3F0000")
    assert data["9F41"] == bytes.fromhex("00000001")
    request = next(r for r in asked if isinstance(r, GoOnline))
    assert list(request.data) == ["9F26", "95"]
    assert "data" not in repr(outcome)


@pytest.mark.parametrize(
    ("card", "people", "tsi"),
    [
        ({"methods": ("sda",)}, [YES], {"oda-performed"}),
        ({"methods": ()}, [YES], set()),
        ({"methods": ("cda",)}, [YES], {"oda-performed"}),
        (PIN, [PinBypassed(), YES], {"oda-performed", "verification-performed"}),
        ({"methods": ("issuer-authentication",)}, [HostAnswer(True, "00", ARPC)],
         {"issuer-authentication-performed"}),
        ({"methods": ()}, [HostAnswer(True, "00", ARPC, (SCRIPT_72,))], {"script-performed"}),
    ],
)  # fmt: skip
def test_what_was_performed(card: dict[str, Any], people: list[Any], tsi: set[str]) -> None:
    """Every function that ran has its bit, and no other has (Book 3, annex C6)."""
    row = Row("", "ARQC", card, YES_ONLINE, people=people)
    outcome, _, _ = run(row)
    always = {"terminal-risk-performed", "card-risk-performed"}
    assert names(TSI, outcome.data[TSI]) == tsi | always


def test_the_response_code_reaches_the_card() -> None:
    """CDOL2 carries who decided: the issuer's code, or Y3, Z3 or Z1 of the terminal (Book 4, annex
    A6). In CDOL1 it is the terminal's own decision."""
    for people, terminal, code in (
        ([YES], {}, "3030"),
        ([NO], {}, "3531"),
        ([NOBODY], {}, "5933"),
        ([NOBODY], DECLINES_ONLINE, "5A33"),
    ):
        card = {"cdol1": "8A02", "cdol2": "8A02"}
        row = Row("", "ARQC", card, YES_ONLINE, people=people, terminal=terminal)
        _, chip, _ = run(row)
        assert [c[10:14] for c in chip.sent if c.startswith("80AE")] == ["0000", code]
    for asks, code in (("TC", "5931"), ("AAC", "5A31")):
        row = Row("", asks, {"cdol1": "8A02", "gives": ("AAC",)}, NO_OFFLINE)
        _, chip, _ = run(row)
        assert chip.sent[-1][10:14] == code


def test_the_issuer_is_not_told_what_the_terminal_meant_to_decide() -> None:
    """The terminal would have approved (Y1), the card wants its issuer: no code goes out."""
    row = Row("", "TC", {}, YES_ONLINE, people=[YES])
    _, _, asked = run(row)
    assert isinstance(asked[0], GoOnline)
    assert "8A" not in asked[0].data


def test_the_next_candidate_is_tried() -> None:
    """A card whose first application will not run is asked for the second one, with new data (Book
    3, 10.1)."""
    second = "A0000000041010"
    fci = {aid: tlv("6F", tlv("84", aid), tlv("A5", "500154", f"8701{priority}"))
           for aid, priority in (("A0000000031010", "01"), (second, "02"))}  # fmt: skip
    chip = Chip(
        gives=("TC",),
        methods=(),
        instead={f"00A4040007{aid}": answer + "9000" for aid, answer in fci.items()}
        | {
            "80A8": ["6985", "770A82020000940408010100" + "9000"],
            "00B2": tlv("70", "0000") + "9000",
        },
    )
    first = chip_terminal()
    other = TerminalApplication(second, False, {"9F09": b"\x00\x02"})
    both = replace(first, applications=(*first.applications, other), offers_choice=False)
    outcome, _ = play(transact(both, transaction()), chip)  # type: ignore[arg-type]
    assert isinstance(outcome, Outcome)
    assert outcome.data["9F06"] == bytes.fromhex(second)
    assert outcome.reason == "missing-data"


def test_an_online_pin_goes_with_the_request() -> None:
    """The handle that was entered for it."""
    card = {"methods": ("cardholder-verification",), "put": {"8E": bytes(8) + b"\x02\x00"}}
    row = Row("", "ARQC", card, YES_ONLINE, people=[PinEntered(42), YES])
    outcome, _, asked = run(row)
    assert [type(r) for r in asked] == [AskPin, GoOnline]
    assert isinstance(asked[1], GoOnline)
    assert asked[1].pin == 42
    assert "online-pin" in names(TVR, outcome.data[TVR])


@pytest.mark.parametrize(
    ("instead", "fallback"),
    [
        ({"00A4": Mute()}, Fallback.TECHNICAL),
        ({"80A8": "6F00"}, Fallback.TECHNICAL),
        ({"80A8": "7700" + "9000"}, Fallback.TECHNICAL),
        ({"00B2": "6A83"}, Fallback.TECHNICAL),
        ({"00B2": "70009000"}, Fallback.TECHNICAL),
        ({"00B2": Removed()}, None),
        ({"80AE": Mute()}, None),
        ({"80AE": "6F00"}, None),
        ({"00A4": "6A81"}, None),
    ],
)
def test_fallback_is_for_chips_that_cannot_be_read(
    instead: dict[str, Any], fallback: Fallback | None
) -> None:
    """Technical failure before a cryptogram was asked for; not for a card that was pulled or
    blocked, and never after that."""
    row = Row("", "TC", {"instead": instead}, (Result.TERMINATED, ""))
    outcome, _, _ = run(row)
    assert outcome.result is Result.TERMINATED
    assert outcome.fallback is fallback
