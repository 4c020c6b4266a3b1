"""Reads a dialect of ISO 8583 from its file in `dialects/`.

The file is for people (see the head of any of them); pydantic checks its shape here, at the edge,
and what comes out is the plain `posemu.wire.Dialect`, which checks its own sense. An error names
the file, the place in it and what to write. A user's own file is read by its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
from posemu.profiles.yaml_places import place_in, read_yaml
from posemu.wire import Dialect, DialectError, Field, Fixed, Header, Prefixed

_FOLDER = files("posemu.profiles") / "dialects"

Tpdu = Annotated[str, StringConstraints(pattern=r"^60[0-9]{8}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class DialectFileError(DataFileError):
    """A dialect's file that cannot be used."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Fixed(_Model):
    fixed: int
    counts: str

    def build(self) -> Fixed:
        return Fixed(self.fixed, self.counts)


class _Prefixed(_Model):
    prefix: Literal["L", "LL", "LLL", "LLLL", "LLLLL", "LLLLLL"]
    max: int
    encoding: str
    counts: str = "units"

    def build(self) -> Prefixed:
        return Prefixed(len(self.prefix), self.max, self.encoding, self.counts)


def _length_form(value: Any) -> str:
    if not isinstance(value, dict):
        return _NUMBER
    return _FIXED if "fixed" in value and "prefix" not in value else _PREFIXED


_NUMBER, _FIXED, _PREFIXED = _BRANCHES = ("<number>", "<fixed>", "<prefixed>")
"""The forms of `length`, as pydantic says which one it tried; no place in the file."""
_Length = Annotated[
    Annotated[int, Tag(_NUMBER)]
    | Annotated[_Fixed, Tag(_FIXED)]
    | Annotated[_Prefixed, Tag(_PREFIXED)],
    Discriminator(_length_form),
]


class _Message(_Model):
    """A message inside a field: a dialect without header and MTI."""

    fields: dict[int, _Field]
    bitmap: str
    bitmaps: int = 1
    secondary: str = "needed"

    def build(self, name: str) -> Dialect:
        return Dialect(
            name=name,
            note="",
            header=Header(b"", "none"),
            mti="",
            bitmap=self.bitmap,
            fields=_build_fields(self.fields),
            bitmaps=self.bitmaps,
            secondary=self.secondary,
        )


class _Inside(_Model):
    """What stands inside a field; exactly one of the three."""

    subfields: dict[int, _Field] | None = None
    tlv: Literal[True] | None = None
    message: _Message | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.subfields, self.tlv, self.message].count(None) != 2:
            raise ValueError("write one of subfields, tlv: true, message")
        return self

    def build(self, name: str) -> tuple[Field, ...] | Literal["tlv"] | Dialect:
        if self.message is not None:
            return self.message.build(name)
        return _build_fields(self.subfields) if self.subfields is not None else "tlv"


class _Field(_Model):
    name: Name
    type: str
    length: _Length
    encoding: str
    en: str
    zh: str
    sensitive: str | None = None
    note: str = ""
    pad: str = "left-0"
    inside: _Inside | None = None

    def build(self, number: int) -> Field:
        return Field(
            number,
            self.name,
            self.type,
            Fixed(self.length) if isinstance(self.length, int) else self.length.build(),
            self.encoding,
            self.sensitive,
            {"en": self.en, "zh": self.zh},
            self.note,
            self.pad,
            None if self.inside is None else self.inside.build(self.name),
        )


def _build_fields(fields: Mapping[int, _Field]) -> tuple[Field, ...]:
    return tuple(fields[number].build(number) for number in sorted(fields))


class _Header(_Model):
    tpdu: Tpdu | None = None
    length: str = "binary2"
    inclusive: bool = False
    private: _Field | None = None

    def build(self) -> Header:
        return Header(
            bytes.fromhex(self.tpdu or ""),
            self.length,
            self.inclusive,
            None if self.private is None else self.private.build(0),
        )


class _Dialect(_Model):
    name: Name
    note: str
    header: _Header
    mti: str
    bitmap: str
    fields: dict[int, _Field]
    mac_field: int | None = None
    version: str = "1987"
    mti_type: str = "n"
    later_bitmaps: str | None = None
    bitmaps: int = 2
    secondary: str = "needed"
    response_codes: str | None = None

    def build(self) -> Dialect:
        return Dialect(
            name=self.name,
            note=self.note,
            header=self.header.build(),
            mti=self.mti,
            bitmap=self.bitmap,
            fields=_build_fields(self.fields),
            mac_field=self.mac_field,
            version=self.version,
            mti_type=self.mti_type,
            later_bitmaps=self.later_bitmaps,
            bitmaps=self.bitmaps,
            secondary=self.secondary,
            response_codes=self.response_codes,
        )


@cache
def load_dialect(name: str) -> Dialect:
    """The dialect of that name; read once.

    Raises `DialectFileError`, also for a name there is no file of.
    """
    names = dialect_names()
    if name not in names:
        raise DialectFileError(f"{name}{SUFFIX}", "name", f"there are only: {', '.join(names)}")
    return parse_dialect((_FOLDER / f"{name}{SUFFIX}").read_text("utf-8"), f"{name}{SUFFIX}")


def dialect_names() -> tuple[str, ...]:
    """The names of all dialects that come with posemu, in order."""
    return names_in(_FOLDER)


def read_dialect(path: Path) -> Dialect:
    """The dialect in a user's own file. Raises `DialectFileError`, also for a file that cannot be
    read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise DialectFileError(path.name, "top", f"cannot be read: {reason}") from None
    return parse_dialect(text, path.name)


def is_dialect(text: str) -> bool:
    """Whether a file of YAML means to be a dialect, right or wrong: it has `mti` and `fields`."""
    try:
        document = read_yaml(text, "", DialectFileError)
    except DialectFileError:
        return False
    return isinstance(document, dict) and {"mti", "fields"} <= set(document)


def parse_dialect(text: str, file: str) -> Dialect:
    """The dialect written in `text`; `file` is what errors call it. Raises `DialectFileError`."""
    try:
        model = _Dialect.model_validate(read_yaml(text, file, DialectFileError))
        if f"{model.name}{SUFFIX}" != file:
            raise DialectFileError(file, "name", f"must be that of the file, not {model.name!r}")
        return model.build()
    except ValidationError as error:
        deepest = max(error.errors(), key=lambda found: len(found["loc"]))
        place = place_in(text, [part for part in deepest["loc"] if part not in _BRANCHES])
        raise DialectFileError(file, place, deepest["msg"]) from None
    except DialectError as error:
        if error.dialect != model.name:  # a message inside a field, which has its name
            raise DialectFileError(file, f"{error.dialect}.{error.field}", error.reason) from None
        place = place_in(text, _keys(error.field), error.field)
        raise DialectFileError(file, place, error.reason) from None


def _keys(label: str) -> list[str]:
    """The keys of the file that lead to what a dialect calls "DE60.2", "MTI" or "header.length"."""
    if not label.startswith("DE"):
        return label.lower().split(".")
    number, *subfields = label.removeprefix("DE").split(".")
    keys = ["fields", number]
    for subfield in subfields:
        keys += ["inside", "subfields", subfield]
    return keys
