"""The one place where sensitive values are masked.

At most the first six and the last four digits of a PAN may be shown; the
customer's copy shows the last four. Everything else that is sensitive shows its kind and its
size, enciphered or not.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NoReturn, SupportsIndex

from posemu.wire.iso8583.codings import Value
from posemu.wire.iso8583.dialect import Field

_FIRST = 6
_LAST = 4
_PAN_MIN_FOR_FIRST = 13
"""Below this a first six and last four would leave fewer than three digits hidden."""
_PAN_MIN_FOR_LAST = 8


def mask_pan(pan: str) -> str:
    """First six and last four: 400000******0002.

    A shorter number than 13 digits shows the last four only. PCI DSS 4.0 3.4.1.
    """
    if len(pan) < _PAN_MIN_FOR_FIRST:
        return mask_pan_customer(pan)
    return pan[:_FIRST] + "*" * (len(pan) - _FIRST - _LAST) + pan[-_LAST:]


def mask_pan_customer(pan: str) -> str:
    """The last four: ************0002. A shorter number than 8 digits shows none.
    PCI DSS 4.0 3.4.1."""
    if len(pan) < _PAN_MIN_FOR_LAST:
        return "*" * len(pan)
    return "*" * (len(pan) - _LAST) + pan[-_LAST:]


def mask_field(field: Field, value: Value) -> str:
    """The value of a decoded field as any display may show it; bytes become upper-case hex."""
    if field.sensitive == "pan" and isinstance(value, str):
        return mask_pan(value)
    if field.sensitive is not None:
        unit = "characters" if isinstance(value, str) else "bytes"
        return f"*** {field.sensitive}, {len(value)} {unit}"
    return value if isinstance(value, str) else bytes(value).hex().upper()


class Masked(ABC):
    """Base of sensitive values: as text they show `masked()`, and they cannot be pickled.

    Comparing and hashing use the clear value.
    """

    __slots__ = ()

    @abstractmethod
    def masked(self) -> str:
        """What may be shown."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is sensitive and cannot be pickled or copied")


class Fields(dict[int, Value]):
    """The fields of a decoded message, number -> value. As text it shows `mask_field` of each, so
    that a message that is printed or logged whole gives nothing away; a single value is clear.
    Made by a codec, with a class of its own for each dialect."""

    __slots__ = ()
    known: ClassVar[Mapping[int, Field]] = {}

    def __repr__(self) -> str:
        known = self.known
        shown = (f"{number}: {mask_field(known[number], self[number])}" for number in self)
        return f"Fields({', '.join(shown)})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("the fields of a message are sensitive and cannot be pickled or copied")
