"""Reads a scenario file: text in, a `Scenario` or all that is wrong with the text out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from posemu.faults.catalogue import FailureMode, Text, failure_modes, load_failure_mode
from posemu.faults.interventions import interventions
from posemu.faults.triggers import FaultSpec
from posemu.profiles.data_files import SUFFIX
from posemu.profiles.pans import TestPans, load_test_pans
from posemu.profiles.rulebook import load_profile, profile_names
from posemu.scenario.build import build_names, find_build
from posemu.scenario.expectation_entries import ExpectSection, build_expectation
from posemu.scenario.fault_entries import build_fault, entry_model, misfit
from posemu.scenario.intervention_entries import build_intervention, intervention_model
from posemu.scenario.json_schema import entry_schema, file_schema, keys_at
from posemu.scenario.people import (
    Person,
    built_in_people,
    load_built_in,
    load_laboratory,
    load_people,
)
from posemu.scenario.problems import Problem, ScenarioError
from posemu.scenario.schema import (
    VERSION,
    BuyersSection,
    CardholdersSection,
    CustomersSection,
    ScenarioFile,
    Section,
    TextSection,
    UntilSection,
)
from posemu.scenario.sense import checks
from posemu.scenario.source_map import Path, Source
from posemu.scenario.spec import (
    Cardholders,
    Customers,
    Day,
    DnsSpec,
    HostSpec,
    LineSpec,
    Scenario,
    TillSpec,
    Until,
)
from posemu.scenario.suggestions import did_you_mean, listed
from posemu.scenario.variants import variants
from posemu.scenario.wording import problems_of
from posemu.shop import Spell

_Entries = list[tuple[str, Section]]


def load_scenario(path: FilePath | str) -> Scenario:
    """The scenario in the file at `path`. Raises `ScenarioError`, also if it cannot be read."""
    return load_text(read_text(path), str(path))


def load_text(text: str, file_name: str) -> Scenario:
    """The scenario written in `text`; errors call it `file_name`, and paths in it begin there.

    Raises `ScenarioError` with all problems found, in the order of the file.
    """
    source = Source(text, file_name)
    problems = list(source.problems)
    data = source.data
    if not isinstance(data, dict):
        message = (
            f"the file is {source.found(())}; it must be a map that begins with posemu: {VERSION}"
        )
        raise ScenarioError([*problems, source.problem((), message)])
    if data.get("posemu", VERSION) != VERSION:
        found = source.found(("posemu",))
        message = f"posemu is {found}; this posemu reads version {VERSION} of the format"
        raise ScenarioError([source.problem(("posemu",), message)])
    file = _file(source, problems)
    entries = _entries(source, problems)
    factors = _factors(source, problems)
    expectations = _expectations(source, problems)
    problems += checks(source)
    problems += _build_problems(source)
    test_pans, people = _cards(source, problems)
    if problems or file is None:
        raise ScenarioError(problems)
    problems += _expectation_problems(source, file, factors, expectations)
    if problems:
        raise ScenarioError(problems)
    scenario = _build(file, entries, factors, expectations, people, FilePath(file_name).stem)
    return replace(scenario, test_pans=test_pans)


def read_text(path: FilePath | str) -> str:
    """The text of a file of UTF-8. Raises `ScenarioError`."""
    try:
        return FilePath(path).read_text("utf-8-sig")
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError:
        message = "is not text in UTF-8; save it as UTF-8"
    raise ScenarioError([Problem(str(path), 1, 1, message)])


def _file(source: Source, problems: list[Problem]) -> ScenarioFile | None:
    try:
        return ScenarioFile.model_validate(source.data)
    except ValidationError as error:
        problems += problems_of(error, source, partial(keys_at, file_schema()))
        return None


def _entries(source: Source, problems: list[Problem]) -> _Entries:
    """The valid entries of `faults:`, each with its failure mode's id."""
    entries: _Entries = []
    items = source.data.get("faults")
    for i, item in enumerate(items if isinstance(items, list) else ()):
        path: Path = ("faults", i)
        if not isinstance(item, dict) or len(item) != 1:
            found = f"a map of {len(item)} keys" if isinstance(item, dict) else source.found(path)
            message = "each is a map of one failure mode, like `comms-outage: {for: 90s}`"
            problems.append(source.problem(path, f"fault {i + 1} is {found}; {message}"))
            continue
        mode_id, entry = next(iter(item.items()))
        path = (*path, mode_id)
        if mode_id not in failure_modes():
            message = f"unknown failure mode {mode_id!r}; `posemu faults` lists them"
            message += did_you_mean(mode_id, failure_modes())
            problems.append(source.problem(path, message, at_key=True))
            continue
        if isinstance(entry, dict):
            entry = _without_misfits(entry, source, path, load_failure_mode(mode_id), problems)
        try:
            entries.append((mode_id, entry_model(mode_id).model_validate(entry)))
        except ValidationError as error:
            keys = partial(keys_at, entry_schema(mode_id))
            problems += problems_of(error, source, keys, path)
    return entries


