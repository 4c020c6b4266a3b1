"""Writes `reference/emv-bits.md` from the tables of the kernel's tests: `python docs/emv_bits.py`.

A test holds the page against these tables, and the tests it names against those there are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "emv-bits.md"
sys.path.insert(0, str(ROOT))
from posemu.wire.emv.meanings import Bits, bit_names, code_names  # noqa: E402
from tests.terminal.kernel.bits import (  # noqa: E402 (the path comes first)
    IN_SCOPE,
    NAMES,
    NOT_IN_SCOPE,
    SHOWN_BY,
    Bit,
)
from tests.terminal.kernel.cvm_rows import CONDITIONS, METHODS, NEEDS, TABLE_2  # noqa: E402

BITS, RESULTS = "test_bits.py", "test_cvm_results.py"
HEAD = """\
# What the kernel sets: TVR, TSI and CVM results

This page is made by `docs/emv_bits.py` from the tables that the tests carry out; do not edit it.
The clauses are those of the EMV books, version 4.4. The tests are in `tests/terminal/kernel/`, the
steps in `posemu/terminal/kernel/`. Each bit is set by one transaction with the whole kernel, and
left clear by another that differs in one thing; behind "more" stand the tests of all conditions of
the step. `posemu decode` names the bits in the same words.
"""
CVM_HEAD = """\
## CVM results (tag 9F34)

Method, condition and result of the rule that was performed last (Book 4, 6.3.4.5).

### What becomes of a list

Book 4, table 2. Byte 2 has no meaning where nothing was performed.
"""


def page() -> str:
    """The page, in MyST Markdown."""
    lines = [HEAD]
    for tag, bits in IN_SCOPE.items():
        lines += [f"## {NAMES[tag]} (tag {tag})", "", *_bits(tag, bits), ""]
        lines += ["Out of scope, and never set:", "", *_out_of_scope(tag), ""]
    lines += [CVM_HEAD, *_table_2(), "", "### Methods", "", *_methods(), ""]
    lines += ["### Conditions", "", *_conditions()]
    return "\n".join(lines) + "\n"


def _table(*rows: Iterable[str]) -> Iterator[str]:
    """A table; the first row is its head."""
    head, *body = (list(row) for row in rows)
    for row in (head, ["---"] * len(head), *body):
        yield f"| {' | '.join(row)} |"


def _test(file: str, function: str, name: str) -> str:
    return f"`{file}::{function}[{name}]`"


def _bits(tag: str, bits: Iterable[Bit]) -> Iterator[str]:
    named = {meaning.name: meaning for meaning in bit_names(tag)}
    head = ("bit", "name", "English", "中文", "clause", "step", "set when", "clear when", "tests")
    return _table(head, *(_bit(bit, named[bit.name]) for bit in bits))


def _bit(bit: Bit, meaning: Bits) -> Iterator[str]:
    functions = ("test_a_bit_is_set", "test_a_bit_is_left_clear")
    tests = ", ".join(_test(BITS, function, bit.name) for function in functions)
    more = ", ".join(f"`{name}`" for name in SHOWN_BY[bit.step])
    yield from (f"{meaning.byte}.{meaning.low}", f"`{bit.name}`", *meaning.text, bit.clause)
    yield from (f"`{bit.step}.py`", bit.set_when, bit.clear_when, f"{tests}; more: {more}")


def _out_of_scope(tag: str) -> Iterator[str]:
    rows = ((", ".join(row.places), row.en, row.zh, row.why) for row in NOT_IN_SCOPE[tag])
    return _table(("bit", "English", "中文", "why"), *rows)


def _table_2() -> Iterator[str]:
    head = ("when", "results", "TVR", "`verification-performed`", "test")
    return _table(head, *(
        (row.what, f"`{row.results}`", ", ".join(f"`{name}`" for name in sorted(row.tvr)) or "-",
         "yes" if row.performed else "no", _test(RESULTS, "test_table_2", row.what))
        for row in TABLE_2
    ))  # fmt: skip


def _methods() -> Iterator[str]:
    methods, results = code_names("cvm"), code_names("cvm-result")
    rows = []
    for row in METHODS:
        functions = ["test_a_method_is_performed"]
        functions += ["test_a_method_is_not_performed"] if row.what in NEEDS else []
        tests = ", ".join(_test(RESULTS, function, row.what) for function in functions)
        ends = results[row.results[4:]]
        rows.append((f"`{row.what}`", *methods[row.what], f"`{row.results}`", *ends, tests))
    return _table(("method", "English", "中文", "results", "result", "结果", "tests"), *rows)


def _conditions() -> Iterator[str]:
    conditions = code_names("cvm-condition")
    head = ("condition", "English", "中文", "holds", "does not hold", "tests")
    functions = ("test_a_condition_holds", "test_a_condition_does_not_hold")
    always = ("`00`", *conditions["00"], "every row of the methods", "never",
              _test(RESULTS, "test_a_method_is_performed", "1F"))  # fmt: skip
    return _table(head, always, *(
        (f"`{row.code}`", *conditions[row.code], row.holds_when, row.fails_when,
         ", ".join(_test(RESULTS, function, row.code) for function in functions))
        for row in CONDITIONS
    ))  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
