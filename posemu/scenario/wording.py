"""Puts what pydantic found into words: what stands there, what may, and the nearest word to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from posemu.profiles.quantities import NotOneOfError
from posemu.scenario.problems import Problem
from posemu.scenario.source_map import Path, Source
from posemu.scenario.suggestions import did_you_mean, listed

KeysAt = Callable[[Path], tuple[list[str], list[str]]]
"""The keys that the map at a path may have, and those it must have."""


def problems_of(
    error: ValidationError, source: Source, keys_at: KeysAt, before: Path = ()
) -> Iterable[Problem]:
    """The problems in the part of the file at `before`; `keys_at` counts from that part."""
    for fault in error.errors(include_url=False, include_input=False):
        loc: Path = fault["loc"]
        path = (*before, *loc)
        kind = fault["type"]
        if kind == "extra_forbidden":
            keys, _ = keys_at(loc[:-1])
            yield unknown_key(source, path, keys)
        elif kind == "missing":
            _, required = keys_at(loc[:-1])
            message = f"key {path[-1]!r} is missing; needed here: {listed(required)}"
            yield source.problem(path[:-1], message)
        elif path[-1] == "[key]":
            reason = _reason(kind, fault.get("ctx", {}), fault["msg"], found=str(path[-2]))
            yield source.problem(path[:-1], f"key {path[-2]!r}; {reason}", at_key=True)
        else:
            found = source.found(path)
            name = f"entry {path[-1] + 1}" if isinstance(path[-1], int) else path[-1]
            keys, _ = keys_at(loc)
            reason = _reason(kind, fault.get("ctx", {}), fault["msg"], keys, found)
            yield source.problem(path, f"{name} is {found}; {reason}")


def unknown_key(source: Source, path: Path, allowed: Iterable[str]) -> Problem:
    words = list(allowed)
    message = f"unknown key {path[-1]!r}; allowed here: {listed(words)}"
    return source.problem(path, message + did_you_mean(path[-1], words), at_key=True)


def _reason(
    kind: str, context: dict[str, Any], message: str, keys: Iterable[str] = (), found: str = ""
) -> str:
    error = context.get("error")
    if isinstance(error, NotOneOfError):
        word = found.strip('"')
        return f"{error.what} is one of {listed(error.allowed)}{did_you_mean(word, error.allowed)}"
    if isinstance(error, Exception):
        return str(error)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        words = listed(keys)
        return f"must be a map of {words}" if words else "must be a map"
    if kind in ("list_type", "tuple_type"):
        return "must be a list"
    if kind == "too_short":
        return "at least one is needed"
    return message[0].lower() + message[1:]
