"""Reads a dialect of ISO 8583 from its file in `dialects/`.

The file is for people (see the head of any of them); pydantic checks its shape here, at the edge,
and what comes out is the plain `posemu.wire.Dialect`, which checks its own sense. An error names
the file, the place in it and what to write.
"""

import re
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
from posemu.wire import Dialect, DialectError, Field, Fixed, Header, Prefixed

_FOLDER = files("posemu.profiles") / "dialects"

Tpdu = Annotated[str, StringConstraints(pattern=r"^60[0-9]{8}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class DialectFileError(DataFileError):
    """A dialect's file that cannot be used."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Prefixed(_Model):
    prefix: Literal["L", "LL", "LLL", "LLLL"]
    max: int
    encoding: str


class _Field(_Model):
    name: Name
    type: str
    length: int | _Prefixed
    encoding: str
    en: str
    zh: str
    sensitive: str | None = None
    note: str = ""

    def build(self, number: int) -> Field:
        rule: Fixed | Prefixed
        if isinstance(self.length, int):
            rule = Fixed(self.length)
        else:
            rule = Prefixed(len(self.length.prefix), self.length.max, self.length.encoding)
        text = {"en": self.en, "zh": self.zh}
        return Field(
            number, self.name, self.type, rule, self.encoding, self.sensitive, text, self.note
        )


class _Header(_Model):
    tpdu: Tpdu


class _Dialect(_Model):
    name: Name
    note: str
    header: _Header
    mti: str
    bitmap: str
    fields: dict[int, _Field]
    mac_field: int | None = None

    def build(self) -> Dialect:
        return Dialect(
            name=self.name,
            note=self.note,
            header=Header(bytes.fromhex(self.header.tpdu)),
            mti=self.mti,
            bitmap=self.bitmap,
            fields=tuple(self.fields[number].build(number) for number in sorted(self.fields)),
            mac_field=self.mac_field,
        )


_BRANCHES = ("int", _Prefixed.__name__)
"""Where pydantic says which form of `length` it tried; no place in the file."""


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


def parse_dialect(text: str, file: str) -> Dialect:
    """The dialect written in `text`; `file` is what errors call it. Raises `DialectFileError`."""
    try:
        model = _Dialect.model_validate(_read(text, file))
        if f"{model.name}{SUFFIX}" != file:
            raise DialectFileError(file, "name", f"must be that of the file, not {model.name!r}")
        return model.build()
    except ValidationError as error:
        deepest = max(error.errors(), key=lambda found: len(found["loc"]))
        parts = [str(part) for part in deepest["loc"] if part not in _BRANCHES]
        raise DialectFileError(file, ".".join(parts) or "top", deepest["msg"]) from None
    except DialectError as error:
        raise DialectFileError(file, error.field, error.reason) from None


def _read(text: str, file: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"line {line[1]}" if line else "top"
        problem = getattr(error, "problem", None) or "is not YAML"
        raise DialectFileError(file, place, str(problem)) from None
