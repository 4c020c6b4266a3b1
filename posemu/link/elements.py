"""What a segment crosses between a terminal and its host: access medium, router, line. Each may
lose it or be down, each adds delay.

    terminal ))) access medium ))) router ─── line ─── gateway ─── host

Elements have no memory of segments. Whether one is lost is decided by a keyed draw of the
connection that sends it; an element only says how likely that is at this moment. Bursts run in
continuous time (a chain per packet would stay bad through minutes of silence): `Bursts` is the
two-state Gilbert-Elliott process with exponential sojourns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posemu.sim import Exponential

Draw = Callable[[int], float]

# Segment loss by signal strength, piecewise linear between these points [dBm, probability].
# Assumed: Wi-Fi holds its lowest rates down to about -82 dBm and loses the association near -90
# dBm; 1 % and 5 % are the "good" and "lossy" presets of str0m-netem.
LOSS_BY_SIGNAL = (
    (-92.0, 1.0),
    (-88.0, 0.95),
    (-85.0, 0.6),
    (-82.0, 0.25),
    (-77.0, 0.05),
    (-70.0, 0.01),
    (-60.0, 0.0005),
    (-50.0, 0.0),
)
WIFI_DELAY_US = 3_000  # median of an operational network (Sui et al., Tsinghua)


def loss_at(rssi_dbm: float) -> float:
    """The probability that a segment is lost at this signal strength."""
    below = LOSS_BY_SIGNAL[0]
    if rssi_dbm <= below[0]:
        return below[1]
    for point in LOSS_BY_SIGNAL[1:]:
        if rssi_dbm <= point[0]:
            share = (rssi_dbm - below[0]) / (point[0] - below[0])
            return below[1] + share * (point[1] - below[1])
        below = point
    return below[1]


class Bursts:
    """Good and bad spells with exponential lengths; `bad(now_us)` says which it is. Asking more or
    less often changes nothing."""

    __slots__ = ("_bad", "_draw", "_lengths", "_next_us", "_ordinal")

    def __init__(self, good_us: int, bad_us: int, draw: Draw, now_us: int) -> None:
        self._lengths = (Exponential(good_us), Exponential(bad_us))
        self._draw = draw
        self._bad = False
        self._ordinal = 0
        self._next_us = now_us
        self._turn()
        self._bad = False

    def bad(self, now_us: int) -> bool:
        while now_us >= self._next_us:
            self._bad = not self._bad
            self._turn()
        return self._bad

    def _turn(self) -> None:
        self._ordinal += 1
        self._next_us += 1 + self._lengths[self._bad].quantile_us(self._draw(self._ordinal))


class AccessMedium:
    """The radio (or wire) between one terminal and the router. Verbs: `set_signal(dBm)`,
    `restore_signal()`, `boost(dB)`."""

    __slots__ = ("_gain_db", "_rssi_dbm", "_usual_dbm", "loss")

    def __init__(self, rssi_dbm: float) -> None:
        self._usual_dbm = self._rssi_dbm = rssi_dbm
        self._gain_db = 0.0
        self.loss = loss_at(rssi_dbm)

    def set_signal(self, rssi_dbm: float) -> None:
        """What the radio would receive without a booster."""
        self._rssi_dbm = rssi_dbm
        self.loss = loss_at(rssi_dbm + self._gain_db)

    def restore_signal(self) -> None:
        self.set_signal(self._usual_dbm)

    def boost(self, gain_db: float) -> None:
        """A booster nearby: so much more, whatever the signal is."""
        self._gain_db = gain_db
        self.set_signal(self._rssi_dbm)


class Router:
    """The shop's router. Verbs: `go_down()`, `come_up()`, `forget_connections()` (its table is
    lost: half-open connections)."""

    __slots__ = ("epoch", "up")

    def __init__(self) -> None:
        self.up = True
        self.epoch = 0  # a connection opened in an earlier epoch is not known any more

    def go_down(self) -> None:
        self.up = False
        self.forget_connections()

    def come_up(self) -> None:
        self.up = True

    def forget_connections(self) -> None:
        self.epoch += 1


@dataclass(frozen=True, slots=True)
class LineQuality:
    """Loss per segment [probability] and extra one-way delay [µs] while a state lasts."""

    loss: float
    extra_delay_us: int = 0


class Line:
    """The line from the shop to the acquirer. Verbs: `cut()`, `mend()`, `make_bursty(...)`,
    `make_steady()`."""

    __slots__ = ("_bad", "_bursts", "_cuts", "_good", "_usual", "delay_us", "jitter_us")

    def __init__(self, delay_us: int, jitter_us: int, loss: float) -> None:
        self.delay_us = delay_us
        self.jitter_us = jitter_us
        self._usual = self._good = self._bad = LineQuality(loss)
        self._bursts: Bursts | None = None
        self._cuts = 0

    @property
    def whole(self) -> bool:
        return self._cuts == 0

    def cut(self) -> None:
        """Cuts add up: the line works again when the last of them is mended."""
        self._cuts += 1

    def mend(self) -> None:
        self._cuts = max(0, self._cuts - 1)

    def make_bursty(self, bursts: Bursts, good: LineQuality, bad: LineQuality) -> None:
        self._bursts, self._good, self._bad = bursts, good, bad

    def make_steady(self) -> None:
        self._bursts = None
        self._good = self._usual

    def quality(self, now_us: int) -> LineQuality:
        if self._bursts is not None and self._bursts.bad(now_us):
            return self._bad
        return self._good


class Dns:
    """Name service, asked when the terminal's cached address is too old. Verbs: `fail()`,
    `heal()`."""

    __slots__ = ("_failures", "delay_us", "ttl_us")

    def __init__(self, delay_us: int, ttl_us: int) -> None:
        self.delay_us = delay_us
        self.ttl_us = ttl_us
        self._failures = 0

    @property
    def answers(self) -> bool:
        return self._failures == 0

    def fail(self) -> None:
        self._failures += 1

    def heal(self) -> None:
        self._failures = max(0, self._failures - 1)


class Path:
    """The elements one terminal's segments cross, and the fate of a segment at one moment."""

    __slots__ = ("access", "line", "router")

    def __init__(self, access: AccessMedium, router: Router, line: Line) -> None:
        self.access = access
        self.router = router
        self.line = line

    def transit_us(self, now_us: int, epoch: int, loss_draw: Draw, ordinal: int) -> int | None:
        """The one-way delay of a segment sent now, or None if it is lost. One draw decides the
        loss, one the jitter."""
        router, line = self.router, self.line
        if not router.up or router.epoch != epoch or not line.whole:
            return None
        quality = line.quality(now_us)
        p_lost = 1.0 - (1.0 - self.access.loss) * (1.0 - quality.loss)
        u = loss_draw(ordinal)
        if u < p_lost:
            return None
        jitter_us = int((u - p_lost) / (1.0 - p_lost) * line.jitter_us)
        return WIFI_DELAY_US + line.delay_us + quality.extra_delay_us + jitter_us
