"""What goes wrong on a wire.

Every error says which field, where and why, and never holds the value: a refused message may
carry card data, and an error travels into logs, traces and screens. Each class is rebuildable
from its `args`, because a simulation re-raises copies of the exceptions of its processes.
"""


class WireError(Exception):
    """Base of every error of this room."""


class DialectError(WireError):
    """A dialect contradicts itself. Raised when the dialect is built, never by a message."""

    def __init__(self, dialect: str, field: str, reason: str) -> None:
        super().__init__(dialect, field, reason)
        self.dialect = dialect
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"dialect {self.dialect}, {self.field}: {self.reason}"


class DecodeError(WireError):
    """Bytes that are not what they should be.

    `field` is "MTI", "bitmap", "DE52", "TPDU", "track 2" ...; `offset` counts from 0 in the unit
    of the input: bytes of a message or a stream, bits of a swipe, characters of a text.
    """

    def __init__(self, field: str, offset: int, reason: str) -> None:
        super().__init__(field, offset, reason)
        self.field = field
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field} at offset {self.offset}: {self.reason}"


class TrackError(DecodeError):
    """A track that cannot be read; the offset counts bits of a swipe, characters of a text."""


class EncodeError(WireError):
    """Values that cannot be put on the wire. The fault is the caller's."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"
