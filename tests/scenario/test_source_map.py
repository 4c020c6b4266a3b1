"""YAML 1.2 as data with places."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from posemu.profiles.quantities import Plain
from posemu.scenario.problems import ScenarioError
from posemu.scenario.source_map import Source

TEXT = """\
plain: 10:42
quoted: "10:42"
numbers: [0210, 0x1f, 1.5, 1e3, -.inf, yes, true, null]
deep:
  - {a: 1}
  - b: >
      folded
"""
scalars = st.one_of(
    st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.text("ab: -0#'\"", max_size=6)
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("xyz", min_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)


def test_scalars() -> None:
    """Numbers and words are read as in YAML 1.2, and text knows whether it stood in quotes."""
    data = Source(TEXT, "x").data
    assert data["numbers"] == [210, 31, 1.5, 1000.0, float("-inf"), "yes", True, None]
    assert isinstance(data["plain"], Plain)
    assert not isinstance(data["quoted"], Plain)
    assert data["deep"][1]["b"] == "folded\n"


def test_places() -> None:
    """Every value and key knows its place; an absent one is placed at what is around it."""
    source = Source(TEXT, "x")
    assert source.problem(("numbers", 1), "")[1:3] == (3, 17)
    assert source.problem(("deep", 1, "b"), "", at_key=True)[1:3] == (6, 5)
    assert source.problem(("deep", 0, "a", "absent"), "")[1:3] == (5, 9)
    assert source.problem(("nowhere",), "")[1:3] == (1, 1)


def test_what_was_found() -> None:
    """A message quotes what stands in the file as it stands there."""
    source = Source(TEXT + "empty:\nmap: {}\nlist: []\nlong: " + "x" * 90, "x")
    keys = ("plain", "quoted", "deep", "empty", "map", "list", "long")
    assert [source.found((key,)) for key in keys] == [
        "10:42", '"10:42"', "a list", "empty", "an empty map", "an empty list", "x" * 40 + "...",
    ]  # fmt: skip
    assert source.found(("numbers", 0)) == "0210"
    assert source.found(()) == "a map"


@settings(deadline=None)
@given(document=documents)
def test_the_data_is_that_of_the_yaml_library(document: object) -> None:
    """For any document, data read with places equals what the YAML library reads without them."""
    out = StringIO()
    YAML(typ="safe", pure=True).dump(document, out)
    try:
        expected = YAML(typ="safe", pure=True).load(out.getvalue())
    except YAMLError:
        reject()  # what the library writes and cannot read itself, like {x: :0}
    assert Source(out.getvalue(), "x").data == expected


@pytest.mark.parametrize("value", ["!!int 4111-1111", "!!float abc", "9" * 5000])
def test_a_number_that_is_none_is_a_problem(value: str) -> None:
    """A tag that its value does not fit, or more digits than a number can have, is placed, and not
    shown: in a file of people it may be a card number."""
    source = Source(f"a: 1\nb: {value}\n", "x.yaml")
    assert source.data == {"a": 1, "b": None}
    (problem,) = source.problems
    assert (problem.line, problem.column) == (2, 4)
    assert not any(part in problem.message for part in ("4111", "abc", "999"))


def test_what_is_nested_too_deeply_is_a_problem() -> None:
    """Thousands of brackets are refused like any file that is not YAML."""
    with pytest.raises(ScenarioError, match="x:1:1: not YAML: nested too deeply"):
        Source("[" * 3000, "x")