def _factors(source: Source, problems: list[Problem]) -> dict[str, _Entries]:
    """The valid entries of `interventions:`, by the name of their group."""
    factors: dict[str, _Entries] = {}
    groups = source.data.get("interventions")
    for name, items in (groups if isinstance(groups, dict) else {}).items():
        factors[name] = []
        for i, item in enumerate(items if isinstance(items, list) else ()):
            path: Path = ("interventions", name, i)
            if not isinstance(item, dict) or len(item) != 1:
                message = "each is a map of one intervention, like `signal-booster: {gain: 20 dB}`"
                problems.append(source.problem(path, message))
                continue
            intervention_id, entry = next(iter(item.items()))
            if intervention_id not in interventions():
                message = f"unknown intervention {intervention_id!r}; `posemu interventions` "
                message += f"lists them{did_you_mean(intervention_id, interventions())}"
                problems.append(source.problem((*path, intervention_id), message, at_key=True))
                continue
            model = intervention_model(intervention_id)
            try:
                factors[name].append((intervention_id, model.model_validate(entry)))
            except ValidationError as error:
                keys = partial(keys_at, model.model_json_schema(by_alias=True))
                problems += problems_of(error, source, keys, (*path, intervention_id))
    return factors


def _expectations(source: Source, problems: list[Problem]) -> list[ExpectSection]:
    """The valid entries of `expect:`."""
    found: list[ExpectSection] = []
    items = source.data.get("expect")
    for i, item in enumerate(items if isinstance(items, list) else ()):
        try:
            found.append(ExpectSection.model_validate(item))
        except ValidationError as error:
            keys = partial(keys_at, ExpectSection.model_json_schema(by_alias=True))
            problems += problems_of(error, source, keys, ("expect", i))
    return found


def _expectation_problems(
    source: Source, file: ScenarioFile, factors: dict[str, _Entries], entries: list[ExpectSection]
) -> Iterator[Problem]:
    """Expectations name tills and variants of the file."""
    names = [variant.name for variant in variants(file.variants, dict.fromkeys(factors, ()))]
    for i, entry in enumerate(entries):
        for key, name in (
            ("variant", entry.variant), ("from", entry.before), ("to", entry.after),
            ("of", entry.of),
        ):  # fmt: skip
            if name is not None and name not in names:
                message = f"{key} is {name}; the variants are {listed(names)}"
                yield source.problem(("expect", i, key), message + did_you_mean(name, names))
        if entry.terminal is not None and entry.terminal not in file.tills:
            tills = list(file.tills)
            message = f"terminal is {entry.terminal}; the tills are {listed(tills)}"
            yield source.problem(
                ("expect", i, "terminal"), message + did_you_mean(entry.terminal, tills)
            )


def _without_misfits(
    entry: dict[str, Any], source: Source, path: Path, mode: FailureMode, problems: list[Problem]
) -> dict[str, Any]:
    """The entry without the keys that other failure modes take, but not this one: problems."""
    fitting = dict(entry)
    for key in entry:
        reason = misfit(mode, key)
        if reason is not None:
            problems.append(source.problem((*path, key), reason, at_key=True))
            del fitting[key]
    return fitting


def _build_problems(source: Source) -> Iterator[Problem]:
    """The build is not installed."""
    name = source.data.get("build")
    if isinstance(name, str) and name.strip():
        try:
            find_build(name)
        except KeyError:
            known = build_names()
            message = f"build is {source.found(('build',))}; installed are {listed(known)}"
            yield source.problem(("build",), message + did_you_mean(name, known))


def _cards(source: Source, problems: list[Problem]) -> tuple[TestPans | None, tuple[Person, ...]]:
    """The test numbers with a laboratory's, if the scenario names its file, and the people. What a
    file allows that cannot be used is not known: then their numbers are not looked at."""
    name = source.data.get("test_pans")
    if name is None:
        return None, _people(source, load_test_pans(), problems)
    if not isinstance(name, str):
        return None, ()
    try:
        test_pans = load_laboratory(FilePath(source.file).parent / name)
    except ScenarioError as error:
        problems += error.problems
    except (OSError, UnicodeDecodeError) as error:
        problems.append(_unreadable(source, ("test_pans",), error))
    else:
        return test_pans, _people(source, test_pans, problems)
    return None, ()


