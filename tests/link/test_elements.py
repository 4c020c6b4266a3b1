"""What a segment crosses: signal and loss, bursts, cuts, and the fate of one segment."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.link import AccessMedium, Bursts, Dns, Line, LineQuality, Path, Router, loss_at
from posemu.link.elements import LOSS_BY_SIGNAL, WIFI_DELAY_US
from posemu.sim import Keyed

SIGNALS = [-120.0 + n * 0.01 for n in range(12_000)]


def test_a_weaker_signal_never_loses_less() -> None:
    """Loss falls as the signal rises, and is a probability everywhere."""
    losses = [loss_at(signal) for signal in SIGNALS]
    assert losses == sorted(losses, reverse=True)
    assert (losses[0], losses[-1]) == (1.0, 0.0)


def test_the_loss_curve_has_no_jump() -> None:
    """A hundredth of a dBm changes the loss by no more than the steepest piece allows."""
    steepest = max((a[1] - b[1]) / (b[0] - a[0]) for a, b in pairwise(LOSS_BY_SIGNAL))
    losses = [loss_at(signal) for signal in SIGNALS]
    assert max(abs(a - b) for a, b in pairwise(losses)) <= steepest * 0.01 * (1 + 1e-6)


@pytest.mark.parametrize(("signal", "loss"), LOSS_BY_SIGNAL)
def test_the_loss_curve_goes_through_its_points(signal: float, loss: float) -> None:
    """At each point of the table the loss is the table's."""
    assert loss_at(signal) == pytest.approx(loss, abs=1e-12)


def test_the_usual_signal_comes_back() -> None:
    """A weakened radio loses by its new signal until it is restored to its own."""
    access = AccessMedium(-70.0)
    access.set_signal(-85.0)
    access.set_signal(-82.0)
    assert access.loss == loss_at(-82.0)
    access.restore_signal()
    assert access.loss == loss_at(-70.0)


# --- bursts --------------------------------------------------------------------------------------

GOOD_US, BAD_US = 700_000, 300_000


def spells(bursts: Bursts, until_us: int, step_us: int) -> list[tuple[int, bool]]:
    """Moments, to the step, at which the state changed, by asking at every step."""
    found = [(0, bursts.bad(0))]
    for t in range(step_us, until_us, step_us):
        bad = bursts.bad(t)
        if bad != found[-1][1]:
            found.append((t, bad))
    return found


def bursts(seed: int = 1) -> Bursts:
    return Bursts(GOOD_US, BAD_US, Keyed(seed).sequence("fault", "b"), 0)


def test_bursts_keep_their_share_and_their_lengths() -> None:
    """Share of bad time and mean lengths of spells lie in 99.9 % limits of their closed form."""
    horizon_us, step_us = 2_000_000_000, 1_000
    turns = spells(bursts(), horizon_us, step_us)
    lengths: dict[bool, list[int]] = {False: [], True: []}
    for (t, bad), (end, _) in pairwise(turns):
        lengths[bad].append(end - t)
    assert len(lengths[True]) > 1_500
    for bad, mean_us in ((False, GOOD_US), (True, BAD_US)):
        n = len(lengths[bad])
        mean = sum(lengths[bad]) / n
        assert abs(mean - mean_us) < 3.29 * mean_us / math.sqrt(n) + step_us
    share = sum(lengths[True]) / horizon_us
    # Renewal process: the share's standard error from exponential sojourns g and b is
    # sqrt(2 g^2 b^2 / (g + b)^3 / T).
    g, b = GOOD_US, BAD_US
    error = math.sqrt(2 * g**2 * b**2 / (g + b) ** 3 / horizon_us)
    assert abs(share - b / (g + b)) < 3.29 * error


@given(st.lists(st.integers(0, 20_000_000), min_size=1, max_size=30))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_asking_more_often_changes_nothing(moments: list[int]) -> None:
    """What a burst process says at a moment does not depend on when else it was asked."""
    often, seldom = bursts(), bursts()
    by_step = {t: often.bad(t) for t in sorted({*moments, *range(0, 20_000_000, 50_000)})}
    assert [seldom.bad(t) for t in sorted(moments)] == [by_step[t] for t in sorted(moments)]


