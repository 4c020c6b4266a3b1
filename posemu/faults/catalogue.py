"""The catalogue of failure modes: one small file each in `catalogue/`, checked and made ready here.

An entry says what the failure is called, which seed article names it, which part it strikes, by
which mechanism, with which parameters, and what a correct terminal does about it. The articles hold
no figures, so every default says where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from posemu.profiles.distributions import DurationDistribution, parse_duration_distribution
from posemu.profiles.quantities import (
    Count,
    Duration,
    Gain,
    Number,
    OneOf,
    Probability,
    Signal,
    Switch,
)
from posemu.sim.distributions import Distribution

_FOLDER = files("posemu.faults") / "catalogue"
_SUFFIX = ".yaml"

Target = Literal["till", "site", "host"]
Shape = Literal["static", "spell", "moment"]
TriggerName = Literal["always", "at", "on", "rate"]
_TYPES: dict[str, Any] = {
    "duration": Duration,
    "signal": Signal,
    "gain": Gain,
    "probability": Probability,
    "count": Count,
    "number": Number,
    "switch": Switch,
    "distribution": DurationDistribution,
}


class CatalogueError(Exception):
    """An entry that cannot be used: which file, where in it, and what is wrong."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(file, place, reason)
        self.file = file
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in both languages."""

    en: str
    zh: str

    def of(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter; `written` is the default as the file has it, `default` what that means."""

    name: str
    kind: str
    annotation: Any
    """The type to validate a value with, for pydantic."""
    written: Any
    default: Any
    text: Text
    source: str
    choices: tuple[str, ...]

    @property
    def default_text(self) -> str:
        return _written(self.written)


@dataclass(frozen=True, slots=True)
class FailureMode:
    """An entry of the catalogue, ready for use."""

    id: str
    name: Text
    seeds: tuple[str, ...]
    """Article and line, "002:26"."""
    component: str
    target: Target
    """What it strikes: one till (or all of them), the site, or the host."""
    mechanism: str
    shape: Shape
    """static: it holds; spell: it begins, lasts and ends; moment: it acts on what comes next."""
    params: Mapping[str, Param]
    span: Distribution | None
    """How long a spell lasts in µs, unless the scenario says so."""
    span_text: str
    span_source: str
    correct: Text
    triggers: tuple[TriggerName, ...]
    control: bool
    """A negative control: it must make a check fail."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Source = Annotated[_Words, StringConstraints(min_length=12)]


class _Text(_Model):
    en: _Words
    zh: _Words


class _Param(_Text):
    type: Literal[
        "duration", "signal", "gain", "probability", "count", "number", "switch",
        "distribution", "choice", "code",
    ]  # fmt: skip
    default: Any
    source: _Source
    choices: tuple[str, ...] = ()
    above_zero: bool = False

    def build(self, name: str) -> Param:
        annotation = self._annotation()
        default = TypeAdapter(annotation).validate_python(self.default)
        words = Text(self.en, self.zh)
        return Param(
            name, self.type, annotation, self.default, default, words, self.source, self.choices
        )

    def _annotation(self) -> Any:
        if self.type in ("choice", "code"):
            return Annotated[str, OneOf("it", self.choices)]
        if self.above_zero:
            return Annotated[_TYPES[self.type], AfterValidator(_above_zero)]
        return _TYPES[self.type]


class _Span(_Model):
    value: Any
    source: _Source


class _Entry(_Model):
    id: str
    name: _Text
    seeds: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^00[0-4]:\d+$")], ...], ...]
    component: _Words
    target: Target
    mechanism: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
    shape: Shape
    params: dict[str, _Param] = {}
    default_for: _Span | None = None
    correct: _Text
    triggers: tuple[TriggerName, ...] = ("always", "at", "on", "rate")
    control: bool = False


def failure_modes() -> tuple[str, ...]:
    """The ids of all failure modes, in order."""
    found = (entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(_SUFFIX))
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found))


@cache
def load_failure_mode(mode_id: str) -> FailureMode:
    """One entry; read once. Raises `CatalogueError`, also for an id there is no file of."""
    if mode_id not in failure_modes():
        raise CatalogueError(f"{mode_id}{_SUFFIX}", "id", "the catalogue has no such entry")
    file = f"{mode_id}{_SUFFIX}"
    return parse_failure_mode((_FOLDER / file).read_text("utf-8"), file)


@cache
def load_catalogue() -> dict[str, FailureMode]:
    """The whole catalogue by id, in order; read once. Raises `CatalogueError`."""
    return {mode_id: load_failure_mode(mode_id) for mode_id in failure_modes()}


def parse_failure_mode(text: str, file: str) -> FailureMode:
    """The entry written in `text`; `file` is what errors call it. Raises `CatalogueError`."""
    try:
        entry = _Entry.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        raise CatalogueError(file, "top", str(getattr(error, "problem", error))) from None
    except ValidationError as error:
        raise _first_of(error, file, ()) from None
    if f"{entry.id}{_SUFFIX}" != file:
        raise CatalogueError(file, "id", f"must be that of the file, not {entry.id!r}")
    if (entry.shape == "spell") != (entry.default_for is not None):
        raise CatalogueError(file, "default_for", "a spell has one, nothing else does")
    return _build(entry, file)


def _build(entry: _Entry, file: str) -> FailureMode:
    params = {}
    for name, param in entry.params.items():
        try:
            params[name] = param.build(name)
        except ValidationError as error:
            raise _first_of(error, file, ("params", name, "default")) from None
    span = None
    if entry.default_for is not None:
        try:
            span = parse_duration_distribution(entry.default_for.value)
        except ValueError as error:
            raise CatalogueError(file, "default_for.value", str(error)) from None
    return FailureMode(
        id=entry.id,
        name=Text(entry.name.en, entry.name.zh),
        seeds=entry.seeds,
        component=entry.component,
        target=entry.target,
        mechanism=entry.mechanism,
        shape=entry.shape,
        params=MappingProxyType(params),
        span=span,
        span_text=_written(entry.default_for.value) if entry.default_for else "",
        span_source=entry.default_for.source if entry.default_for else "",
        correct=Text(entry.correct.en, entry.correct.zh),
        triggers=entry.triggers,
        control=entry.control,
    )


def _first_of(error: ValidationError, file: str, before: tuple[str, ...]) -> CatalogueError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in (*before, *first["loc"])) or "top"
    return CatalogueError(file, place, first["msg"])


def _above_zero(value: float) -> float:
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def _written(value: Any) -> str:
    """The value as a scenario file has it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    return str(value)
