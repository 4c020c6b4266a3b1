"""Messages in a byte stream: a length, a TPDU of five bytes, a private header, the message.

A TCP connection keeps no borders: one read may give half a message or three of them. `Deframer`
takes whatever comes and gives whole frames; how the stream was cut never changes which. A stream
that cannot be right (a length that is too short or too long, a TPDU of another kind) is refused
as soon as its first wrong byte is there, so a hostile peer makes nobody wait or buffer.

    +--------+--------+----+-------------+--------+-------------+
    | length, big end | 60 | destination | source |   message   |
    +--------+--------+----+-------------+--------+-------------+
         2 bytes        1         2           2       1 or more      length counts from the 60 on

The TPDU (transport protocol data unit) routes a message through a network access controller. An
answer goes back with the addresses swapped. Peers differ in the length (`length_header`), in
whether there is a TPDU, and in what stands between it and the MTI: `split_head` and `join_head`
know the private header of a dialect.
"""

from typing import NamedTuple

from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.iso8583.codings import Value
from posemu.wire.iso8583.dialect import Header
from posemu.wire.iso8583.length_header import LengthHeader, length_header
from posemu.wire.iso8583.plan import single_step

TPDU_ID = 0x60
TPDU_WIDTH = 5
FRAME_MAX = 8192
"""Default bound of what the length may announce; far above any message of ours."""
_LENGTH_AND_TPDU = Header(bytes(TPDU_WIDTH))


class Frame(NamedTuple):
    """One message and the 5 bytes of TPDU it came with (none: empty)."""

    tpdu: bytes
    payload: bytes


class Head(NamedTuple):
    """What stands before the MTI: the TPDU (none: empty), the private header or None, and the
    offset of the MTI."""

    tpdu: bytes
    private: Value | None
    end: int


def frame(payload: bytes, tpdu: bytes, header: Header = _LENGTH_AND_TPDU) -> bytes:
    """`payload` behind its length and `tpdu`, ready to send; `tpdu` is empty where the `header` of
    the dialect has none. Raises `EncodeError`."""
    if header.tpdu or tpdu:
        _check_tpdu(tpdu)
    row = length_header(header.length, header.inclusive)
    length = len(tpdu) + len(payload)
    if not payload or length > row.max:
        raise EncodeError("frame", f"a message is 1 to {row.max - len(tpdu)} bytes long")
    return row.write(length) + tpdu + payload


def answer_tpdu(tpdu: bytes) -> bytes:
    """The TPDU of the answer: source and destination swapped. Raises `EncodeError`."""
    _check_tpdu(tpdu)
    return tpdu[:1] + tpdu[3:5] + tpdu[1:3]


def join_head(header: Header, tpdu: bytes, private: Value | None = None) -> bytes:
    """What stands between the length and the MTI: `tpdu` and the private header, each only where
    the dialect has it. Raises `EncodeError`."""
    if header.tpdu or tpdu:
        _check_tpdu(tpdu)
    if header.private is None:
        if private is not None:
            raise EncodeError("header", "the dialect has no private header")
        return tpdu
    if private is None:
        raise EncodeError("header", "the dialect has a private header, so give one")
    return tpdu + single_step(header.private, "header").pack({header.private.number: private})


def split_head(header: Header, data: bytes) -> Head:
    """The TPDU and the private header of `data`, which begins behind the length. Raises
    `DecodeError`."""
    start = 0
    if header.tpdu:
        start = TPDU_WIDTH
        if data[:1] != bytes([TPDU_ID]) and data:
            raise DecodeError("TPDU", 0, f"starts with {data[0]:02X}, not 60")
        if len(data) < start:
            raise DecodeError("TPDU", len(data), "the message ends inside the TPDU")
    if header.private is None:
        return Head(data[:start], None, start)
    values: list[Value] = []
    end = single_step(header.private, "header").unpack(data, start, values)
    return Head(data[:start], values[0], end)


