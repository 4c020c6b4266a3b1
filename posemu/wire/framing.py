"""Messages in a byte stream: a length of two bytes, a TPDU of five, the message.

A TCP connection keeps no borders: one read may give half a message or three of them. `Deframer`
takes whatever comes and gives whole frames; how the stream was cut never changes which. A stream
that cannot be right (a length that is too short or too long, a TPDU of another kind) is refused
as soon as its first wrong byte is there, so a hostile peer makes nobody wait or buffer.

    +--------+--------+----+-------------+--------+-------------+
    | length, big end | 60 | destination | source |   message   |
    +--------+--------+----+-------------+--------+-------------+
         2 bytes        1         2           2       1 or more      length counts from the 60 on

The TPDU (transport protocol data unit) routes a message through a network access controller. An
answer goes back with the addresses swapped.
"""

from typing import NamedTuple

from posemu.wire.errors import DecodeError, EncodeError

TPDU_ID = 0x60
TPDU_WIDTH = 5
FRAME_MAX = 8192
"""Default bound of what the length may announce; far above any message of ours."""


class Frame(NamedTuple):
    """One message and the 5 bytes of TPDU it came with."""

    tpdu: bytes
    payload: bytes


def frame(payload: bytes, tpdu: bytes) -> bytes:
    """`payload` behind its length and `tpdu`, ready to send. Raises `EncodeError`."""
    _check_tpdu(tpdu)
    length = TPDU_WIDTH + len(payload)
    if not payload or length > 0xFFFF:
        raise EncodeError("frame", f"a message is 1 to {0xFFFF - TPDU_WIDTH} bytes long")
    return length.to_bytes(2, "big") + tpdu + payload


def answer_tpdu(tpdu: bytes) -> bytes:
    """The TPDU of the answer: source and destination swapped. Raises `EncodeError`."""
    _check_tpdu(tpdu)
    return tpdu[:1] + tpdu[3:5] + tpdu[1:3]


def _check_tpdu(tpdu: bytes) -> None:
    if len(tpdu) != TPDU_WIDTH or tpdu[0] != TPDU_ID:
        raise EncodeError("TPDU", "must be 5 bytes, the first of them 60")


class Deframer:
    """Cuts a received stream into frames.

    Holds at all times: `pending` bytes wait for the rest of their frame, never more than one
    frame's worth; once `error` is set the stream is lost and nothing more comes out.
    """

    __slots__ = ("_buffer", "_consumed", "_frame_max", "error")

    def __init__(self, frame_max: int = FRAME_MAX) -> None:
        self._buffer = b""
        self._consumed = 0
        self._frame_max = frame_max
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
        length = len(data) - 2
        if (
            TPDU_WIDTH < length <= self._frame_max
            and data[0] << 8 | data[1] == length
            and data[2] == TPDU_ID
        ):
            self._consumed += len(data)
            return [Frame(data[2:7], data[7:])]
        return None

    def _cut(self, data: bytes) -> list[Frame]:
        frames = []
        start = 0
        while self._looks_right(data, start):
            end = start + 2 + int.from_bytes(data[start : start + 2], "big")
            if len(data) - start < 2 or len(data) < end:
                break
            frames.append(Frame(data[start + 2 : start + 7], data[start + 7 : end]))
            start = end
        self._consumed += start
        self._buffer = b"" if self.error else data[start:]
        return frames

    def _looks_right(self, data: bytes, start: int) -> bool:
        """Check as much of the frame at `start` as is there; set `error` at a wrong byte."""
        head = data[start : start + 3]
        offset = self._consumed + start
        if len(head) >= 2:
            length = head[0] << 8 | head[1]
            if length <= TPDU_WIDTH:
                self.error = DecodeError("length", offset, f"{length} holds no TPDU and message")
            elif length > self._frame_max:
                self.error = DecodeError(
                    "length", offset, f"{length} is above the maximum of {self._frame_max}"
                )
            elif len(head) == 3 and head[2] != TPDU_ID:
                self.error = DecodeError("TPDU", offset + 2, f"starts with {head[2]:02X}, not 60")
        return self.error is None
