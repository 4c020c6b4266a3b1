"""Checks of a scenario that look at more than one value, made on the data as it stands in the file.

They do not wait until every single value is right, so that a user sees all problems at once. Hence
each check takes what it can read and passes over what it cannot: the models report that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from posemu.faults.catalogue import FailureMode, failure_modes, load_failure_mode
from posemu.profiles.quantities import CURRENCIES, parse_probability, parse_time_of_day
from posemu.profiles.rulebook import load_profile, profile_names
from posemu.scenario.fault_entries import TRIGGERS
from posemu.scenario.problems import Problem
from posemu.scenario.schema import DaySection, ScenarioFile
from posemu.scenario.source_map import Path, Source
from posemu.scenario.suggestions import did_you_mean, listed

_COMMON = ("target", *TRIGGERS, "for")
_ANCHORS = ("message", "state", "journal")
_AMOUNTS = (("cardholders", "basket"), ("customers", "basket"), ("host", "balance"))

_Number = TypeVar("_Number", int, float)


def checks(source: Source) -> Iterator[Problem]:
    """Everything that does not fit together in the scenario of `source`."""
    data = source.data
    yield from _until(source, data)
    yield from _day(source, data)
    yield from _buyers(source, data)
    yield from _variants(source, data)
    yield from _currency(source, data)
    for i, item in enumerate(_list(data.get("faults"))):
        if isinstance(item, dict) and len(item) == 1:
            mode_id, entry = next(iter(item.items()))
            if mode_id in failure_modes() and isinstance(entry, dict):
                yield from _fault(source, ("faults", i, mode_id), load_failure_mode(mode_id), entry)


def _until(source: Source, data: dict[str, Any]) -> Iterator[Problem]:
    """There is a rule if the key is there; its budget allows for the first batch."""
    yield from _empty(source, (), data, ("until",))
    first = data.get("replications", ScenarioFile.model_fields["replications"].default)
    budget = _map(data.get("until")).get("budget")
    if isinstance(first, int) and isinstance(budget, int) and 0 < budget < first:
        path: Path = ("until", "budget")
        message = f"budget is {source.found(path)}; the first batch has {first} replications"
        yield source.problem(path, f"{message} already")


def _day(source: Source, data: dict[str, Any]) -> Iterator[Problem]:
    begin, end = _hours(data)
    if begin is not None and end is not None and end <= begin:
        day = _map(data.get("day"))
        path: Path = ("day", "to") if "to" in day else ("day", "from")
        message = f"{path[-1]} is {source.found(path)}; the day must end after it begins"
        yield source.problem(path, message)
    if "settle" in _map(data.get("day")):
        yield from _at(source, ("day", "settle"), data["day"]["settle"])


def _buyers(source: Source, data: dict[str, Any]) -> Iterator[Problem]:
    """Either kind of coming, not both; who comes knows the tills and the hours."""
    if "cardholders" in data and "customers" in data:
        message = "a scenario has `cardholders` or `customers`, not both; delete one"
        yield source.problem(("customers",), message, at_key=True)
    elif "cardholders" not in data and "customers" not in data:
        message = "`cardholders` is missing (who comes, one after another), or `customers`"
        yield source.problem((), message)
    customers = _map(data.get("customers"))
    tills, shares = _map(data.get("tills")), _map(customers.get("tills"))
    for name in shares:
        if tills and name not in tills:
            near = did_you_mean(name, tills)
            message = f"{name!r} is no till; the tills are {listed(tills)}{near}"
            yield source.problem(("customers", "tills", name), message, at_key=True)
    known = [_read(parse_probability, share) for share in shares.values()]
    if shares and None not in known and abs(sum(p or 0.0 for p in known) - 1) > 1e-9:
        total = sum(p or 0.0 for p in known)
        message = f"the shares of the tills are {total:.0%} together, not 100 %"
        yield source.problem(("customers", "tills"), message, at_key=True)
    for at in _map(customers.get("arrivals")):
        path: Path = ("customers", "arrivals", at)
        if not source.key_is_quoted(path):
            message = f'a time of day must be quoted; write "{at}"'
            yield source.problem(path, message, at_key=True)
        moment = _read(parse_time_of_day, str(at))
        if moment is not None and not _within_hours(source.data, moment):
            message = f"{at} is outside the day, which runs {_opening(source.data)}"
            yield source.problem(path, message, at_key=True)


def _variants(source: Source, data: dict[str, Any]) -> Iterator[Problem]:
    """Variants name interventions of the file, and interventions its tills."""
    known = _map(data.get("interventions"))
    for name, chosen in _map(data.get("variants")).items():
        for i, factor in enumerate(_list(chosen)):
            if factor not in known:
                near = did_you_mean(str(factor), known)
                message = f"{factor!r} is none of the interventions {listed(known)}{near}"
                yield source.problem(("variants", name, i), message)
    tills = _map(data.get("tills"))
    for name, group in known.items():
        for i, item in enumerate(_list(group)):
            for intervention_id, entry in _map(item).items():
                path: Path = ("interventions", name, i, intervention_id)
                for n, till in enumerate(_list(_map(entry).get("tills"))):
                    if tills and till not in tills:
                        near = did_you_mean(str(till), tills)
                        message = f"{till!r} is no till; the tills are {listed(tills)}{near}"
                        yield source.problem((*path, "tills", n), message)
                if "at" in _map(entry):
                    yield from _at(source, (*path, "at"), entry["at"])


def _hours(data: dict[str, Any]) -> tuple[int | None, int | None]:
    day = _map(data.get("day"))
    usual = DaySection()
    begin = _read(parse_time_of_day, day["from"]) if "from" in day else usual.from_us
    end = _read(parse_time_of_day, day["to"]) if "to" in day else usual.to_us
    return begin, end


def _currency(source: Source, data: dict[str, Any]) -> Iterator[Problem]:
    """Every amount must be in the currency of the rule book."""
    profile = data.get("profile", ScenarioFile.model_fields["profile"].default)
    if profile not in profile_names():
        return
    currency = load_profile(profile).currency_name
    for top, key in _AMOUNTS:
        for path, text in _texts((top, key), _map(data.get(top)).get(key)):
            if text.strip()[-3:] in CURRENCIES and text.strip()[-3:] != currency:
                found = source.found(path)
                message = f"{path[-1]} is {found}; the rule book {profile} works in {currency}"
                yield source.problem(path, message)


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts((*path, key), part)
    elif isinstance(value, str):
        yield path, value


def _fault(
    source: Source, path: Path, mode: FailureMode, entry: dict[str, Any]
) -> Iterator[Problem]:
    used = [key for key in TRIGGERS if key in entry and key in mode.triggers]
    if len(used) > 1:
        message = f"{mode.id} has {' and '.join(f'`{key}`' for key in used)}; keep one of them"
        yield source.problem((*path, used[1]), message, at_key=True)
    if "rate" in used and mode.shape == "static" and "for" not in entry:
        message = f"{mode.id} strikes again and again but would never end; add for: 60s"
        yield source.problem((*path, "rate"), message, at_key=True)
    if "spells" in used and "for" in entry:
        message = f"{mode.id} lasts as long as its bad spells; delete `for`"
        yield source.problem((*path, "for"), message, at_key=True)
    tills = _map(source.data.get("tills"))
    target = entry.get("target")
    if isinstance(target, str) and mode.target == "till" and tills and target not in tills:
        near = did_you_mean(target, tills)
        message = (
            f"target is {source.found((*path, 'target'))}; the tills are {listed(tills)}{near}"
        )
        yield source.problem((*path, "target"), message)
    if "at" in used:
        yield from _at(source, (*path, "at"), entry["at"])
    yield from _empty(source, path, entry, _COMMON)
    if isinstance(entry.get("on"), dict):
        yield from _anchor(source, (*path, "on"), entry["on"])


def _at(source: Source, path: Path, value: Any) -> Iterator[Problem]:
    moment = _read(parse_time_of_day, value)
    if moment is not None and not _within_hours(source.data, moment):
        message = f"{path[-1]} is {source.found(path)}; the day runs {_opening(source.data)}"
        yield source.problem(path, message)


def _within_hours(data: dict[str, Any], moment: int) -> bool:
    """False if the day is known, and the moment is outside it."""
    begin, end = _hours(data)
    return begin is None or end is None or end <= begin or begin <= moment < end


def _opening(data: dict[str, Any]) -> str:
    begin, end = _hours(data)
    return f"from {_clock(begin or 0)} to {_clock(end or 0)}"


def _anchor(source: Source, path: Path, on: dict[str, Any]) -> Iterator[Problem]:
    yield from _empty(source, path, on, (*_ANCHORS, "end"))
    used = [key for key in _ANCHORS if key in on]
    if not used:
        yield source.problem(path, f"`on` has no anchor; it needs one of {listed(_ANCHORS)}")
    if len(used) > 1:
        message = f"`on` has {' and '.join(f'`{key}`' for key in used)}; keep one of them"
        yield source.problem((*path, used[1]), message, at_key=True)
    if "end" in on and "message" not in on:
        message = "`end` goes with `message` only; delete it"
        yield source.problem((*path, "end"), message, at_key=True)


def _empty(
    source: Source, path: Path, entry: dict[str, Any], keys: tuple[str, ...]
) -> Iterator[Problem]:
    """A key without a value: the model takes it for one that is not there, the user does not."""
    for key in keys:
        if key in entry and entry[key] is None:
            yield source.problem((*path, key), f"{key} is empty; write a value or delete the key")


def _clock(t_us: int) -> str:
    seconds = t_us // 1_000_000
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def _read(parse: Callable[[Any], _Number], value: Any) -> _Number | None:
    try:
        return parse(value)
    except ValueError:
        return None


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
