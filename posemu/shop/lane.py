"""A lane: the queue in front of one till, or of several, and who comes to it.

    customers ─ join ─▶ waiting ─ take ─▶ at a till ─ left ─▶
                           └─ patience ends: gives up

Two kinds of coming: at moments of their own (`arrivals`), or one after another, each a gap after
the last one has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from posemu.shop.customer import Customer
from posemu.sim import Clock, Data, Timer


class Server(Protocol):
    """Who serves a lane: `called()` is a word that somebody waits. True if it was heard."""

    def called(self) -> bool: ...


class Lane:
    """First come, first served."""

    def __init__(self, clock: Clock, emit: Callable[[str, Data], None]) -> None:
        self._clock = clock
        self._emit = emit
        self._waiting: dict[int, tuple[Customer, Timer | None]] = {}  # by ordinal, in order
        self._servers: list[Server] = []
        self._next: Iterator[tuple[int, Customer]] | None = None
        self.open = True

    def attend(self, server: Server) -> None:
        self._servers.append(server)

    def expect(self, coming: Iterable[tuple[int, Customer]]) -> None:
        """Customers come by themselves: (moment in µs, customer), in order of time."""
        coming = iter(coming)

        def come(customer: Customer) -> None:
            self._join(customer)
            following()

        def following() -> None:
            for at_us, customer in coming:
                self._clock.call_at(at_us, come, customer)
                return

        following()

    def expect_in_turn(self, coming: Iterable[tuple[int, Customer]]) -> None:
        """Customers come one after another: (gap in µs after the last one has left, customer)."""
        self._next = iter(coming)
        self._call_next()

    def take(self) -> Customer | None:
        """The customer whose turn it is, or None."""
        for ordinal, (customer, timer) in self._waiting.items():
            del self._waiting[ordinal]
            if timer is not None:
                timer.cancel()
            data: dict[str, Any] = {"ordinal": ordinal}
            if customer.card is not None and customer.card.worn:
                data["worn"] = customer.card.worn
            self._emit("customer-called", data)
            return customer
        return None

    def left(self, customer: Customer, seen: str, paid: str) -> None:
        """A customer has left the till: the outcome that was seen, and how it was paid ("" if not
        at all)."""
        self._emit("customer-leaves", {"ordinal": customer.ordinal, "seen": seen, "paid": paid})
        if self._next is not None:
            self._call_next()

    def close(self) -> None:
        """Nobody joins any more; who waits is sent home."""
        self.open = False
        for ordinal in list(self._waiting):
            self._gives_up(ordinal, "closed")

    def _call_next(self) -> None:
        assert self._next is not None
        for gap_us, customer in self._next:
            self._clock.call_in(gap_us, self._join, customer)
            return

    def _join(self, customer: Customer) -> None:
        if not self.open:
            return
        ordinal = customer.ordinal
        self._emit("customer-arrives", {
            "ordinal": ordinal, "amount_minor": customer.amount_minor, "method": customer.method,
        })  # fmt: skip
        timer = None
        if customer.queue_us is not None:
            timer = self._clock.call_in(customer.queue_us, self._gives_up, ordinal, "queue")
        self._waiting[ordinal] = (customer, timer)
        for server in self._servers:
            if server.called():
                return

    def _gives_up(self, ordinal: int, why: str) -> None:
        _, timer = self._waiting.pop(ordinal)
        if timer is not None:
            timer.cancel()
        self._emit("customer-leaves", {"ordinal": ordinal, "seen": why, "paid": ""})
