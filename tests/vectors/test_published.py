"""Published vectors: what the standards and other implementations say, through one adapter for each
kind and operation."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.crypto import CryptoError
from posemu.wire import WireError

from .adapters import asked, operations
from .conftest import PUBLISHED, Vector, read

REFUSALS = (CryptoError, WireError)
"""The typed errors with which the library refuses an input."""
CONVERSIONS = (ValueError, TypeError)
"""And what the adapter's own conversion raises for a value that the library's types cannot hold."""


def test_a_vector(vector: Vector, count: Any) -> None:
    """Every expected answer is the library's, and what must be refused is refused."""
    count(vector)
    operation = operations(vector.kind).get(vector.operation)
    assert operation is not None, f"no adapter for {vector.kind}: {vector.operation}"
    if "error" in vector.expected:
        with pytest.raises((*REFUSALS, *CONVERSIONS)):
            operation(vector.inputs)
        return
    how = {name: vector.expected[name] for name in asked(vector.kind, vector.operation)}
    answers = operation({**vector.inputs, **how})
    for name, expected in vector.expected.items():
        assert name in answers, f"the adapter does not answer {name!r}"
        assert answers[name] == expected, name


def test_all_are_there() -> None:
    """A file that was emptied or cut would pass everything else."""
    vectors = read(PUBLISHED)
    assert len(vectors) == 1768
    assert sum("error" in vector.expected for vector in vectors) == 350
    assert len({vector.kind for vector in vectors}) == 18
