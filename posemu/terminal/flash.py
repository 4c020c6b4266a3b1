"""Simulated flash: what was flushed survives a power cut, what was only written does not.

A flush takes time and writes from front to back; power lost in the middle leaves a prefix of the
new bytes. There is no other damage: no bit rot and no reordering of pages, which real flash behind
a log-structured driver prevents as well.
"""

from __future__ import annotations


class Flash:
    """An append-only area. `write` fills the buffer, `begin_flush` ... `end_flush` makes it
    durable, `lose_power` loses the rest."""

    __slots__ = ("_buffer", "_durable", "_flush_began_us", "_flush_size", "_powered", "flush_us")

    def __init__(self, flush_us: int) -> None:
        self.flush_us = flush_us
        self._durable = bytearray()
        self._buffer = bytearray()
        self._flush_size = 0
        self._flush_began_us: int | None = None
        self._powered = False

    def write(self, data: bytes) -> None:
        if self._powered:
            self._buffer += data

    @property
    def clean(self) -> bool:
        """True if nothing written is still waiting for a flush."""
        return not self._buffer

    def begin_flush(self, now_us: int) -> None:
        if self._powered:
            self._flush_size = len(self._buffer)
            self._flush_began_us = now_us

    def end_flush(self) -> None:
        self._durable += self._buffer[: self._flush_size]
        del self._buffer[: self._flush_size]
        self._flush_began_us = None

    def lose_power(self, now_us: int) -> None:
        """Keeps what had become durable; of a flush under way, the share of its time that had
        passed."""
        if self._flush_began_us is not None and self.flush_us:
            share_us = min(now_us - self._flush_began_us, self.flush_us)
            self._durable += self._buffer[: self._flush_size * share_us // self.flush_us]
        self._buffer.clear()
        self._flush_began_us = None
        self._powered = False

    def get_power(self) -> None:
        self._powered = True

    def content(self) -> bytes:
        """The durable bytes, as the program finds them when it starts."""
        return bytes(self._durable)

    def keep_only(self, content: bytes) -> None:
        """Erases the blocks in front of (or behind) `content`, which must be part of what is
        there."""
        self._durable = bytearray(content)