def _check_tpdu(tpdu: bytes) -> None:
    if len(tpdu) != TPDU_WIDTH or tpdu[0] != TPDU_ID:
        raise EncodeError("TPDU", "must be 5 bytes, the first of them 60")


class Deframer:
    """Cuts a received stream into frames; `header` is that of the dialect (a dialect whose length
    is "none" has no stream to cut).

    Holds at all times: `pending` bytes wait for the rest of their frame, never more than one
    frame's worth; once `error` is set the stream is lost and nothing more comes out.
    """

    __slots__ = ("_buffer", "_consumed", "_frame_max", "_head", "_length", "_tpdu_width", "error")

    def __init__(self, frame_max: int = FRAME_MAX, header: Header = _LENGTH_AND_TPDU) -> None:
        self._buffer = b""
        self._consumed = 0
        self._length: LengthHeader = length_header(header.length, header.inclusive)
        self._frame_max = min(frame_max, self._length.max)
        self._head = self._length.width
        self._tpdu_width = TPDU_WIDTH if header.tpdu else 0
        self.error: DecodeError | None = None
        """Why the stream is lost; the offset counts from the first byte ever fed."""

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take received bytes; return the frames that became whole, in order.

        Raises `DecodeError` when the stream is lost and no whole frame stands before the wrong
        byte. Otherwise the frames are returned first, `error` tells at once, and the next call
        raises.
        """
        if self.error is None and not self._buffer:
            whole = self._whole(data)
            if whole is not None:
                return whole
        frames: list[Frame] = []
        if self.error is None:
            frames = self._cut(self._buffer + data)
        if self.error is not None and not frames:
            raise DecodeError(*self.error.args)
        return frames

    def _whole(self, data: bytes) -> list[Frame] | None:
        """The common case, exactly one whole frame; None for everything else."""
        head = self._head
        length = len(data) - head
        if (
            self._tpdu_width < length <= self._frame_max
            and data[:head] == self._length.write(length)
            and (not self._tpdu_width or data[head] == TPDU_ID)
        ):
            self._consumed += len(data)
            return [self._frame(data, head, len(data))]
        return None

    def _frame(self, data: bytes, start: int, end: int) -> Frame:
        message = start + self._tpdu_width
        return Frame(data[start:message], data[message:end])

    def _cut(self, data: bytes) -> list[Frame]:
        frames = []
        start = 0
        while self._looks_right(data, start):
            message = start + self._head
            if len(data) < message:
                break
            end = message + self._length.read(data[start:message]).length
            if len(data) < end:
                break
            frames.append(self._frame(data, message, end))
            start = end
        self._consumed += start
        self._buffer = b"" if self.error else data[start:]
        return frames

    def _looks_right(self, data: bytes, start: int) -> bool:
        """Check as much of the frame at `start` as is there; set `error` at a wrong byte."""
        self.error = self._wrong(data[start : start + self._head + 1], self._consumed + start)
        return self.error is None

    def _wrong(self, head: bytes, offset: int) -> DecodeError | None:
        """What is wrong with the beginning of a frame at `offset` of the stream."""
        try:
            self._length.check(head[: self._head])
            if len(head) < self._head:
                return None
            length = self._length.read(head[: self._head]).length
        except DecodeError as error:
            return DecodeError(error.field, offset + error.offset, error.reason)
        if length <= self._tpdu_width:
            what = "TPDU and message" if self._tpdu_width else "message"
            return DecodeError("length", offset, f"{length} holds no {what}")
        if length > self._frame_max:
            return DecodeError(
                "length", offset, f"{length} is above the maximum of {self._frame_max}"
            )
        if self._tpdu_width and head[self._head :] not in (b"", bytes([TPDU_ID])):
            reason = f"starts with {head[self._head]:02X}, not 60"
            return DecodeError("TPDU", offset + self._head, reason)
        return None