def _people(source: Source, test_pans: TestPans, problems: list[Problem]) -> tuple[Person, ...]:
    """The people the scenario names; problems of their file are reported with it."""
    path: Path = ("people",)
    name = source.data.get("people", ScenarioFile.model_fields["people"].default)
    if not isinstance(name, str):
        return ()
    if not name.endswith(SUFFIX):
        known = built_in_people()
        if name in known:
            return _in_currency(source, load_built_in(str(name)), problems)
        message = (
            f"people is {source.found(path)}; built in: {listed(known)}, or a path ending in .yaml"
        )
        problems.append(source.problem(path, message + did_you_mean(name, known)))
        return ()
    try:
        people = load_people(FilePath(source.file).parent / name, test_pans)
        return _in_currency(source, people, problems)
    except ScenarioError as error:
        problems += error.problems
    except (OSError, UnicodeDecodeError) as error:
        problems.append(_unreadable(source, path, error))
    return ()


def _unreadable(source: Source, path: Path, error: OSError | UnicodeDecodeError) -> Problem:
    """A file that the key at `path` names is not there, or is no text."""
    if isinstance(error, UnicodeDecodeError):
        reason = "the file is not text in UTF-8"
    else:
        reason = f"{error.strerror or 'it cannot be read'} (paths begin at the scenario's folder)"
    return source.problem(path, f"{path[-1]} is {source.found(path)}; {reason}")


def _in_currency(
    source: Source, people: tuple[Person, ...], problems: list[Problem]
) -> tuple[Person, ...]:
    profile = source.data.get("profile", ScenarioFile.model_fields["profile"].default)
    if profile in profile_names():
        currency = load_profile(profile).currency_name
        for person in people:
            if person.currency not in (None, currency):
                message = (
                    f"people is {source.found(('people',))}; the balance of {person.name} is in "
                    f"{person.currency}, the rule book {profile} works in {currency}"
                )
                problems.append(source.problem(("people",), message))
    return people


def _build(
    file: ScenarioFile, entries: _Entries, groups: dict[str, _Entries],
    expectations: list[ExpectSection], people: tuple[Person, ...], stem: str,
) -> Scenario:  # fmt: skip
    day = Day(file.day.date, file.day.from_us, file.day.to_us, file.day.settle)
    line, dns, host = file.network.line, file.network.dns, file.host
    faults: tuple[FaultSpec, ...] = tuple(build_fault(name, entry, day) for name, entry in entries)
    factors = {
        name: [build_intervention(found, entry, day) for found, entry in group]
        for name, group in groups.items()
    }
    tried = variants(file.variants, factors)
    return Scenario(
        name=str(file.name or stem),
        title=_text(file.title),
        about=_text(file.about),
        seed=file.seed,
        replications=file.replications,
        day=day,
        profile=file.profile,
        lang=file.lang,
        people=people,
        tills=tuple(TillSpec(name, till.rssi) for name, till in file.tills.items()),
        cardholders=None if file.cardholders is None else _cardholders(file.cardholders),
        customers=None if file.customers is None else _customers(file.customers, file, day),
        line=LineSpec(line.delay, line.jitter, line.loss),
        dns=DnsSpec(dns.delay, dns.ttl),
        host=HostSpec(host.servers, host.service, host.balance, host.pin_tries),
        faults=faults,
        drain_us=file.drain.within,
        build=None if file.build is None else str(file.build),
        variants=tried,
        expectations=tuple(
            build_expectation(expected, [variant.name for variant in tried])
            for expected in expectations
        ),
        until=None if file.until is None else _until(file.until),
    )  # fmt: skip


def _until(section: UntilSection) -> Until:
    return Until(tuple(section.half_width.items()), section.budget, section.batch)


def _habits(buyers: BuyersSection) -> dict[str, Any]:
    return {
        "basket": buyers.basket, "p_code": buyers.by_code, "patience_us": buyers.patience,
        "key_us": buyers.key, "swipe_us": buyers.swipe, "scan_us": buyers.scan,
        "insert_us": buyers.insert,
        "look_us": buyers.look, "p_cash": buyers.cash, "queue": buyers.queue, "order": buyers.order,
    }  # fmt: skip


def _cardholders(coming: CardholdersSection) -> Cardholders:
    return Cardholders(**_habits(coming), each=coming.each, gap=coming.gap)


def _customers(coming: CustomersSection, file: ScenarioFile, day: Day) -> Customers:
    starts = sorted(coming.arrivals.items())
    ends = [at_us for at_us, _ in starts[1:]] + [day.to_us]
    spells = tuple(
        Spell(at_us - day.from_us, end_us - day.from_us, rate)
        for (at_us, rate), end_us in zip(starts, ends, strict=True)
    )
    shares = coming.tills or dict.fromkeys(file.tills, 1 / len(file.tills))
    return Customers(**_habits(coming), spells=spells, shares=tuple(shares.items()))


def _text(section: TextSection | None) -> Text | None:
    return None if section is None else Text(section.en, section.zh or section.en)
