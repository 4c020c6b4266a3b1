"""The judge's phrase book: what a person reads, in both languages."""

from __future__ import annotations

import pytest

from posemu.oracle.wording import CHARGED, NOT_CHARGED, UNKNOWN, Statement, read


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
