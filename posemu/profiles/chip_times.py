"""How long a chip reader and a chip take for what the standards leave open to them: clock, reset,
computing, writing. Data in `chip_times/`, checked here.

In the real world each reader and each chip has its own; a clock or a reset outside the limits of
EMV Book 1 would be no payment reader. Promised: an error names the file and the place in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
from posemu.profiles.quantities import Duration
from posemu.profiles.yaml_places import check_name, place_in, read_yaml

_FOLDER = files("posemu.profiles") / "chip_times"


@dataclass(frozen=True, slots=True)
class ChipTimes:
    """Times in µs, and in cycles of the clock where the standard counts so.

    Of the reader: `clock_hz` [1/s], `activation_us` from the card's arrival to the reset,
    `reset_cycles` of RST low, `deactivation_us`. Of the card: `atr_cycles` before its first
    character, `command_us` for any command, `rsa_1024_us` for a private operation of 1024 bits,
    `write_us` for one field of non-volatile memory.
    """

    clock_hz: int
    activation_us: int
    reset_cycles: int
    deactivation_us: int
    atr_cycles: int
    command_us: int
    rsa_1024_us: int
    write_us: int


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reader(_Model):
    clock_hz: Annotated[int, Field(ge=1_000_000, le=5_000_000, strict=True)]  # Book 1, 5.5.4
    activation: Duration
    reset_cycles: Annotated[int, Field(ge=40_000, le=45_000, strict=True)]  # Book 1, 6.1.3.1
    deactivation: Duration


class _Card(_Model):
    atr_cycles: Annotated[int, Field(ge=400, le=40_000, strict=True)]  # Book 1, 6.1.3.1
    command: Duration
    rsa_1024: Duration
    write: Duration


class _File(_Model):
    name: str
    reader: _Reader
    card: _Card


def chip_times_names() -> tuple[str, ...]:
    """The files of times that come with posemu, in order."""
    return names_in(_FOLDER)


@cache
def load_chip_times(name: str) -> ChipTimes:
    """The times of that name; read once. Raises `DataFileError`, also for a name there is no file
    of."""
    file = f"{name}{SUFFIX}"
    if name not in chip_times_names():
        raise DataFileError(file, "name", f"there are only: {', '.join(chip_times_names())}")
    return parse_chip_times((_FOLDER / file).read_text("utf-8"), file)


def parse_chip_times(text: str, file: str) -> ChipTimes:
    """The times written in `text`, which errors call `file`. Raises `DataFileError`."""
    try:
        model = _File.model_validate(read_yaml(text, file))
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise DataFileError(file, place_in(text, list(first["loc"])), reason) from None
    check_name(model.name, text, file)
    reader, card = model.reader, model.card
    return ChipTimes(
        clock_hz=reader.clock_hz,
        activation_us=reader.activation,
        reset_cycles=reader.reset_cycles,
        deactivation_us=reader.deactivation,
        atr_cycles=card.atr_cycles,
        command_us=card.command,
        rsa_1024_us=card.rsa_1024,
        write_us=card.write,
    )
