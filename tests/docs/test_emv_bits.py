"""The page of TVR, TSI and CVM results lists all of them, and tests and code that are there."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from posemu.wire.emv.meanings import bit_names
from tests.terminal.kernel.bits import IN_SCOPE, NAMES, SHOWN_BY, Bit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "emv-bits.md"
TESTS, KERNEL = ROOT / "tests" / "terminal" / "kernel", ROOT / "posemu" / "terminal" / "kernel"
BITS = {"95": 40, "9B": 16}


def rows(section: str) -> list[list[str]]:
    """The cells of all rows below a heading."""
    text = PAGE.read_text("utf-8").partition(f"\n## {section} ")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line[:1] == "|"]


def test_the_page_is_what_the_tables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else: python docs/emv_bits.py."""
    monkeypatch.setattr(sys, "path", [*sys.path])  # the script adds to it
    script = runpy.run_path(str(ROOT / "docs" / "emv_bits.py"))
    assert script["PAGE"] == PAGE
    assert PAGE.read_text("utf-8") == script["page"]()


@pytest.mark.parametrize("tag", IN_SCOPE)
def test_every_bit_is_on_the_page_once(tag: str) -> None:
    """In scope with its names in both languages, or out of it with a reason."""
    found = [place for row in rows(NAMES[tag]) for place in re.findall(r"\b\d\.\d\b", row[0])]
    assert len(found) == len(set(found)) == BITS[tag]
    cells = {row[1].strip("`"): row for row in rows(NAMES[tag])}
    for bit in IN_SCOPE[tag]:
        [meaning] = [meaning for meaning in bit_names(tag) if meaning.name == bit.name]
        assert cells[bit.name][:5] == [
            f"{meaning.byte}.{meaning.low}", f"`{bit.name}`", *meaning.text, bit.clause,
        ]  # fmt: skip


def test_every_test_on_the_page_is_there() -> None:
    """By its id, as pytest collects it."""
    named = set(re.findall(r"`(test_\w+\.py::[^`]+)`", PAGE.read_text("utf-8")))
    files = sorted({str(TESTS / test.partition("::")[0]) for test in named})
    program = [sys.executable, "-m", "pytest", "--collect-only", *files]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = {line.rpartition("/")[2] for line in done.stdout.splitlines() if "::" in line}
    assert len(named) > 100
    assert named - collected == set()


@pytest.mark.parametrize("bit", [bit for bits in IN_SCOPE.values() for bit in bits],
                         ids=lambda bit: bit.name)  # fmt: skip
def test_every_bit_names_its_step(bit: Bit) -> None:
    """The file of the step knows the bit, and the tests of the step are there."""
    assert bit.name in (KERNEL / f"{bit.step}.py").read_text("utf-8")
    assert all((TESTS / name).exists() for name in SHOWN_BY[bit.step])
