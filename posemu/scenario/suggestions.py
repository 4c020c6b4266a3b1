"""Did you mean ...? The nearest of the words that are allowed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MANY = 23


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """`; did you mean 'seed'?`, or nothing if no allowed word is near."""
    near = get_close_matches(str(word).lower(), list(allowed), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def listed(allowed: Iterable[str]) -> str:
    """The words allowed, in the order given; a long list is cut, since `posemu schema` has it."""
    words = list(allowed)
    if len(words) > _MANY:
        return f"{', '.join(words[:_MANY])} and {len(words) - _MANY} more (see `posemu schema`)"
    return ", ".join(words)
