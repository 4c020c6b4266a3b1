"""Which rule of a CVM list is carried out, and what follows: every method under every condition
against a table written from Book 3, annex C3 and 10.5, and Book 4, table 2."""

from __future__ import annotations

from itertools import product

import pytest

from posemu.terminal.kernel.cardholder_verification import verify_cardholder
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Answered, AskPin, PinBypassed, PinEntered

from .scripted import ScriptedCard, play

PIN_RIGHT = (PinEntered(7), Answered(b"\x90\x00"))
CARD = {"80CA9F17": "9F1701039000", "0084": "11223344556677889000"}
X, Y = "000007D0", "000001F4"  # 20.00 and 5.00; the amount is 10.00

# kind of transaction -> terminal type, transaction type, cashback amount
KINDS = {
    "goods": ("22", "00", "00"),
    "goods and cash": ("22", "00", "50"),
    "cashback": ("22", "09", "50"),
    "manual cash": ("12", "01", "00"),
    "unattended cash": ("14", "01", "00"),
    "unattended goods": ("25", "00", "00"),
    "refund": ("22", "20", "00"),
}
ALL = frozenset(KINDS)
CASHBACK = frozenset({"goods and cash", "cashback"})
NONE: frozenset[str] = frozenset()
CONDITIONS = {
    0x00: ALL,
    0x01: frozenset({"unattended cash"}),
    0x02: frozenset({"goods", "unattended goods", "refund"}),
    0x04: frozenset({"manual cash"}),
    0x05: CASHBACK,
    0x06: ALL,  # under X
    0x07: NONE,
    0x08: NONE,
    0x09: ALL,  # over Y
    0x0A: NONE,
    0x7F: NONE,
    0x80: NONE,
}
SUPPORTS = 0x03
# method -> what byte 2 of the terminal capabilities must have, the result, the TVR's byte 3
METHODS = {
    0x00: (0x00, "01", 0x80),
    0x01: (0x80, "02", 0x00),
    0x02: (0x40, "00", 0x04),
    0x03: (0xA0, "00", 0x00),
    0x04: (0x10, "02", 0x00),
    0x05: (0x30, "00", 0x00),
    0x1E: (0x20, "00", 0x00),
    0x1F: (0x08, "02", 0x00),
}
UNRECOGNISED = (0x06, 0x20, 0x3F)
OFFLINE_PINS, ONLINE_PIN = (0x01, 0x03, 0x04, 0x05), 0x02


def transaction(
    rules: str,
    kind: str = "goods",
    capabilities: int = 0xF8,
    terminal: dict[str, str] | None = None,
    currency: str = "0156",
) -> Data:
    """The data with which verification begins; the amount is 10.00 of currency 156."""
    terminal_type, transaction_type, other = KINDS[kind]
    objects = {
        "9F35": terminal_type, "9C": transaction_type, "9F03": "0" * 10 + other,
        "9F33": f"E0{capabilities:02X}C8", "9F02": "000000001000", "5F2A": "0156",
    } | (terminal or {})  # fmt: skip
    data = Data({tag: bytes.fromhex(value) for tag, value in objects.items() if value})
    card = {"82": "1000", "8E": X + Y + rules, "9F42": currency}
    data.card = {tag: bytes.fromhex(value) for tag, value in card.items() if value}
    return data


def told(data: Data) -> tuple[str, int, int]:
    """CVM results, TVR byte 3 and TSI byte 1; nothing else may have been set."""
    tvr, tsi = bytes(data.tvr), bytes(data.tsi)
    assert (tvr[0], tvr[1], tvr[3], tvr[4], tsi[1]) == (0, 0, 0, 0, 0)
    return data["9F34"].hex().upper(), tvr[2], tsi[0]


def verified(data: Data, key: object = object()) -> tuple[str, int, int]:
    """What is told after a cardholder who knows the PIN; `key` stands for the card's."""
    ended, _ = play(verify_cardholder(data, lambda: key), ScriptedCard(CARD), PIN_RIGHT)  # type: ignore[arg-type, return-value]
    assert not isinstance(ended, Outcome), ended
    return told(data)


