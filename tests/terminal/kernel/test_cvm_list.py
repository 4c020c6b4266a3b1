"""CVM list and CVM results, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.cvm_list import (
    CvmCondition,
    CvmMethod,
    CvmResult,
    parse_cvm_list,
    parse_cvm_results,
)
from posemu.wire import DecodeError
from posemu.wire.emv.meanings import code_names


@given(
    x=st.integers(0, 2**32 - 1),
    y=st.integers(0, 2**32 - 1),
    rules=st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=122),
)
def test_every_list_of_whole_rules(x: int, y: int, rules: list[tuple[int, int]]) -> None:
    """Amounts and rules come back as they were written."""
    data = x.to_bytes(4, "big") + y.to_bytes(4, "big") + b"".join(map(bytes, rules))
    listed = parse_cvm_list(data)
    assert (listed.amount_x, listed.amount_y) == (x, y)
    assert [tuple(rule) for rule in listed.rules] == rules
    assert [rule.apply_next for rule in listed.rules] == [code & 0x40 != 0 for code, _ in rules]


@pytest.mark.parametrize("length", [*range(10), 11, 13, 251, 253, 254, 255])
def test_other_lengths_are_refused(length: int) -> None:
    """No rule, half a rule, and more than a list may hold (Book 3, 10.5 and annex A)."""
    with pytest.raises(DecodeError, match="CVM list"):
        parse_cvm_list(bytes(length))


def test_the_shortest_and_the_longest() -> None:
    """One rule, and as many as 252 bytes hold (Book 3, annex A)."""
    assert len(parse_cvm_list(bytes(10)).rules) == 1
    assert len(parse_cvm_list(bytes(252)).rules) == 122


def test_methods_and_conditions_have_names() -> None:
    """What the terminal recognises is what the table of meanings has of the book; bits 8 and 7 do
    not change a method (Book 3, annex C3)."""
    scheme_or_result = {"20", "3F"}
    assert {f"{m:02X}" for m in CvmMethod} == set(code_names("cvm")) - scheme_or_result
    assert {f"{c:02X}" for c in CvmCondition} == set(code_names("cvm-condition"))
    assert {f"{r:02X}" for r in CvmResult} == set(code_names("cvm-result"))
    for code in range(0x100):
        (rule,) = parse_cvm_list(bytes(8) + bytes((code, code))).rules
        known = {int(m) for m in CvmMethod}
        assert rule.method == (code & 0x3F if code & 0x3F in known else None)
        assert rule.condition == (code if code <= 9 else None)


@pytest.mark.parametrize(
    ("results", "method", "result"),
    [
        ("1E0300", CvmMethod.SIGNATURE, CvmResult.UNKNOWN),
        ("410302", CvmMethod.PLAINTEXT_PIN_OFFLINE, CvmResult.SUCCESSFUL),
        ("420001", CvmMethod.ENCIPHERED_PIN_ONLINE, CvmResult.FAILED),
        ("3F0000", None, CvmResult.UNKNOWN),
    ],
)
def test_results(results: str, method: CvmMethod | None, result: CvmResult) -> None:
    """Method, condition and result of 9F34 (Book 4, annex A4)."""
    parsed = parse_cvm_results(bytes.fromhex(results))
    assert (parsed.method, parsed.result) == (method, result)
    assert bytes(parsed).hex().upper() == results


@pytest.mark.parametrize("results", ["", "1E03", "1E030000", "1E0303", "1E03FF"])
def test_results_that_are_none(results: str) -> None:
    """Another length, and a result that is not in the book."""
    with pytest.raises(DecodeError, match="CVM results"):
        parse_cvm_results(bytes.fromhex(results))
