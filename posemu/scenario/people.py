"""Test cardholders: who they are, and the file they stand in.

A card number is taken only if it can be nobody's (`pans` of the profiles), or if a laboratory's
file says that it is a test number. PINs have twelve digits, the most that ISO 9564-1 allows, so
that the leak scanner does not find one by chance. Number and PIN show themselves masked, also in
the errors of such a file: somebody may have put a real card in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from posemu.card.chip import card_profiles
from posemu.profiles.data_files import SUFFIX, names_in
from posemu.profiles.pans import TestPans, TestPansError, load_test_pans, read_test_pans
from posemu.profiles.quantities import parse_amount
from posemu.scenario.problems import Problem, ScenarioError
from posemu.scenario.source_map import Source
from posemu.scenario.wording import problems_of
from posemu.shop.cashier import FORGOTTEN_PIN
from posemu.wire import Masked, mask_pan

PIN_DIGITS = 12
_FOLDER = files("posemu.scenario") / "people"
_KEYS = ["name", "pan", "expiry", "service_code", "pin", "chip", "balance"]
_NEEDED_KEYS = _KEYS[:5]
HAS_CHIP = ("2", "6")  # first digit of the service code (ISO/IEC 7813)
USUAL_CHIP = "credit-cda"
_OWN_NUMBERS = (
    "a laboratory's own numbers stand in a file that the scenario names, like test_pans: lab.yaml"
)


@dataclass(frozen=True, slots=True, repr=False)
class Person(Masked):
    """A test cardholder. `expiry` is YYMM; `chip` the profile of the card's chip, "" if it has
    none; without a balance the host's default holds."""

    name: str
    pan: str
    expiry: str
    service_code: str
    pin: str
    chip: str = ""
    balance_minor: int | None = None
    currency: str | None = None

    def masked(self) -> str:
        return f"{self.name}, {mask_pan(self.pan)}"


def _quoted(value: Any, what: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"{what} must stand in quotes")
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text")
    return str(value)


def _parse_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z .'/-]{1,25}", value):
        raise ValueError("a name is 2 to 26 letters as on a card: A to Z, space and .'/-")
    return str(value)


def _parse_pan(value: Any, info: ValidationInfo) -> str:
    """One of the test numbers that are the validation's context; an error names none of a
    laboratory's."""
    pan = _quoted(value, "a PAN")
    test_pans = info.context
    assert isinstance(test_pans, TestPans)
    if pan.startswith(test_pans.prefixes) or pan in test_pans.numbers:
        test_pans.check(pan)
    else:
        try:
            load_test_pans().check(pan)
        except ValueError as error:
            raise ValueError(f"{error}; {_OWN_NUMBERS}") from None
    return pan


def _parse_expiry(value: Any) -> str:
    expiry = _quoted(value, "an expiry date")
    if not re.fullmatch(r"\d\d(0[1-9]|1[0-2])", expiry, re.ASCII):
        raise ValueError('an expiry date is year and month, YYMM, like "3012"')
    return expiry


def _parse_service_code(value: Any) -> str:
    """Three digits with a meaning in ISO/IEC 7813."""
    code = _quoted(value, "a service code")
    if not re.fullmatch(r"[125679][024][0-7]", code):
        raise ValueError(
            "a service code is three digits of ISO/IEC 7813 "
            '(1, 2, 5, 6, 7 or 9; 0, 2 or 4; 0 to 7), like "101"'
        )
    return code


def _parse_pin(value: Any) -> str:
    pin = _quoted(value, "a PIN")
    if not re.fullmatch(rf"\d{{{PIN_DIGITS}}}", pin, re.ASCII):
        raise ValueError(f"a test PIN has {PIN_DIGITS} digits, so that it is not found by chance")
    if pin == FORGOTTEN_PIN:
        raise ValueError("a test PIN is not all zeros: that is what people type who forgot theirs")
    return pin


def _parse_chip(value: Any) -> str:
    """The name of a card's profile."""
    known = card_profiles()
    if value not in known:
        raise ValueError(f"a chip is one of {', '.join(known)}")
    return str(value)


def _parse_balance(value: Any) -> tuple[int, str]:
    return parse_amount(value), str(value).strip()[-3:]


