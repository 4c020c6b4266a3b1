"""The small worlds of the exhaustive tests: one till, up to four cardholders, and the end of day
while faults can still strike.

The tests add faults to a base (`bases`), at every point that its trace shows. `run("sale", ...)` is
all that is needed to see a failure again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from typing import Any, Protocol, TypeVar

from posemu.faults import FailureMode, FaultSpec, Trigger, load_catalogue
from posemu.oracle import Violation
from posemu.scenario import World
from posemu.sim import Event, Memory

from .bases import BASES, SECOND, TILL, Base, fault


@dataclass(frozen=True)
class Run:
    """What came of one world."""

    base: Base
    added: tuple[FaultSpec, ...]
    closes_us: int | None
    digest: str
    violations: tuple[Violation, ...]
    events: tuple[Event, ...]

    @property
    def close_us(self) -> int:
        """When the shop closed and every fault ended."""
        return next(event.t_us for event in self.events if event.kind == "closed")

    def story(self) -> tuple[Event, ...]:
        """What happened, without the injector's own words: what everybody in the world felt."""
        return tuple(event for event in self.events if event.source != "injector")

    def strikes(self) -> list[tuple[str, int]]:
        """Each fault that began, with its moment."""
        return [
            (e.data["fault"], e.t_us)
            for e in self.events
            if e.kind == "fault" and e.data["what"] == "begins"
        ]

    def code(self) -> str:
        """Python that runs this world again."""
        arguments = [repr(self.base.name), *(repr(fault) for fault in self.added)]
        if self.closes_us is not None:
            arguments.append(f"closes_us={self.closes_us}")
        return "run(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"

    def trouble(self) -> str:
        """The code that shows it again, and the violations."""
        found = [f"# {v.t_us / SECOND:.6f} s  {v.invariant}: {v.text}" for v in self.violations]
        return "\n".join([self.code(), *found])


def report(broken: list[str], worlds: int) -> str:
    """What a test says about worlds that violate a rule: how many, and how to run some again."""
    lines = [
        f"{len(broken)} of {worlds} worlds violate a rule. To run the first ones again:",
        "from posemu.faults import AtTimes, FaultSpec, OnJournal, OnMessage, OnState",
        "from posemu.sim import Constant",
        "from tests.acceptance.worlds import run",
    ]
    return "\n".join([*lines, *broken[:3]])


def run(base: str | Base, *added: FaultSpec, closes_us: int | None = None) -> Run:
    """One world of the base with further faults, judged.

    When the last customer has left, the cashier does the end of day, long before the shop closes:
    so faults can strike in it. With `closes_us` the shop closes at this moment instead, every fault
    ends, and the end of day comes after that, as in any other world.
    """
    base = BASES[base] if isinstance(base, str) else base
    scenario = replace(base.scenario, faults=(*base.faults, *added))
    if closes_us is not None:
        day = replace(scenario.day, to_us=scenario.day.from_us + closes_us)
        scenario = replace(scenario, day=day)
    world = World(scenario, build=base.build)
    cashier, last = world.tills[TILL].cashier, scenario.cardholders.each - 1

    def last_one_left(event: Event) -> None:
        if event.data["ordinal"] == last:
            cashier.closing = True

    if closes_us is None:
        world.trace.observe(last_one_left, "customer-leaves")
    memory = Memory(world.trace)
    outcome = world.run()
    return Run(
        base, added, closes_us, outcome.digest, outcome.violations, tuple(memory.events)
    )  # fmt: skip


@cache
def base_run(name: str) -> Run:
    """The base itself, which must hold."""
    found = run(name)
    assert not found.violations, report([found.trouble()], 1)
    return found


# --- where something can strike -------------------------------------------------------------------


class Moment(Protocol):
    """Where a fault can strike in a base: its name, and when that is."""

    @property
    def trigger(self) -> Trigger: ...
    @property
    def t_us(self) -> int: ...


M = TypeVar("M", bound=Moment)


def met_first(stories: Sequence[str], moments: Callable[[str], Iterable[M]]) -> dict[str, list[M]]:
    """The moments of each story, without those at which an earlier one has had the very same past:
    a fault would strike the same world there. Every story begins with the same sign-on."""
    known: set[Hashable] = set()
    found: dict[str, list[M]] = {}
    for name in stories:
        past = dict(_past(base_run(name)))
        times = sorted(past)
        found[name] = []
        for moment in moments(name):
            last = bisect_right(times, moment.t_us)
            key = (moment.trigger, past[times[last - 1]] if last else b"")
            if key not in known:
                known.add(key)
                found[name].append(moment)
    return found


def _past(base: Run) -> Iterator[tuple[int, bytes]]:
    """After each event: when it was, and a digest of all events up to it."""
    so_far = blake2b(digest_size=16)
    for event in base.story():
        so_far.update(repr(event).encode())
        yield event.t_us, so_far.digest()


