"""Hypothesis strategies for schedules of faults, from the catalogue. Needs the package
`hypothesis`.

    @given(schedules())
    def test_money_is_safe(schedule):
        assert_safe(small_shop(), schedule, build=mine)

They shrink to what a person would have written: fewer faults; faults of a moment before those that
last; anchored to a message before a state, and to that before the journal; the first time before a
later one, at once before later; short; with the catalogue's parameters. How:

* a fault or none is a choice of its own, so that dropping one is a single step wherever it stands;
  out of the middle of `lists` Hypothesis cuts only elements of few choices, and a fault has a
  dozen;
* every fault takes the same number of choices, so that its mode can be exchanged and the rest kept;
* times come from a series (1, 2, 5, 10 ...), as a person picks them, and each is one choice.

Negative controls are left out, and so are random processes (`rate`): a schedule of single faults
says the same, and shrinks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis.strategies import (
    DrawFn,
    SearchStrategy,
    booleans,
    builds,
    composite,
    just,
    one_of,
    sampled_from,
    tuples,
)

from posemu.faults import (
    Always,
    AtTimes,
    FailureMode,
    FaultSpec,
    OnJournal,
    OnMessage,
    OnState,
    Trigger,
    load_catalogue,
)
from posemu.faults.catalogue import Param
from posemu.scenario import Scenario
from posemu.scenario.fault_entries import sending_end
from posemu.sim import Constant
from posemu.terminal import State

MESSAGES = (
    "0210", "0200", "0410", "0400", "0401", "0810", "0800", "0510", "0500", "0501",
    "0230", "0220", "0221",
)  # fmt: skip
STATES = tuple(state.value for state in State)
_S = 1_000_000
_SHAPES = ("moment", "spell", "static")  # the simplest first
_SERIES_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
_SERIES_US = tuple(ms * 1_000 for ms in _SERIES_MS)
_AFTER_US = (*(0 for _ in _SERIES_US), *_SERIES_US)  # at once, every other time
_SPAN_S = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_FIRST = (1, 2, 3, 4, 1, 1)  # the first time, every other time
_JOURNAL_NTH = tuple(range(1, 17))


def modes() -> tuple[str, ...]:
    """The ids of all failure modes but the negative controls, the simplest first."""
    usable = [mode for mode in load_catalogue().values() if not mode.control]
    usable.sort(key=lambda mode: (_SHAPES.index(mode.shape), mode.id))
    return tuple(mode.id for mode in usable)


def schedules(
    max_faults: int = 5, *, of: Iterable[str] | None = None, scenario: Scenario | None = None
) -> SearchStrategy[tuple[FaultSpec, ...]]:
    """Schedules of up to `max_faults` faults, of the failure modes `of` (default: `modes()`).

    Faults are anchored to what happens, or hold all day. With a `scenario` they also strike single
    tills of it, and at times of its day; such times move when another fault is dropped, and so
    shrink less well.
    """
    slot = _maybe(faults(of=of, scenario=scenario))
    return tuples(*[slot] * max_faults).map(_without_gaps)


def faults(
    *, of: Iterable[str] | None = None, scenario: Scenario | None = None
) -> SearchStrategy[FaultSpec]:
    """Single faults; arguments as in `schedules`."""
    chosen = [load_catalogue()[mode_id] for mode_id in (modes() if of is None else of)]
    width = max(len(mode.params) for mode in chosen)
    return one_of([_fault(mode, width, scenario) for mode in chosen])


def anchors() -> SearchStrategy[OnMessage | OnState | OnJournal]:
    """Something that happens: a message is sent, a state is entered, the journal is used."""
    nth, after_us = sampled_from(_FIRST), sampled_from(_AFTER_US)
    use = sampled_from(("flush", "write"))
    return one_of(
        builds(_on_message, sampled_from(MESSAGES), nth, after_us),
        builds(OnState, sampled_from(STATES), nth, after_us),
        builds(OnJournal, use, sampled_from(_JOURNAL_NTH), after_us),
    )


def _on_message(mti: str, nth: int, after_us: int) -> OnMessage:
    return OnMessage(mti, sending_end(mti), nth, after_us)


@composite
def _maybe(draw: DrawFn, fault: SearchStrategy[FaultSpec]) -> FaultSpec | None:
    return draw(fault) if draw(booleans()) else None


def _without_gaps(slots: tuple[FaultSpec | None, ...]) -> tuple[FaultSpec, ...]:
    return tuple(fault for fault in slots if fault is not None)


def _fault(mode: FailureMode, width: int, scenario: Scenario | None) -> SearchStrategy[FaultSpec]:
    """Faults of one mode; `width` is how many choices its parameters take."""
    params = [_value(param) for param in mode.params.values()]
    unused = [booleans()] * (width - len(params))
    return builds(
        _spec, just(mode), _trigger(mode, scenario), _target(mode, scenario),
        sampled_from(_SPAN_S), tuples(*params, *unused),
    )  # fmt: skip


def _spec(
    mode: FailureMode, trigger: Trigger, target: str | None, span_s: int, values: tuple[Any, ...]
) -> FaultSpec:
    span = Constant(float(span_s * _S)) if mode.shape == "spell" else None
    return FaultSpec(mode.id, target, dict(zip(mode.params, values, strict=False)), trigger, span)


def _trigger(mode: FailureMode, scenario: Scenario | None) -> SearchStrategy[Trigger]:
    found: list[SearchStrategy[Any]] = []
    if "on" in mode.triggers:
        found.append(anchors())
    if "always" in mode.triggers and mode.shape != "spell":
        found.append(just(Always()))
    if "at" in mode.triggers and scenario is not None:
        last_s = (scenario.day.to_us - scenario.day.from_us) // _S - 1
        found.append(sampled_from(range(0, last_s, 5)).map(_at))
    return one_of(found)


def _at(at_s: int) -> AtTimes:
    return AtTimes(((at_s * _S, None),))


def _target(mode: FailureMode, scenario: Scenario | None) -> SearchStrategy[str | None]:
    tills = () if scenario is None or mode.target != "till" else scenario.tills
    if len(tills) < 2:
        return just(None)
    return sampled_from((None, *(till.name for till in tills)))


def _value(param: Param) -> SearchStrategy[Any]:
    """The catalogue's value first, then others of its kind: always one choice."""
    others: tuple[Any, ...]
    match param.kind:
        case "choice" | "code":
            others = param.choices
        case "switch":
            others = (True, False)
        case "probability":
            others = (1.0, 0.5, 0.1)
        case "count":
            others = (1, 2, 3)
        case "duration":
            others = (100_000, 1 * _S, 10 * _S, 35 * _S)
        case _:
            others = ()
    others = tuple(value for value in others if value != param.default)
    return sampled_from((param.default, *(others or (param.default,))))
