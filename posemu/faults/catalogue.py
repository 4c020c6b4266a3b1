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
from typing import Annotated, Any, Literal, TypeVar

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

from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
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
    above_zero,
)
from posemu.sim.distributions import Distribution

_FOLDER = files("posemu.faults") / "catalogue"

Target = Literal["till", "site", "host"]
Shape = Literal["static", "spell", "moment"]
TriggerName = Literal["always", "at", "on", "rate", "spells"]
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


class CatalogueError(DataFileError):
    """An entry of the catalogue that cannot be used."""


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


Seeds = tuple[Annotated[str, StringConstraints(pattern=r"^00[0-4]:\d+$")], ...]


class EntryModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Source = Annotated[_Words, StringConstraints(min_length=12)]


class TextEntry(EntryModel):
    en: _Words
    zh: _Words


class ParamEntry(TextEntry):
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
            return Annotated[_TYPES[self.type], AfterValidator(above_zero)]
        return _TYPES[self.type]


class _Span(EntryModel):
    value: Any
    source: _Source


class CatalogueEntry(EntryModel):
    """What a failure mode and an intervention have in common."""

    id: str
    name: TextEntry
    seeds: Seeds
    mechanism: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
    params: dict[str, ParamEntry] = {}


_E = TypeVar("_E", bound=CatalogueEntry)


class _Entry(CatalogueEntry):
    component: _Words
    target: Target
    shape: Shape
    default_for: _Span | None = None
    correct: TextEntry
    triggers: tuple[TriggerName, ...] = ("always", "at", "on", "rate", "spells")
    control: bool = False


def failure_modes() -> tuple[str, ...]:
    """The ids of all failure modes, in order."""
    return names_in(_FOLDER)


@cache
def load_failure_mode(mode_id: str) -> FailureMode:
    """One entry; read once. Raises `CatalogueError`, also for an id there is no file of."""
    if mode_id not in failure_modes():
        raise CatalogueError(f"{mode_id}{SUFFIX}", "id", "the catalogue has no such entry")
    file = f"{mode_id}{SUFFIX}"
    return parse_failure_mode((_FOLDER / file).read_text("utf-8"), file)


@cache
def load_catalogue() -> dict[str, FailureMode]:
    """The whole catalogue by id, in order; read once. Raises `CatalogueError`."""
    return {mode_id: load_failure_mode(mode_id) for mode_id in failure_modes()}


def parse_failure_mode(text: str, file: str) -> FailureMode:
    """The entry written in `text`; `file` is what errors call it. Raises `CatalogueError`."""
    entry = read_entry(_Entry, text, file)
    if (entry.shape == "spell") != (entry.default_for is not None):
        raise CatalogueError(file, "default_for", "a spell has one, nothing else does")
    return _build(entry, file)


def read_entry(model: type[_E], text: str, file: str) -> _E:
    """An entry of this catalogue or of that of interventions. Raises `CatalogueError`."""
    try:
        entry = model.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        raise CatalogueError(file, "top", str(getattr(error, "problem", error))) from None
    except ValidationError as error:
        raise _first_of(error, file, ()) from None
    if f"{entry.id}{SUFFIX}" != file:
        raise CatalogueError(file, "id", f"must be that of the file, not {entry.id!r}")
    return entry


def build_params(entries: Mapping[str, ParamEntry], file: str) -> Mapping[str, Param]:
    """The parameters of an entry, with their defaults read. Raises `CatalogueError`."""
    params = {}
    for name, param in entries.items():
        try:
            params[name] = param.build(name)
        except ValidationError as error:
            raise _first_of(error, file, ("params", name, "default")) from None
    return MappingProxyType(params)


def _build(entry: _Entry, file: str) -> FailureMode:
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
        params=build_params(entry.params, file),
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


def _written(value: Any) -> str:
    """The value as a scenario file has it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    return str(value)
