"""The secure module: the only place of clear track, PAN, PIN, payment code and keys.

The application gets a masked card, a count of PIN digits and sealed messages; it can ask for
nothing else. Keys and counter live in battery-backed memory: the counter has moved on, durably,
before a key is used. Card, code and PIN live in volatile memory and die with the power, with the
end of the sale, and with the message they were sealed into.

Any key hierarchy will do (AES or TDES DUKPT, session keys). Tampering erases the keys: until an
authorised load, no card is read, no PIN is taken, nothing is sealed and no answer is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from posemu.crypto import KeyExhausted, MessageKeys, Pin, Secret, TerminalKeys, same
from posemu.wire import (
    Codec,
    Track2,
    TrackError,
    Value,
    decode_track2,
    luhn_valid,
    mask_pan,
    parse_track2,
)

PIN_BLOCK, KSN, TRACK_DATA, MAC = 52, 62, 63, 64
MAC_BYTES = 8
PIN_MIN, PIN_MAX = 4, 12
CODE_DIGITS = 18  # of a payment code (WeChat Pay, Important Parameters: auth_code)


class CardSeen(NamedTuple):
    """What the application may know of a card."""

    pan: str  # first six and last four
    service_code: str
    expiry: str  # YYMM


class Sealed(NamedTuple):
    """A message ready for the line, and the keys that its answer is checked under."""

    data: bytes
    keys: MessageKeys


class SecureModule(Secret):
    """Verbs: `weaken()` (send the track in clear), `strengthen()`, `tamper()`, `load_keys()`."""

    __slots__ = (
        "_chars",
        "_code",
        "_codec",
        "_erased",
        "_keys",
        "_pin",
        "_random",
        "_track",
        "_weak",
        "collecting",
    )  # fmt: skip

    def __init__(
        self, keys: TerminalKeys, codec: Codec, random_bytes: Callable[[int], bytes]
    ) -> None:
        self.load_keys(keys)
        self._codec = codec
        self._random = random_bytes
        self._weak = False
        self.forget()

    # --- card and PIN -----------------------------------------------------------------------------

    def accept_stripe(self, bits: bytes) -> CardSeen:
        """Takes the bits of track 2. Raises `posemu.wire.TrackError` when they cannot be read,
        `posemu.crypto.KeyExhausted` after tampering."""
        self._refuse_without_keys()
        chars = decode_track2(bits)[1:-1]
        track = parse_track2(chars)
        if not luhn_valid(track.pan):
            raise TrackError("track 2", 0, "the PAN fails the Luhn check")
        self._track: Track2 | None = track
        self._chars = chars
        return CardSeen(mask_pan(track.pan), track.service_code, track.expiry)

    def accept_code(self, digits: str) -> bool:
        """Takes what the scanner read; False if it is no payment code: 18 digits, the last of them
        a check digit (Luhn). Raises as `accept_stripe`."""
        self._refuse_without_keys()
        if len(digits) != CODE_DIGITS or not digits.isdigit() or not luhn_valid(digits):
            return False
        self._code = digits
        return True

    def begin_pin(self) -> None:
        """Digits are taken from now on. Raises as `accept_stripe`."""
        self._refuse_without_keys()
        self._pin = ""
        self.collecting = True

    def pin_key(self, digit: str) -> None:
        """One digit of the PIN; beyond the full length it is not taken."""
        if len(self._pin) < PIN_MAX:
            self._pin += digit

    def end_pin(self) -> int:
        """The cardholder pressed ENTER: how many digits there are (a PIN has 4 to 12)."""
        self.collecting = False
        return len(self._pin)

    def forget(self) -> None:
        """Card, code and PIN are erased."""
        self._track = None
        self._code = ""
        self._chars = ""
        self._pin = ""
        self.collecting = False

    def lose_power(self) -> None:
        """Volatile memory is gone; keys and counter are battery-backed."""
        self.forget()

    # --- messages ---------------------------------------------------------------------------------

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        """The message under the next key: KSN (where keys have one) and MAC are added, with a card
        also track data and PIN block, or the payment code in their place, which are then erased
        here. Raises `posemu.crypto.KeyExhausted` when no key is left."""
        keys = self._keys.next_keys()
        full = dict(fields)
        if with_card:
            track = self._track
            assert track is not None or self._code, "a card message without a card or a code"
            if track is not None:
                full[PIN_BLOCK] = keys.pin_block(Pin(self._pin), track.pan, self._random(8))
            clear = (self._chars or self._code).encode("ascii")
            full[TRACK_DATA] = clear if self._weak else keys.encrypt(clear)
            self.forget()
        if keys.ksn:
            full[KSN] = keys.ksn
        body = self._codec.encode(mti, full, mac_present=True)
        return Sealed(body + keys.mac(body)[:MAC_BYTES], keys)

    def authentic(self, keys: MessageKeys, message: bytes) -> bool:
        """True if the answer's MAC is right under the keys of its request; after tampering none
        is."""
        if self._erased:
            return False
        return same(keys.answer_mac(message[:-MAC_BYTES])[:MAC_BYTES], message[-MAC_BYTES:])

    @property
    def holds_card(self) -> bool:
        return self._track is not None or self._pin != "" or self._code != ""

    @property
    def next_counter(self) -> int:
        return self._keys.counter

    # --- verbs ------------------------------------------------------------------------------------

    def tamper(self) -> None:
        """Somebody opened the case: keys, card, code and PIN are erased."""
        self._keys.erase()
        self._erased = True
        self.forget()

    def load_keys(self, keys: TerminalKeys) -> None:
        """An authorised load: newly loaded keys take the place of those there were."""
        self._keys = keys
        self._erased = False

    def weaken(self) -> None:
        """Track and code leave in clear: the negative control of the leak scanner."""
        self._weak = True

    def strengthen(self) -> None:
        self._weak = False

    def _refuse_without_keys(self) -> None:
        if self._erased:
            raise KeyExhausted("the secure module's keys have been erased: load new ones")
