"""Every outcome of a chip sale as a scenario: what cardholder and cashier see, and what card and
host have to show for it.

The accounts are kept in `outcomes/`, one for each scenario and language. When screens or slips
change on purpose, `python -m tests.acceptance.chip.test_outcome_scenarios` writes them anew; what
must not change with them stands in `ROWS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.run import command
from posemu.scenario import load_scenario
from posemu.wire import tlv_pairs

from .gallery import (
    FOLDER,
    GENERATE_AC,
    LANGUAGES,
    NAMES,
    Played,
    account,
    atc_of,
    cryptogram_of,
    play,
)

APP = Typer()
APP.command()(command)
ACCOUNTS = Path(__file__).parent / "outcomes"
EVERY = pytest.mark.parametrize(
    ("name", "lang"), [(name, lang) for name in NAMES for lang in LANGUAGES]
)
FIRST, SECOND, THIRD = "000002", "000003", "000004"  # trace numbers of sales; 000001 signs on


class Row(NamedTuple):
    """What must come of a scenario: `Played.kinds`, the requests with their answers, the screens
    that told an outcome, and what was charged in the end, in minor units."""

    card: str
    wire: tuple[str, ...]
    told: tuple[str, ...]
    booked: Mapping[str, int]


def reversed_sale(card: str) -> Row:
    """The host has approved and booked 150.00 CNY, and the card's last word is not a good TC."""
    wire = (f"0200 {FIRST} 051: 00", f"0400 {FIRST} 96: 00")
    return Row(card, wire, ("unknown", "reversed"), {FIRST: 0})


