"""CVM results with the whole kernel: table 2 of Book 4, every method, and every condition where it
holds and where it does not. `docs/reference/emv-bits.md` lists these tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posemu.terminal.kernel.cvm_list import CVM_RESULTS, CvmCondition, CvmMethod, CvmResult
from posemu.terminal.kernel.flags import TSI, TVR
from posemu.wire.emv.meanings import code_names

from .bits import YES, Case, run
from .cvm_rows import CONDITIONS, METHODS, NEEDS, TABLE_2, Condition, Row
from .test_offline_data_authentication import names

VERIFICATION = {
    "verification-failed", "cvm-unrecognised", "pin-tries-exceeded", "pin-pad-missing",
    "pin-not-entered", "online-pin",
}  # fmt: skip
NOT_RECOGNISED = {"20"}  # UnionPay's own


def told(case: Case) -> tuple[str, frozenset[str], bool]:
    """CVM results, the bits of TVR byte 3, and whether the TSI says that it was performed."""
    data = run(case).data
    performed = "verification-performed" in names(TSI, data[TSI])
    tvr = frozenset(names(TVR, data[TVR]) & VERIFICATION)
    return data[CVM_RESULTS].hex().upper(), tvr, performed


@pytest.mark.parametrize("row", TABLE_2, ids=lambda row: row.what)
def test_table_2(row: Row) -> None:
    """Results, TVR and TSI are what the row says (Book 4, 6.3.4.5)."""
    assert told(row.case) == (row.results, row.tvr, row.performed)


@pytest.mark.parametrize("row", METHODS, ids=lambda row: row.what)
def test_a_method_is_performed(row: Row) -> None:
    """The results name it, and how it went."""
    assert told(row.case) == (row.results, row.tvr, True)
    assert row.results[:2] == row.what


@pytest.mark.parametrize("row", [row for row in METHODS if row.what in NEEDS],
                         ids=lambda row: row.what)  # fmt: skip
def test_a_method_is_not_performed(row: Row) -> None:
    """A terminal that lacks one of its parts and no other does not perform it, and asks nobody for
    a PIN (Book 4, 6.3.4)."""
    needs = NEEDS[row.what]
    for part in (1 << bit for bit in range(8) if needs >> bit & 1):
        objects = {"9F33": f"E0{0xF8 & ~part:02X}80"}
        lacking = replace(row.case, objects=objects, people=(YES,))
        assert told(lacking)[0] == "3F0001"
    exactly = replace(row.case, objects={"9F33": f"E0{needs:02X}80"})
    assert told(exactly)[0] == row.results


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.code)
def test_a_condition_holds(condition: Condition) -> None:
    """The rule is performed, and the results name its condition."""
    assert told(condition.holds) == (f"1F{condition.code}02", frozenset(), True)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.code)
def test_a_condition_does_not_hold(condition: Condition) -> None:
    """The rule is passed over, and none was performed."""
    assert told(condition.fails) == ("3F0001", {"verification-failed"}, True)


def test_every_code_is_there() -> None:
    """Every method, condition and result that has a name is in a row."""
    methods = {row.results[:2] for row in METHODS}
    assert methods == code_names("cvm").keys() - NOT_RECOGNISED
    assert {int(code, 16) for code in methods} == {*CvmMethod, 0x3F}
    conditions = {"00", *(condition.code for condition in CONDITIONS)}
    assert conditions == code_names("cvm-condition").keys()
    assert {int(code, 16) for code in conditions} == {*CvmCondition}
    results = {row.results[4:] for row in METHODS}
    assert results == code_names("cvm-result").keys()
    assert {int(code, 16) for code in results} == {*CvmResult}
