"""What the cardholder reads when a chip transaction has ended, in both languages; the judge's
phrase book says what it means."""

from __future__ import annotations

import pytest

from posemu.oracle.wording import CHARGED, NOT_CHARGED, UNKNOWN, read
from posemu.terminal.kernel.outcome import REASONS, Result
from posemu.terminal.kernel.prompts import PROMPTS
from posemu.terminal.messages import LANGUAGES, load_messages

from .test_kernel import ROWS, Row, run

DECLINED = (Result.DECLINED_OFFLINE, Result.DECLINED_ONLINE)
APPROVED = (Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE)


def told(prompt: str, code: str, lang: str) -> str:
    """What the screen says (in the judge's words), filled in as a flow would."""
    messages = load_messages()
    codes = messages.codes(lang)
    values = {"amount": "1.00 CNY", "stan": "000042", "code": code}
    values["meaning"] = codes.get(code, codes["other"])
    values["reason"] = messages.slips(lang)["being-reversed"]
    text = messages.screens(lang)[prompt].format_map(values)
    statement = read(f"{text} TRACE 000042")  # a screen without number speaks of this sale too
    assert statement is not None, text
    assert any(word in text for word in ("APPROVED", "交易成功")) == (statement.said == CHARGED)
    return statement.said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_a_screen(lang: str) -> None:
    """A text in each language for each named reason, and for no other."""
    screens = load_messages().screens(lang)
    assert PROMPTS.keys() == REASONS.keys()
    assert {reason for reason, prompt in PROMPTS.items() if not screens.get(prompt)} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_only_approvals_are_called_approved(lang: str) -> None:
    """ "Approved" for the one reason that approves, "unknown" where the host approved and the card
    did not, "not charged" for the rest."""
    expected = dict.fromkeys(REASONS, NOT_CHARGED)
    expected |= {"approved": CHARGED, "card-refused-approval": UNKNOWN}
    assert {reason: told(PROMPTS[reason], "Z1", lang) for reason in REASONS} == expected


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_what_is_read_at_every_end(row: Row, lang: str) -> None:
    """Of every way that a transaction ends without anything to be reversed: the money that was
    promised."""
    outcome, _, _ = run(row)
    said = told(PROMPTS[outcome.reason], outcome.response_code, lang)
    if outcome.result is not Result.DECLINED_BY_CARD:
        assert said == (CHARGED if outcome.result in APPROVED else NOT_CHARGED)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_decline_says_by_whom(lang: str) -> None:
    """Every code that the kernel declines with has a meaning of its own."""
    codes = load_messages().codes(lang)
    shown = set()
    for row in ROWS:
        outcome, _, _ = run(row)
        if outcome.result in DECLINED and PROMPTS[outcome.reason] == "declined":
            shown.add(outcome.response_code)
    assert shown == {"51", "Z1", "Z3"}
    assert len({codes[code] for code in shown} | {codes["other"]}) == len(shown) + 1


def test_what_is_not_a_decline() -> None:
    """A service that the card does not allow, and a card that has nothing of ours, are not accepted
    (Book 4, 6.3.7 table 3 and 11.3); a card that is pulled is no card in error (table 8)."""
    assert PROMPTS["service-not-allowed"] == PROMPTS["no-application"] == "not-accepted"
    assert PROMPTS["removed"] != PROMPTS["mute"] == "card-error"
