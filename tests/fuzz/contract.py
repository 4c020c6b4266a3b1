"""What every decoder owes whoever sends it bytes.

In the real world these bytes come from a line, a card, a stripe or a code on a wall: anybody's.
Whatever they are, a decoder either takes them, and where the format is canonical writes the same
bytes again, or refuses them with an error of its room that says where and why, and shows nothing
of what was sent. An IndexError, a UnicodeDecodeError, a RecursionError or a wrong answer is a
finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posemu.crypto import CryptoError
from posemu.wire import DecodeError, WireError

REASON_MAX = 240
"""Characters of an error: longer ones would carry what was sent."""
BITS = 8

Seeds = tuple[tuple[str, str], ...]
"""(kind, input) of published vectors whose bytes are worth starting from."""


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder under the contract.

    `read` takes any bytes and asserts what it can about what comes out. `loose` says why what was
    read may be written otherwise than it stood; "": the format is canonical, and `read` compares.
    `refusals` are the errors that may come out. Offsets of errors may go up to `units` for each
    byte. `frame` turns the bytes of a vector into the input of `read`.
    """

    name: str
    read: Callable[[bytes], None]
    loose: str = ""
    refusals: tuple[type[Exception], ...] = (DecodeError,)
    units: int = 1
    seeds: Seeds = ()
    made: Callable[[], list[bytes]] = list
    frame: Callable[[bytes], bytes] = bytes
    heavy: bool = False


def keep(target: Target, data: bytes) -> Exception | None:
    """Hold `target` against its contract for `data`; the refusal, or None where `data` was taken.

    Raises AssertionError, or whatever a decoder lets out that it may not.
    """
    try:
        target.read(data)
    except target.refusals as error:
        _check_refusal(target, data, error)
        return error
    return None


def _check_refusal(target: Target, data: bytes, error: Exception) -> None:
    text = str(error)
    if isinstance(error, WireError | CryptoError):
        assert 0 < len(text) <= REASON_MAX, f"an error of {len(text)} characters"
    assert str(type(error)(*error.args)) == text, "the error is not rebuilt from its args"
    if isinstance(error, DecodeError):
        assert error.field, "the error names no field"
        assert error.reason, "the error gives no reason"
        last = len(data) * target.units
        assert 0 <= error.offset <= last, f"offset {error.offset} of {last}"


def text_of(data: bytes) -> str:
    """Any text, lone surrogates included, out of any bytes."""
    return data.decode("utf-8", "surrogateescape")


def bits_of(data: bytes) -> bytes:
    """Each bit as one byte, the highest first."""
    return bytes(byte >> place & 1 for byte in data for place in range(BITS - 1, -1, -1))


def pieces_of(data: bytes) -> list[bytes]:
    """`data` as pieces, each behind a byte that tells its length; the last one may be shorter."""
    pieces = []
    place = 0
    while place < len(data):
        end = place + 1 + data[place]
        pieces.append(data[place + 1 : end])
        place = end
    return pieces


def pieced(*pieces: bytes) -> bytes:
    """The reverse of `pieces_of`, for pieces of up to 255 bytes."""
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def parts_of(data: bytes, count: int) -> list[bytes]:
    """Exactly `count` pieces: missing ones are empty, others are left out."""
    return [*pieces_of(data), *[b""] * count][:count]
