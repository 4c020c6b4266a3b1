"""Processing restrictions, row by row of Book 3, 10.4 and its table 36."""

from __future__ import annotations

from itertools import product

import pytest

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.processing_restrictions import restrict

TERMINAL = {
    "9F09": "008C", "9F35": "22", "9F40": "F000000000", "9F1A": "0156", "9C": "00", "9A": "261122",
    "9F03": "000000000000",
}  # fmt: skip
CARD = {"9F08": "008C", "9F07": "FFC0", "5F28": "0156", "5F25": "260101", "5F24": "281231"}


def tvr_after(terminal: dict[str, str] | None = None, card: dict[str, str | None] | None = None):
    data = Data({tag: bytes.fromhex(value) for tag, value in (TERMINAL | (terminal or {})).items()})
    held = {tag: value for tag, value in (CARD | (card or {})).items() if value is not None}
    data.card = {tag: bytes.fromhex(value) for tag, value in held.items()}
    restrict(data)
    assert bytes(data.tsi) == bytes(2)
    return bytes(data.tvr).hex().upper()


NOTHING, VERSIONS, EXPIRED, EARLY, SERVICE = (
    "0000000000", "0080000000", "0040000000", "0020000000", "0010000000",
)  # fmt: skip


@pytest.mark.parametrize(
    ("terminal", "card", "tvr"),
    [
        pytest.param({}, {}, NOTHING, id="all fits"),
        pytest.param({}, {"9F08": "008D"}, VERSIONS, id="10.4.1: another version"),
        pytest.param({}, {"9F08": None}, NOTHING, id="10.4.1: no version is compatible"),
        pytest.param({}, {"9F07": None}, NOTHING, id="10.4.2: no usage control"),
        pytest.param({}, {"9F07": "0100", "5F28": None}, NOTHING, id="10.4.2: no country"),
        pytest.param({}, {"9F07": "FEC0", "5F28": None}, SERVICE, id="10.4.2: ATMs only"),
        pytest.param({}, {"5F28": "0840", "9F07": "A9C0"}, SERVICE, id="table 36: domestic only"),
        pytest.param({}, {"5F24": "261122"}, NOTHING, id="10.4.3: last day"),
        pytest.param({}, {"5F24": "261121"}, EXPIRED, id="10.4.3: expired yesterday"),
        pytest.param({}, {"5F25": "261122"}, NOTHING, id="10.4.3: first day"),
        pytest.param({}, {"5F25": "261123"}, EARLY, id="10.4.3: effective tomorrow"),
        pytest.param({}, {"5F25": None}, NOTHING, id="10.4.3: no effective date"),
        pytest.param({}, {"5F25": "991231"}, NOTHING, id="Book 4, 6.7.3: 99 is 1999"),
        pytest.param({}, {"5F24": "500101"}, EXPIRED, id="Book 4, 6.7.3: 50 is 1950"),
        pytest.param({}, {"5F24": "491231"}, NOTHING, id="Book 4, 6.7.3: 49 is 2049"),
        pytest.param({"9A": "991231"}, {"5F24": "000101", "5F25": "980101"}, NOTHING,
                     id="Book 4, 6.7.3: from 1999 to 2000"),
        pytest.param({"9A": "000101"}, {"5F24": "991231", "5F25": "980101"}, EXPIRED,
                     id="Book 4, 6.7.3: 1999 is past in 2000"),
    ],
)  # fmt: skip
def test_a_row(terminal: dict[str, str], card: dict[str, str | None], tvr: str) -> None:
    """Each condition sets its own bit and no other."""
    assert tvr_after(terminal, card) == tvr


def test_all_at_once() -> None:
    """The checks do not stop at the first that fails."""
    card = {"9F08": "0001", "9F07": "0000", "5F25": "270101", "5F24": "250101"}
    assert tvr_after({}, card) == "00F0000000"


KINDS = {
    "goods": {"9C": "00"},
    "goods, cashback amount": {"9C": "00", "9F03": "000000005000"},
    "goods with cashback": {"9C": "09", "9F03": "000000005000"},
    "cash": {"9C": "01"},
    "refund": {"9C": "20"},
}
# Table 36, by hand: kind -> the masks (byte 1 and 2 together) of which each must have a bit set, at
# home and abroad.
NEEDED = {
    "goods": ((0x2800,), (0x1400,)),
    "goods, cashback amount": ((0x2800, 0x0080), (0x1400, 0x0040)),
    "goods with cashback": ((0x2800, 0x0080), (0x1400, 0x0040)),
    "cash": ((0x8000,), (0x4000,)),
    "refund": ((), ()),
}
PLACES = {  # Book 4, annex A1: type and capabilities -> the bit that must be set
    ("22", "F000000000"): 0x0100,
    ("25", "F000000000"): 0x0100,
    ("14", "8000000000"): 0x0200,
    ("15", "F000000000"): 0x0200,
    ("16", "8000000000"): 0x0200,
    ("14", "7000000000"): 0x0100,  # a bank's, unattended, that pays out nothing
    ("12", "F000000000"): 0x0100,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_usage_control(kind: str) -> None:
    """All 1024 usage controls, at home and abroad, at ATMs and elsewhere."""
    for (abroad, country), place in product(enumerate(("0156", "0840")), PLACES):
        terminal_type, capabilities = place
        data = Data(
            {t: bytes.fromhex(v) for t, v in (TERMINAL | KINDS[kind]).items()}
            | {"9F35": bytes.fromhex(terminal_type), "9F40": bytes.fromhex(capabilities)}
        )
        held = {tag: bytes.fromhex(value) for tag, value in CARD.items()}
        needed = (*NEEDED[kind][abroad], PLACES[place])
        for usage in range(0, 0x10000, 0x40):
            data.card = held | {"9F07": usage.to_bytes(2, "big"), "5F28": bytes.fromhex(country)}
            data.tvr.clear("service-not-allowed")
            restrict(data)
            allowed = all(usage & mask for mask in needed)
            assert ("service-not-allowed" not in data.tvr) is allowed, (f"{usage:04X}", place)
