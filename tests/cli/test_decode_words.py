"""The words of `posemu decode`: everything it says is there in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import posemu
from posemu.cli.decoding.words import reason, tables
from posemu.wire.emv.meanings import bit_names, bits_set, code_names, reserved_set

ROOM = Path(posemu.__file__).parent
RAISED = ("DecodeError", "TrackError", "Problem")
HAN = re.compile(r"[\u4e00-\u9fff]")
SAME = re.compile(r"[A-Z]{2,4}( \d)?|MAC, .*|Visa|Discover|Interac|[^A-Za-z]*")
"""What is the same in both languages: abbreviations, currencies, standards, schemes."""


def reasons() -> Iterator[str]:
    """Every reason that wire and decode can give, its holes filled with 7."""
    for path in [*(ROOM / "wire").rglob("*.py"), *(ROOM / "cli" / "decoding").rglob("*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) == 3:
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name in RAISED:
                    yield from _texts(node.args[2])
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def test_every_reason_has_a_translation() -> None:
    """Whatever an error says, --lang zh says in Chinese."""
    found = set(reasons())
    assert len(found) > 80
    assert not [text for text in found if not HAN.search(reason("zh", text))]


def test_a_translation_keeps_what_was_filled_in() -> None:
    """The numbers of an error stand in its translation, in order."""
    said = reason("zh", "the message ends after 12 of 40 bytes")
    assert re.findall(r"\d+", said) == ["12", "40"]


@pytest.mark.parametrize("section", ["say", "codes"])
def test_every_text_is_there_in_both_languages(section: str) -> None:
    """A text is a pair, its second half Chinese, with the same places to fill in."""
    rows = tables()[section]
    pairs = rows.values() if section == "say" else (p for t in rows.values() for p in t.values())
    for english, chinese in pairs:
        assert str(english).strip()
        holes = [sorted(re.findall(r"\{(\w+)\}", str(text))) for text in (english, chinese)]
        assert holes[0] == holes[1], english
        bare = re.sub(r"\{\w+\}|--as", "", str(english))
        assert SAME.fullmatch(bare) or HAN.search(str(chinese)), english


BIT_TABLES = ("82", "95", "9B", "9F07", "9F0D", "9F27", "9F33", "9F40", "cvr-visa")


@pytest.mark.parametrize("table", BIT_TABLES)
def test_every_bit_has_one_name(table: str) -> None:
    """No two names stand for one bit, no name stands twice, and a name has both languages."""
    bits = bit_names(table)
    places = [(b.byte, bit) for b in bits for bit in range(b.low, b.high + 1)]
    assert bits
    assert len(set(places)) == len(places)
    assert len({b.name for b in bits}) == len(bits)
    assert all(b.text.en.strip() and b.text.zh.strip() for b in bits)


def test_the_bits_of_a_tvr() -> None:
    """Bits are counted as the EMV books count: bit 8 is the leftmost of a byte (annex C5)."""
    names = [b.name for b, _ in bits_set("95", bytes.fromhex("8000048001"))]
    assert names == ["oda-not-performed", "online-pin", "floor-limit-exceeded", "relay-resistance"]
    assert reserved_set("9B", bytes.fromhex("0201")) == ((1, 2), (2, 1))


@pytest.mark.parametrize(
    "table", ["cvm", "cvm-condition", "cvm-result", "terminal-type", "authorisation-response",
              "status"]
)  # fmt: skip
def test_every_code_has_both_languages(table: str) -> None:
    """A code of EMV has an English and a Chinese meaning."""
    assert all(text.en.strip() and HAN.search(text.zh) for text in code_names(table).values())