class _PersonEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_parse_name)]
    pan: Annotated[str, BeforeValidator(_parse_pan)]
    expiry: Annotated[str, BeforeValidator(_parse_expiry)]
    service_code: Annotated[str, BeforeValidator(_parse_service_code)]
    pin: Annotated[str, BeforeValidator(_parse_pin)]
    chip: Annotated[str, BeforeValidator(_parse_chip)] | None = None
    balance: Annotated[tuple[int, str], BeforeValidator(_parse_balance)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.chip is not None and self.service_code[0] not in HAS_CHIP:
            raise ValueError(
                f"the card has a chip, and its service code {self.service_code} says that it has "
                f"none; write one that begins with {' or '.join(HAS_CHIP)}"
            )
        return self


def built_in_people() -> tuple[str, ...]:
    """The names of the files of people that come with posemu."""
    return names_in(_FOLDER)


@cache
def load_built_in(name: str) -> tuple[Person, ...]:
    """A file of people that comes with posemu. Raises FileNotFoundError if there is none."""
    return parse_people((_FOLDER / f"{name}{SUFFIX}").read_text("utf-8"), f"{name}{SUFFIX}")


def load_people(path: Path, test_pans: TestPans) -> tuple[Person, ...]:
    """The people in a file of the user's, who bear these numbers only. Raises `ScenarioError`,
    OSError, UnicodeDecodeError."""
    return parse_people(path.read_text("utf-8-sig"), str(path), test_pans)


def load_laboratory(path: Path) -> TestPans:
    """Posemu's test numbers, and those of a laboratory's file.

    Raises `ScenarioError`, which shows no digit of the file, OSError, UnicodeDecodeError.
    """
    text = path.read_text("utf-8-sig")
    problems: Iterable[Problem]
    try:
        source = Source(text, str(path))
        if not source.problems:
            return read_test_pans(path.absolute())  # so it is never called as posemu's own file is
        problems = source.problems
    except ScenarioError as error:
        problems = error.problems
    except TestPansError as error:
        message = f"{error.place} is wrong; {error.reason}"
        problems = [source.problem((error.place,), message, at_key=True)]
    raise ScenarioError(
        problem._replace(message=re.sub(r"\d{4,}", "***", problem.message)) for problem in problems
    )


def parse_people(text: str, file: str, test_pans: TestPans | None = None) -> tuple[Person, ...]:
    """The people written in `text`; `file` is what errors call it. They bear these test numbers
    (default: posemu's). Raises `ScenarioError`."""
    context = test_pans or load_test_pans()
    source = Source(text, file)
    problems = list(source.problems)
    entries = source.data
    if not isinstance(entries, list) or not entries:
        message = f"the file is {source.found(())}; it must be a list of people"
        raise ScenarioError([*problems, source.problem((), message)])
    people: list[Person] = []
    seen: dict[str, int] = {}
    for i, entry in enumerate(entries):
        try:
            person = _build(_PersonEntry.model_validate(entry, context=context))
        except ValidationError as error:
            problems += _masked(problems_of(error, source, lambda _: (_KEYS, _NEEDED_KEYS), (i,)))
            continue
        first = seen.setdefault(person.pan, i)
        if first != i:
            message = f"pan is that of person {first + 1} too; everyone needs a card of their own"
            problems.append(source.problem((i, "pan"), message))
        people.append(person)
    if problems:
        raise ScenarioError(problems)
    return tuple(people)


def _build(entry: _PersonEntry) -> Person:
    """A card whose service code says that it has a chip has one."""
    minor, currency = entry.balance if entry.balance is not None else (None, None)
    usual = USUAL_CHIP if entry.service_code[0] in HAS_CHIP else ""
    return Person(
        entry.name, entry.pan, entry.expiry, entry.service_code, entry.pin, entry.chip or usual,
        minor, currency,
    )  # fmt: skip


def _masked(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The same problems without what was found: it may be a card number or a PIN, in any place."""
    for problem in problems:
        message = re.sub(r"^(\w+) is [^;]*;", r"\1 is wrong;", problem.message)
        yield problem._replace(message=re.sub(r"\d{7,}", "***", message))
