"""A message as a table for people: every field with its name, sensitive values masked."""

from typing import NamedTuple

from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.codec import Codec
from posemu.wire.mask import mask_field


class Row(NamedTuple):
    """One field; number 0 is the MTI."""

    number: int
    name: str
    value: str


class Explanation(NamedTuple):
    """The rows that could be read, and what stopped the reading, or None."""

    rows: list[Row]
    error: DecodeError | None


def explain(codec: Codec, data: bytes, lang: str = "en") -> Explanation:
    """Read `data` (from the MTI on) as far as it goes; never raises for malformed bytes."""
    rows: list[Row] = []
    try:
        for field, value in codec.scan(data):
            rows.append(Row(field.number, field.title(lang), mask_field(field, value)))
    except DecodeError as error:
        return Explanation(rows, error)
    return Explanation(rows, None)
