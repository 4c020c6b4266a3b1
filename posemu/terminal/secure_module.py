"""The secure module: the only place of clear track, PAN, PIN, payment code and keys.

The application gets a masked card, a count of PIN digits and sealed messages; it can ask for
nothing else. Keys and counter live in battery-backed memory: the counter has moved on, durably,
before a key is used. Card, code and PIN live in volatile memory and die with the power, with the
end of the sale, and with the message they were sealed into.

Of a chip sale the application knows a PIN as a handle, a number that means nothing outside. It is
good for one use, VERIFY or the PIN block of a message, and dies with the PIN; the next PIN has
another. How a chip sale meets the module:

    AskPin         begin_pin, pin_key ..., end_pin; the answer is PinEntered(pin_handle())
    VerifyOffline  encode_command(verify_command(handle, challenge, key)), for the reader alone
    GoOnline       accept_chip(request.card), seal_chip("0200", {55: ...}, request.pin)
    approved offline
                   accept_chip, sealed = store(number, fields); the queue of advices keeps `sealed`
    upload         seal_stored("0220", number, sealed)

Any key hierarchy will do (AES or TDES DUKPT, session keys). Tampering erases the keys: until an
authorised load, no card is read, no PIN is taken, nothing is sealed and no answer is believed, and
what was stored before can be opened no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from posemu.crypto import (
    Key,
    KeyExhausted,
    MessageKeys,
    Pin,
    RsaPublicKey,
    Secret,
    TerminalKeys,
    cmac,
    same,
)
from posemu.terminal.chip_secrets import (
    STORAGE_KEY_BYTES,
    SecureModuleError,
    StorageKey,
    check_field_55,
    chip_track2,
    padding_bytes,
    verify_command,
)
from posemu.wire import (
    Codec,
    Command,
    Track2,
    TrackError,
    Value,
    decode_track2,
    luhn_valid,
    mask_pan,
    parse_track2,
)

PIN_BLOCK, ICC_DATA, KSN, TRACK_DATA, MAC = 52, 55, 62, 63, 64
MAC_BYTES = 8
TOKEN_KEY_BYTES, TOKEN_BYTES = 16, 8
PIN_MIN, PIN_MAX = 4, 12
CODE_DIGITS = 18  # of a payment code (WeChat Pay, Important Parameters: auth_code)
_STORED = "0220"  # the MTI in a stored message; what it is sent as is said when it is sent


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
        "_entries",
        "_erased",
        "_keys",
        "_pin",
        "_random",
        "_storage",
        "_tokens",
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
        self._entries = 0  # PINs begun: the handle of the last one
        self._storage: StorageKey | None = None
        self._tokens: Key | None = None
        self.forget()

    # --- card and PIN -----------------------------------------------------------------------------

    def accept_stripe(self, bits: bytes) -> CardSeen:
        """Takes the bits of track 2. Raises `posemu.wire.TrackError` when they cannot be read,
        `posemu.crypto.KeyExhausted` after tampering."""
        self._refuse_without_keys()
        return self._take(decode_track2(bits)[1:-1])

    def accept_chip(self, objects: Mapping[str, bytes]) -> CardSeen:
        """Takes what a chip says of its card: tags 57, 5A and 5F24, as the kernel's `GoOnline.card`
        has them (others are not looked at). A PIN that was entered stays. Raises as
        `accept_stripe`, also if 57 and 5A name two cards."""
        self._refuse_without_keys()
        return self._take(chip_track2(objects))

    def _take(self, chars: str) -> CardSeen:
        track = parse_track2(chars)
        if not luhn_valid(track.pan):
            raise TrackError("track 2", 0, "the PAN fails the Luhn check")
        self._track: Track2 | None = track
        self._chars = chars
        return CardSeen(mask_pan(track.pan), track.service_code, track.expiry)

    def card_token(self) -> bytes:
        """A word for the card that was accepted: the same whenever it comes back, by stripe or
        chip, and nothing of its number to anybody without the key, which never leaves (CMAC, NIST
        SP 800-38B)."""
        assert self._track is not None, "a token without a card"
        if self._tokens is None:  # drawn when it is first needed, and battery-backed from then on
            self._tokens = Key(self._random(TOKEN_KEY_BYTES))
        return cmac(self._tokens, self._track.pan.encode("ascii"))[:TOKEN_BYTES]

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
        self._entries += 1
        self.collecting = True

    def pin_key(self, digit: str) -> None:
        """One digit of the PIN; beyond the full length it is not taken."""
        if len(self._pin) < PIN_MAX:
            self._pin += digit

    def end_pin(self) -> int:
        """The cardholder pressed ENTER: how many digits there are (a PIN has 4 to 12)."""
        self.collecting = False
        return len(self._pin)

    def pin_handle(self) -> int:
        """The handle of the PIN that was just entered, from 1; no two PINs have the same. Raises
        `SecureModuleError` if there is none: not ended, or shorter than a PIN."""
        if not self._has_pin:
            raise SecureModuleError("no PIN has been entered: there is no handle of it")
        return self._entries

    @property
    def _has_pin(self) -> bool:
        return not self.collecting and len(self._pin) >= PIN_MIN

    def verify_command(self, handle: int, challenge: bytes, key: RsaPublicKey | None) -> Command:
        """The VERIFY command for the card (EMV Book 3, 6.5.12), and the end of that PIN, whatever
        the card will say: plain if `key` is None, else enciphered under the card's key with its
        challenge.

        The command is for the reader alone (`encode_command`); as text it shows its header only.
        Raises `SecureModuleError` for a handle there is no PIN of, `posemu.crypto.CryptoError` for
        a challenge or key that cannot be.
        """
        pin = self._use_pin(handle)
        return verify_command(pin, challenge, key, self._random(padding_bytes(key)))

    def _use_pin(self, handle: int) -> Pin:
        """The PIN of a handle, which is erased here."""
        if not self._has_pin or handle != self._entries:
            raise SecureModuleError(
                f"there is no PIN of handle {handle}: used, forgotten or replaced; ask for it again"
            )
        pin, self._pin = Pin(self._pin), ""
        return pin

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
        here. Raises `posemu.crypto.KeyExhausted` when no key is left, `SecureModuleError` for card
        data in field 55."""
        self.check_clear(fields)
        keys = self._keys.next_keys()
        full = dict(fields)
        if with_card:
            track = self._track
            assert track is not None or self._code, "a card message without a card or a code"
            if track is not None:
                full[PIN_BLOCK] = keys.pin_block(Pin(self._pin), track.pan, self._random(8))
            clear = (self._chars or self._code).encode("ascii")
            full[TRACK_DATA] = self._enciphered(keys, clear)
            self.forget()
        return self._finish(mti, full, keys)

    def seal_chip(self, mti: str, fields: Mapping[int, Value], pin: int | None = None) -> Sealed:
        """As `seal` with a card, of a chip: track data as from a stripe; a PIN block if `pin` is a
        handle, and none of a PIN that the card has verified. Raises as `seal`, and as
        `verify_command` for the handle."""
        track = self._track
        assert track is not None, "a card message without a card"
        self.check_clear(fields)
        online = None if pin is None else self._use_pin(pin)
        keys = self._keys.next_keys()
        full = dict(fields)
        if online is not None:
            full[PIN_BLOCK] = keys.pin_block(online, track.pan, self._random(8))
        full[TRACK_DATA] = self._enciphered(keys, self._chars.encode("ascii"))
        self.forget()
        return self._finish(mti, full, keys)

    def check_clear(self, fields: Mapping[int, Value]) -> None:
        """Raises `SecureModuleError` if field 55 would show card data in clear: what `seal`,
        `seal_chip` and `store` raise, before anything was begun."""
        if ICC_DATA in fields:
            data = fields[ICC_DATA]
            assert not isinstance(data, str), "field 55 is bytes"
            check_field_55(bytes(data), self._track.pan if self._track is not None else None)

    def _enciphered(self, keys: MessageKeys, clear: bytes) -> bytes:
        return clear if self._weak else keys.encrypt(clear)

    def _finish(self, mti: str, fields: dict[int, Value], keys: MessageKeys) -> Sealed:
        if keys.ksn:
            fields[KSN] = keys.ksn
        body = self._codec.encode(mti, fields, mac_present=True)
        return Sealed(body + keys.mac(body)[:MAC_BYTES], keys)

    # --- messages that wait -----------------------------------------------------------------------

    def store(self, number: int, fields: Mapping[int, Value]) -> bytes:
        """The message of an offline approval, with the card's track data, sealed for flash under a
        key that never leaves; the card is erased here. `number` is its place in the queue. Raises
        `posemu.crypto.KeyExhausted` after tampering, `SecureModuleError` as `seal`."""
        self._refuse_without_keys()
        assert self._track is not None, "a card message without a card"
        self.check_clear(fields)
        full = dict(fields)
        full[TRACK_DATA] = self._chars.encode("ascii")
        self.forget()
        body = self._codec.encode(_STORED, full)
        return self._storage_key().seal(number, body, self._random(16))

    def seal_stored(self, mti: str, number: int, stored: bytes) -> Sealed:
        """What `store` gave for that number, as a message under the next key: as often as it must
        be repeated, each time under another. Raises as `store`, and `posemu.crypto.NotAuthentic`
        for bytes that were not stored as that number, or before the module was tampered with."""
        self._refuse_without_keys()
        body = self._storage_key().open(number, stored)
        full = dict(self._codec.decode(body)[1])
        keys = self._keys.next_keys()
        clear = full[TRACK_DATA]
        assert not isinstance(clear, str), "track data is bytes"
        full[TRACK_DATA] = self._enciphered(keys, bytes(clear))
        return self._finish(mti, full, keys)

    def _storage_key(self) -> StorageKey:
        """Drawn when it is first needed, and battery-backed from then on."""
        if self._storage is None:
            self._storage = StorageKey(self._random(STORAGE_KEY_BYTES))
        return self._storage

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
        self._storage = None
        self._tokens = None
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
