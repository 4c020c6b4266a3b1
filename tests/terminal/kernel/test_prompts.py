"""What the cardholder reads when a chip transaction has ended, in both languages; the judge's
phrase book says what it means."""

from __future__ import annotations

from itertools import product

import pytest

from posemu.oracle.wording import CHARGED, NOT_CHARGED, UNKNOWN, read
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.prompts import PROMPTS, prompt_of
from posemu.terminal.messages import LANGUAGES, load_messages

from .test_kernel import ROWS, Row, run

APPROVED = (Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE)
SAID_BY_THE_HOST = (Result.APPROVED_ONLINE, Result.DECLINED_ONLINE)


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
    """Every result with every reason that it may have: "approved" for an approval that stands,
    "unknown" while the host may have charged something else, "not charged" for the rest."""
    for result, reason, must_reverse in product(Result, REASONS, (False, True)):
        if (reason == "approved") != (result in APPROVED):
            continue
        if reason == "card-refused-approval" and result is not Result.DECLINED_BY_CARD:
            continue
        stands = result is Result.APPROVED_OFFLINE or not must_reverse
        expected = CHARGED if result in APPROVED else NOT_CHARGED
        if not stands or result is Result.DECLINED_BY_CARD:
            expected = UNKNOWN
        prompt = prompt_of(Outcome(result, reason), must_reverse)
        assert told(prompt, "Z1", lang) == expected, (result, reason, must_reverse)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_what_is_read_at_every_end(row: Row, lang: str) -> None:
    """Of every way that a transaction ends: the money that was promised. A request that went out
    and was not decided by its answer is to be reversed."""
    outcome, _, _ = run(row)
    must_reverse = outcome.sent_online and outcome.result not in SAID_BY_THE_HOST
    said = told(prompt_of(outcome, must_reverse), outcome.response_code, lang)
    if outcome.result in APPROVED:
        assert said == CHARGED
    else:
        assert said == (UNKNOWN if must_reverse else NOT_CHARGED)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_decline_says_by_whom(lang: str) -> None:
    """Every code that the kernel declines with has a meaning of its own."""
    codes = load_messages().codes(lang)
    shown = set()
    for row in ROWS:
        outcome, _, _ = run(row)
        if prompt_of(outcome, False) == "declined":
            shown.add(outcome.response_code)
    assert shown == {"51", "Z1", "Z3"}
    assert len({codes[code] for code in shown} | {codes["other"]}) == len(shown) + 1


def test_what_is_not_a_decline() -> None:
    """A service that the card does not allow, and a card that has nothing of ours, are not accepted
    (Book 4, 6.3.7 table 3 and 11.3); a card that is pulled is no card in error (table 8)."""
    assert PROMPTS["service-not-allowed"] == PROMPTS["no-application"] == "not-accepted"
    assert PROMPTS["removed"] != PROMPTS["mute"] == "card-error"
