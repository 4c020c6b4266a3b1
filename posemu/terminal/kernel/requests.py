"""What the kernel asks of the world around it, and what it may be answered.

The kernel is a generator: it yields a request and is sent an answer. Whoever drives it owns the
reader, the keypad, the display, the secure module and the line; the kernel owns the decisions.

    Transmit            -> Answered | Mute | Removed | TransportFailed
    ChooseApplication   -> Chosen | Declined
    AskPin              -> PinEntered | PinBypassed | PinCancelled | PinTimedOut | PinPadFailed
    VerifyOffline       -> Answered | Mute | Removed | TransportFailed
    GoOnline            -> HostAnswer | UnableToGoOnline
    Show                -> None

A clear PIN never comes near it: a PIN is a handle, and the secure module itself builds and sends
the VERIFY command.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from posemu.crypto import RsaPublicKey

# --- the card -------------------------------------------------------------------------------------


class Transmit(NamedTuple):
    """Send a command APDU to the card; the reader does what its protocol (T=0, T=1) needs."""

    apdu: bytes


class Answered(NamedTuple):
    """The card's response APDU: data and two bytes of status, if it is well made."""

    apdu: bytes


@dataclass(frozen=True, slots=True)
class Mute:
    """The card is there and says nothing (no answer within the waiting time)."""


@dataclass(frozen=True, slots=True)
class Removed:
    """The card was pulled out."""


class TransportFailed(NamedTuple):
    """The answer could not be read (parity, protocol); `reason` is for the log."""

    reason: str


CardAnswer = Answered | Mute | Removed | TransportFailed

# --- the cardholder -------------------------------------------------------------------------------


class ApplicationChoice(NamedTuple):
    """One line of the list that the cardholder chooses from: AID (upper-case hex), and the name to
    show (Book 1, 12.4: preferred name or label)."""

    aid: str
    name: str


class ChooseApplication(NamedTuple):
    """Let the cardholder choose one of several, or confirm the only one."""

    choices: tuple[ApplicationChoice, ...]
    confirm: bool  # there is one, and it asks to be confirmed


class Chosen(NamedTuple):
    """The place in the list, from 0."""

    place: int


@dataclass(frozen=True, slots=True)
class Declined:
    """The cardholder wants none of them, or the terminal cannot ask."""


class PinUse(enum.Enum):
    """What the PIN is for."""

    ONLINE = "online"
    OFFLINE = "offline"


class AskPin(NamedTuple):
    """Ask for the PIN: `tries_left` if the card said so, `again` after a wrong one."""

    use: PinUse
    tries_left: int | None = None
    again: bool = False


class PinEntered(NamedTuple):
    """The secure module holds a PIN under this handle."""

    handle: int


@dataclass(frozen=True, slots=True)
class PinBypassed:
    """Merchant or cardholder chose to go on without PIN (Book 4, 6.3.4.3)."""


@dataclass(frozen=True, slots=True)
class PinCancelled:
    """The cardholder pressed CANCEL: the transaction ends."""


@dataclass(frozen=True, slots=True)
class PinTimedOut:
    """Nobody pressed a key: the transaction ends."""


@dataclass(frozen=True, slots=True)
class PinPadFailed:
    """There is no PIN pad, or it does not work."""


PinAnswer = PinEntered | PinBypassed | PinCancelled | PinTimedOut | PinPadFailed


@dataclass(frozen=True, slots=True)
class VerifyOffline:
    """Have the secure module send VERIFY with the PIN of `handle` (Book 3, 6.5.12): enciphered
    under `key` with the card's `challenge` (Book 2, 7), or as a plaintext PIN block if `key` is
    None. The answer is the card's."""

    handle: int
    challenge: bytes = b""
    key: RsaPublicKey | None = None


class Show(NamedTuple):
    """Show a prompt to the cardholder, by its name in the message catalogue."""

    prompt: str


# --- the host -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoOnline:
    """Ask the issuer: `data` are the objects that the message carries in field 55, tag -> value, in
    the order of the profile; `pin` the handle of an online PIN; `card` what the message carries of
    the card beside field 55 (track 2, PAN, expiry, sequence number: 57, 5A, 5F24, 5F34)."""

    data: Mapping[str, bytes] = field(repr=False)
    pin: int | None = None
    card: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What the host said.

    `approved` and `response_code` (tag 8A, two characters) are its decision; then issuer
    authentication data (tag 91) and script templates (tags 71 and 72, whole objects in their
    order), b"" where it sent none.
    """

    approved: bool
    response_code: str
    issuer_authentication: bytes = b""
    scripts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class UnableToGoOnline:
    """No connection or no valid answer in time: the terminal decides with the default action codes
    (Book 3, 10.7 and 10.9)."""


OnlineAnswer = HostAnswer | UnableToGoOnline

Request = Transmit | ChooseApplication | AskPin | VerifyOffline | GoOnline | Show
Answer = CardAnswer | Chosen | Declined | PinAnswer | OnlineAnswer | None
