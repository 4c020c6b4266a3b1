"""Money is conserved: whatever comes, what left the accounts is what is net booked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

PANS = ["9999075123741247", "9999080000000018", "9999080000000026"]
PINS = {"9999075123741247": "836194027715", "9999080000000018": "100000000000",
        "9999080000000026": "123456789012"}  # fmt: skip
WRONG = "000000000000"
NOBODY = "9999080000000034"
STANS = st.integers(1, 5)
AMOUNTS = st.sampled_from([1, 1_200, 3_800, 5_000])
TILL: Any = None


@pytest.fixture(autouse=True, scope="module")
def _till(make_till: Any) -> None:
    global TILL
    TILL = make_till


class HostModel(RuleBasedStateMachine):
    """Random messages in any order, beside a model of what must come of them."""

    @initialize()
    def begin(self) -> None:
        self.till = TILL()
        self.start_minor = self.till.issuer.total_minor()
        self.net: dict[tuple[int, str], int] = {}  # (stan, time) -> net booked, by the postings
        self.fate: dict[tuple[int, str], str] = {}
        self.uploaded: dict[tuple[int, str], tuple[int, str]] = {}  # amount and PAN of an advice
        self.sent: list[tuple[bytes, bytes | None]] = []
        self.saved: list[Any] = []

    def ask(self, message: bytes) -> Any:
        result = self.till.ask(message)
        self.sent.append((message, result.answer))
        return result

    def post(self, result: Any, time: str) -> None:
        for posting in result.postings:
            key = (int(posting.stan), time)
            self.net[key] = self.net.get(key, 0) + posting.amount_minor

    @rule(stan=STANS, amount=AMOUNTS, pan=st.sampled_from(PANS), right=st.booleans(),
          time=st.sampled_from(["090000", "100000"]), old=st.booleans())  # fmt: skip
    def sale(self, stan: int, amount: int, pan: str, right: bool, time: str, old: bool) -> None:
        keys = self.saved.pop() if old and self.saved else self.till.next_keys()
        pin = PINS[pan] if right else WRONG
        result = self.ask(self.till.sale(stan, amount, pan=pan, pin=pin, time=time, keys=keys))
        self.post(result, time)
        known = self.fate.get((stan, time))
        code = str(self.till.said(result)[39])
        if code == "00":
            assert known is None
            assert not any(s == stan for s, _ in self.fate)
            self.fate[(stan, time)] = "booked"
        elif code not in ("63", "68", "94"):
            self.fate[(stan, time)] = "declined"
        if known == "reversed-first":
            assert code in ("68", "63")

    @rule(stan=STANS, amount=AMOUNTS, pan=st.sampled_from([*PANS, NOBODY]),
          time=st.sampled_from(["090000", "100000"]), mti=st.sampled_from(["0220", "0221"]),
          old=st.booleans())  # fmt: skip
    def advice(self, stan: int, amount: int, pan: str, time: str, mti: str, old: bool) -> None:
        """An offline approval, of any account or none, is booked if its trace number is free."""
        keys = self.saved.pop() if old and self.saved else self.till.next_keys()
        message = self.till.advice(stan, b"", amount, pan=pan, time=time, mti=mti, keys=keys)
        result = self.ask(message)
        self.post(result, time)
        code = str(self.till.said(result)[39])
        here, known = (stan, time), self.fate.get((stan, time))
        if code == "63":
            assert result.postings == ()
        elif here in self.uploaded:
            assert code == ("00" if self.uploaded[here] == (amount, pan) else "94")
            assert result.postings == ()
        elif known == "reversed-first":
            assert code == "68"
        elif any(used == stan for used, _ in self.fate):
            assert code == "94"
        else:
            assert (code, len(result.postings)) == ("00", 1)
            self.fate[here], self.uploaded[here] = "booked", (amount, pan)

    @rule(stan=STANS, amount=AMOUNTS, time=st.sampled_from(["090000", "100000"]))
    def reversal(self, stan: int, amount: int, time: str) -> None:
        before = self.net.get((stan, time), 0)
        result = self.ask(self.till.reversal(stan, amount, time=time))
        self.post(result, time)
        code = str(self.till.said(result)[39])
        known = self.fate.get((stan, time))
        if known is None:
            assert code == "25"
            self.fate[(stan, time)] = "reversed-first"
        elif known == "booked" and code == "00":
            assert before == amount
            assert self.net[(stan, time)] == 0
            self.fate[(stan, time)] = "reversed"
        else:
            assert self.net.get((stan, time), 0) == before
            assert code in {
                "booked": ("64",), "declined": ("12", "64"), "reversed": ("00", "64"),
                "reversed-first": ("25", "64"),
            }[known]  # fmt: skip

    @rule()
    def save_a_key(self) -> None:
        self.saved.append(self.till.next_keys())

    @rule(n=st.integers(0, 100))
    def again(self, n: int) -> None:
        """Any earlier message, byte for byte, gets its answer again and books nothing."""
        if self.sent:
            message, answer = self.sent[n % len(self.sent)]
            result = self.till.ask(message)
            assert result.postings == ()
            if answer is not None and result.note == "repeated":
                assert result.answer == answer

    @rule(off=st.integers(0, 1))
    def end_of_day(self, off: int) -> None:
        books = self.till.books
        batch = books.batch
        totals = books.totals.as_field()
        said = f"{int(totals[:6]) + off:06d}{totals[6:]}"
        result = self.ask(self.till.reconciliation(said, books.batch_number))
        assert result.postings == ()
        assert books.batch == batch + (0 if off else 1)

    @invariant()
    def money_is_conserved(self) -> None:
        """What is in the accounts, and what is net booked, add up to what was there."""
        if hasattr(self, "net"):
            assert all(net >= 0 for net in self.net.values())
            booked_minor = sum(self.net.values())
            assert self.till.issuer.total_minor() + booked_minor == self.start_minor
            in_books = sum(
                original.amount_minor
                for original in self.till.books.originals.values()
                if original.status == "booked"
            )
            assert in_books == booked_minor


TestMoney = HostModel.TestCase
TestMoney.settings = settings(
    deadline=None, derandomize=True, max_examples=30, stateful_step_count=25
)
