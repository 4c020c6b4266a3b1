"""Writes a scenario as a file: what a search has found, in the words that a person would have used.

The file says only what differs from the defaults, and the world that is built of it is the same,
byte for byte. What the format cannot say exactly is refused with `NotWritable`, never rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from posemu.faults import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
    InSpells,
    OnJournal,
    OnMessage,
    OnState,
    load_catalogue,
)
from posemu.faults.catalogue import Param, Text
from posemu.profiles import load_profile
from posemu.scenario import Scenario, load_text
from posemu.scenario.fault_entries import sending_end
from posemu.scenario.people import built_in_people, load_built_in
from posemu.scenario.schema import VERSION
from posemu.scenario.spec import Day
from posemu.testing.written import (
    NotWritable,
    amount,
    distribution,
    duration,
    flow,
    time_of_day,
    with_unit,
)

__all__ = ["NotWritable", "fault_entry", "scenario_text"]

_Pairs = Iterator[tuple[str, Any]]


def scenario_text(
    scenario: Scenario, schedule: Iterable[FaultSpec] | None = None, *, name: str | None = None,
    title: Text | None = None, people: str | None = None, test_pans: str | None = None,
    build: str | None = None,
) -> str:  # fmt: skip
    """The text of a scenario file. `schedule`, `name` and `title` take the place of the scenario's
    own; `people` is the file of its cardholders, if they are not built in, and `test_pans` that of
    a laboratory's test numbers, if they bear some; `build` names the build that is tried (default:
    none is named). Raises `NotWritable`."""
    faults = scenario.faults if schedule is None else tuple(schedule)
    top = {"posemu": VERSION, "name": name or scenario.name}
    top |= dict(_texts(scenario, title))
    top["seed"] = scenario.seed
    if build or scenario.build:
        top["build"] = build or scenario.build
    top |= dict(_shop(scenario, people, test_pans))
    lines = [f"{key}: {flow(value)}" for key, value in top.items()]
    if faults:
        lines.append("faults:")
    for spec in faults:
        lines.append(f"  - {spec.id}: {flow(fault_entry(spec, scenario.day))}")
    return "\n".join(lines) + "\n"


def fault_entry(spec: FaultSpec, day: Day) -> dict[str, Any]:
    """What an entry of `faults:` says of the failure mode `spec.id`. Raises `NotWritable`."""
    mode = load_catalogue()[spec.id]
    always = isinstance(spec.trigger, Always)
    usual = None if always else mode.span
    if always and spec.span is not None:
        raise NotWritable(f"{spec.id} holds all day and yet has a length")
    if spec.span is None and usual is not None:
        raise NotWritable(f"{spec.id} has no length, but in a file it has its usual one")
    entry: dict[str, Any] = {}
    if spec.target is not None:
        entry["target"] = spec.target
    for name, param in mode.params.items():
        if spec.params[name] != param.default:
            entry[name] = _param(param, spec.params[name])
    entry |= _trigger(spec, day)
    if spec.span is not None and spec.span != usual:
        entry["for"] = distribution(spec.span, duration)
    return entry


# --- the shop ------------------------------------------------------------------------------------


@cache
def _usual() -> Scenario:
    """A scenario that leaves out all that may be left out."""
    text = f"posemu: {VERSION}\ntills: {{a: {{}}}}\ncardholders: {{each: 1}}\n"
    return load_text(text, "usual.yaml")


def _texts(scenario: Scenario, title: Text | None) -> _Pairs:
    about = None if title else scenario.about
    for key, text in (("title", title or scenario.title), ("about", about)):
        if text is not None:
            yield key, {"en": text.en, "zh": text.zh}


def _shop(scenario: Scenario, people: str | None, test_pans: str | None) -> _Pairs:
    usual = _usual()
    yield from _others("replications profile lang", scenario, usual, _as_it_is)
    if scenario.day != usual.day:
        day = scenario.day
        hours = {"from": time_of_day(day.from_us), "to": time_of_day(day.to_us)}
        yield "day", {"date": day.date.isoformat(), **hours}
    if people is not None or scenario.people != usual.people:
        yield "people", people or _people(scenario)
    if any(each.laboratory and each.people for each in scenario.card_numbers):
        if test_pans is None:
            raise NotWritable("people bear a laboratory's numbers: name its file with `test_pans`")
        yield "test_pans", test_pans
    rssi = usual.tills[0].rssi_dbm
    tills: dict[str, dict[str, str]] = {}
    for till in scenario.tills:
        other = till.rssi_dbm != rssi
        tills[till.name] = {"rssi": with_unit(till.rssi_dbm, "dBm")} if other else {}
    yield "tills", tills
    yield "cardholders", dict(_cardholders(scenario))
    network = dict(_network(scenario))
    if network:
        yield "network", network
    host = dict(_host(scenario))
    if host:
        yield "host", host
    if scenario.drain_us != usual.drain_us:
        yield "drain", {"within": duration(scenario.drain_us)}


def _people(scenario: Scenario) -> str:
    for name in built_in_people():
        if load_built_in(name) == scenario.people:
            return name
    raise NotWritable("the cardholders are not built in: name their file with `people`")


def _cardholders(scenario: Scenario) -> _Pairs:
    coming, usual = scenario.cardholders, _usual().cardholders
    if coming is None or usual is None:
        raise NotWritable("customers who come by themselves: write the file by hand")
    yield "each", coming.each
    yield from _others("gap queue order", coming, usual, _lasting)
    yield from _others("basket", coming, usual, lambda found: distribution(found, _money(scenario)))
    times = "patience_us key_us swipe_us insert_us scan_us look_us"
    yield from _others(times, coming, usual, duration)
    for key, part in (("by_code", "p_code"), ("cash", "p_cash")):
        if getattr(coming, part) != getattr(usual, part):
            yield key, getattr(coming, part)


def _network(scenario: Scenario) -> _Pairs:
    usual = _usual()
    line = dict(_others("delay_us jitter_us", scenario.line, usual.line, duration))
    if scenario.line.p_loss != usual.line.p_loss:
        line["loss"] = scenario.line.p_loss
    if line:
        yield "line", line
    dns = dict(_others("delay_us ttl_us", scenario.dns, usual.dns, duration))
    if dns:
        yield "dns", dns


def _host(scenario: Scenario) -> _Pairs:
    host, usual = scenario.host, _usual().host
    yield from _others("servers pin_tries", host, usual, _as_it_is)
    yield from _others("service", host, usual, _lasting)
    for _, balance in _others("balance_minor", host, usual, _money(scenario)):
        yield "balance", balance


def _others(names: str, part: object, usual: object, write: Callable[[Any], Any]) -> _Pairs:
    """Those of the attributes `names` that are not as usual; the file's key is the name
    without its unit."""
    for name in names.split():
        value = getattr(part, name)
        if value != getattr(usual, name):
            yield name.removesuffix("_us"), write(value)


def _as_it_is(value: Any) -> Any:
    return value


def _lasting(found: Any) -> Any:
    return distribution(found, duration)


def _money(scenario: Scenario) -> Callable[[float], str]:
    currency = load_profile(scenario.profile).currency_name
    return lambda minor: amount(minor, currency)


# --- a fault -------------------------------------------------------------------------------------


def _trigger(spec: FaultSpec, day: Day) -> dict[str, Any]:
    trigger = spec.trigger
    match trigger:
        case Always():
            return {}
        case AtTimes():
            return _moment(spec, trigger, day)
        case OnMessage():
            end = {} if trigger.end == sending_end(trigger.mti) else {"end": trigger.end}
            return _anchor({"message": trigger.mti, **end}, trigger)
        case OnState():
            return _anchor({"state": trigger.state}, trigger)
        case OnJournal():
            return _anchor({"journal": trigger.what}, trigger)
        case AtRate() | InSpells():
            raise NotWritable(f"{spec.id} is a random process, not a fault that struck")


def _moment(spec: FaultSpec, trigger: AtTimes, day: Day) -> dict[str, Any]:
    if len(trigger.strikes) != 1 or trigger.strikes[0][1] is not None:
        raise NotWritable(f"{spec.id} strikes at moments that each have a length of their own")
    at_us = trigger.strikes[0][0]
    if at_us == 0 and spec.span is not None and load_catalogue()[spec.id].span is None:
        return {}  # a length without a trigger: from the start, so long
    return {"at": time_of_day(day.from_us + at_us)}


def _anchor(what: dict[str, Any], anchor: OnMessage | OnState | OnJournal) -> dict[str, Any]:
    if anchor.nth != 1:
        what["nth"] = anchor.nth
    if anchor.after_us:
        what["after"] = duration(anchor.after_us)
    return {"on": what}


def _param(param: Param, value: Any) -> Any:
    match param.kind:
        case "duration":
            return duration(value)
        case "signal":
            return with_unit(value, "dBm")
        case "gain":
            return with_unit(value, "dB")
        case "distribution":
            return distribution(value, duration)
        case _:
            return value
