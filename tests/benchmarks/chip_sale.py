"""A card sale with a chip and online PIN in the simulator, beside its floor: bare events and bare
cryptography.

The cards have their profiles beside this file: every cardholder enters the PIN, and it goes to the
issuer; every amount is above the floor limit. So every sale asks the issuer, and the card has the
last word.

Before the clock starts, a few sales are watched. Their exchanges with the card must be those of the
floor. RSA and SHA-1 must be called as often in each of them, each call for what it is needed for:
nothing is kept from one sale to the next, and the floor makes the same calls. TDES must be called
at least as the floor does; what is called beyond is in the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import chip_floor
import floor
from chip import Calls, Needed, calls_of, powers_by
from chip_floor import ANSWER_BYTES, CDA, EXCHANGES, REQUEST_BYTES, SDA, TDES, tdes_name
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from measure import Effort
from spine import beside_floor, sales_scenario, seconds_per_sale, timed

from posemu.card.chip import CardProfile, read_card_profile
from posemu.scenario import Scenario, World
from posemu.sim import Uniform

_ABOVE_FLOOR_LIMIT = Uniform(101_00, 999_00)
_WATCHED = 3
"""Sales that are watched before the clock starts."""

_CERTIFICATES = ("the issuer's certificate", "the card's certificate")


def _signed(which: str) -> Needed:
    """A cryptogram with the card's signature (CDA): the card makes it, the terminal looks at it."""
    signature = f"the {which} cryptogram's signature"
    primes = (f"{signature}, made modulo one prime", f"{signature}, made modulo the other")
    said = f"what both sides said until the {which} cryptogram"
    return Needed(
        (*primes, f"{signature}, looked at"),
        (f"{said} (card)", f"{signature}, made", f"{signature}, looked at", f"{said} (terminal)"),
    )


_FIRST, _SECOND = _signed("first"), _signed("second")
NEEDED = {
    SDA: Needed(*2 * (("the issuer's certificate", "the static signature"),)),
    CDA: Needed(
        (*_CERTIFICATES, *_FIRST.rsa, *_SECOND.rsa),
        (*_CERTIFICATES, *_FIRST.sha1, *_SECOND.sha1),
    ),
}
"""Card -> RSA and SHA-1 of a sale, in their order."""


@cache
def _profile(name: str) -> CardProfile:
    return read_card_profile(Path(__file__).parent / f"{name}.yaml")


def chip_scenario(card: str, sales: int) -> Scenario:
    """`sales_scenario` with one till, where everybody has this card."""
    scenario = sales_scenario(sales)
    assert scenario.cardholders is not None
    people = tuple(
        replace(person, chip=card, service_code=f"2{person.service_code[1:]}")
        for person in scenario.people
    )
    coming = replace(scenario.cardholders, basket=_ABOVE_FLOOR_LIMIT)
    return replace(scenario, people=people, cardholders=coming)


def chip_world(card: str, sales: int, judged: bool) -> World:
    """Its cards are those beside this file."""
    with patch("posemu.scenario.world.load_card_profile", _profile):
        return World(chip_scenario(card, sales), judged=judged)


def bench_chip_sale(effort: Effort) -> dict[str, Any]:
    """One sale after the other: a card with SDA, and one that signs its cryptograms (CDA). Sales
    and floor compute without gmpy2."""
    with powers_by(pow):
        return {card: _beside_floor(effort, card) for card in EXCHANGES}


def _beside_floor(effort: Effort, card: str) -> dict[str, Any]:
    sales = 25 if effort.quick else 100
    calls, beyond = _watched(card)
    happens = chip_floor.occurrences(card)
    events = sum(count for _, count in happens)

    def crypto(count: int) -> None:
        floor.run_crypto(count, REQUEST_BYTES, ANSWER_BYTES)
        chip_floor.run_tdes(card, count)
        for _ in range(count):
            calls.make()

    rows = []
    for _ in range(effort.world_rounds):
        rows.append(
            (
                timed(lambda count: floor.run_events(count, events), sales),
                timed(crypto, sales),
                seconds_per_sale(chip_world(card, sales, judged=False), sales),
                seconds_per_sale(chip_world(card, sales, judged=True), sales),
            )
        )
    return {
        **beside_floor(rows),
        "floor_events": [f"{count} x {name}" for name, count in happens],
        "floor_event_count": events,
        "floor_primitives": [
            *floor.primitives(REQUEST_BYTES, ANSWER_BYTES),
            *(use.described() for use in TDES[card]),
            *calls.names(NEEDED[card]),
        ],
        "called_beyond_floor": beyond,
    }


# --- what a sale calls ----------------------------------------------------------------------------


def _watched(card: str) -> tuple[Calls, list[str]]:
    """RSA and SHA-1 of one sale, and what each sale calls of TDES beyond the floor."""
    one, few = chip_world(card, 1, judged=False), chip_world(card, _WATCHED, judged=False)
    said: Counter[int] = Counter()
    entered: Counter[str] = Counter()
    few.trace.observe(lambda event: said.update((event.data["command"][1],)), "apdu")
    few.trace.observe(lambda event: entered.update((event.data["what"],)), "keys")
    calls = calls_of(one.run)
    made: Counter[str] = Counter()
    with _counting_tdes(made):
        many = calls_of(few.run)
    for once, each in ((calls.rsa, many.rsa), (calls.sha1, many.sha1)):
        assert len(each) == _WATCHED * len(once), "something is kept from one sale to the next"
    expected: Counter[int] = Counter()
    for exchange in EXCHANGES[card]:
        expected[exchange.ins] += exchange.times * _WATCHED
    assert said == expected, "the floor's exchanges with the card are not those of a sale"
    assert entered["pin"] == _WATCHED, "a sale is made without a PIN"
    needed: Counter[str] = Counter()
    for use in TDES[card]:
        needed[tdes_name(use.mode, use.size)] += use.times * _WATCHED
    assert needed <= made, "the floor calls TDES where no sale does"
    beyond = sorted((made - needed).items())
    return calls, [f"{count / _WATCHED:g} x {name}" for name, count in beyond]


@contextmanager
def _counting_tdes(made: Counter[str]) -> Iterator[None]:
    """What goes through TDES meanwhile is counted by name."""

    class Counted:
        def __init__(self, key: TripleDES, mode: ECB | CBC) -> None:
            self._mode = mode
            self._update = Cipher(key, mode).encryptor().update

        def encryptor(self) -> Counted:
            return self

        def update(self, blocks: bytes) -> bytes:
            made[tdes_name(type(self._mode), len(blocks))] += 1
            return self._update(blocks)

    with patch("posemu.crypto.tdes.Cipher", Counted):
        yield