def by_the_book(method: int, condition: int, kind: str, capabilities: int) -> tuple[str, int, int]:
    """One rule that ends verification if it is unsuccessful."""
    needs, result, bits = METHODS.get(method, (None, "", 0))
    supported = needs is not None and capabilities & needs == needs
    holds = supported if condition == SUPPORTS else kind in CONDITIONS[condition]
    if not holds:
        return "3F0001", 0x80, 0x40
    if needs is None:
        return "3F0001", 0xC0, 0x40
    if supported:
        return f"{method:02X}{condition:02X}{result}", bits, 0x40
    no_pad = (method == ONLINE_PIN and not capabilities & 0x40) or (
        method in OFFLINE_PINS and not capabilities & 0x90
    )
    return "3F0001", 0x90 if no_pad else 0x80, 0x40


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conditions", [(0x00, 0x02, 0x04, 0x05), (0x01, 0x03, 0x06, 0x07),
                                        (0x08, 0x09, 0x0A, 0x7F, 0x80)])  # fmt: skip
def test_every_method_under_every_condition(kind: str, conditions: tuple[int, ...]) -> None:
    """Method × condition × capabilities of the terminal × kind of transaction."""
    for method, condition, bits in product((*METHODS, *UNRECOGNISED), conditions, range(32)):
        data = transaction(f"{method:02X}{condition:02X}", kind, bits << 3)
        assert verified(data) == by_the_book(method, condition, kind, bits << 3), (
            f"{method:02X}{condition:02X}", f"{bits << 3:02X}",
        )  # fmt: skip


ATTENDED = ("11", "12", "13", "21", "22", "23")
UNATTENDED = ("14", "15", "16", "24", "25", "26", "34", "35", "36")


@pytest.mark.parametrize("terminal_type", [*ATTENDED, *UNATTENDED])
def test_cash_at_every_type_of_terminal(terminal_type: str) -> None:
    """Cash is manual where somebody stands, unattended where nobody does (Book 4, annex A1)."""
    data = transaction("1F041F01", "manual cash", terminal={"9F35": terminal_type})
    assert verified(data)[0] == ("1F0402" if terminal_type in ATTENDED else "1F0102")


@pytest.mark.parametrize(
    ("condition", "amount", "holds"),
    [
        ("06", "1999", True), ("06", "2000", False), ("06", "2001", False),
        ("07", "1999", False), ("07", "2000", False), ("07", "2001", True),
        ("08", "0499", True), ("08", "0500", False), ("08", "0501", False),
        ("09", "0499", False), ("09", "0500", False), ("09", "0501", True),
    ],
)  # fmt: skip
def test_amounts_at_x_and_y(condition: str, amount: str, holds: bool) -> None:
    """Under and over, but not equal (Book 3, table 44)."""
    data = transaction(f"1F{condition}", terminal={"9F02": f"{amount:0>12}"})
    assert verified(data)[0] == (f"1F{condition}02" if holds else "3F0001")


@pytest.mark.parametrize("condition", ["06", "09"])
@pytest.mark.parametrize(
    ("terminal", "currency"),
    [
        pytest.param({}, "0840", id="another currency"),
        pytest.param({}, "", id="no application currency"),
        pytest.param({"5F2A": ""}, "0156", id="no transaction currency"),
        pytest.param({"5F2A": ""}, "", id="no currency at all"),
        pytest.param({"9F02": ""}, "0156", id="no amount"),
    ],
)
def test_amounts_that_cannot_be_compared(
    condition: str, terminal: dict[str, str], currency: str
) -> None:
    """The rule is passed over, also when it would end verification (Book 3, 10.5)."""
    data = transaction(f"00{condition}1F00", terminal=terminal, currency=currency)
    assert verified(data) == ("1F0002", 0x00, 0x40)


