"""The customers of a world, made from the scenario's numbers.

Everything about one is keyed by where he or she comes to (a till, or the shop) and the ordinal:
another variant sees the same people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from posemu.card import BankCard, Wallet
from posemu.scenario.people import Person
from posemu.scenario.spec import Cardholders, Customers
from posemu.shop import CARD, CODE, Customer, Lane, arrivals
from posemu.sim import Keyed

SHOP = "shop"  # whoever chooses a till is a customer of the whole shop
_Make = Callable[[int], Customer]


def send(
    buyers: Cardholders | Customers, lanes: Mapping[str, Lane], keyed: Keyed,
    people: Sequence[Person], cards: Sequence[BankCard], wallets: Sequence[Wallet],
) -> None:  # fmt: skip
    """Lets the customers of a day come to the lanes; these go by the names of the tills."""
    if isinstance(buyers, Cardholders):
        for number, (name, lane) in enumerate(lanes.items()):
            show = _shower(wallets, number, len(lanes))
            make = _maker(buyers, keyed, name, people, cards, show)
            lane.expect_in_turn(_in_turn(buyers, keyed, name, make))
        return
    chosen: dict[str, list[tuple[int, Customer]]] = {name: [] for name in lanes}
    make = _maker(buyers, keyed, SHOP, people, cards, _shower(wallets, 0, 1))
    chooses = keyed.sequence("customer/till", SHOP)
    for n, at_us in enumerate(arrivals(buyers.spells, keyed.sequence("customer/comes", SHOP))):
        chosen[_choice(buyers.shares, chooses(n))].append((at_us, make(n)))
    for name, lane in lanes.items():
        lane.expect(chosen[name])


def _in_turn(
    buyers: Cardholders, keyed: Keyed, till: str, make: _Make
) -> Iterator[tuple[int, Customer]]:
    gap = keyed.sequence("customer/gap", till)
    return ((buyers.gap.quantile_us(gap(n)), make(n)) for n in range(buyers.each))


def _shower(wallets: Sequence[Wallet], place: int, places: int) -> Callable[[int, int], str]:
    """A function from person and customer's ordinal to the payment code: no two customers of all
    places show the same one."""
    return lambda person, n: wallets[person].show(n * places + place)


def _maker(
    buyers: Cardholders | Customers, keyed: Keyed, where: str,
    people: Sequence[Person], cards: Sequence[BankCard], show: Callable[[int, int], str],
) -> _Make:  # fmt: skip
    """A function from the ordinal to the customer."""
    draws = {
        what: keyed.sequence(f"customer/{what}", where)
        for what in ("basket", "person", "method", "patience", "order", "cash")
    }

    def make(n: int) -> Customer:
        person = int(draws["person"](n) * len(people))
        by_code = buyers.p_code > 0 and draws["method"](n) < buyers.p_code
        return Customer(
            ordinal=n,
            amount_minor=max(1, int(buyers.basket.quantile(draws["basket"](n)) + 0.5)),
            method=CODE if by_code else CARD,
            card=cards[person],
            pin=people[person].pin,
            code=show(person, n) if by_code else "",
            queue_us=buyers.queue.quantile_us(draws["patience"](n)) if buyers.queue else None,
            order_us=buyers.order.quantile_us(draws["order"](n)) if buyers.order else 0,
            cash=draws["cash"](n) < buyers.p_cash,
        )

    return make


def _choice(shares: Sequence[tuple[str, float]], u: float) -> str:
    """The name whose share of [0, 1) u falls into; the last one's reaches to the end."""
    below = 0.0
    for name, share in shares[:-1]:
        below += share
        if u < below:
            return name
    return shares[-1][0]
