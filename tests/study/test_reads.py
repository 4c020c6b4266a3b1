"""Reads by card and the terminals' alarms: on traces written by hand, against numbers counted by
hand."""

from __future__ import annotations

from typing import Any

import pytest

from .test_shop_metrics import Day


def till(
    day: Day, second: float, name: str, worn: tuple[str, ...], *reads: tuple[str, bool]
) -> Day:
    """A customer with a card that is worn in these parts, and how its reads went."""
    data: dict[str, Any] = {"worn": worn} if worn else {}
    ordinal = int(second)
    lane = f"{name}/lane"
    day.at(second, lane, "customer-arrives", ordinal=ordinal, amount_minor=1_000, method="card")
    day.at(second, lane, "customer-called", ordinal=ordinal, **data)
    for kind, good in reads:
        day.at(second, name, kind, good=good)
    return day


def test_read_success_by_card() -> None:
    """A card counts as worn in the part that was read, and at the till it was at."""
    day = Day()
    till(day, 1, "near", ("chip",), ("chip-read", False), ("chip-read", True), ("read", True))
    till(day, 2, "near", (), ("read", False), ("read", True), ("read", True))
    till(day, 3, "far", ("stripe", "chip"), ("read", False), ("chip-read", False))
    found = day.values()
    success = {name: values.get("read_success") for name, values in found.items()}
    assert success["card:worn"] == pytest.approx(25.0)
    assert success["card:new"] == pytest.approx(75.0)
    assert success["terminal_card:near/worn"] == pytest.approx(50.0)
    assert success["terminal_card:near/new"] == pytest.approx(75.0)
    assert success["terminal_card:far/worn"] == 0.0
    assert "terminal_card:far/new" not in success
    assert success["total"] == pytest.approx(50.0)


def test_a_chip_that_is_read_counts_in_the_total() -> None:
    """Insertions are tries like swipes."""
    day = Day().at(1, "near", "chip-read", good=True).at(2, "near", "read", good=False)
    assert day.values()["terminal:near"]["read_success"] == pytest.approx(50.0)


def test_what_happens_after_closing_is_left_out() -> None:
    """Neither reads nor alarms."""
    day = Day()
    day.values()
    till(day, 8_000, "near", ("stripe",), ("read", False))
    day.at(8_001, "near", "alarm", reader="stripe", cause="card")
    found = day.metrics.values(None, ["near", "far"])
    assert "card:worn" not in found
    assert found["total"]["alarms"] == 0.0


@pytest.mark.parametrize(
    ("mode", "where", "reader", "right"),
    [
        ("mag-head-wear", "far", "stripe", True),
        ("mag-head-wear", None, "stripe", True),
        ("mag-head-wear", "near", "stripe", False),
        ("mag-head-wear", "far", "chip", False),
        ("chip-reader-wear", "far", "chip", True),
        ("chip-reader-wear", "far", "stripe", False),
        ("mag-card-degraded", "far", "stripe", False),
    ],
)
def test_a_reader_is_rightly_blamed(mode: str, where: str | None, reader: str, right: bool) -> None:
    """Only if it is that reader, of that till, and its fault holds."""
    day = Day().fault(0, 1, mode, where)
    day.at(5, "far", "alarm", reader=reader, cause="reader").mended(6, 1)
    assert day.values()["total"]["diagnosis_right"] == (100.0 if right else 0.0)


def test_a_reader_that_was_mended_is_not_at_fault() -> None:
    """An alarm after the end of the fault is wrong."""
    day = Day().fault(0, 1, "mag-head-wear", "far").mended(4, 1)
    day.at(5, "far", "alarm", reader="stripe", cause="reader")
    assert day.values()["terminal:far"]["diagnosis_right"] == 0.0


def test_a_card_is_rightly_blamed() -> None:
    """Only if the one that is there is worn in that part; tills and totals add up."""
    day = Day()
    till(day, 1, "near", ("stripe",))
    day.at(2, "near", "alarm", reader="stripe", cause="card")
    day.at(3, "near", "alarm", reader="chip", cause="card")
    till(day, 4, "near", ())
    day.at(5, "near", "alarm", reader="stripe", cause="card")
    till(day, 6, "far", ("chip",))
    day.at(7, "far", "alarm", reader="chip", cause="card")
    found = day.values()
    assert found["terminal:near"]["diagnosis_right"] == pytest.approx(100 / 3)
    assert (found["terminal:near"]["alarms"], found["terminal:far"]["alarms"]) == (3.0, 1.0)
    assert found["total"]["alarms"] == 4.0
    assert found["total"]["diagnosis_right"] == 50.0


def test_without_alarms_nothing_was_right_or_wrong() -> None:
    """No alarm: undefined, and not a hundred per cent."""
    assert Day().values()["total"]["diagnosis_right"] is None


def test_fallbacks_by_cause() -> None:
    """Of the sales in which a chip was tried, however often: how many took the stripe, in total, at
    each till and for each cause."""
    day = Day()
    for second in (10, 20, 30, 40):
        day.at(second, "near", "sale-started", method="card")
        day.at(second + 1, "near", "chip-read", good=False)
        day.at(second + 2, "near", "chip-read", good=second > 20)
        if second <= 20:
            cause = "technical" if second == 10 else "empty-list"
            day.at(second + 3, "near", "fallback", cause=cause)
    day.at(50, "far", "sale-started", method="card").at(51, "far", "read", good=True)
    found = day.values()
    assert found["total"]["fallback_rate"] == pytest.approx(50.0)
    assert found["terminal:near"]["fallback_rate"] == pytest.approx(50.0)
    assert found["terminal:far"]["fallback_rate"] is None
    assert found["fallback:technical"] == {"fallback_rate": pytest.approx(25.0)}
    assert found["fallback:empty-list"] == {"fallback_rate": pytest.approx(25.0)}
