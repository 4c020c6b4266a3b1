"""Messages out of the trace's frame events."""

from __future__ import annotations

from posemu.wire import Codec, DecodeError, Deframer, Value


class Message:
    """One decoded ISO 8583 message of the trace."""

    __slots__ = ("fields", "mti", "raw")

    def __init__(self, mti: str, fields: dict[int, Value], raw: bytes) -> None:
        self.mti = mti
        self.fields = fields
        self.raw = raw

    def text(self, number: int) -> str:
        value = self.fields.get(number, "")
        return value if isinstance(value, str) else value.hex().upper()


class FrameReader:
    """Messages out of frame events; segments of one direction of one connection are joined
    first."""

    __slots__ = ("_codec", "_streams")

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._streams: dict[tuple[str, int, str], Deframer] = {}

    def messages(self, source: str, connection: int, way: str, data: bytes) -> list[Message]:
        """The messages that these bytes complete; what cannot be read is left out (nobody can act
        on it)."""
        found: list[Message] = []
        for payload in self.payloads(source, connection, way, data):
            try:
                mti, fields = self._codec.decode(payload)
            except DecodeError:
                continue
            found.append(Message(mti, fields, payload))
        return found

    def payloads(self, source: str, connection: int, way: str, data: bytes) -> list[bytes]:
        """As `messages`, but not decoded."""
        key = (source, connection, way)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Deframer()
            self._streams.pop((source, connection - 2, way), None)
        try:
            return [frame.payload for frame in stream.feed(data)]
        except DecodeError:
            return []