def test_a_burst_process_begins_good() -> None:
    """From the moment it is made, the first spell is a good one, of exponential length."""
    for seed in range(20):
        draw = Keyed(seed).sequence("fault", "b")
        made = Bursts(GOOD_US, BAD_US, draw, 5_000)
        first_us = 5_000 + 1 + int(-GOOD_US * math.log(1.0 - draw(1)) + 0.5)
        assert not made.bad(first_us - 2)
        assert made.bad(first_us + 1)


# --- line, router, names -------------------------------------------------------------------------


def test_cuts_add_up() -> None:
    """A line that was cut twice works again when both cuts are mended; mending more is harmless."""
    line = Line(0, 0, 0.0)
    line.mend()
    line.cut()
    line.cut()
    line.mend()
    assert not line.whole
    line.mend()
    assert line.whole


def test_failures_of_the_name_service_add_up() -> None:
    """The name service answers again when the last of its failures has ended."""
    dns = Dns(0, 0)
    dns.heal()
    dns.fail()
    dns.fail()
    dns.heal()
    assert not dns.answers
    dns.heal()
    assert dns.answers


def test_a_bursty_line_has_the_quality_of_its_spell() -> None:
    """In a bad spell the bad quality counts, in a good one the good; made steady, the usual one."""
    line = Line(0, 0, 0.001)
    process = bursts(3)
    asked = bursts(3)
    line.make_bursty(process, LineQuality(0.01), LineQuality(0.5, 70))
    for t in range(0, 10_000_000, 10_000):
        expected = LineQuality(0.5, 70) if asked.bad(t) else LineQuality(0.01)
        assert line.quality(t) == expected
    line.make_steady()
    steady = {line.quality(t) for t in range(10_000_000, 20_000_000, 10_000)}
    assert steady == {LineQuality(0.001)}


def test_a_bad_spell_delays_what_gets_through() -> None:
    """The extra delay of the line's spell is added to that of radio and line."""
    line = Line(18_000, 0, 0.0)
    always_bad = Bursts(1, 10**12, lambda ordinal: 0.5, -1_000)
    line.make_bursty(always_bad, LineQuality(0.0), LineQuality(0.0, 70_000))
    path = Path(AccessMedium(-50.0), Router(), line)
    assert path.transit_us(0, 0, lambda ordinal: 0.5, 0) == WIFI_DELAY_US + 18_000 + 70_000


@given(
    st.floats(0, 1), st.floats(-95, -45), st.floats(0, 1, exclude_max=True), st.integers(0, 10**6)
)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_fate_of_a_segment(loss: float, signal: float, u: float, jitter_us: int) -> None:
    """A segment is lost when radio or line lose it; else its delay is the sum of theirs, with the
    jitter spread evenly over what is left of the draw."""
    path = Path(AccessMedium(signal), Router(), Line(18_000, jitter_us, loss))
    p_lost = 1.0 - (1.0 - loss_at(signal)) * (1.0 - loss)
    transit_us = path.transit_us(0, 0, lambda ordinal: u, 0)
    if u < p_lost:
        assert transit_us is None
    else:
        assert transit_us is not None
        share = (u - p_lost) / (1.0 - p_lost)
        assert transit_us == WIFI_DELAY_US + 18_000 + int(share * jitter_us)


def test_nothing_crosses_what_is_down_cut_or_forgotten() -> None:
    """A dead router, a cut line and a forgotten connection let nothing through."""
    router, line = Router(), Line(0, 0, 0.0)
    path = Path(AccessMedium(-50.0), router, line)

    def crosses(epoch: int) -> bool:
        return path.transit_us(0, epoch, lambda ordinal: 0.5, 0) is not None

    assert crosses(0)
    line.cut()
    assert not crosses(0)
    line.mend()
    router.forget_connections()
    assert not crosses(0)
    assert crosses(1)
    router.go_down()
    assert not crosses(router.epoch)
    router.come_up()
    assert not crosses(1)
    assert crosses(router.epoch)
