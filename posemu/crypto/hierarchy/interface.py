"""What every key hierarchy offers: the keys of one message, the terminal's side, the host's side.

    hierarchy             terminal            host            a message names its keys by
    AES DUKPT             TerminalDukpt       HostDukpt       KSN, 12 bytes
    TDES DUKPT            TdesTerminalDukpt   TdesHostDukpt   KSN, 10 bytes
    master and session    TerminalSession     HostSession     terminal id, 8 bytes; its KSN is empty

What differs between them (PIN block format, MAC algorithm) is chosen when keys are loaded, never
per call.
"""

from __future__ import annotations

from typing import Protocol

from posemu.crypto.keys import Pin, Secret


class MessageKeys(Protocol):
    """The keys of one message and its answer, each for one purpose and in one direction.

        terminal to host   pin_block / pin    encrypt / decrypt                  mac
        host to terminal                      answer_encrypt / answer_decrypt    answer_mac

    In a terminal `pin`, `decrypt` and `answer_encrypt` raise BadKey (`purposes.TerminalSide`).
    """

    @property
    def ksn(self) -> bytes:
        """What the message carries to name these keys; empty under session keys."""

    def pin_block(self, pin: Pin, pan: str, fill: bytes) -> bytes:
        """The enciphered PIN block; `fill` are 8 bytes drawn at random. Raises PinBlockError."""

    def pin(self, block: bytes, pan: str) -> Pin:
        """The PIN of an enciphered PIN block; PinBlockError if malformed or of another PAN."""

    def mac(self, data: bytes) -> bytes:
        """The full MAC of a request, 8 or 16 bytes."""

    def answer_mac(self, data: bytes) -> bytes:
        """The full MAC of the answer."""

    def encrypt(self, data: bytes) -> bytes:
        """A request's data, padded and enciphered."""

    def decrypt(self, data: bytes) -> bytes:
        """The clear data of a request; check its MAC first. BadCiphertext if malformed."""

    def answer_encrypt(self, data: bytes) -> bytes:
        """As `encrypt`, for the answer."""

    def answer_decrypt(self, data: bytes) -> bytes:
        """As `decrypt`, for the answer."""


class TerminalKeys(Protocol):
    """The terminal's side of a hierarchy."""

    @property
    def counter(self) -> int:
        """The number of the next message; it never goes back."""

    def next_keys(self) -> MessageKeys:
        """The keys of the next message. Raises KeyExhausted when there are none: used up, erased,
        or none signed on for yet."""

    def erase(self) -> None:
        """All keys are gone, as on tampering. Only a new object, made of newly loaded keys, has
        keys again."""

    def snapshot(self) -> Secret:
        """The whole state for durable memory: stored after `next_keys` and before the keys are
        used. `loading.restore_keys` makes the side of it again."""


class HostKeys(Protocol):
    """The host's side of a hierarchy."""

    def keys(self, name: bytes, /) -> MessageKeys:
        """The keys of a message by what it says of them: its KSN or its terminal id. Raises BadKsn
        for a name that cannot be, KeyExhausted where there are no keys in force."""