ROWS: Mapping[str, Row] = {
    "offline-approved": Row(
        "ARQC TC, TC", (f"0200 {FIRST} 051: 00", f"0220 {SECOND} 051 Y1: 00"),
        ("approved", "approved"), {FIRST: 2000, SECOND: 2000},
    ),
    "offline-declined": Row("AAC", (), ("declined",), {}),
    "online-approved": Row("ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 15000}),
    "online-declined": Row("ARQC AAC", (f"0200 {FIRST} 051: 51",), ("declined",), {}),
    "no-line-approved": Row(
        "TC, ARQC TC", (f"0220 {FIRST} 051 Y1: 00", f"0220 {SECOND} 051 Y3: 00"),
        ("approved", "approved"), {FIRST: 2000, SECOND: 2000},
    ),
    "no-line-declined": Row("ARQC AAC", (), ("declined",), {}),
    "lost-answer-approved": Row(
        "TC, ARQC TC",
        (
            f"0200 {SECOND} 051: -", f"0220 {FIRST} 051 Y1: 00", f"0220 {THIRD} 051 Y3: 00",
            f"0400 {SECOND} 98: 00",
        ),
        ("approved", "approved", "reversed"), {FIRST: 2000, SECOND: 0, THIRD: 2000},
    ),
    "lost-answer-declined": Row(
        "ARQC AAC", (f"0200 {FIRST} 051: -", f"0400 {FIRST} 98: 00"), ("unknown", "reversed"),
        {FIRST: 0},
    ),
    "issuer-authentication-failed": reversed_sale("ARQC AAC"),
    "script-failed": Row(
        "ARQC TC, AAC", (f"0200 {FIRST} 051: 00",), ("approved", "declined"), {FIRST: 15000}
    ),
    "cda-failed-after-approval": reversed_sale("ARQC TC"),
    "card-removed-after-approval": reversed_sale("ARQC"),
    "card-removed": Row("-", (), ("card-removed",), {}),
    "pin-wrong": Row("ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 15000}),
    "pin-blocked": Row("ARQC AAC", (f"0200 {FIRST} 051: 75",), ("declined",), {}),
    "pin-blocked-online-pin": Row(
        "ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 15000}
    ),
    "pin-bypassed": Row("ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 2000}),
    "pin-bypassed-declined": Row("ARQC AAC", (f"0200 {FIRST} 051: 55",), ("declined",), {}),
    "signature": Row("ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 15000}),
    "application-chosen": Row("ARQC TC", (f"0200 {FIRST} 051: 00",), ("approved",), {FIRST: 2000}),
    "fallback-chip-unreadable": Row(
        "-", (f"0200 {FIRST} 801: 00",), ("approved",), {FIRST: 2000}
    ),
    "fallback-no-application": Row("-", (f"0200 {FIRST} 801: 00",), ("approved",), {FIRST: 2000}),
    "not-accepted": Row("-", (), ("not-accepted",), {}),
    "blocked-card": Row("-", (), ("not-accepted",), {}),
}  # fmt: skip
SIGNED = {"signature", "pin-bypassed"}
PIN_BY_BANK = {"pin-blocked-online-pin", "fallback-chip-unreadable", "fallback-no-application"}


def test_every_scenario_has_its_row_and_its_accounts() -> None:
    """A new one needs all three, and nothing is left of an old one."""
    assert set(ROWS) == set(NAMES)
    kept = {path.name for path in ACCOUNTS.iterdir()}
    assert kept == {account_file(name, lang).name for name in NAMES for lang in LANGUAGES}


@EVERY
def test_card_and_host_do_what_the_outcome_says(name: str, lang: str) -> None:
    """Cryptograms of the card, requests and answers, outcome screens and postings; no rule of the
    judge is broken."""
    played, row = play(name, lang), ROWS[name]
    assert played.violations == ()
    assert played.kinds() == row.card
    assert tuple(one.text for one in played.exchanges) == row.wire
    assert tuple(played.told()) == row.told
    assert played.booked() == row.booked


@EVERY
def test_the_account_is_the_one_that_is_kept(name: str, lang: str) -> None:
    """Screens, slips and bookings, word for word (else: see the top of this file)."""
    assert account(play(name, lang)) == account_file(name, lang).read_text("utf-8")


@EVERY
def test_every_text_is_in_the_language(name: str, lang: str) -> None:
    """No screen in the other one."""
    chinese = [bool(re.search(r"[\u4e00-\u9fff]", text)) for text in screens(play(name, lang))]
    assert chinese
    assert all(is_chinese == (lang == "zh") for is_chinese in chinese)


@EVERY
def test_slips_are_those_of_the_outcome(name: str, lang: str) -> None:
    """Two copies of each approval and one slip of each reversal, none of anything else."""
    played = play(name, lang)
    expected: list[str] = []
    for told in played.told():
        expected += {"approved": ["merchant-copy", "customer-copy"], "reversed": ["reversal"]}.get(
            told, []
        )
    assert [kind for kind, _ in played.slips()] == expected


@EVERY
def test_a_slip_shows_the_cards_own_proof(name: str, lang: str) -> None:
    """The last cryptogram and the counter that the card gave, on both copies of its sale."""
    played = play(name, lang)
    proofs = list(proofs_of(played))
    slips = [lines for kind, lines in played.slips() if kind != "reversal"]
    if ROWS[name].card == "-":
        assert not proofs
        return
    assert len(slips) == 2 * len(proofs)
    for i, (cryptogram, atc) in enumerate(proofs):
        for lines in slips[2 * i : 2 * i + 2]:
            values = [line.partition(": ")[2] for line in lines]
            assert atc in values
            assert cryptogram in ("", *values)


@EVERY
def test_nothing_shows_a_card_number_or_a_pin(name: str, lang: str) -> None:
    """Not even in parts: first six and last four digits on the merchant's copy at most, four on
    others."""
    played = play(name, lang)
    [person] = load_scenario(FOLDER / f"{name}.yaml").people
    text = account(played)
    assert person.pin not in text
    assert person.pan[6:12] not in text
    others = [lines for kind, lines in played.slips() if kind != "merchant-copy"]
    assert not any(person.pan[:6] in line for lines in others for line in lines)


@EVERY
def test_only_signed_sales_have_a_line_to_sign(name: str, lang: str) -> None:
    """On the merchant's copy alone."""
    lined = [kind for kind, lines in play(name, lang).slips() if any("____" in li for li in lines)]
    assert lined == (["merchant-copy"] if name in SIGNED else [])


@pytest.mark.parametrize("name", NAMES)
def test_requests_carry_what_their_entry_mode_says(name: str) -> None:
    """A chip's carries field 55, a stripe's does not; a PIN goes along only where the bank is to
    check it, and never with an advice; a reversal has nothing of the card."""
    for request, *_ in play(name, "en").exchanges:
        sale = request.mti == "0200"
        assert (55 in request.fields) == (request.text(22) == "051"), request.mti
        assert (52 in request.fields) == (sale and name in PIN_BY_BANK), request.mti
        assert (63 in request.fields) == (request.mti != "0400"), request.mti


@pytest.mark.parametrize("name", NAMES)
def test_an_advice_carries_the_proof_that_the_slip_shows(name: str) -> None:
    """9F26 of field 55 is the TC on both copies of the sale."""
    played = play(name, "en")
    for request, *_ in played.exchanges:
        if request.mti != "0220":
            continue
        field_55 = request.fields[55]
        assert isinstance(field_55, bytes)
        proof = f"TC: {dict(tlv_pairs(field_55))['9F26'].hex().upper()}"
        shown = [kind for kind, lines in played.slips() if proof in lines]
        assert shown == ["merchant-copy", "customer-copy"]


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_tell_the_same_story(name: str) -> None:
    """The language changes nothing but words."""
    one, other = (play(name, lang) for lang in LANGUAGES)
    assert [(e.t_us, e.kind) for e in one.events] == [(e.t_us, e.kind) for e in other.events]


def test_every_scenario_holds(tmp_path: Path) -> None:
    """`posemu run` ends with 0: all rules and all expectations of all files."""
    files = [str(FOLDER / f"{name}.yaml") for name in NAMES]
    options = ["--no-report", "--jobs", "1", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(APP, [*files, *options])
    assert result.exit_code == 0, result.stdout


def account_file(name: str, lang: str) -> Path:
    return ACCOUNTS / f"{name}.{lang}.txt"


def screens(played: Played) -> Iterator[str]:
    return (event.data["text"] for event in played.events if event.kind == "screen")


def proofs_of(played: Played) -> Iterator[tuple[str, str]]:
    """Last cryptogram ("" where it came inside a signature) and ATC of each approved sale."""
    last = b""
    for event in played.events:
        if event.kind == "sale-started":
            last = b""
        elif event.kind == "apdu" and event.data["command"][1] == GENERATE_AC:
            last = event.data["data"]
        elif event.kind == "screen" and event.data["prompt"] == "approved" and last:
            yield cryptogram_of(last), atc_of(last)


def write_accounts() -> None:
    ACCOUNTS.mkdir(exist_ok=True)
    for old in ACCOUNTS.iterdir():
        old.unlink()
    for name in NAMES:
        for lang in LANGUAGES:
            account_file(name, lang).write_text(account(play(name, lang)), "utf-8")


if __name__ == "__main__":
    write_accounts()
