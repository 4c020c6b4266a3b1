"""One small adapter per (kind, operation): it turns a vector's inputs into calls of the library and
the answers into the vector's words. Adapters convert; they compute nothing, and know no vector.

`adapters/<kind>.py` has `OPERATIONS`, a table of operation -> function of the vector's `inputs`.
The function returns the answers by the names that `expected` uses (it may return more of them than
a vector asks for), or raises what the library raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Inputs = Mapping[str, Any]
Answers = Mapping[str, Any]
Operation = Callable[[Inputs], Answers]


def operations(kind: str) -> Mapping[str, Operation]:
    """The table of a kind. Raises KeyError if the kind is not known."""
    try:
        return import_module(f"{__name__}.{kind}").OPERATIONS  # type: ignore[no-any-return]
    except ModuleNotFoundError as error:
        raise KeyError(f"there is no adapter for vectors of kind {kind!r}") from error


def asked(kind: str, operation: str) -> tuple[str, ...]:
    """The names in a vector's `expected` that are no answers but say how to compare them: they go
    in with the inputs (`ASKED` of the kind's module, operation -> names)."""
    module = import_module(f"{__name__}.{kind}")
    found: tuple[str, ...] = getattr(module, "ASKED", {}).get(operation, ())
    return found
