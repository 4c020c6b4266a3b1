"""A card with a stripe: what a swipe gives out, and how a spoiled one fails."""

from __future__ import annotations

import pytest

from posemu.card import StripeCard
from posemu.sim import Keyed
from posemu.wire import TrackError, decode_track1, decode_track2, turn_over

PAN, EXPIRY, SERVICE = "9999075123741247", "2912", "201"


def card(seed: int = 1) -> StripeCard:
    return StripeCard(PAN, EXPIRY, SERVICE, "Li Na", Keyed(seed).sequence("card/swipe", 0))


def test_a_swipe_gives_track_2() -> None:
    """The bits say PAN, expiry, service code and discretionary data, between clocking zeros."""
    bits = card().swipe()
    assert decode_track2(bits) == f";{PAN}={EXPIRY}{SERVICE}0000000000?"
    assert bits.startswith(bytes(22))
    assert bits.endswith(bytes(22))


def test_track_1_carries_the_name() -> None:
    """Track 1 has the name in capitals, and the same PAN and dates."""
    assert decode_track1(card().track1()) == f"%B{PAN}^LI NA^{EXPIRY}{SERVICE}0000000000?"


def test_a_good_stripe_is_the_same_at_every_swipe() -> None:
    """A card that is not degraded gives the same bits each time and draws no chance."""
    drawn = []
    good = StripeCard(PAN, EXPIRY, SERVICE, "Li Na", lambda n: drawn.append(n) or 0.0)  # type: ignore[func-returns-value]
    assert len({good.swipe() for _ in range(20)}) == 1
    assert drawn == []


@pytest.mark.parametrize("p", [0.0, 0.1, 0.6, 1.0])
def test_a_degraded_stripe_is_bad_as_often_as_said(p: float) -> None:
    """The n-th swipe is bad exactly when the card's n-th keyed draw lies below p, and then it is
    never readable."""
    degraded, draw = card(3), Keyed(3).sequence("card/swipe", 0)
    good = degraded.swipe()
    degraded.degrade(p)
    for n in range(2, 1_000):
        bits = degraded.swipe()
        assert (bits != good) == (draw(n) < p)
        if bits != good:
            with pytest.raises(TrackError):
                decode_track2(bits)
    degraded.restore()
    assert {degraded.swipe() for _ in range(50)} == {good}


def test_no_run_of_up_to_eight_bits_gives_another_card() -> None:
    """Exhaustive: 1 to 8 bits in a row turned over, anywhere on the stripe, are a failed read."""
    bits = card().swipe()
    tried = 0
    for length in range(1, 9):
        for start in range(len(bits) - length + 1):
            spoilt = bytearray(bits)
            for at in range(start, start + length):
                spoilt[at] ^= 1
            tried += 1
            with pytest.raises(TrackError):
                decode_track2(bytes(spoilt))
    assert tried > 1_600


def test_damage_is_one_run_of_one_to_eight_bits() -> None:
    """What wear does to a swipe is a run of one to eight bits, all lengths equally often."""
    bits = card().swipe()
    lengths = [0] * 9
    places = set()
    for n in range(8_000):
        spoilt = turn_over(bits, n / 8_000)
        changed = [i for i, (a, b) in enumerate(zip(bits, spoilt, strict=True)) if a != b]
        assert changed == list(range(changed[0], changed[-1] + 1))
        lengths[len(changed)] += 1
        places.add(changed[0])
    assert lengths == [0] + [1_000] * 8
    assert len(places) > 100


def test_spoiled_bits_lie_between_the_first_and_the_last_one() -> None:
    """A worn stripe spoils its characters, not the clocking bits around them."""
    bits = card().swipe()
    first, last = bits.find(1), bits.rfind(1)
    changed = set()
    for n in range(8_000):
        spoilt = turn_over(bits, n / 8_000)
        changed |= {i for i, (a, b) in enumerate(zip(bits, spoilt, strict=True)) if a != b}
    assert min(changed) == first
    assert max(changed) == last
