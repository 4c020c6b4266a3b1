"""Response codes: every one has a meaning in both languages; what is none is refused."""

import re

import pytest

from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.dialect import RESPONSE_CODES
from posemu.wire.iso8583.response_codes import response_code, response_codes
from posemu.wire.iso8583.response_meanings import MEANINGS


@pytest.mark.parametrize(("table", "count"), [("1987", 71), ("1993", 92), ("unionpay", 42)])
def test_every_code_says_something(table, count):
    """The lists are whole, each code once, and each can be told in English and in Chinese."""
    codes = response_codes(table)
    assert len(codes) == len({found.code for found in codes}) == count
    for found in codes:
        assert response_code(table, found.code) == found
        assert found.text("en").isascii()
        assert re.search("[\u4e00-\u9fff]", found.text("zh"))


def test_nothing_is_worded_for_nobody():
    """Every wording belongs to a code, and the tables are those that a dialect may name."""
    used = {found.meaning for table in RESPONSE_CODES for found in response_codes(table)}
    assert used == set(MEANINGS)


def test_the_same_code_differs_by_table():
    """An expired card is kept by one code and only refused by another."""
    assert response_code("1987", "33")[1:] == ("pickup", "expired_card")
    assert response_code("1987", "54")[1:] == ("decline", "expired_card")
    assert response_code("1993", "101")[1:] == ("decline", "expired_card")
    assert response_code("unionpay", "00").text("zh") == "交易成功"


@pytest.mark.parametrize(
    ("table", "code", "reason"),
    [
        ("1987", "", "2 letters and digits"),
        ("1987", "000", "2 letters and digits"),
        ("1987", "0 ", "2 letters and digits"),
        ("1987", "٠٠", "2 letters and digits"),
        ("1987", "Z9", "does not have"),
        ("1993", "00", "3 digits"),
        ("1993", "1A0", "3 digits"),
        ("1993", "999", "does not have"),
        ("unionpay", "02", "does not have"),
    ],
)
def test_what_is_no_code_is_refused(table, code, reason):
    """The wrong width, characters that no code has, a code that the table has not."""
    with pytest.raises(DecodeError, match=reason):
        response_code(table, code)


def test_a_table_that_nobody_knows():
    """Is the caller's mistake."""
    with pytest.raises(KeyError):
        response_code("2003", "00")
