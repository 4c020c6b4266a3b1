"""The judge's phrase book: what a person reads, in both languages."""

from __future__ import annotations

from string import Formatter

import pytest

from posemu.oracle.wording import (
    CHARGED,
    CUSTOMER,
    MERCHANT,
    NOT_CHARGED,
    UNKNOWN,
    Statement,
    confirmed_minor,
    copy_in,
    masked_in,
    read,
    says_reprint,
    settled_in,
)
from posemu.terminal.messages import LANGUAGES, load_messages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("APPROVED 38.00 CNY TRACE 000042", Statement(CHARGED, "000042", 3_800)),
        ("交易成功 38.00 CNY 流水号 000042", Statement(CHARGED, "000042", 3_800)),
        ("SALE TRACE: 000042 AMOUNT: 0.05 CNY APPROVED", Statement(CHARGED, "000042", 5)),
        ("消费 流水号: 000042 金额: 9999.99 CNY 交易成功", Statement(CHARGED, "000042", 999_999)),
        ("DECLINED 51: no. NOT CHARGED TRACE 000001", Statement(NOT_CHARGED, "000001", None)),
        ("交易失败 51:余额不足。未扣款 流水号 000001", Statement(NOT_CHARGED, "000001", None)),
        ("RESULT UNKNOWN. BEING REVERSED TRACE 000007", Statement(UNKNOWN, "000007", None)),
        ("结果未知,正在冲正 流水号 000007", Statement(UNKNOWN, "000007", None)),
        ("REVERSED, NOT CHARGED TRACE 000007", Statement(NOT_CHARGED, "000007", None)),
        ("已冲正,未扣款 流水号 000007", Statement(NOT_CHARGED, "000007", None)),
    ],
)  # fmt: skip
def test_what_an_outcome_says(text: str, expected: Statement) -> None:
    """Screens and slips that tell an outcome are read as what they say, about which sale."""
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "READY", "APPROVED", "交易成功", "PLEASE WAIT TRACE 000001", "APPROVED TRACE 12345",
     "CANCELLED, NOT CHARGED", "END OF DAY DONE. BATCH 000001"],
)  # fmt: skip
def test_what_says_nothing_about_one_sale(text: str) -> None:
    """Without a trace number or without an outcome there is no statement."""
    assert read(text) is None


@pytest.mark.parametrize(
    "text", ["NOT CHARGED, NOT APPROVED TRACE 000001", "未扣款 交易成功 流水号 000001"]
)
def test_not_charged_outweighs_approved(text: str) -> None:
    """Where both stand, the careful reading counts: not charged."""
    statement = read(text)
    assert statement is not None
    assert statement.said == NOT_CHARGED


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whose_slip_it_is(lang: str) -> None:
    """Of the terminal's words two say for whom a slip is, and one that it is a reprint."""
    words = load_messages().slips(lang)
    assert {name: copy for name, text in words.items() if (copy := copy_in(text))} == {
        "merchant-copy": MERCHANT, "customer-copy": CUSTOMER,
    }  # fmt: skip
    assert [name for name, text in words.items() if says_reprint(text)] == ["reprint"]


def test_one_piece_of_paper_is_for_one_person() -> None:
    """A slip that names both sides is the merchant's."""
    assert copy_in("CUSTOMER COPY MERCHANT COPY") == MERCHANT


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_said_of_the_end_of_day(lang: str) -> None:
    """One screen of the terminal says that it is done, one that the totals differ."""
    said = {name: settled_in(text) for name, text in load_messages().screens(lang).items()}
    assert {name: done for name, done in said.items() if done is not None} == {
        "settled": True, "settlement-mismatch": False,
    }  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_screen_asks_to_confirm(lang: str) -> None:
    """One screen of the terminal asks to confirm an amount; others that name one do not."""
    texts = load_messages().screens(lang)
    values = {
        name: "000042" for text in texts.values() for _, name, _, _ in Formatter().parse(text)
        if name is not None
    }  # fmt: skip
    values["amount"] = "38.05 CNY"
    shown = {name: text.format(**values) for name, text in texts.items()}
    asked = {name: confirmed_minor(text) for name, text in shown.items()}
    assert {name: minor for name, minor in asked.items() if minor is not None} == {
        "confirm-amount": 3_805,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CARD: 999907******1247", [("999907", "1247")]),
        ("CARD: ************1247 CARD: 9999075*", [("", "1247"), ("9999075", "")]),
        ("AMOUNT: 38.00 CNY", []),
    ],
)
def test_masked_numbers(text: str, expected: list[tuple[str, str]]) -> None:
    """What of a number stands before the stars, and what behind them."""
    assert masked_in(text) == expected
