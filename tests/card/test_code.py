"""Payment codes: 18 digits that belong to one wallet, and pay once."""

from __future__ import annotations

import pytest

from posemu.card import Wallet, account_of
from posemu.sim import Keyed
from posemu.wire import luhn_valid

PAN = "9999075123741247"


def wallet(seed: int = 1, ordinal: int = 0) -> Wallet:
    account = account_of(PAN, ordinal)
    return Wallet(account, Keyed(seed).sequence("wallet/first", account))


@pytest.mark.parametrize("n", [0, 1, 7, 99_999])
def test_a_code_is_18_digits_of_its_wallet_with_a_check_digit(n: int) -> None:
    """Every code begins with the account and passes the Luhn check; the account has 12 digits."""
    code = wallet().show(n)
    assert len(code) == 18
    assert code.isdigit()
    assert code.startswith(wallet().account)
    assert len(wallet().account) == 12
    assert luhn_valid(code)


def test_no_code_comes_twice() -> None:
    """Exhaustive: the 100,000 codes of a wallet are all different."""
    shown = wallet()
    assert len({shown.show(n) for n in range(100_000)}) == 100_000


def test_the_same_draw_gives_the_same_codes_and_another_seed_others() -> None:
    """A wallet's codes follow from the world's seed; its account does not."""
    assert wallet().show(3) == wallet().show(3)
    assert wallet(1).show(3) != wallet(2).show(3)
    assert wallet(1).account == wallet(2).account


def test_everybody_has_a_wallet_of_their_own() -> None:
    """Two people never share an account, even with one PAN; it says nothing of the card."""
    accounts = {account_of(PAN, ordinal) for ordinal in range(10_000)}
    assert len(accounts) == 10_000
    assert all(account.startswith("99") and PAN[6:12] not in account for account in accounts)


@pytest.mark.parametrize("prefix", ["10", "15", "25", "30", "62"])
def test_no_code_looks_like_one_of_a_real_wallet(prefix: str) -> None:
    """WeChat Pay begins with 10 to 15, Alipay with 25 to 30, UnionPay with 62."""
    assert not wallet().show(0).startswith(prefix)
