"""What the secure module does with a chip's secrets, as functions of bytes: track data out of the
card's objects, the VERIFY command, the watch over field 55, and the key that offline approvals are
stored under.

Only the secure module calls these, except `check_field_55`, which has nothing to hide. What may
break: a card whose objects contradict each other, a terminal's file that puts card data into
field 55, stored bytes that are not those that were written. Promised: each is refused by an error
that names the object and holds no digit of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from posemu.crypto import (
    Key,
    NotAuthentic,
    Pin,
    PinFormat,
    RsaPublicKey,
    Secret,
    cmac,
    decipher_blocks,
    encipher_blocks,
    encipher_offline_pin,
    encode_pin_block,
    pad,
    same,
)
from posemu.wire import (
    Command,
    DecodeError,
    Tlv,
    TrackError,
    decode_tlv,
    emv_tag,
    track2_from_equivalent,
)

TRACK_2, PAN, EXPIRY = "57", "5A", "5F24"
_EXPIRY_BYTES = 3
_PLAIN, _ENCIPHERED = 0x80, 0x88  # P2 of VERIFY (EMV Book 3, 6.5.12.2)
_FIXED = 17  # bytes of an enciphered PIN's block that are not padding (EMV Book 2, 7.2)
_NOT_IN_CLEAR = {EXPIRY: "expiry"}
"""Card data beside what the dictionary of tags marks as sensitive; tag -> what it is. The expiry is
part of the track: the dialect carries it (DE14) nowhere in clear."""
_FIELD_55_MAX = 255  # LLLVAR of up to 255 bytes: what the dialects carry
_IV, _MAC, _LENGTH = 16, 16, 2
STORAGE_KEY_BYTES = 32


class SecureModuleError(Exception):
    """The secure module refuses what it was asked for: what, and what to do instead. Never a
    secret."""


# --- the card -------------------------------------------------------------------------------------


def chip_track2(objects: Mapping[str, bytes]) -> str:
    """The characters of track 2 that a chip stands for, with =: those of tag 57; or, from a card
    without it, PAN and expiry (5A, 5F24: the objects that each card has) and no service code.

    Raises `TrackError` if an object cannot be read, none has the PAN, or 57 and 5A name two
    cards: the host would check another number than the one that the card's signature covers.
    EMV 4.4 Book 3, 7.2 and annex A; ISO/IEC 7813.
    """
    if TRACK_2 not in objects:
        return f"{_pan(objects)}={_expiry(objects) or '='}="
    chars = track2_from_equivalent(objects[TRACK_2])
    if PAN in objects and _pan(objects) != chars.partition("=")[0]:
        raise TrackError(f"tag {PAN}", 0, f"the PAN is not that of tag {TRACK_2}")
    return chars


def _pan(objects: Mapping[str, bytes]) -> str:
    if PAN not in objects:
        raise TrackError(f"tag {PAN}", 0, f"is missing, and so is tag {TRACK_2}")
    digits = objects[PAN].hex().upper().rstrip("F")
    if not digits.isdecimal():
        raise TrackError(f"tag {PAN}", 0, "must be digits, filled with F behind them")
    return digits


def _expiry(objects: Mapping[str, bytes]) -> str:
    """YYMM, "" if the card has none."""
    digits = objects.get(EXPIRY, b"").hex()
    if digits and (len(digits) != 2 * _EXPIRY_BYTES or not digits.isdecimal()):
        raise TrackError(f"tag {EXPIRY}", 0, "must be a date of 6 digits")
    return digits[:4]


# --- the offline PIN ------------------------------------------------------------------------------


def padding_bytes(key: RsaPublicKey | None) -> int:
    """How many random bytes `verify_command` needs. EMV 4.4 Book 2, 7.2."""
    return 0 if key is None else max(0, len(key.modulus) - _FIXED)


def verify_command(pin: Pin, challenge: bytes, key: RsaPublicKey | None, padding: bytes) -> Command:
    """VERIFY with a plaintext PIN block, or, with the card's `key`, enciphered with its
    `challenge` of 8 bytes and `padding_bytes` random bytes. As text it shows its header only.

    The padding stays here: whoever knows it, and the challenge, tries ten thousand PINs in a
    second. Raises `posemu.crypto.CryptoError` for a challenge or a key that cannot be.
    EMV 4.4 Book 3, 6.5.12; Book 2, 7.2.
    """
    if key is None:
        return Command(0x00, 0x20, 0x00, _PLAIN, encode_pin_block(PinFormat.ISO_2, pin))
    enciphered = encipher_offline_pin(key, pin, challenge, padding)
    return Command(0x00, 0x20, 0x00, _ENCIPHERED, enciphered)


# --- field 55 -------------------------------------------------------------------------------------


def check_field_55(data: bytes, pan: str | None = None) -> None:
    """Raises `SecureModuleError` if field 55 holds card data, at any depth, or the digits of `pan`
    under whatever tag, or is no row of objects, or longer than a message carries.

    It is refused and not taken out in silence: the terminal's file is wrong, and says so before a
    host leaves the message on record. The PAN sequence number (5F34) is no card data: it tells
    two cards of one PAN apart, and nothing without it. PCI DSS 4.0 3.3 and 4.2.
    """
    if len(data) > _FIELD_55_MAX:
        raise SecureModuleError(
            f"field 55 has {len(data)} bytes: a message carries {_FIELD_55_MAX}"
        )
    try:
        tags = _tags(decode_tlv(data))
    except DecodeError as error:
        raise SecureModuleError(f"field 55 is no row of objects: {error}") from None
    for tag in tags:
        known = emv_tag(tag)
        what = _NOT_IN_CLEAR.get(tag) or (known and known.sensitive)
        if what:
            raise SecureModuleError(
                f"field 55 holds tag {tag} ({what}) in clear: it travels enciphered, as track "
                "data; take the tag out of field_55 of the terminal's file"
            )
    if pan and (pan in data.hex() or pan.encode("ascii") in data):
        raise SecureModuleError("field 55 holds the PAN in clear, in an object for something else")


def _tags(objects: Iterable[Tlv]) -> Iterable[str]:
    for item in objects:
        yield item.tag
        yield from _tags(item.children or ())


# --- storage --------------------------------------------------------------------------------------


class StorageKey(Secret):
    """Seals what waits in flash: AES-CBC under a random IV (NIST SP 800-38A 6.2), and a CMAC
    (SP 800-38B) over number, IV and cryptogram under a key of its own.

        IV (16 bytes) | length (2), data, zeros: enciphered | MAC (16)

    The number is the place in the queue: sealed bytes moved to another place do not open.
    `material` are `STORAGE_KEY_BYTES` random bytes.
    """

    __slots__ = ("_cipher", "_mac")

    def __init__(self, material: bytes) -> None:
        assert len(material) == STORAGE_KEY_BYTES, "two AES keys of 16 bytes"
        self._cipher = Key(material[:16])
        self._mac = Key(material[16:])

    def seal(self, number: int, data: bytes, iv: bytes) -> bytes:
        """`data` of up to 65,535 bytes, sealed; `iv` are 16 random bytes."""
        blocks = pad(1, len(data).to_bytes(_LENGTH) + data, _IV)
        sealed = iv + encipher_blocks(self._cipher, blocks, iv)
        return sealed + self._mac_of(number, sealed)

    def open(self, number: int, sealed: bytes) -> bytes:
        """The reverse of `seal`. Raises `posemu.crypto.NotAuthentic` for anything else: another
        key, another number, damaged bytes."""
        body, mac = sealed[:-_MAC], sealed[-_MAC:]
        if len(body) <= _IV or not same(self._mac_of(number, body), mac):
            raise NotAuthentic(f"what is stored as number {number} was not sealed here as that")
        clear = decipher_blocks(self._cipher, body[_IV:], body[:_IV])
        return clear[_LENGTH : _LENGTH + int.from_bytes(clear[:_LENGTH])]

    def _mac_of(self, number: int, sealed: bytes) -> bytes:
        return cmac(self._mac, number.to_bytes(4) + sealed)