# --- the faults under test ------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """How to make a failure mode bite: what differs from its defaults, and for how long it lasts.

    `listed` ones are the ways that the list of faults names (each direction, effect, mode, code);
    the others vary how long or how strong.
    """

    for_us: int | None
    listed: bool
    params: dict[str, Any]


def _set(for_s: float | None = None, listed: bool = True, **params: Any) -> Setting:
    return Setting(None if for_s is None else round(for_s * SECOND), listed, params)


LONG, SHORT = 45.0, 6.0  # seconds: longer than T_resp (30 s); shorter than T_conn (10 s)
_LATE, _TOO_LATE = 12 * SECOND, 40 * SECOND  # a delay within T_resp, and one beyond it

SETTINGS: dict[str, tuple[Setting, ...]] = {
    "wifi-weak": (_set(LONG, rssi=-95.0), _set(rssi=-85.0, listed=False)),
    "comms-unstable": (
        _set(LONG, good=2 * SECOND, bad=10 * SECOND, loss_good=0.2, loss_bad=0.95),
    ),
    "comms-outage": (_set(LONG), _set(SHORT, listed=False)),
    "dns-fail": (_set(LONG), _set(SHORT, listed=False)),
    "transmission-loss": (
        *(
            _set(direction=direction, effect=effect, delay=delay, listed=delay != _LATE)
            for direction in ("request", "answer")
            for effect, delay in (
                ("drop", 0), ("bitflip", 0), ("delay", _TOO_LATE), ("delay", _LATE),
                ("duplicate", 0), ("duplicate", _LATE),
            )
        ),
        _set(direction="both", effect="drop", count=2, listed=False),
        _set(direction="both", effect="bitflip", count=2, listed=False),
        _set(direction="answer", effect="drop", count=3, listed=False),
    ),
    "host-no-response": (
        _set(LONG, mode="mute", p_booked=1.0),
        _set(LONG, mode="mute", p_booked=0.0),
        _set(LONG, mode="freeze"),
        _set(SHORT, mode="freeze", listed=False),
    ),
    "host-fault": tuple(_set(LONG, code=code) for code in ("96", "91", "98")),
    "mag-head-wear": (_set(eta=1.0, k=1.0, p0=1.0, p_max=1.0),),
    "mag-card-degraded": (_set(p_bad_card=1.0, p_fail_given_bad=1.0),),
    "printer-jam": (_set(LONG), _set(1.0, listed=False)),
    "printer-consumable-out": (_set(LONG), _set(1.0, listed=False)),
    "keypad-misinput": (
        _set(p_key=0.3, p_noticed=0.0),
        _set(p_key=0.5, p_noticed=1.0, listed=False),
    ),
    "software-unstable": (_set(3.0), _set(LONG, listed=False)),
    "power-unstable": (
        _set(3.0, router=False),
        _set(3.0, router=True),
        _set(0.001, router=False, listed=False),
        _set(LONG, router=True, listed=False),
    ),
    "chip-contact-poor": (
        _set(p_bad_card=1.0, p_no_atr=0.5, p_mute=0.2),
        _set(p_bad_card=1.0, p_no_atr=0.0, p_mute=1.0, listed=False),
    ),
    "chip-reader-wear": (_set(eta=1.0, k=1.0, p0=0.5, p_max=0.7, insertions=1),),
    "card-pulled": (
        _set(exchange=2, moment="before-command"),
        _set(exchange=2, moment="before-commit"),
        _set(exchange=2, moment="before-answer"),
    ),
    "chip-misbehaves": tuple(
        _set(effect=effect, command=command, p_bad_card=1.0, listed=listed)
        for effect, command, listed in (
            ("wrong-status", "generate-ac", True), ("wrong-status", "select", False),
            ("wrong-status", "external-authenticate", False), ("truncated", "read-record", True),
            ("truncated", "generate-ac", False), ("garbled", "generate-ac", True),
            ("garbled", "get-data", False), ("garbled", "internal-authenticate", False),
            ("slow", "gpo", True), ("wrong-cryptogram", "verify", True),
            ("atc-stuck", "generate-ac", True),
        )
    ),
    "issuer-proof-wrong": (_set(),),
    "issuer-script": (
        _set(script="change-limit", before=False),
        _set(script="block-application", before=True),
        _set(script="unblock-pin", before=True, listed=False),
        _set(script="unblock-application", before=False, listed=False),
        _set(script="block-card", before=False, listed=False),
        _set(script="change-limit", before=False, spoiled=True),
    ),
    "pin-forgotten": (_set(times=1), _set(times=3, listed=False)),
    "pin-bypassed": (_set(),),
}  # fmt: skip
CHIP_ONLY = (
    "chip-contact-poor", "chip-reader-wear", "card-pulled", "chip-misbehaves",
    "issuer-proof-wrong", "issuer-script",
)  # fmt: skip
"""What only touches chips, and the issuer's word to them."""


@dataclass(frozen=True)
class Variant:
    """A failure mode with one setting; `at(trigger)` is the fault."""

    name: str
    mode: FailureMode
    setting: Setting

    def at(self, trigger: Trigger) -> FaultSpec:
        params = {name: param.default for name, param in self.mode.params.items()}
        assert params.keys() >= self.setting.params.keys(), self.name
        return fault(self.mode.id, trigger, self.setting.for_us, **params | self.setting.params)


def modes_under_test() -> dict[str, FailureMode]:
    """The catalogue without the negative controls, which must break a rule."""
    return {mode_id: mode for mode_id, mode in load_catalogue().items() if not mode.control}


def _variants() -> dict[str, Variant]:
    found: dict[str, Variant] = {}
    for mode_id, mode in modes_under_test().items():
        for setting in SETTINGS.get(mode_id, (_set(),)):
            words = [f"{name}={value}" for name, value in setting.params.items()]
            span = [] if setting.for_us is None else [f"{setting.for_us / SECOND:g}s"]
            name = " ".join([mode_id, *words, *span])
            assert name not in found, f"two settings are the same: {name}"
            found[name] = Variant(name, mode, setting)
    return found


VARIANTS = _variants()
LISTED = {name: variant for name, variant in VARIANTS.items() if variant.setting.listed}
