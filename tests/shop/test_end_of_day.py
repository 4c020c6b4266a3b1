"""The end of day within the day: the cashier does it between two customers, and goes on."""

from __future__ import annotations

from typing import Any

import pytest

S = 1_000_000


def settled_at(shop: Any) -> list[int]:
    return [t for t, _, key in shop.terminal.done if key == "SETTLE"]


def run(shop: Any, settle_us: int | None, *amounts_minor: int) -> None:
    """The terminal settles in two seconds and is ready again."""
    settle = lambda: (shop.terminal.show("settling"), shop.terminal.later(2 * S, "idle"))  # noqa: E731
    shop.terminal.on[("idle", "SETTLE")] = settle
    shop.terminal.show("idle")
    shop.open(*amounts_minor, settle_us=settle_us)
    shop.clock.run_until(600 * S)


def test_without_a_time_there_is_none(shop: Any) -> None:
    """Nobody settles before closing unless the day says so."""
    run(shop, None, 100, 200)
    assert settled_at(shop) == []


@pytest.mark.parametrize("settle_s", [0, 3, 30, 300])
def test_it_is_done_once_and_every_customer_is_served(shop: Any, settle_s: int) -> None:
    """At its time (after the sale under way) the cashier settles once; nobody is left out."""
    run(shop, settle_s * S, 100, 200, 300)
    [at_us] = settled_at(shop)
    sales = [t for t, kind, _ in shop.events if kind == "customer-leaves"]
    busy_until_us = max([t for t in sales if t <= at_us], default=0)
    assert at_us - max(settle_s * S, busy_until_us) <= 1 * S  # a look at the screen
    assert at_us >= settle_s * S
    assert shop.left() == [(0, "approved"), (1, "approved"), (2, "approved")]


def test_there_is_another_one_after_closing(shop: Any) -> None:
    """Closing asks for the end of day again: there may have been sales since."""
    run(shop, 3 * S, 100)
    shop.close()
    shop.clock.run_until(700 * S)
    assert len(settled_at(shop)) == 2
