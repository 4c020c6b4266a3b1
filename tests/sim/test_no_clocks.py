"""Model code takes time from the clock, chance from streams and keyed draws, and nothing else.

The check reads syntax trees. It follows imports under any name, and sets by how they are written,
by the name they are given and by how that name is annotated; a set that arrives as an unannotated
argument it cannot see.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

POSEMU = Path(__file__).resolve().parents[2] / "posemu"
ROOMS = (
    "sim", "crypto", "wire", "profiles", "card", "link", "host", "terminal", "shop", "faults",
    "oracle",
)  # fmt: skip
CHANCE = POSEMU / "sim" / "chance.py"

FORBIDDEN = {
    # name, or the beginning of one: what to use instead
    "time": "the clock's now_us",
    "datetime.datetime.now": "the shop's calendar",
    "datetime.datetime.today": "the shop's calendar",
    "datetime.datetime.utcnow": "the shop's calendar",
    "datetime.date.today": "the shop's calendar",
    "random": "a named stream or a keyed draw",
    "os.urandom": "a named stream's bytes",
    "os.getrandom": "a named stream's bytes",
    "secrets": "a named stream's bytes",
    "uuid": "a counter",
    "numpy.random": "a named stream or a keyed draw",
    "faker": "a file of people, made before the run",
    "threading": "a task in virtual time",
    "multiprocessing": "nothing: a world is one thread",
    "simpy.RealtimeEnvironment": "the Clock",
    "simpy.rt": "the Clock",
}
SEEDED = "random.Random"  # allowed in sim/chance.py, with a seed
BUILT_IN = {"hash": "differs from run to run", "id": "is an address: it differs from run to run"}
SETS = ("set", "frozenset")
SET_TYPES = (*SETS, "AbstractSet", "MutableSet", "Set", "FrozenSet")
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
SET_METHODS = ("union", "intersection", "difference", "symmetric_difference", "copy")
TAKES_IN_ORDER = ("list", "tuple", "iter", "enumerate", "map", "filter", "zip", "reversed", "deque")


class Reader(ast.NodeVisitor):
    """Collects (line, what is wrong) of one module."""

    def __init__(self, tree: ast.Module, seeded_random: bool) -> None:
        self.found: list[tuple[int, str]] = []
        self._seeded_random = seeded_random
        self._names: dict[str, str] = {}  # name in this module -> what it was imported as
        self._sets = set(_names_of_sets(tree))
        self.visit(tree)

    def _wrong(self, node: ast.AST, text: str) -> None:
        self.found.append((getattr(node, "lineno", 0), text))

    # --- clocks and chance -------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            self._imported(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            full = f"{node.module}.{alias.name}" if node.module else alias.name
            self._names[alias.asname or alias.name] = full
            self._imported(node, full)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._check(node, self._full_name(node))
        self.generic_visit(node)

    def _imported(self, node: ast.AST, name: str) -> None:
        if not (self._seeded_random and name == SEEDED):
            self._check(node, name)

    def _check(self, node: ast.AST, name: str | None) -> None:
        for wrong, instead in FORBIDDEN.items():
            if name is not None and (name == wrong or name.startswith(wrong + ".")):
                self._wrong(node, f"{name}: use {instead}")

    def _full_name(self, node: ast.expr) -> str | None:
        """The imported thing that an expression like `a.b.c` names, if it is one."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute):
            before = self._full_name(node.value)
            return f"{before}.{node.attr}" if before is not None else None
        return None

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Name) and called.id in BUILT_IN:
            self._wrong(node, f"{called.id}() {BUILT_IN[called.id]}")
        if self._full_name(called) == SEEDED and not node.args:
            self._wrong(node, "Random() without a seed")
        self._check_order(node, called)
        self.generic_visit(node)

    # --- sets in order -----------------------------------------------------------------------

    def _check_order(self, node: ast.Call, called: ast.expr) -> None:
        takes = isinstance(called, ast.Name) and called.id in TAKES_IN_ORDER
        joins = isinstance(called, ast.Attribute) and called.attr in ("join", "extend", "fromkeys")
        if takes or joins:
            for argument in node.args:
                self._not_a_set(argument)
        if isinstance(called, ast.Attribute) and called.attr == "pop" and not node.args:
            self._not_a_set(called.value)

    def visit_For(self, node: ast.For) -> None:
        self._not_a_set(node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._not_a_set(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self._not_a_set(node.value)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self._not_a_set(node.value)
        self.generic_visit(node)

    def _not_a_set(self, node: ast.expr) -> None:
        if _is_set(node, self._sets):
            self._wrong(node, f"a set has no order of its own: sorted({ast.unparse(node)})")


def _is_set(node: ast.expr | None, names: set[str]) -> bool:
    """True if the expression is a set, as far as it can be seen."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in names
        case ast.Call(func=ast.Name(id=name)):
            return name in SETS
        case ast.Call(func=ast.Attribute(value=value, attr=method)):
            return method in SET_METHODS and _is_set(value, names)
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, SET_OPERATORS):
            return _is_set(left, names) or _is_set(right, names)
        case ast.IfExp(body=body, orelse=orelse):
            return _is_set(body, names) or _is_set(orelse, names)
    return False


def _names_of_sets(tree: ast.Module) -> Iterator[str]:
    """Names and attributes that are given a set, or annotated as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_set(node.value, set()):
            yield from (name for target in node.targets if (name := _last_name(target)))
        elif isinstance(node, ast.AnnAssign):
            if _is_set_type(node.annotation) or _is_set(node.value, set()):
                yield _last_name(node.target)
        elif isinstance(node, ast.arg) and _is_set_type(node.annotation):
            yield node.arg


def _last_name(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _is_set_type(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.BinOp):
        return _is_set_type(annotation.left) or _is_set_type(annotation.right)
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return annotation is not None and _last_name(annotation) in SET_TYPES


def wrong_in(text: str, seeded_random: bool = False) -> list[tuple[int, str]]:
    """What is wrong in a module's text."""
    return Reader(ast.parse(text), seeded_random).found


def model_files() -> list[Path]:
    """The files in which a world happens."""
    files = [path for room in ROOMS for path in (POSEMU / room).rglob("*.py")]
    scenario = POSEMU / "scenario"
    return sorted([*files, scenario / "world.py", *scenario.glob("*driver*.py")])


def test_model_code_has_no_clock_no_chance_and_no_order_of_its_own() -> None:
    """Nothing in a world reads a clock, draws from elsewhere or depends on a set's order."""
    found = [
        f"{path.relative_to(POSEMU.parent)}:{line}: {text}"
        for path in model_files()
        for line, text in wrong_in(path.read_text("utf-8"), seeded_random=path == CHANCE)
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_room_of_the_model_is_looked_at() -> None:
    """Each room gives at least one file, so that a renamed room does not slip out of the check."""
    looked_at = {path.relative_to(POSEMU).parts[0] for path in model_files()}
    assert looked_at == {*ROOMS, "scenario"}


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "import time as t",
        "from time import monotonic_ns",
        "from time import sleep",
        "from datetime import datetime\ndatetime.now()",
        "from datetime import datetime as d\nd.utcnow()",
        "import datetime\ndatetime.datetime.now()",
        "import datetime as dt\ndt.date.today()",
        "from datetime import date\nf = date.today",
        "import random",
        "from random import choice",
        "from random import Random",
        "import random as r\nr.random()",
        "import os\nos.urandom(8)",
        "from os import urandom",
        "import secrets",
        "from uuid import uuid1",
        "import uuid\nuuid.uuid4()",
        "hash('till-1')",
        "seen = {}\nseen[id(seen)] = 1",
        "import numpy as np\nnp.random.default_rng(1)",
        "from numpy.random import default_rng",
        "from faker import Faker",
        "import threading",
        "from threading import Thread",
        "import simpy\nsimpy.RealtimeEnvironment()",
        "from simpy.rt import RealtimeEnvironment",
        "for x in {1, 2}: pass",
        "for x in set(y): pass",
        "for x in frozenset('ab'): pass",
        "for x in {y for y in z}: pass",
        "a = [x for x in {1, 2} | b]",
        "a = {x: 1 for x in {y for y in z}}",
        "a = list({1, 2})",
        "a = ','.join({'a', 'b'})",
        "a = dict.fromkeys({'a', 'b'})",
        "a = [*{1, 2}]",
        "f(*{1, 2})",
        "a = next(iter({1, 2}))",
        "KINDS = frozenset({'a', 'b'})\nfor kind in KINDS: pass",
        "def f(kinds: frozenset[str]):\n    return tuple(kinds)",
        "class A:\n    names: set[str]\n    def f(self):\n        return [n for n in self.names]",
        "def f(names: set[str] | None):\n    names.pop()",
        "def f():\n    yield from {1, 2}",
    ],
)
def test_each_forbidden_construct_is_caught(text: str) -> None:
    """The check finds what it is there to find, under whatever name it was imported."""
    assert wrong_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import date, timedelta\ndate(2026, 3, 2) + timedelta(days=1)",
        "def f(self):\n    return self.clock.now()",
        "def f(calendar):\n    return calendar.today()",
        "t_us = clock.now_us",
        "draw = streams['till-1/link'].random",
        "from os import path",
        "import os\nos.path.join('a', 'b')",
        "import numpy as np\nnp.sqrt(2.0)",
        "import simpy\nsimpy.Environment()",
        "entry.id",
        "self.hash.update(b'')",
        "def __hash__(self) -> int: ...",
        "for x in sorted({1, 2}): pass",
        "for x in [1, 2]: pass",
        "for x in {1: 2}: pass",
        "for x in dict.fromkeys('ab'): pass",
        "a = sum(x for x in sorted(set(y)))",
        "a = 3 in {1, 2}",
        "a = len({1, 2})",
        "KINDS = frozenset({'a', 'b'})\nwait = 'a' in KINDS",
        "b = a - 1\nfor x in range(b): pass",
        "stack.pop()",
    ],
)
def test_allowed_constructs_pass(text: str) -> None:
    """The check does not cry wolf."""
    assert wrong_in(text) == []


def test_chance_may_make_seeded_generators_and_nothing_else() -> None:
    """In sim/chance.py a generator with a seed is allowed, one without is not."""
    assert wrong_in("from random import Random\nRandom(7)", seeded_random=True) == []
    assert wrong_in("from random import Random\nRandom()", seeded_random=True)
    assert wrong_in("from random import random", seeded_random=True)
