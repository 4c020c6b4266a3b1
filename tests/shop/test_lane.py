"""The queue in front of a till: first come, first served; patience ends; and what queueing theory
says of it."""

from __future__ import annotations

from dataclasses import replace
from math import factorial, sqrt
from typing import Any

import pytest
from scipy import stats

from posemu.shop import Customer, Lane, Spell, arrivals
from posemu.sim import Clock, Exponential, Keyed

S = 1_000_000


class Till:
    """Serves a lane with a time for each customer."""

    def __init__(self, clock: Clock, lane: Lane, service_us: Any) -> None:
        self.clock, self.lane, self.service_us = clock, lane, service_us
        self.busy = False
        lane.attend(self)

    def called(self) -> bool:
        if self.busy:
            return False
        self.serve()
        return True

    def serve(self) -> None:
        customer = self.lane.take()
        self.busy = customer is not None
        if customer is not None:
            self.clock.call_in(self.service_us(customer), self.done, customer)

    def done(self, customer: Customer) -> None:
        self.lane.left(customer, "approved", "card")
        self.serve()


class Shop:
    """A lane with so many tills; `log` is what the lane told."""

    def __init__(self, tills: int, service_us: Any) -> None:
        self.clock = Clock()
        self.log: list[tuple[int, str, dict[str, Any]]] = []
        self.lane = Lane(self.clock, lambda kind, data: self.log.append(
            (self.clock.now_us, kind.removeprefix("customer-"), data)))  # fmt: skip
        self.tills = [Till(self.clock, self.lane, service_us) for _ in range(tills)]

    def when(self, kind: str) -> dict[int, int]:
        return {data["ordinal"]: t for t, said, data in self.log if said == kind}

    def said(self) -> list[tuple[int, str, int]]:
        return [(t // S, kind, data["ordinal"]) for t, kind, data in self.log]


def customers(*at_s: int, queue_s: int | None = None) -> list[tuple[int, Customer]]:
    queue_us = None if queue_s is None else queue_s * S
    return [(t * S, Customer(n, 100, queue_us=queue_us)) for n, t in enumerate(at_s)]


def test_first_come_first_served() -> None:
    """One is served at a time, in the order of coming; nobody is lost."""
    shop = Shop(1, lambda c: 10 * S)
    shop.lane.expect(customers(0, 1, 2))
    shop.clock.run()
    assert shop.when("called") == {0: 0, 1: 10 * S, 2: 20 * S}
    assert shop.when("leaves") == {0: 10 * S, 1: 20 * S, 2: 30 * S}


def test_whose_patience_ends_leaves_unserved() -> None:
    """Who waits longer than his or her patience leaves at that moment; the next one moves up."""
    shop = Shop(1, lambda c: 10 * S)
    shop.lane.expect(customers(0, 1, 4, queue_s=8))
    shop.clock.run()
    assert shop.said() == [
        (0, "arrives", 0), (0, "called", 0), (1, "arrives", 1), (4, "arrives", 2),
        (9, "leaves", 1), (10, "leaves", 0), (10, "called", 2), (20, "leaves", 2),
    ]  # fmt: skip
    assert [d["seen"] for _, kind, d in shop.log if kind == "leaves"] == [
        "queue", "approved", "approved",
    ]  # fmt: skip


def test_one_after_another() -> None:
    """In turn, the next one comes a gap after the last one has left."""
    shop = Shop(1, lambda c: 10 * S)
    shop.lane.expect_in_turn(customers(5, 7, 1))
    shop.clock.run()
    assert shop.when("arrives") == {0: 5 * S, 1: 22 * S, 2: 33 * S}


def test_closing_sends_the_queue_home() -> None:
    """After closing nobody joins; who waits leaves; who is served stays until the end."""
    shop = Shop(1, lambda c: 10 * S)
    shop.lane.expect(customers(0, 1, 2, 8))
    shop.clock.run_until(5 * S)
    shop.lane.close()
    shop.clock.run()
    left = {d["ordinal"]: (t // S, d["seen"]) for t, kind, d in shop.log if kind == "leaves"}
    assert left == {0: (10, "approved"), 1: (5, "closed"), 2: (5, "closed")}


# --- queueing theory -----------------------------------------------------------------------------


def erlang_c(servers: int, load: float) -> float:
    """The probability that a customer of an M/M/c queue has to wait; `load` is offered, in
    erlang."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def mean_wait_s(tills: int, per_s: float, mean_s: float, seed: int) -> tuple[float, float]:
    """(mean wait in s, share that waits) of some thousand customers, the first ones left out."""
    keyed = Keyed(seed)
    service, draw = Exponential(mean_s * S), keyed.sequence("service", "lane")
    shop = Shop(tills, lambda c: service.quantile_us(draw(c.ordinal)))
    spells = (Spell(0, int(4_500 / per_s) * S, per_s / S),)
    times = arrivals(spells, keyed.sequence("comes", "lane"))
    shop.lane.expect((t, Customer(n, 100)) for n, t in enumerate(times))
    shop.clock.run()
    arrives, called = shop.when("arrives"), shop.when("called")
    waits = [called[n] - arrives[n] for n in arrives if n >= 500]
    return sum(waits) / len(waits) / S, sum(w > 0 for w in waits) / len(waits)


@pytest.mark.parametrize(("tills", "load"), [(1, 0.5), (1, 0.7), (2, 1.2), (4, 2.8)])
def test_waiting_is_that_of_erlang(tills: int, load: float) -> None:
    """Mean wait and share of those who wait agree with M/M/1 and M/M/c within 99.9 % limits over
    20 runs at fixed seeds."""
    mean_s = 30.0
    per_s = load / mean_s
    found = [mean_wait_s(tills, per_s, mean_s, seed) for seed in range(20)]
    p_wait = erlang_c(tills, load)
    expected = (p_wait * mean_s / (tills - load), p_wait)
    for values, truth in zip(zip(*found, strict=True), expected, strict=True):
        mean = sum(values) / len(values)
        spread = sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
        assert abs(mean - truth) < stats.t(len(values) - 1).ppf(0.9995) * spread


def reneging(load: float, mean_s: float, patience_s: float) -> float:
    """The share that leaves an M/M/1+M queue unserved: with n customers there, one is served and
    n - 1 may lose patience."""
    weights = [1.0]
    for n in range(1, 200):
        weights.append(weights[-1] * load / mean_s / (1 / mean_s + (n - 1) / patience_s))
    return 1 - (1 - weights[0] / sum(weights)) / load


def share_that_leaves(load: float, mean_s: float, patience_s: float, seed: int) -> float:
    """Of some thousand customers at one till, with exponential patience."""
    keyed = Keyed(seed)
    service, patience = Exponential(mean_s * S), Exponential(patience_s * S)
    draw, waits = keyed.sequence("service", "x"), keyed.sequence("patience", "x")
    shop = Shop(1, lambda c: service.quantile_us(draw(c.ordinal)))
    times = arrivals((Spell(0, 100_000 * S, load / mean_s / S),), keyed.sequence("comes", "x"))
    shop.lane.expect(
        (t, replace(Customer(n, 100), queue_us=patience.quantile_us(waits(n))))
        for n, t in enumerate(times)
    )
    shop.clock.run()
    seen = [d["seen"] for _, kind, d in shop.log if kind == "leaves"]
    return seen.count("queue") / len(seen)


def test_impatient_customers_are_those_of_m_m_1_with_reneging() -> None:
    """With exponential patience (M/M/1+M) the share that leaves unserved is that of the formula."""
    shares = [share_that_leaves(0.9, 30.0, 60.0, seed) for seed in range(20)]
    mean = sum(shares) / 20
    spread = sqrt(sum((v - mean) ** 2 for v in shares) / 19 / 20)
    assert abs(mean - reneging(0.9, 30.0, 60.0)) < stats.t(19).ppf(0.9995) * spread