@pytest.mark.parametrize(
    ("rules", "capabilities", "results", "tvr"),
    [
        pytest.param("1E001F00", 0xF8, "1E0000", 0x00, id="the first that succeeds ends it"),
        pytest.param("1E011F00", 0xF8, "1F0002", 0x00, id="a condition that does not hold"),
        pytest.param("06001F00", 0xF8, "3F0001", 0xC0, id="not recognised, and ends it"),
        pytest.param("46001F00", 0xF8, "1F0002", 0x40, id="not recognised, go on"),
        pytest.param("06031F00", 0xF8, "1F0002", 0x00, id="not recognised is not supported"),
        pytest.param("1E001F00", 0x08, "3F0001", 0x80, id="not supported, and ends it"),
        pytest.param("5E001F00", 0x08, "1F0002", 0x00, id="not supported, go on"),
        pytest.param("42001F00", 0x08, "1F0002", 0x10, id="no online PIN, go on"),
        pytest.param("44001F00", 0x88, "1F0002", 0x00, id="the other offline PIN (footnote 14)"),
        pytest.param("00001F00", 0xF8, "000001", 0x80, id="fail"),
        pytest.param("40001F00", 0xF8, "400001", 0x80, id="fail, whatever bit 7 says"),
        pytest.param("40031F00", 0x00, "400301", 0x80, id="failing is always supported"),
        pytest.param("5E004200", 0x00, "3F0001", 0x90, id="the list ends, nothing performed"),
        pytest.param("DE00", 0xF8, "DE0000", 0x00, id="bit 8 is reserved and not looked at"),
    ],
)
def test_what_follows_a_rule(rules: str, capabilities: int, results: str, tvr: int) -> None:
    """Go on or end, and what the results then say (Book 3, 10.5; Book 4, table 2)."""
    assert verified(transaction(rules, capabilities=capabilities)) == (results, tvr, 0x40)


@pytest.mark.parametrize(
    ("rules", "results"),
    [
        pytest.param("42031E01", "420301", id="no other condition holds"),
        pytest.param("42030600", "420301", id="the other is not recognised"),
        pytest.param("42035E00", "420301", id="the other is not supported"),
        pytest.param("42030000", "000001", id="the other is performed"),
    ],
)
def test_results_are_of_the_rule_performed_last(rules: str, results: str) -> None:
    """An unsuccessful rule stands in the results until another is performed (Book 4, 6.3.4.5)."""
    data = transaction(rules, capabilities=0x40)
    play(verify_cardholder(data, lambda: None), ScriptedCard({}), [PinBypassed()])
    assert data["9F34"].hex().upper() == results
    assert "verification-failed" in data.tvr


def test_the_handle_of_an_online_pin() -> None:
    """It comes back, to go with the request; without one there is none."""
    step = verify_cardholder(transaction("0200"), lambda: None)
    assert play(step, ScriptedCard({}), [PinEntered(42)])[0] == 42
    offline = verify_cardholder(transaction("0100"), lambda: None)
    answer, asked = play(offline, ScriptedCard(CARD), PIN_RIGHT)
    assert answer is None
    assert sum(isinstance(request, AskPin) for request in asked) == 1


# --- no list --------------------------------------------------------------------------------------


def test_a_card_without_verification() -> None:
    """AIP bit 5 is clear: no CVM performed, nothing set (Book 4, table 2)."""
    data = transaction("0200")
    data.card["82"] = bytes.fromhex("EF7F")
    assert verified(data) == ("3F0000", 0x00, 0x00)


@pytest.mark.parametrize("listed", [None, X + Y])
def test_no_list_or_no_rules(listed: str | None) -> None:
    """The card promised a list: ICC data missing (Book 3, figure 8), no CVM performed."""
    data = transaction("")
    if listed is None:
        del data.card["8E"]
    assert play(verify_cardholder(data, lambda: None), ScriptedCard({})) == (None, [])
    assert data["9F34"] == bytes.fromhex("3F0000")
    assert (bytes(data.tvr).hex(), bytes(data.tsi).hex()) == ("2000000000", "0000")


@pytest.mark.parametrize("size", [0, 4, 7, 9, 11, 253, 254])
def test_a_list_that_is_malformed(size: int) -> None:
    """Half a rule, or too many, ends the transaction (Book 3, 10.5 and 7.5)."""
    data = transaction("")
    data.card["8E"] = bytes(size)
    ended, _ = play(verify_cardholder(data, lambda: None), ScriptedCard({}))
    assert isinstance(ended, Outcome)
    assert ended.reason == "bad-format"
